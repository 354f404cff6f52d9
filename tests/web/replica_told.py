"""What the streams tell of a signal and its bracket, and a replica that has heard it."""

from typing import Any

from protocol.message import Message
from protocol.orders import (
    BracketDenied,
    DenyReason,
    EntryKind,
    Leg,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    StopCause,
)
from protocol.patterns import Direction, Pattern
from protocol.reports import OrderAccepted, OrderFilled, OrderRejected
from protocol.signals import DropReason, Regime, SignalDropped
from tests.makers import CONTRACT, at, make_closed, make_opened
from web.replica import Replica


def fold(*messages: Message) -> Replica:
    """Return a replica that has taken the messages in."""
    made = Replica(250_000)
    for message in messages:
        made.fold(message)
    return made


def dropped(**fields: Any) -> SignalDropped:
    """Return the drop of signal-1."""
    values: dict[str, Any] = {
        "signal_id": "signal-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "pattern": Pattern.STACKED_BUY,
        "direction": Direction.LONG,
        "regime": Regime.RANGING,
        "regime_confidence_ppm": 700_000,
        "reason": DropReason.PATTERN_NOT_ENABLED,
        "detail": "in ranging",
    }
    return SignalDropped(**(values | fields))


def denied() -> BracketDenied:
    """Return the denial of signal-1."""
    return BracketDenied(
        signal_id="signal-1",
        contract=CONTRACT,
        ts_ns=at("10:05"),
        direction=Direction.LONG,
        reason=DenyReason.HALTED,
        detail="daily loss",
    )


def accepted(client_id: str = "client-1") -> OrderAccepted:
    """Return the broker's acceptance of the entry."""
    return OrderAccepted(
        client_id=client_id,
        contract=CONTRACT,
        ts_ns=at("10:05"),
        leg=Leg.ENTRY,
        direction=Direction.LONG,
        quantity=1,
        entry=EntryKind.MARKET,
        limit_price=None,
        expires_ns=None,
        stop_ticks=16,
        target_ticks=24,
        breakeven_ticks=0,
        breakeven_offset_ticks=0,
        trail_start_ticks=0,
        trail_ticks=0,
        active_ns=at("10:05"),
        reason=None,
    )


def rejected(request_id: str = "") -> OrderRejected:
    """Return the broker's refusal of the entry, or of a request about it."""
    return OrderRejected(
        client_id="client-1", request_id=request_id, contract=CONTRACT, ts_ns=at("10:05"),
        leg=Leg.ENTRY, reason="no margin",
    )  # fmt: skip


def filled(n: int = 1) -> OrderFilled:
    """Return the fill of an entry."""
    return OrderFilled(
        exec_id=f"exec-{n}",
        corrects="",
        client_id=f"client-{n}",
        contract=CONTRACT,
        ts_ns=at("10:06"),
        leg=Leg.ENTRY,
        direction=Direction.LONG,
        quantity=1,
        left=0,
        price=20_006,
        commission_cents=225,
        stop_price=19_990,
        target_price=20_030,
    )


def opened(n: int = 1, **fields: Any) -> PositionOpened:
    """Return the opening of bracket n."""
    values: dict[str, Any] = {
        "bracket_id": f"bracket-{n}",
        "ts_ns": at("10:06"),
        "entry_sum": 20_006,
        "stop_price": 19_990,
        "target_price": 20_030,
        "exec_id": f"exec-{n}",
    }
    return make_opened(**(values | fields))


def changed(**fields: Any) -> PositionChanged:
    """Return a position of three at two prices, its stop moved to break-even."""
    values: dict[str, Any] = {
        "bracket_id": "bracket-1",
        "contract": CONTRACT,
        "ts_ns": at("10:07"),
        "direction": Direction.LONG,
        "quantity": 3,
        "entry_sum": 60_019,
        "stop_price": 20_008,
        "target_price": 20_030,
        "stop_cause": StopCause.BREAKEVEN,
        "realised_cents": -675,
        "commission_cents": 675,
        "exec_id": "exec-2",
    }
    return PositionChanged(**(values | fields))


def closed(n: int = 1, pnl_cents: int = 29_550, ts_ns: int | None = None) -> PositionClosed:
    """Return the close of bracket n at its target."""
    return make_closed(
        bracket_id=f"bracket-{n}",
        opened_ns=at("10:06"),
        ts_ns=at("10:09") if ts_ns is None else ts_ns,
        entry_sum=20_006,
        exit_sum=20_030,
        pnl_cents=pnl_cents,
        exec_id=f"exit-{n}",
    )
