"""What follows from an execution: it is booked, and everybody is told what is held now.

An execution is booked once, whoever tells it how often and in whatever order. One that corrects
another takes its place, and all is computed again (see `corrections`).
"""

from dataclasses import dataclass

from actors.core.ids import derived_id
from actors.core.orders.brackets import (
    Bracket,
    client_id,
    execution_of,
    fill_step,
    fills_due,
    rest_after,
)
from actors.core.orders.desk_state import DeskState, Fact
from actors.core.orders.fence import closing
from actors.core.orders.lifecycle import Disagreement, Order, next_order
from actors.core.orders.money import SIGN, tick_of
from actors.core.orders.round_trip import Rest, Trip, changed, closed, opened, trip_of
from protocol.desk import ExecutionBooked
from protocol.fence import FenceCause
from protocol.orders import (
    BracketEnded,
    CancelSubmitted,
    ExitReason,
    FlattenSubmitted,
    Leg,
    StopCause,
)
from protocol.reports import OrderFilled
from protocol.units import Nanos

STOPPED = {
    StopCause.ANCHORED: ExitReason.STOP,
    StopCause.AMENDED: ExitReason.STOP,
    StopCause.BREAKEVEN: ExitReason.BREAKEVEN,
    StopCause.TRAIL: ExitReason.TRAIL,
}


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a position what it is: when, and by which execution, if by one."""

    ts_ns: int
    exec_id: str


def filled(state: DeskState, bracket: Bracket, fill: OrderFilled) -> list[Fact]:
    """Return what follows from an execution that was not booked yet."""
    order = bracket.submitted
    if fill.direction is not order.direction or fill.quantity < (0 if fill.corrects else 1):
        raise Disagreement(
            f"execution {fill.exec_id} of {fill.quantity} {fill.direction},"
            f" wanted at least 1 {order.direction}"
        )
    booked = booking(state, bracket, fill)
    if not fill.quantity:
        return [booked]  # Taken back before it was told: the original will not count.
    trip = trip_of([*bracket.executions.values(), execution_of(booked, None)], order.direction)
    entry = _entry_after(bracket, trip, fill)
    due = fills_due(entry, bracket.left, order.quantity, trip.entered)
    if trip.entered > order.quantity or (trip.held < 0 and not due):
        raise Disagreement(
            f"execution {fill.exec_id} makes {trip.entered} entered and {trip.exited} left,"
            f" wanted at most {order.quantity} and what is held"
        )
    rest = bracket.rest
    if fill.leg is Leg.ENTRY:
        rest = rest_after(bracket, trip, fill.stop_price, fill.target_price)
    facts: list[Fact] = [booked]
    facts += told(bracket, trip, rest, due, Cause(fill.ts_ns, fill.exec_id))
    if bracket.over and trip.held > 0:
        facts += _unwanted(state, bracket, fill)
    elif trip.exited and entry is Order.WORKING:
        facts.append(cancel(bracket, fill.ts_ns, "the position is being left"))
    return facts


def told(
    bracket: Bracket, trip: Trip, rest: Rest | None, due: bool, cause: Cause
) -> list[Fact]:
    """Return what everybody is told of a position that came to `trip`.

    `due` says that its entry may still grow; then nothing is over, even if nothing is held.
    """
    if trip.held < 0 or rest is None:
        return []  # An exit that was told before its entry.
    order, facts = bracket.submitted, list[Fact]()
    tick = tick_of(order.contract)
    if not bracket.told:
        facts.append(opened(order, trip, rest, cause.exec_id))
    if trip.held == 0 and not due:
        facts.append(closed(order, trip, cause.ts_ns, cause.exec_id, tick))
    elif bracket.told or trip.exited:
        facts.append(changed(order, trip, rest, cause.ts_ns, cause.exec_id, tick))
    return facts


def ended(bracket: Bracket, reason: str, ts_ns: int, rejected: bool = False) -> BracketEnded:
    """Return that a bracket ended without a position."""
    return BracketEnded(
        bracket_id=bracket.submitted.bracket_id,
        contract=bracket.submitted.contract,
        ts_ns=Nanos(ts_ns),
        reason=reason,
        rejected=rejected,
    )


def cancel(bracket: Bracket, ts_ns: int, reason: str) -> CancelSubmitted:
    """Return the order to give up what is left of an entry."""
    order = bracket.submitted
    return CancelSubmitted(
        request_id=derived_id("cancel", order.client_id, bracket.cancels + 1),
        client_id=order.client_id,
        contract=order.contract,
        ts_ns=Nanos(ts_ns),
        reason=reason,
    )


def flatten(contract: str, flatten_id: str, ts_ns: int, reason: ExitReason) -> FlattenSubmitted:
    """Return the first attempt to leave all that is held of a contract."""
    return FlattenSubmitted(
        client_id=client_id(flatten_id),
        attempt=1,
        contract=contract,
        ts_ns=Nanos(ts_ns),
        reason=reason,
    )


def booking(state: DeskState, bracket: Bracket | None, fill: OrderFilled) -> ExecutionBooked:
    """Return the record of an execution; an exit says why."""
    return ExecutionBooked(
        exec_id=fill.exec_id,
        corrects=fill.corrects,
        client_id=fill.client_id,
        contract=fill.contract,
        ts_ns=fill.ts_ns,
        leg=fill.leg,
        quantity=fill.quantity,
        price=fill.price,
        commission_cents=fill.commission_cents,
        stop_price=fill.stop_price,
        target_price=fill.target_price,
        reason=_reason(state, bracket, fill),
    )


def adopted_left(state: DeskState, fill: OrderFilled) -> list[Fact]:
    """Return what follows from a flatten of what a person had adopted."""
    quantity, _ = state.adopted.get(fill.contract, (0, 0))
    if fill.leg is not Leg.FLATTEN or not 0 < fill.quantity <= abs(quantity):
        raise Disagreement(
            f"the broker reports execution {fill.exec_id} of order {fill.client_id},"
            " which was never submitted"
        )
    return [booking(state, None, fill)]


def _reason(state: DeskState, bracket: Bracket | None, fill: OrderFilled) -> ExitReason | None:
    match fill.leg:
        case Leg.ENTRY:
            return None
        case Leg.TARGET:
            return ExitReason.TARGET
        case Leg.STOP:
            rest = None if bracket is None else bracket.rest
            return STOPPED[rest.cause] if rest is not None else ExitReason.STOP
        case Leg.FLATTEN:
            ordered = state.leaving.get(fill.contract)
            # A flatten that nobody here ordered: somebody did at the broker itself.
            return ordered.reason if ordered is not None else ExitReason.RECONCILED


def _entry_after(bracket: Bracket, trip: Trip, fill: OrderFilled) -> Order:
    """Return where the entry stands after a fill, or raise if the table has no such step."""
    if fill.leg is Leg.FLATTEN:
        return bracket.entry
    step = fill_step(bracket, trip, fill.leg)
    after = next_order(bracket.orders[fill.leg], step, f"{fill.client_id} {fill.leg}")
    return after if fill.leg is Leg.ENTRY else bracket.entry


def _unwanted(state: DeskState, bracket: Bracket, fill: OrderFilled) -> list[Fact]:
    """Return how a position is left whose bracket had been given up."""
    order, sign = bracket.submitted, SIGN[fill.direction]
    detail = f"bracket {order.bracket_id} had ended and was filled, {sign * fill.quantity:+}"
    facts: list[Fact] = [*closing(state, FenceCause.MISMATCH, fill.ts_ns, detail)]
    if fill.contract not in state.leaving:
        why = ExitReason.RECONCILED
        facts.append(flatten(order.contract, f"late {order.bracket_id}", fill.ts_ns, why))
    return facts
