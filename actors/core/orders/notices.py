"""What others notice and the desk has to heed: no entry without a feed, a clock, or with a breaker.

Whether a feed is silent its reader says, by the clock; here only follows what it means. The fence
opens by itself when every feed is back and a comparison of the books that was asked for
after that agrees: that one is left to the next cut, so it falls at the same place of every
replay. What is ordered stands until a person takes it away; while it does, a further order of it
brings nothing.
"""

from dataclasses import dataclass

from actors.core.orders.desk_state import DeskState, Fact
from actors.core.orders.fence import closing
from protocol.fence import FenceCause, FenceOrdered
from protocol.market import FeedLost, FeedRestored

Notice = FenceOrdered | FeedLost | FeedRestored


@dataclass(frozen=True, slots=True)
class Noticed:
    """A notice, and the time of the market when it was taken."""

    notice: Notice
    now_ns: int


def heed(state: DeskState, noticed: Noticed) -> list[Fact]:
    """Return what follows from a notice; nothing if it is a repeat (domain 7.9)."""
    match noticed.notice:
        case FenceOrdered(cause=cause, detail=detail):
            return [] if cause in state.fence else [*closing(state, cause, noticed.now_ns, detail)]
        case FeedLost(contract=contract, reason=reason) as lost:
            if contract in state.silent:
                return []
            detail = f"{contract}: {reason}"
            return [lost, *closing(state, FenceCause.SILENT_FEED, noticed.now_ns, detail)]
        case FeedRestored(contract=contract) as restored:
            return [restored] if contract in state.silent else []
