"""What the books tell of one trading date, and of the dates before it what statistics need.

Two clocks of the same event time divide the dates. A decision taken at the end of a bar belongs
to the date of the bar, so one of 17:00:00 still belongs to the day that ends then; what an
exchange or a desk did belongs to the date of its instant, as risk counts it. Nothing is read from
logs, and nothing that happened after the date asked for is looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from actors.adapters.books import STREAMS, Books
from actors.core.session.calendar import trading_date
from protocol.account import (
    BalanceReported,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)
from protocol.fence import BooksDiffer, FenceClosed, FenceOpened
from protocol.market import BarClosed, FeedLost, FeedRestored
from protocol.message import Message
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    BracketSubmitted,
    FlattenSubmitted,
    PositionChanged,
    PositionClosed,
    PositionOpened,
)
from protocol.reports import (
    LinkChanged,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
)
from protocol.signals import (
    ConditionJudged,
    RegimeJudged,
    SignalApproved,
    SignalDropped,
    SignalRaised,
    TargetNoted,
)

Reported = (
    OrderAccepted | OrderCancelled | OrderExpired | OrderFilled | OrderModified | OrderRejected
)
Ordered = BracketSubmitted | FlattenSubmitted
Trouble = OrderRejected | BooksDiffer | StillExposed | MarginShort | FenceClosed


class Close(NamedTuple):
    """What is kept of a bar once its date is over."""

    end_ns: int
    price: int
    contract: str
    simulated: bool


@dataclass(slots=True)
class Gap:
    """A time without the feed, the broker or the right to enter, in event time."""

    kind: str  # "feed", "link" or "fence".
    what: str
    from_ns: int
    reason: str
    to_ns: int | None = None


@dataclass(slots=True)
class Told:
    """The messages of a trading date by what they are of; ids are those of the messages."""

    date: date
    series: str  # Of the bars that decide.
    bars: dict[str, list[BarClosed]] = field(default_factory=dict)  # By series, of the date.
    closes: dict[str, list[Close]] = field(default_factory=dict)  # The dates before, too.
    raised: dict[str, SignalRaised] = field(default_factory=dict)
    approved: dict[str, SignalApproved] = field(default_factory=dict)  # The dates before, too.
    dropped: dict[str, SignalDropped] = field(default_factory=dict)
    noted: dict[str, TargetNoted] = field(default_factory=dict)
    denied: dict[str, BracketDenied] = field(default_factory=dict)
    regimes: list[RegimeJudged] = field(default_factory=list)
    conditions: list[ConditionJudged] = field(default_factory=list)  # The dates before, too.
    brackets: dict[str, BracketApproved] = field(default_factory=dict)  # The dates before, too.
    opened: dict[str, PositionOpened] = field(default_factory=dict)  # The dates before, too.
    stops: dict[str, int] = field(default_factory=dict)  # Where one rested last, in ticks.
    closed: dict[str, PositionClosed] = field(default_factory=dict)  # The dates before, too.
    ended: dict[str, BracketEnded] = field(default_factory=dict)
    ordered: dict[str, Ordered] = field(default_factory=dict)
    reported: dict[str, list[Reported]] = field(default_factory=dict)
    balances: list[BalanceReported] = field(default_factory=list)  # The dates before, too.
    tiers: list[TierChanged] = field(default_factory=list)  # The dates before, too.
    halts: list[TradingHalted | TradingResumed] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)  # The dates before, too.
    last_ns: int = 0  # Of the bars so far: a lost feed tells no time of its own.

    def decisive(self) -> list[BarClosed]:
        """Return the bars of the date that decisions were taken on."""
        return self.bars.get(self.series, [])

    def all_closes(self) -> list[Close]:
        """Return the closes of those bars, of every date up to this one."""
        return self.closes.get(self.series, [])

    def trips(self) -> list[PositionClosed]:
        """Return every round trip up to the date's end with its last figures, as they closed."""
        return sorted(self.closed.values(), key=lambda trip: trip.ts_ns)

    def of_date(self) -> list[PositionClosed]:
        """Return the round trips that were closed on the date."""
        return [trip for trip in self.trips() if trading_date(trip.ts_ns) == self.date]


def decided_on(ts_ns: int) -> date:
    """Return the trading date of a decision at the end of a bar."""
    return trading_date(ts_ns - 1)


def last_date(books: Books) -> date | None:
    """Return the trading date of the last bar of the books; None where they hold none."""
    ends = [bar.end_ns for bar in books.entries("bars") if isinstance(bar, BarClosed)]
    return decided_on(max(ends)) if ends else None


def told_of(books: Books, on: date, series: str) -> Told:
    """Return what the books tell of a trading date; `series` are the bars that decide.

    Of a run with other bars the first series it kept takes their place.
    """
    told = Told(on, series)
    for stream in STREAMS:
        for message in books.entries(stream):
            take = TAKERS.get(type(message))
            if take is not None:
                take(told, message)
    if series not in told.closes and told.closes:
        told.series = next(iter(told.closes))
    return told


def _bar(told: Told, bar: BarClosed) -> None:
    on = decided_on(bar.end_ns)
    if on <= told.date:
        close = Close(bar.end_ns, bar.close, bar.contract, bar.simulated)
        told.closes.setdefault(bar.series, []).append(close)
        told.last_ns = max(told.last_ns, bar.end_ns)
    if on == told.date:
        told.bars.setdefault(bar.series, []).append(bar)


def _lost(told: Told, lost: FeedLost) -> None:
    told.gaps.append(Gap("feed", lost.contract, told.last_ns, lost.reason))


def _restored(told: Told, restored: FeedRestored) -> None:
    _end_gap(told, "feed", restored.contract, told.last_ns)


def _link(told: Told, link: LinkChanged) -> None:
    if trading_date(link.ts_ns) > told.date:
        return
    if link.up:
        _end_gap(told, "link", "broker", link.ts_ns)
    else:
        told.gaps.append(Gap("link", "broker", link.ts_ns, link.reason))


def _fenced(told: Told, fence: FenceClosed) -> None:
    if trading_date(fence.ts_ns) <= told.date:
        told.gaps.append(Gap("fence", fence.cause, fence.ts_ns, fence.detail))
    _trouble(told, fence)


def _opened_fence(told: Told, fence: FenceOpened) -> None:
    if trading_date(fence.ts_ns) <= told.date:
        _end_gap(told, "fence", fence.cause, fence.ts_ns)


def _end_gap(told: Told, kind: str, what: str, ts_ns: int) -> None:
    for gap in told.gaps:
        if gap.kind == kind and gap.what == what and gap.to_ns is None:
            gap.to_ns = ts_ns


def _trouble(told: Told, trouble: Trouble) -> None:
    if trading_date(trouble.ts_ns) == told.date:
        told.troubles.append(trouble)


def _ordered(told: Told, order: Ordered) -> None:
    if trading_date(order.ts_ns) == told.date:
        told.ordered.setdefault(order.client_id, order)  # A repeat is the same order.


def _reported(told: Told, report: Reported) -> None:
    if trading_date(report.ts_ns) == told.date:
        told.reported.setdefault(report.client_id, []).append(report)


def _rejected(told: Told, report: OrderRejected) -> None:
    _reported(told, report)
    _trouble(told, report)


def _opened(told: Told, opened: PositionOpened) -> None:
    if trading_date(opened.ts_ns) <= told.date:
        told.opened.setdefault(opened.bracket_id, opened)
        told.stops.setdefault(opened.bracket_id, opened.stop_price)


def _changed(told: Told, changed: PositionChanged) -> None:
    if trading_date(changed.ts_ns) <= told.date and changed.quantity:
        told.stops[changed.bracket_id] = changed.stop_price


def _closed(told: Told, closed: PositionClosed) -> None:
    if trading_date(closed.ts_ns) <= told.date:
        told.closed[closed.bracket_id] = closed


def _kept(place: str, key: str, *, before: bool, decided: bool) -> Callable[[Told, Any], None]:
    """Return what keeps a message by its id; those of the dates `before`, too."""
    day = decided_on if decided else trading_date

    def take(told: Told, message: Any) -> None:
        on = day(message.ts_ns)
        if on == told.date or (before and on < told.date):
            getattr(told, place)[getattr(message, key)] = message

    return take


def _listed(place: str, *, before: bool) -> Callable[[Told, Any], None]:
    """Return what keeps a decision in its order."""

    def take(told: Told, message: Any) -> None:
        on = decided_on(message.ts_ns)
        if on == told.date or (before and on < told.date):
            getattr(told, place).append(message)

    return take


TAKERS: dict[type[Message], Callable[[Told, Any], None]] = {
    BarClosed: _bar,
    FeedLost: _lost,
    FeedRestored: _restored,
    RegimeJudged: _listed("regimes", before=False),
    ConditionJudged: _listed("conditions", before=True),
    SignalRaised: _kept("raised", "id", before=False, decided=True),
    SignalApproved: _kept("approved", "signal_id", before=True, decided=True),
    SignalDropped: _kept("dropped", "signal_id", before=False, decided=True),
    TargetNoted: _kept("noted", "signal_id", before=False, decided=True),
    BracketDenied: _kept("denied", "signal_id", before=False, decided=True),
    BracketApproved: _kept("brackets", "bracket_id", before=True, decided=True),
    BracketEnded: _kept("ended", "bracket_id", before=False, decided=False),
    BalanceReported: _listed("balances", before=True),
    TierChanged: _listed("tiers", before=True),
    TradingHalted: _listed("halts", before=False),
    TradingResumed: _listed("halts", before=False),
    BracketSubmitted: _ordered,
    FlattenSubmitted: _ordered,
    OrderAccepted: _reported,
    OrderCancelled: _reported,
    OrderExpired: _reported,
    OrderFilled: _reported,
    OrderModified: _reported,
    OrderRejected: _rejected,
    PositionOpened: _opened,
    PositionChanged: _changed,
    PositionClosed: _closed,
    FenceClosed: _fenced,
    FenceOpened: _opened_fence,
    LinkChanged: _link,
    BooksDiffer: _trouble,
    StillExposed: _trouble,
    MarginShort: _trouble,
}
