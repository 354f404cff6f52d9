"""The fold of the floor's messages into what its heartbeat says (domain 8.4).

The streams are not lined up for whoever only watches, so an effect may be folded before its
cause, and nothing here needs the order of two streams. Counters are of the trading day and fall
to nothing at 17:00 ET; what is true of the account and of the link stays. A round trip that is
corrected counts once. A position that is told once more after it was closed stays closed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from actors.core.session.calendar import trading_date
from actors.core.watch.heartbeat import Heartbeat
from protocol.account import BalanceReported, TierChanged, TradingHalted, TradingResumed
from protocol.fence import FenceClosed, FenceOpened
from protocol.instruments import instrument_of
from protocol.market import BarClosed, FeedLost, FeedRestored, TradeBatch
from protocol.message import Message
from protocol.orders import AccountAsked, PositionChanged, PositionClosed, PositionOpened
from protocol.patterns import Direction
from protocol.reports import AccountReported, LinkChanged, OrderAccepted, OrderRejected
from protocol.signals import RegimeJudged, SignalRaised
from protocol.units import NANOS_PER_MS

# What `fold` looks into; everything else need not even be decoded for it.
FOLDED: frozenset[type[Message]] = frozenset(
    {
        TradeBatch, BarClosed, SignalRaised, RegimeJudged, FeedLost, FeedRestored, LinkChanged,
        PositionOpened, PositionChanged, PositionClosed, AccountAsked, AccountReported,
        OrderAccepted, OrderRejected, BalanceReported, TradingHalted, TradingResumed, TierChanged,
        FenceClosed, FenceOpened,
    }
)  # fmt: skip
ASKED_MAX = 16  # Questions to the broker that wait for their answer, or answers for their question.
CLOSED_MAX = 500  # Brackets that are over, so that a late word about one opens nothing.


@dataclass(slots=True)
class Vitals:
    """What is known; plain values only, so that it can be kept in a file and taken up again."""

    balance_cents: int = 0
    date: str = ""
    last_tick_ns: int | None = None
    ticks: int = 0
    bars: int = 0
    bars_available: int = 0
    signals: int = 0
    feed_lost: bool = False
    link_lost: bool = False
    reconnects: int = 0
    regime: str = ""
    regime_confidence_ppm: int = 0
    fence: dict[str, str] = field(default_factory=dict)
    halted: bool = False
    halt_reason: str = ""
    tier: str = ""
    day_pnl_cents: int = 0
    # By bracket: contract, signed quantity, sum of entry ticks times contracts.
    positions: dict[str, list[Any]] = field(default_factory=dict)
    prices: dict[str, int] = field(default_factory=dict)  # Last close, by contract of a position.
    closed: dict[str, int] = field(default_factory=dict)  # Instant, by bracket.
    trips: int = 0
    asked: dict[str, int] = field(default_factory=dict)  # Instant, by question ...
    told: dict[str, int] = field(default_factory=dict)  # ... and of answers that came before it.
    response_ms: int | None = None
    accepted: int = 0
    rejected: int = 0


def fold(vitals: Vitals, message: Message, series: str) -> None:
    """Take one message in; bars of another series than `series` only tell the price."""
    match message:
        case TradeBatch():
            _ticks(vitals, message)
        case BarClosed():
            _bar(vitals, message, series)
        case SignalRaised():
            vitals.signals += roll(vitals, message.ts_ns)
        case RegimeJudged():
            roll(vitals, message.ts_ns)
            vitals.regime = str(message.regime)
            vitals.regime_confidence_ppm = message.confidence_ppm
            vitals.bars_available = message.bars
        case FeedLost():
            vitals.feed_lost = True
        case FeedRestored():
            vitals.reconnects += vitals.feed_lost
            vitals.feed_lost = False
        case LinkChanged():
            today = roll(vitals, message.ts_ns)
            vitals.reconnects += message.up and vitals.link_lost and today
            vitals.link_lost = not message.up
        case PositionOpened() | PositionChanged() | PositionClosed():
            _position(vitals, message)
        case AccountAsked() | AccountReported() | OrderAccepted() | OrderRejected():
            _broker(vitals, message)
        case _:
            _account(vitals, message)


def roll(vitals: Vitals, ts_ns: int) -> bool:
    """Begin the trading day of `ts_ns` if it is a later one; say whether it is the day counted."""
    day = str(trading_date(ts_ns))
    if day > vitals.date:
        vitals.date = day
        vitals.ticks = vitals.bars = vitals.signals = vitals.trips = vitals.reconnects = 0
        vitals.day_pnl_cents = vitals.accepted = vitals.rejected = 0
        vitals.halted, vitals.halt_reason = False, ""  # A halt is of a trading day (domain 7.7).
    return day == vitals.date


def heartbeat(
    vitals: Vitals, *, now_ns: int, pid: int, symbol: str, market: str, mode: str,
    clock_offset_ms: int | None = None, stopped: bool = False,
) -> Heartbeat:  # fmt: skip
    """Return what is said at `now_ns`, UTC."""
    return Heartbeat(
        timestamp_ns=now_ns,
        pid=pid,
        stopped=stopped,
        market=market,
        mode=mode,
        symbol=symbol,
        trading_date=vitals.date,
        last_tick_ns=vitals.last_tick_ns,
        tick_count=vitals.ticks,
        bar_count=vitals.bars,
        bars_available=vitals.bars_available,
        signal_count=vitals.signals,
        feed_connected=not vitals.feed_lost,
        reconnect_count=vitals.reconnects,
        regime=vitals.regime,
        regime_confidence_ppm=vitals.regime_confidence_ppm,
        fence=", ".join(sorted(vitals.fence)) or "open",
        is_halted=vitals.halted,
        halt_reason=vitals.halt_reason,
        tier_name=vitals.tier,
        balance_cents=vitals.balance_cents,
        daily_pnl_cents=vitals.day_pnl_cents,
        unrealized_pnl_cents=unrealised_cents(vitals),
        trade_count=vitals.trips,
        open_positions=len(vitals.positions),
        broker_response_ms=vitals.response_ms,
        orders_accepted=vitals.accepted,
        orders_rejected=vitals.rejected,
        clock_offset_ms=clock_offset_ms,
    )


def unrealised_cents(vitals: Vitals) -> int:
    """Return what the open positions would bring at the last closes, commissions left out."""
    total = 0
    for contract, signed, entry_sum in vitals.positions.values():
        price = vitals.prices.get(contract)
        if price is not None:
            own = instrument_of(contract)
            ticks = price * signed - (entry_sum if signed > 0 else -entry_sum)
            total += ticks * own.tick_cents_num // own.tick_cents_den
    return total


def kept(vitals: Vitals) -> dict[str, Any]:
    """Return all that is known as plain values for a file."""
    return asdict(vitals)


def vitals_of(values: Mapping[str, Any]) -> Vitals:
    """Return what was kept; what is not that raises ValueError."""
    try:
        vitals = Vitals(**values)
        if vitals.date:
            date.fromisoformat(vitals.date)
    except TypeError as error:
        raise ValueError(f"{error}: wanted the fields of vitals") from None
    return vitals


def _ticks(vitals: Vitals, batch: TradeBatch) -> None:
    if len(batch) == 0:
        return
    last_ns = int.from_bytes(batch.ts_event[-8:], "little", signed=True)
    vitals.ticks += len(batch) * roll(vitals, last_ns)
    vitals.last_tick_ns = max(last_ns, vitals.last_tick_ns or last_ns)


def _bar(vitals: Vitals, bar: BarClosed, series: str) -> None:
    # A bar that ends at 17:00 is one of the day before.
    today = roll(vitals, max(bar.start_ns, bar.end_ns - 1))
    vitals.bars += today and bar.series == series
    vitals.prices = {key: price for key, price in vitals.prices.items() if _holds(vitals, key)}
    vitals.prices[bar.contract] = bar.close


def _holds(vitals: Vitals, contract: str) -> bool:
    return any(held[0] == contract for held in vitals.positions.values())


def _position(vitals: Vitals, fact: PositionOpened | PositionChanged | PositionClosed) -> None:
    today = roll(vitals, fact.ts_ns)
    if isinstance(fact, PositionClosed):
        vitals.trips += today and fact.bracket_id not in vitals.closed
        vitals.positions.pop(fact.bracket_id, None)
        _note(vitals.closed, fact.bracket_id, fact.ts_ns, CLOSED_MAX)
        return
    # A correction opens again what was over; only what happened before the end is old news.
    if fact.ts_ns > vitals.closed.get(fact.bracket_id, fact.ts_ns - 1) and fact.quantity:
        signed = fact.quantity if fact.direction is Direction.LONG else -fact.quantity
        vitals.positions[fact.bracket_id] = [fact.contract, signed, fact.entry_sum]


def _broker(
    vitals: Vitals, message: AccountAsked | AccountReported | OrderAccepted | OrderRejected
) -> None:
    today = roll(vitals, message.ts_ns)
    match message:
        case AccountAsked(request_id=id, ts_ns=ts_ns):
            _answered(vitals, ts_ns, vitals.told.pop(id, None))
            _note(vitals.asked, id, ts_ns, ASKED_MAX)
        case AccountReported(request_id=id, ts_ns=ts_ns):
            _answered(vitals, vitals.asked.pop(id, None), ts_ns)
            _note(vitals.told, id, ts_ns, ASKED_MAX)
        case OrderAccepted():
            vitals.accepted += today
        case OrderRejected():
            vitals.rejected += today


def _answered(vitals: Vitals, asked_ns: int | None, told_ns: int | None) -> None:
    if asked_ns is not None and told_ns is not None:
        vitals.response_ms = max(told_ns - asked_ns, 0) // NANOS_PER_MS


def _note(table: dict[str, int], key: str, ts_ns: int, most: int) -> None:
    table[key] = ts_ns
    while len(table) > most:
        del table[next(iter(table))]


def _account(vitals: Vitals, message: Message) -> None:
    match message:
        case BalanceReported():
            vitals.balance_cents = message.balance_cents
            if roll(vitals, message.ts_ns):
                vitals.day_pnl_cents = message.day_pnl_cents
        case TradingHalted():
            if roll(vitals, message.ts_ns):
                vitals.halted, vitals.halt_reason = True, message.reason
        case TradingResumed():
            vitals.halted, vitals.halt_reason = False, ""
        case TierChanged():
            vitals.tier = message.name
        case FenceClosed():
            vitals.fence[str(message.cause)] = message.detail
        case FenceOpened():
            vitals.fence.pop(str(message.cause), None)
