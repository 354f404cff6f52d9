"""What the executions of one bracket come to, and what everybody is told of it.

A trip is computed from its executions each time, never counted on: so the correction of one gives
what would have come of it at once. Exits leave what was entered first (first in, first out): the
sums stay whole numbers, and a trip left in parts is worth what it would have been at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.core.orders.bracket_terms import anchor, stop_at, target_at, terms_of
from actors.core.orders.money import SIGN, TickValue, result_cents
from protocol.orders import (
    BracketSubmitted,
    ExitReason,
    Leg,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    StopCause,
)
from protocol.patterns import Direction
from protocol.units import Cents, Contracts, Nanos, Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution as it stands after all corrections."""

    exec_id: str
    leg: Leg
    ts_ns: int
    quantity: int
    price: int
    commission_cents: int
    reason: ExitReason | None  # Of an exit.


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The sums over the executions of one bracket; prices in ticks times contracts."""

    direction: Direction
    entered: int = 0
    entry_sum: int = 0
    exited: int = 0
    exit_sum: int = 0
    held_sum: int = 0  # Of the entries of what is held.
    commission_cents: int = 0
    opened_ns: int = 0
    closed_ns: int = 0  # Of the last exit.
    reason: ExitReason | None = None  # Of the last exit.

    @property
    def held(self) -> int:
        """Contracts held; below 0 where an exit was told before its entry."""
        return self.entered - self.exited

    @property
    def signed(self) -> int:
        """What is held with the sign of its direction."""
        return SIGN[self.direction] * self.held

    def realised_cents(self, tick: TickValue) -> Cents:
        """Return what the exits have earned, less all commissions so far."""
        ticks = SIGN[self.direction] * (self.exit_sum - (self.entry_sum - self.held_sum))
        # The gross result is rounded once; commissions are whole cents.
        return Cents(result_cents(ticks, 1, tick) - self.commission_cents)


@dataclass(frozen=True, slots=True)
class Rest:
    """Where stop and target of a bracket rest at the broker."""

    stop: int
    target: int
    cause: StopCause


def trip_of(executions: Iterable[Execution], direction: Direction) -> Trip:
    """Return what `executions`, in the order in which they were told, come to."""
    listed = [execution for execution in executions if execution.quantity]
    entries = [execution for execution in listed if execution.leg is Leg.ENTRY]
    exits = [execution for execution in listed if execution.leg is not Leg.ENTRY]
    last = sorted(exits, key=lambda execution: execution.ts_ns)[-1] if exits else None
    exited = sum(execution.quantity for execution in exits)
    left, held_sum = exited, 0
    for execution in entries:
        gone = min(left, execution.quantity)
        left -= gone
        held_sum += (execution.quantity - gone) * execution.price
    return Trip(
        direction=direction,
        entered=sum(execution.quantity for execution in entries),
        entry_sum=sum(execution.quantity * execution.price for execution in entries),
        exited=exited,
        exit_sum=sum(execution.quantity * execution.price for execution in exits),
        held_sum=held_sum,
        commission_cents=sum(execution.commission_cents for execution in listed),
        opened_ns=min((execution.ts_ns for execution in entries), default=0),
        closed_ns=last.ts_ns if last else 0,
        reason=last.reason if last else None,
    )


def anchored(order: BracketSubmitted, trip: Trip) -> Rest:
    """Return where stop and target belong for the average of the entries (domain 7.2)."""
    level, terms = anchor(order.direction, trip.entry_sum, trip.entered), terms_of(order)
    stop, target = stop_at(order.direction, level, terms), target_at(order.direction, level, terms)
    return Rest(stop, target, StopCause.ANCHORED)


def opened(order: BracketSubmitted, trip: Trip, rest: Rest, exec_id: str) -> PositionOpened:
    """Return that a position was opened by its first executions."""
    return PositionOpened(
        bracket_id=order.bracket_id,
        contract=order.contract,
        ts_ns=Nanos(trip.opened_ns),
        direction=order.direction,
        quantity=Contracts(trip.entered),
        entry_sum=trip.entry_sum,
        stop_price=Ticks(rest.stop),
        target_price=Ticks(rest.target),
        exec_id=exec_id,
        commission_cents=Cents(trip.commission_cents),
    )


def changed(
    order: BracketSubmitted, trip: Trip, rest: Rest, ts_ns: int, exec_id: str, tick: TickValue
) -> PositionChanged:
    """Return what is held of a position from `ts_ns` on, and what it has earned so far."""
    return PositionChanged(
        bracket_id=order.bracket_id,
        contract=order.contract,
        ts_ns=Nanos(ts_ns),
        direction=order.direction,
        quantity=Contracts(trip.held),
        entry_sum=trip.held_sum,
        stop_price=Ticks(rest.stop),
        target_price=Ticks(rest.target),
        stop_cause=rest.cause,
        realised_cents=trip.realised_cents(tick),
        commission_cents=Cents(trip.commission_cents),
        exec_id=exec_id,
    )


def closed(
    order: BracketSubmitted, trip: Trip, ts_ns: int, exec_id: str, tick: TickValue
) -> PositionClosed:
    """Return the completed round trip; told again with other figures, the last of them count."""
    return PositionClosed(
        bracket_id=order.bracket_id,
        contract=order.contract,
        opened_ns=Nanos(trip.opened_ns),
        ts_ns=Nanos(trip.closed_ns or ts_ns),
        direction=order.direction,
        quantity=Contracts(trip.entered),
        entry_sum=trip.entry_sum,
        exit_sum=trip.exit_sum,
        reason=trip.reason or ExitReason.RECONCILED,  # Every entry was taken back: no exit.
        pnl_cents=trip.realised_cents(tick),
        commission_cents=Cents(trip.commission_cents),
        exec_id=exec_id,
    )
