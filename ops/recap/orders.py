"""The orders and the round trips of a date as they stand in the document."""

from typing import Any, assert_never

from actors.core.analytics.outcome import Outcome
from ops.recap.figures import dollars, instant, instant_or_none, price, ratio
from ops.recap.outcomes import signal_of
from ops.recap.told import Ordered, Reported, Told
from protocol.orders import BracketSubmitted, FlattenSubmitted, PositionClosed
from protocol.reports import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
)
from protocol.units import NANOS_PER_S

Section = dict[str, Any]


def trip_row(told: Told, trip: PositionClosed, outcome: Outcome) -> Section:
    """Return one round trip; what the books do not tell is None."""
    signal, bracket = signal_of(told, trip.bracket_id), told.brackets.get(trip.bracket_id)
    opened = told.opened.get(trip.bracket_id)
    risk = None if outcome.risk_cents is None else dollars(outcome.risk_cents)
    return {
        "bracket_id": trip.bracket_id,
        "signal_id": None if bracket is None else bracket.signal_id,
        "contract": trip.contract,
        "direction": trip.direction,
        "qty": trip.quantity,
        "entry_ts": instant_or_none(trip.opened_ns),
        "entry_price": price(trip.entry_sum, trip.contract, trip.quantity),
        "exit_ts": instant(trip.ts_ns),
        "exit_price": price(trip.exit_sum, trip.contract, trip.quantity),
        "stop_price": None if opened is None else price(opened.stop_price, trip.contract),
        "target_price": None if opened is None else price(opened.target_price, trip.contract),
        "reason": trip.reason,
        "pnl_gross": dollars(trip.pnl_cents + trip.commission_cents),
        "commission": dollars(trip.commission_cents),
        "pnl_net": dollars(trip.pnl_cents),
        "risk": risk,
        "r": ratio(outcome.net_cents / outcome.risk_cents) if outcome.risk_cents else None,
        "ticks": ratio(outcome.ticks),
        "mae": ratio(outcome.mae_ticks),
        "mfe": ratio(outcome.mfe_ticks),
        "efficiency": ratio(outcome.efficiency),
        "slippage_ticks": ratio(outcome.slippage_ticks),
        "stop_slippage_ticks": ratio(outcome.stop_slippage_ticks),
        "pattern": None if signal is None else signal.pattern,
        "regime": None if signal is None else signal.regime,
        "tier": outcome.tier or None,
        "duration_s": ratio(outcome.held_ns / NANOS_PER_S),
    }


def order_rows(told: Told) -> list[Section]:
    """Return every order with a step on the date, in the order of their submission."""
    ids = list(told.ordered) + [id for id in told.reported if id not in told.ordered]
    return [_order(id, told.ordered.get(id), told.reported.get(id, [])) for id in ids]


def _order(id: str, order: Ordered | None, reports: list[Reported]) -> Section:
    row: Section = {
        "client_id": id,
        "kind": "flatten" if isinstance(order, FlattenSubmitted) else "bracket",
        "bracket_id": order.bracket_id if isinstance(order, BracketSubmitted) else None,
        "contract": reports[0].contract if order is None else order.contract,
        "ts": None if order is None else instant(order.ts_ns),
        "direction": None, "qty": None, "entry": None, "limit_price": None,
        "reason": order.reason if isinstance(order, FlattenSubmitted) else None,
    }  # fmt: skip
    if isinstance(order, BracketSubmitted):
        limit = order.limit_price
        row |= {
            "direction": order.direction,
            "qty": order.quantity,
            "entry": order.entry,
            "limit_price": None if limit is None else price(limit, order.contract),
        }
    row["events"] = [_event(report) for report in reports]
    row["state"] = row["events"][-1]["what"] if reports else "submitted"
    return row


def _event(report: Reported) -> Section:
    event: Section = {
        "ts": instant(report.ts_ns), "what": "", "leg": report.leg
        if not isinstance(report, OrderExpired) else "entry",
        "qty": None, "price": None, "detail": None,
    }  # fmt: skip
    match report:
        case OrderAccepted():
            event |= {"what": "accepted", "qty": report.quantity}
        case OrderFilled():
            at = price(report.price, report.contract)
            event |= {"what": "filled", "qty": report.quantity, "price": at}
        case OrderModified():
            at = price(report.price, report.contract)
            event |= {"what": "modified", "price": at, "detail": report.cause}
        case OrderCancelled():
            event |= {"what": "cancelled", "qty": report.left, "detail": report.reason}
        case OrderExpired():
            event |= {"what": "expired", "qty": report.left}
        case OrderRejected():
            event |= {"what": "rejected", "detail": report.reason}
        case _:
            assert_never(report)
    return event
