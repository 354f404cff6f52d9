"""The tape of a live feed as it grows: batches of trades, and the cuts between them.

Every cut stands where a tape written afterwards from the same trades would have it; only in a
quiet market the gateway's clock brings it earlier, before the first trade behind it. That clock is
what the records say, never our own: while a link is broken it stands still, and no bar is closed
over trades that are still to be sent again.

After a restart the state is folded from the end of the stream itself: from the last instant at
which no bar was open, and as far back as the last change of price, which infers sides.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from actors.core.columns import Trades, batch_of, trades_of
from actors.core.orderflow.sides import SideInference, SideRule
from actors.core.risk.windows import Hours
from actors.core.session.calendar import segment
from actors.core.session.cuts import Cuts
from protocol.market import Cut, CutReason, FeedLost, FeedRestored, TradeBatch
from protocol.message import Message
from protocol.series import BarKind, Series
from protocol.units import Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRule:
    """How a live tape is laid; nanoseconds of event time."""

    series: tuple[Series, ...]
    split: bool
    hours: Hours
    step_ns: int  # Of the slices whose ends are cuts; 0 for none.
    batch_trades_max: int
    grace_ns: int
    overlap_ns: int  # Of the trades before the last one, what a seam must know.
    sides: SideRule = SideRule()


@dataclass(slots=True)
class LiveTape:
    """The state of a growing tape; `add` and `clock` return what is new on it."""

    rule: LiveRule
    contract: str = ""
    cut: int = 0  # Number of the last cut ...
    cut_ns: int = 0  # ... and its instant.
    last_ns: int = 0  # Of the last trade.
    last_ticks: int | None = None
    _cuts: Cuts = field(init=False)
    _sides: SideInference = field(init=False)

    def __post_init__(self) -> None:
        rule = self.rule
        self._cuts = Cuts(rule.series, rule.split, rule.hours, rule.step_ns)
        self._sides = SideInference(rule.sides)

    def add(self, trades: Trades, contract: str) -> list[TradeBatch | Cut]:
        """Return the batches and cuts of the next trades, whose times must never fall."""
        if len(trades) == 0:
            return []
        if contract != self.contract:
            self._renew(contract)
        trades = self._sides.infer(trades)
        found: list[TradeBatch | Cut] = []
        start = 0
        for index, ts_ns, reason in self._cuts.add(trades):
            found += self._batches(trades.slice(start, index))
            found.append(self._next_cut(ts_ns, reason))
            start = index
        found += self._batches(trades.slice(start, len(trades)))
        self.last_ns, self.last_ticks = int(trades.ts_event[-1]), int(trades.price[-1])
        return found

    def clock(self, now_ns: int) -> list[Cut]:
        """Return the cuts that the gateway's clock brings at `now_ns` while no trade comes."""
        due = self._cuts.due_cuts(now_ns, self.rule.grace_ns)
        return [self._next_cut(ts_ns, reason) for ts_ns, reason in due]

    def next_cut_ns(self, until_ns: int) -> int | None:
        """Return the earliest cut up to `until_ns` that is still to be laid; None for none."""
        return self._cuts.next_ns(until_ns)

    def resume(self, messages: Iterable[Message]) -> None:
        """Fold the end of a stream, as `end_of` returns it, in order."""
        told = list(messages)
        marks = [m for m in told if isinstance(m, Cut)]
        anchor_ns = max((m.ts_ns for m in marks if _ends_bars(m, self.rule)), default=0)
        for message in told:
            if isinstance(message, TradeBatch) and len(message):
                self._fold(message, anchor_ns)
        if marks:
            self.cut, self.cut_ns = marks[-1].number, marks[-1].ts_ns
            self._cuts.due_cuts(self.cut_ns, 0)  # They are on the stream already.

    def _fold(self, batch: TradeBatch, anchor_ns: int) -> None:
        if batch.contract != self.contract:
            self._renew(batch.contract)
        trades = trades_of(batch)
        self._sides.infer(trades)
        self.last_ns, self.last_ticks = int(trades.ts_event[-1]), int(trades.price[-1])
        behind = int(np.searchsorted(trades.ts_event, anchor_ns))
        self._cuts.add(trades.slice(behind, len(trades)))

    def _renew(self, contract: str) -> None:
        if self.contract:
            self._cuts.renew()
        self.contract = contract
        self._sides = SideInference(self.rule.sides)

    def _batches(self, trades: Trades) -> list[TradeBatch | Cut]:
        most = self.rule.batch_trades_max
        return [
            batch_of(trades.slice(start, min(start + most, len(trades))), self.contract, False)
            for start in range(0, len(trades), most)
        ]

    def _next_cut(self, ts_ns: int, reason: CutReason) -> Cut:
        self.cut, self.cut_ns = self.cut + 1, ts_ns
        return Cut(number=self.cut, ts_ns=Nanos(ts_ns), reason=reason)


def end_of(backwards: Iterable[Message], rule: LiveRule) -> list[Message]:
    """Return as much of a stream's end, newest first, as its tape needs to go on; oldest first."""
    found: list[Message] = []
    last_ns = None
    contract, prices = "", set[int]()
    anchored = overlapped = False
    for message in backwards:
        found.append(message)
        if isinstance(message, TradeBatch) and len(message):
            trades = trades_of(message)
            last_ns = int(trades.ts_event[-1]) if last_ns is None else last_ns
            contract = contract or message.contract
            if message.contract == contract:
                prices.update(np.unique(trades.price).tolist())
            overlapped = int(trades.ts_event[0]) < last_ns - rule.overlap_ns
            if message.contract != contract:
                break  # Nothing of another month matters to this one.
        elif isinstance(message, Cut):
            anchored = anchored or _ends_bars(message, rule)
        if anchored and overlapped and len(prices) > 1:
            break
    return found[::-1]


def lost_in(messages: Iterable[Message]) -> tuple[str, ...]:
    """Return the contracts that messages, oldest first, leave lost."""
    lost: dict[str, None] = {}
    for message in messages:
        if isinstance(message, FeedLost):
            lost[message.contract] = None
        elif isinstance(message, FeedRestored):
            lost.pop(message.contract, None)
    return tuple(lost)


def trades_since(backwards: Iterable[Message], from_ns: int, contract: str) -> list[Trades]:
    """Return the batches of a contract that reach to `from_ns`, from a stream newest first."""
    found: list[Trades] = []
    for message in backwards:
        if isinstance(message, TradeBatch) and len(message):
            trades = trades_of(message)
            if message.contract != contract or int(trades.ts_event[-1]) < from_ns:
                break
            found.append(trades)
    return found


def _ends_bars(cut: Cut, rule: LiveRule) -> bool:
    """Return whether no bar and no slice is open behind a cut.

    Bars of time end at every cut that says so; of others what a trade left over may have opened
    the next one already, so only the breaks of the day count, which no bar spans.
    """
    if segment(cut.ts_ns).start_ns == cut.ts_ns:
        return True
    timely = all(one.kind is BarKind.TIME for one in rule.series)
    sliced = rule.step_ns > 0 and cut.ts_ns % rule.step_ns != 0
    return cut.reason is CutReason.BAR and timely and not sliced
