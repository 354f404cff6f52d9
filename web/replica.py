"""What the page knows of the floor: a fold of the streams, bounded, and pure.

The page never asks trading for anything; it reads the same numbered streams as everybody and
keeps the last of everything. The streams are not lined up here, so an effect may be folded before
its cause: whatever belongs together is kept by id and put together when it is looked at.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Any

from protocol.account import (
    BalanceReported,
    LimitsChanged,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)
from protocol.commands import CommandGiven
from protocol.fence import BooksDiffer, FenceCause, FenceClosed, FenceOpened, PositionAdopted
from protocol.market import BarClosed, BarWarm, Cut, CutReason, TradeBatch
from protocol.message import Message
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    BracketSubmitted,
    CancelSubmitted,
    FlattenOrdered,
    FlattenSubmitted,
    ModifySubmitted,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    StatusAsked,
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
    FlowTurned,
    RegimeJudged,
    SetupEnded,
    SetupRecommended,
    SignalApproved,
    SignalDropped,
    SignalRaised,
    TargetNoted,
    ZoneChanged,
)
from web.feed import TOLD, FeedState
from web.order_log import line
from web.records import STAGES, Account, Advice, Bracket, Day, Event, Journey, room, trading_date
from web.tape import Tape

BARS_MAX = 160
SIGNALS_MAX = 120
BRACKETS_MAX = 240
CLIENTS_MAX = 480
EVENTS_MAX = 120
SETUPS_MAX = 40


class Replica:
    """Folds messages; everything it keeps has a limit. Of the bars it keeps one series."""

    def __init__(self, start_balance_cents: int = 0, series: str = "time:300") -> None:
        self.account = Account(start_balance_cents)
        self.series = series
        self.clock_ns = 0
        self.cut = 0
        self.ended = False
        self.contract = ""
        self.simulated = False
        self.bars: deque[BarClosed] = deque(maxlen=BARS_MAX)
        self.regimes: deque[RegimeJudged] = deque(maxlen=BARS_MAX)
        self.condition: ConditionJudged | None = None
        self.setups: OrderedDict[str, Advice] = OrderedDict()
        self.signals: OrderedDict[str, Journey] = OrderedDict()
        self.brackets: OrderedDict[str, Bracket] = OrderedDict()
        self.clients: OrderedDict[str, str] = OrderedDict()
        self.stages: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self.positions: dict[str, PositionOpened | PositionChanged] = {}  # By bracket id.
        self.fence: dict[FenceCause, str] = {}
        self.day = Day()
        self.tape = Tape()
        self.feed = FeedState()
        self.halted: TradingHalted | None = None
        self.tier: TierChanged | None = None
        self.counts: Counter[str] = Counter()  # Keys are kinds and reasons: closed sets.

    def fold(self, message: Message) -> None:
        """Take one message in; a kind that is not in `FOLDED` raises KeyError."""
        self.counts[message.KIND] += 1
        FOLDED[type(message)](self, message)

    def _seen(self, ts_ns: int) -> None:
        self.clock_ns = max(self.clock_ns, ts_ns)

    def _cut(self, cut: Cut) -> None:
        self._seen(cut.ts_ns)
        self.cut = max(self.cut, cut.number)
        self.ended = self.ended or cut.reason is CutReason.END

    def _bar(self, bar: BarClosed) -> None:
        if bar.series != self.series:
            return
        if bar.contract != self.contract:  # Prices of two months do not stand on one chart.
            self.contract = bar.contract
            self.bars.clear()
            self.regimes.clear()
        self.simulated = bar.simulated
        self._seen(bar.end_ns)
        self.bars.append(bar)

    def _warm(self, warm: BarWarm) -> None:
        """Show a bar of the time before the first trade; never behind one that is there."""
        place = warm.bar.end_ns, warm.bar.order
        if not self.bars or place > (self.bars[-1].end_ns, self.bars[-1].order):
            self._bar(warm.bar)

    def _condition(self, judged: ConditionJudged) -> None:
        self.condition = judged

    def _zone(self, changed: ZoneChanged) -> None:
        if changed.signal_id in self.signals:  # One so old that it is forgotten stays so.
            self.signals[changed.signal_id].zone = changed

    def _turned(self, said: FlowTurned) -> None:
        # Said every few seconds; of interest to whoever holds the position that it is about.
        if any(held.direction is said.against for held in self.positions.values()):
            self.events.append(line(said))

    def _told(self, command: CommandGiven) -> None:
        self.events.append(line(command))  # Its time is not that of the market.

    def _noted(self, noted: TargetNoted) -> None:
        self._journey(noted.signal_id).noted = noted

    def _recommended(self, setup: SetupRecommended) -> None:
        room(self.setups, setup.id, Advice, SETUPS_MAX).recommended = setup

    def _setup_ended(self, ended: SetupEnded) -> None:
        room(self.setups, ended.id, Advice, SETUPS_MAX).ended = ended

    def _raised(self, raised: SignalRaised) -> None:
        self._journey(raised.id).raised = raised

    def _approved(self, approved: SignalApproved) -> None:
        self._journey(approved.signal_id).approved = approved

    def _dropped(self, dropped: SignalDropped) -> None:
        self.counts[f"dropped.{dropped.reason}"] += 1
        self._journey(dropped.signal_id).dropped = dropped

    def _denied(self, denied: BracketDenied) -> None:
        self.counts[f"denied.{denied.reason}"] += 1
        self._journey(denied.signal_id).denied = denied

    def _bracket_approved(self, approved: BracketApproved) -> None:
        self._journey(approved.signal_id).bracket_id = approved.bracket_id
        self._advance(approved.bracket_id, "approved")

    def _submitted(self, order: BracketSubmitted) -> None:
        room(self.clients, order.client_id, lambda: order.bracket_id, CLIENTS_MAX)
        self._advance(order.bracket_id, "submitted")
        # The broker's answer may have been folded before the desk's own record.
        self._advance(order.bracket_id, *self.stages.pop(order.client_id, ("", "")))
        self._log(order)

    def _accepted(self, order: OrderAccepted) -> None:
        self._advance_client(order.client_id, "accepted")
        self._log(order)

    def _rejected(self, order: OrderRejected) -> None:
        if not order.request_id:  # Else it is only a change that was refused.
            self._advance_client(order.client_id, "rejected", order.reason)
        self._log(order)

    def _opened(self, opened: PositionOpened) -> None:
        self.positions[opened.bracket_id] = opened
        self._advance(opened.bracket_id, "open").opened = opened

    def _changed(self, changed: PositionChanged) -> None:
        self._advance(changed.bracket_id, "open")
        self.positions[changed.bracket_id] = changed

    def _closed(self, closed: PositionClosed) -> None:
        self.positions.pop(closed.bracket_id, None)
        bracket = self._advance(closed.bracket_id, "closed", str(closed.reason))
        before, bracket.closed = bracket.closed, closed
        self.account.count(closed.ts_ns, closed.pnl_cents - (before.pnl_cents if before else 0))
        self._count_in(closed, before)

    def _count_in(self, closed: PositionClosed, before: PositionClosed | None) -> None:
        today = trading_date(closed.ts_ns)
        if self.day.on != today:
            if before is not None:
                return  # Of a day that is no longer shown.
            self.day = Day(on=today)
        self.day.count(closed, before)

    def _ended(self, ended: BracketEnded) -> None:
        self._advance(ended.bracket_id, "ended", ended.reason)

    def _fence_closed(self, fact: FenceClosed) -> None:
        self.fence[fact.cause] = fact.detail
        self._log(fact)

    def _fence_opened(self, fact: FenceOpened) -> None:
        self.fence.pop(fact.cause, None)
        self._log(fact)

    def _limited(self, changed: LimitsChanged) -> None:
        self.account.changes.append(changed)
        self._log(changed)

    def _halted(self, told: TradingHalted | TradingResumed) -> None:
        self.halted = told if isinstance(told, TradingHalted) else None

    def _tiered(self, changed: TierChanged) -> None:
        self.tier = changed
        self._log(changed)

    def _journey(self, signal_id: str) -> Journey:
        return room(self.signals, signal_id, Journey, SIGNALS_MAX)

    def _advance(self, bracket_id: str, stage: str, detail: str = "") -> Bracket:
        bracket = room(self.brackets, bracket_id, Bracket, BRACKETS_MAX)
        if STAGES.index(stage) > STAGES.index(bracket.stage):
            bracket.stage, bracket.detail = stage, detail
        return bracket

    def _advance_client(self, client_id: str, stage: str, detail: str = "") -> None:
        bracket_id = self.clients.get(client_id)
        if bracket_id is None:
            self.stages.pop(client_id, None)
            room(self.stages, client_id, lambda: (stage, detail), CLIENTS_MAX)
        else:
            self._advance(bracket_id, stage, detail)

    def _log(self, message: Message) -> None:
        event = line(message)
        self._seen(event.ts_ns)
        self.events.append(event)


LOGGED: tuple[type[Message], ...] = (
    FlattenOrdered, FlattenSubmitted, ModifySubmitted, CancelSubmitted, StatusAsked, OrderFilled,
    OrderModified, OrderCancelled, OrderExpired, LinkChanged, BooksDiffer, PositionAdopted,
    MarginShort, MarginRestored, StillExposed,
)  # fmt: skip
FOLDED: dict[type[Message], Callable[[Replica, Any], None]] = {
    Cut: Replica._cut,
    TradeBatch: lambda replica, batch: replica.tape.fold(batch),
    BarClosed: Replica._bar,
    BarWarm: Replica._warm,
    RegimeJudged: lambda replica, judged: replica.regimes.append(judged),
    ConditionJudged: Replica._condition,
    ZoneChanged: Replica._zone,
    FlowTurned: Replica._turned,
    CommandGiven: Replica._told,
    TargetNoted: Replica._noted,
    SetupRecommended: Replica._recommended,
    SetupEnded: Replica._setup_ended,
    SignalRaised: Replica._raised,
    SignalApproved: Replica._approved,
    SignalDropped: Replica._dropped,
    BracketApproved: Replica._bracket_approved,
    BracketDenied: Replica._denied,
    BracketSubmitted: Replica._submitted,
    BracketEnded: Replica._ended,
    OrderAccepted: Replica._accepted,
    OrderRejected: Replica._rejected,
    PositionOpened: Replica._opened,
    PositionChanged: Replica._changed,
    PositionClosed: Replica._closed,
    FenceClosed: Replica._fence_closed,
    FenceOpened: Replica._fence_opened,
    BalanceReported: lambda replica, told: replica.account.report(told.ts_ns, told.balance_cents),
    LimitsChanged: Replica._limited,
    TierChanged: Replica._tiered,
    TradingHalted: Replica._halted,
    TradingResumed: Replica._halted,
    **dict.fromkeys(TOLD, lambda replica, told: replica.feed.fold(told)),
    **dict.fromkeys(LOGGED, Replica._log),
}
