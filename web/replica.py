"""What the page knows of the floor: a fold of the streams, bounded, and pure.

The page never asks trading for anything; it reads the same numbered streams as everybody and
keeps the last of everything. The streams are not lined up here, so an effect may be folded before
its cause: whatever belongs together is kept by id and put together when it is looked at.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from protocol.account import BalanceReported, TradingHalted, TradingResumed
from protocol.market import BarClosed, Cut, CutReason, ValueJudged
from protocol.message import Message
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    BracketSubmitted,
    FlattenOrdered,
    FlattenSubmitted,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionClosed,
    PositionOpened,
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
from protocol.units import NANOS_PER_S
from web.records import STAGES, Advice, Bracket, Day, Event, Journey

BARS_MAX = 160
SIGNALS_MAX = 120
BRACKETS_MAX = 240
CLIENTS_MAX = 480
EVENTS_MAX = 120
TRIPS_MAX = 120
SETUPS_MAX = 40
NEW_YORK = ZoneInfo("America/New_York")
DAY_STARTS = timedelta(hours=18)  # Of the evening before: then the next trading day begins.

V = TypeVar("V")


class Replica:
    """Folds messages; everything it keeps has a limit. Of the bars it keeps one series."""

    def __init__(self, start_balance_cents: int = 0, series: str = "time:300") -> None:
        self.balance_cents = start_balance_cents
        self.series = series
        self.clock_ns = 0
        self.cut = 0
        self.ended = False
        self.contract = ""
        self.simulated = False
        self.bars: deque[BarClosed] = deque(maxlen=BARS_MAX)
        self.regimes: deque[RegimeJudged] = deque(maxlen=BARS_MAX)
        self.condition: ConditionJudged | None = None
        self.value: ValueJudged | None = None
        self.setups: OrderedDict[str, Advice] = OrderedDict()
        self.signals: OrderedDict[str, Journey] = OrderedDict()
        self.brackets: OrderedDict[str, Bracket] = OrderedDict()
        self.clients: OrderedDict[str, str] = OrderedDict()
        self.stages: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self.trips: deque[PositionClosed] = deque(maxlen=TRIPS_MAX)
        self.position: PositionOpened | None = None
        self.day = Day()
        self.halted: TradingHalted | None = None
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

    def _regime(self, judged: RegimeJudged) -> None:
        self.regimes.append(judged)

    def _condition(self, judged: ConditionJudged) -> None:
        self.condition = judged

    def _value(self, judged: ValueJudged) -> None:
        self.value = judged

    def _zone(self, changed: ZoneChanged) -> None:
        if changed.signal_id in self.signals:  # One so old that it is forgotten stays so.
            self.signals[changed.signal_id].zone = changed

    def _turned(self, said: FlowTurned) -> None:
        # Said every few seconds; of interest to whoever holds the position that it is about.
        if self.position is not None and self.position.direction is said.against:
            self.events.append(Event(
                said.ts_ns, "flow turned", "", direction=said.against, detail=said.reason
            ))

    def _noted(self, noted: TargetNoted) -> None:
        self._journey(noted.signal_id).noted = noted

    def _recommended(self, setup: SetupRecommended) -> None:
        _room(self.setups, setup.id, Advice, SETUPS_MAX).recommended = setup

    def _setup_ended(self, ended: SetupEnded) -> None:
        _room(self.setups, ended.id, Advice, SETUPS_MAX).ended = ended

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
        _room(self.clients, order.client_id, lambda: order.bracket_id, CLIENTS_MAX)
        self._advance(order.bracket_id, "submitted")
        # The broker's answer may have been folded before the desk's own record.
        self._advance(order.bracket_id, *self.stages.pop(order.client_id, ("", "")))
        distances = f"stop {order.stop_ticks} target {order.target_ticks} ticks"
        self._note(order, "submitted", "entry", order.direction, order.quantity, detail=distances)

    def _flatten_ordered(self, order: FlattenOrdered) -> None:
        self.events.append(Event(
            order.ts_ns, "flatten ordered", order.flatten_id, detail=str(order.reason)
        ))

    def _flatten_submitted(self, order: FlattenSubmitted) -> None:
        self._note(order, "submitted", "flatten", detail=str(order.reason))

    def _accepted(self, order: OrderAccepted) -> None:
        self._advance_client(order.client_id, "accepted")
        self._note(order, "accepted", order.leg, order.direction, order.quantity)

    def _rejected(self, order: OrderRejected) -> None:
        self._advance_client(order.client_id, "rejected", order.reason)
        self._note(order, "rejected", detail=order.reason)

    def _filled(self, fill: OrderFilled) -> None:
        detail = f"commission {fill.commission_cents / 100:.2f}"
        self._note(fill, "filled", fill.leg, fill.direction, fill.quantity, fill.price, detail)

    def _cancelled(self, order: OrderCancelled) -> None:
        self._note(order, "cancelled", order.leg, detail=order.reason)

    def _opened(self, opened: PositionOpened) -> None:
        self.position = opened
        self._advance(opened.bracket_id, "open").opened = opened

    def _closed(self, closed: PositionClosed) -> None:
        self.position = None
        self.trips.append(closed)
        self._advance(closed.bracket_id, "closed", str(closed.reason)).closed = closed
        self.balance_cents += closed.pnl_cents
        today = trading_date(closed.ts_ns)
        if self.day.on != today:
            self.day = Day(on=today)
        day = self.day
        day.trips += 1
        day.wins += closed.pnl_cents > 0
        day.pnl_cents += closed.pnl_cents
        day.commission_cents += closed.commission_cents
        day.curve.append((closed.ts_ns, day.pnl_cents))

    def _ended(self, ended: BracketEnded) -> None:
        self._advance(ended.bracket_id, "ended", ended.reason)

    def _balance(self, reported: BalanceReported) -> None:
        self.balance_cents = reported.balance_cents

    def _halted(self, halted: TradingHalted) -> None:
        self.halted = halted

    def _resumed(self, _: TradingResumed) -> None:
        self.halted = None

    def _journey(self, signal_id: str) -> Journey:
        return _room(self.signals, signal_id, Journey, SIGNALS_MAX)

    def _advance(self, bracket_id: str, stage: str, detail: str = "") -> Bracket:
        bracket = _room(self.brackets, bracket_id, Bracket, BRACKETS_MAX)
        if STAGES.index(stage) > STAGES.index(bracket.stage):
            bracket.stage, bracket.detail = stage, detail
        return bracket

    def _advance_client(self, client_id: str, stage: str, detail: str = "") -> None:
        bracket_id = self.clients.get(client_id)
        if bracket_id is None:
            self.stages.pop(client_id, None)
            _room(self.stages, client_id, lambda: (stage, detail), CLIENTS_MAX)
        else:
            self._advance(bracket_id, stage, detail)

    def _note(
        self, order: Any, what: str, leg: str = "", direction: str = "", quantity: int = 0,
        price: int | None = None, detail: str = "",
    ) -> None:
        self._seen(order.ts_ns)
        self.events.append(Event(
            order.ts_ns, what, order.client_id, str(leg), str(direction), quantity, price, detail
        ))


def trading_date(ts_ns: int) -> date:
    """Return the trading day of an instant: it begins at 18:00 New York the evening before."""
    instant = datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC).astimezone(NEW_YORK)
    return (instant.replace(tzinfo=None) + timedelta(days=1) - DAY_STARTS).date()


def _room(table: OrderedDict[str, V], key: str, make: Callable[[], V], most: int) -> V:
    """Return the entry of `key`, made where it is missing; the oldest gives way."""
    if key not in table:
        table[key] = make()
        if len(table) > most:
            table.popitem(last=False)
    return table[key]


FOLDED: dict[type[Message], Callable[[Replica, Any], None]] = {
    Cut: Replica._cut,
    BarClosed: Replica._bar,
    ValueJudged: Replica._value,
    RegimeJudged: Replica._regime,
    ConditionJudged: Replica._condition,
    ZoneChanged: Replica._zone,
    FlowTurned: Replica._turned,
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
    FlattenOrdered: Replica._flatten_ordered,
    FlattenSubmitted: Replica._flatten_submitted,
    OrderAccepted: Replica._accepted,
    OrderRejected: Replica._rejected,
    OrderFilled: Replica._filled,
    OrderCancelled: Replica._cancelled,
    PositionOpened: Replica._opened,
    PositionClosed: Replica._closed,
    BalanceReported: Replica._balance,
    TradingHalted: Replica._halted,
    TradingResumed: Replica._resumed,
}
