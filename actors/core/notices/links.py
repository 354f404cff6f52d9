"""The notices of connections and of the fence that they may close (domain 7.9)."""

from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice, Severity
from actors.core.notices.words import clock
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.market import FeedLost, FeedRestored
from protocol.reports import LinkChanged


def feed_changed(fact: FeedLost | FeedRestored, now_ns: int) -> Notice:
    """Return that trades ceased to arrive or arrive again; the fact itself has no time."""
    lost = isinstance(fact, FeedLost)
    return Notice(
        severity=Severity.WARNING if lost else Severity.INFO,
        code=Told.FEED_LOST if lost else Told.FEED_RESTORED,
        title=f"The feed of {fact.contract} is {'lost' if lost else 'back'}",
        ts_ns=now_ns,
        lines=(fact.reason,) if isinstance(fact, FeedLost) else (),
    )


def link_changed(fact: LinkChanged) -> Notice:
    """Return that the broker cannot be reached, or can again; brackets rest there meanwhile."""
    return Notice(
        severity=Severity.INFO if fact.up else Severity.WARNING,
        code=Told.BROKER_RESTORED if fact.up else Told.BROKER_LOST,
        title=f"The connection to the broker is {'back' if fact.up else 'lost'}",
        ts_ns=fact.ts_ns,
        lines=(fact.reason,) if fact.reason else (),
        fields=(("at", clock(fact.ts_ns)),),
    )


def fence_changed(fact: FenceClosed | FenceOpened) -> Notice:
    """Return that a cause closes the fence, or is gone; only a lost link goes away by itself."""
    closed = isinstance(fact, FenceClosed)
    cause = fact.cause.replace("_", " ")
    by_itself = fact.cause is FenceCause.LINK
    severity = Severity.WARNING if by_itself else Severity.CRITICAL
    return Notice(
        severity=severity if closed else Severity.INFO,
        code=Told.FENCE_CLOSED if closed else Told.FENCE_OPENED,
        title=f"The fence is closed: {cause}" if closed else f"The fence is rid of: {cause}",
        ts_ns=fact.ts_ns,
        lines=(fact.detail,) if fact.detail else (),
        fields=(("at", clock(fact.ts_ns)),),
    )
