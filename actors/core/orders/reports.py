"""What follows from what the broker reports of an order, fills apart.

Each report is a step of the table for one order of one bracket; a step that moves nothing is not
recorded, so what is told twice, or again because somebody asked, changes nothing.
"""

from typing import assert_never

from actors.core.orders.booking import Cause, cancel, ended, told
from actors.core.orders.brackets import Bracket, fills_due, rest_moved
from actors.core.orders.desk_state import DeskState, Fact
from actors.core.orders.fence import closing
from actors.core.orders.lifecycle import ALIVE, Disagreement, Order, next_order
from protocol.desk import OrderStepped, Step
from protocol.fence import FenceCause
from protocol.orders import Leg, StopCause
from protocol.reports import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from protocol.units import Contracts, Nanos, Ticks

Report = (
    OrderAccepted | OrderRejected | OrderCancelled | OrderExpired | OrderModified | OrderReported
)


def reported(
    state: DeskState, bracket: Bracket, report: Report, asks_max: int
) -> list[Fact]:
    """Return what follows from a report about an order of `bracket`."""
    match report:
        case OrderAccepted():
            return _accepted(bracket, report)
        case OrderRejected(request_id=""):
            words = f"rejected: {report.reason}"
            return entry_ended(bracket, Step.REJECTED, report.ts_ns, 0, words)
        case OrderRejected():
            return _refused(bracket, report)
        case OrderCancelled(leg=Leg.ENTRY):
            words = f"cancelled: {report.reason}"
            return entry_ended(bracket, Step.CANCELLED, report.ts_ns, report.left, words)
        case OrderCancelled():
            return step(bracket, report.leg, Step.CANCELLED, report.ts_ns)
        case OrderExpired():
            return entry_ended(bracket, Step.EXPIRED, report.ts_ns, report.left, "expired")
        case OrderModified():
            return _modified(bracket, report)
        case OrderReported():
            return _status(state, bracket, report, asks_max)
        case _:
            assert_never(report)


def stepped(
    bracket: Bracket,
    leg: Leg,
    step: Step,
    ts_ns: int,
    left: int = 0,
    price: int | None = None,
    cause: StopCause | None = None,
) -> OrderStepped:
    """Return the record of the next step of a bracket."""
    return OrderStepped(
        client_id=bracket.submitted.client_id,
        number=bracket.steps + 1,
        contract=bracket.submitted.contract,
        ts_ns=Nanos(ts_ns),
        leg=leg,
        step=step,
        left=Contracts(left),
        price=None if price is None else Ticks(price),
        cause=cause,
    )


def step(bracket: Bracket, leg: Leg, step: Step, ts_ns: int) -> list[Fact]:
    """Return the record of a step; nothing if it moves nothing."""
    before = bracket.orders[leg]
    moves = next_order(before, step, _named(bracket, leg)) is not before
    return [stepped(bracket, leg, step, ts_ns)] if moves else []


def entry_ended(
    bracket: Bracket, step: Step, ts_ns: int, left: int, words: str
) -> list[Fact]:
    """Return what follows from the end of an entry; its last fills may still be on their way."""
    after = next_order(bracket.entry, step, _named(bracket, Leg.ENTRY))
    if after is bracket.entry:
        return []
    trip = bracket.trip
    facts: list[Fact] = [stepped(bracket, Leg.ENTRY, step, ts_ns, left)]
    if fills_due(after, left, bracket.submitted.quantity, trip.entered) or bracket.over:
        return facts
    if not trip.entered:
        facts.append(ended(bracket, words, ts_ns, after is Order.REJECTED))
    elif trip.held == 0:
        facts += told(bracket, trip, bracket.rest, False, Cause(ts_ns, ""))
    return facts


def _accepted(bracket: Bracket, report: OrderAccepted) -> list[Fact]:
    facts = step(bracket, Leg.ENTRY, Step.ACCEPTED, report.ts_ns)
    if facts and bracket.entry is Order.GIVEN_UP:
        facts.append(cancel(bracket, report.ts_ns, "it had been given up"))
    return facts


def _refused(bracket: Bracket, report: OrderRejected) -> list[Fact]:
    if report.leg is not Leg.ENTRY:
        return step(bracket, report.leg, Step.MODIFY_REFUSED, report.ts_ns)
    if report.request_id != bracket.cancel_id:
        return []  # Told again, of an earlier request.
    return step(bracket, Leg.ENTRY, Step.CANCEL_REFUSED, report.ts_ns)


def _modified(bracket: Bracket, report: OrderModified) -> list[Fact]:
    leg = report.leg
    if leg not in (Leg.STOP, Leg.TARGET) or bracket.rest is None:
        return []
    if report.ts_ns <= bracket.moved_ns.get(leg, -1):
        return []  # Told again, or overtaken by a later change.
    next_order(bracket.orders[leg], Step.MODIFIED, _named(bracket, leg))
    cause = report.cause if leg is Leg.STOP else None
    record = stepped(
        bracket, leg, Step.MODIFIED, report.ts_ns, price=report.price, cause=cause
    )
    trip, rest = bracket.trip, rest_moved(bracket.rest, record)
    if trip.held <= 0:
        return [record]
    return [record, *told(bracket, trip, rest, True, Cause(report.ts_ns, ""))]


def _status(
    state: DeskState, bracket: Bracket, report: OrderReported, asks_max: int
) -> list[Fact]:
    """Return what an answer settles; the events of the order have been told before it.

    An answer that knows of fills which did not come is none: the question stands, is asked again,
    and after `asks_max` times a person has to look.
    """
    question = bracket.question
    if question is None or question.request_id != report.request_id:
        return []
    if not report.known:
        next_order(bracket.entry, Step.NOT_FOUND, _named(bracket, Leg.ENTRY))
        return [stepped(bracket, Leg.ENTRY, Step.NOT_FOUND, report.ts_ns)]
    trip = bracket.trip
    if report.filled > trip.entered or report.held != trip.signed:
        if bracket.asks < asks_max:
            return []
        detail = (
            f"bracket {bracket.submitted.bracket_id}: the broker reports {report.filled} filled"
            f" and {report.held:+} held, executions say {trip.entered} and {trip.signed:+}"
        )
        return [*closing(state, FenceCause.UNCONFIRMED, report.ts_ns, detail)]
    if bracket.entry in ALIVE and not report.left and trip.entered < bracket.submitted.quantity:
        left = bracket.submitted.quantity - trip.entered
        words = "cancelled: the broker has nothing of it at work"
        return entry_ended(bracket, Step.CANCELLED, report.ts_ns, left, words)
    next_order(bracket.entry, Step.FOUND, _named(bracket, Leg.ENTRY))
    return [stepped(bracket, Leg.ENTRY, Step.FOUND, report.ts_ns)]


def unknown(report: Report) -> list[Fact]:
    """Return what a report about no bracket means: nothing of a flatten, else a disagreement."""
    match report:
        case OrderAccepted(leg=Leg.FLATTEN) | OrderRejected(leg=Leg.FLATTEN):
            return []  # Position by position the fills tell what a flatten did.
        case OrderCancelled(leg=Leg.FLATTEN):
            return []
    raise Disagreement(f"the broker reports order {report.client_id}, which was never submitted")


def _named(bracket: Bracket, leg: Leg) -> str:
    return f"{bracket.submitted.client_id} {leg}"
