"""The order desk: what is ordered, what is held, and what each round trip earned.

The desk's facts are BracketSubmitted, FlattenSubmitted, PositionOpened, PositionClosed and
BracketEnded; its state is their fold and nothing else. `decide` compares a message with the state
and returns the facts that follow; the shell records them, folds them with `apply` and only then
lets anybody read them. So a message that comes twice, or again after a restart, finds its facts
in the state and yields nothing.

A bracket lives by the table below; an event that is not in it raises, because then the desk and
the broker disagree about what is held.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from actors.core.ids import derived_id
from actors.core.orders.money import SIGN, TickValue, result_cents
from protocol.orders import (
    BracketApproved,
    BracketEnded,
    BracketSubmitted,
    ExitReason,
    FlattenOrdered,
    FlattenSubmitted,
    Leg,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionClosed,
    PositionOpened,
)
from protocol.units import Cents

Input = (
    BracketApproved | FlattenOrdered | OrderAccepted | OrderRejected | OrderCancelled | OrderFilled
)
Fact = BracketSubmitted | FlattenSubmitted | PositionOpened | PositionClosed | BracketEnded


class Phase(StrEnum):
    """Where a bracket stands."""

    SUBMITTED = "submitted"  # Its entry may be filled.
    OPEN = "open"  # A position with its stop and target at the broker.
    CLOSED = "closed"
    ENDED = "ended"  # Without a position.


class Event(StrEnum):
    """What the broker says about a bracket."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    ENTRY_FILLED = "entry_filled"
    EXIT_FILLED = "exit_filled"


LIFECYCLE = {
    (Phase.SUBMITTED, Event.ACCEPTED): Phase.SUBMITTED,
    (Phase.SUBMITTED, Event.REJECTED): Phase.ENDED,
    (Phase.SUBMITTED, Event.CANCELLED): Phase.ENDED,
    (Phase.SUBMITTED, Event.ENTRY_FILLED): Phase.OPEN,
    (Phase.OPEN, Event.EXIT_FILLED): Phase.CLOSED,
    # An acknowledgement may be overtaken by the fill, and anything but a fill may be repeated.
    (Phase.OPEN, Event.ACCEPTED): Phase.OPEN,
    (Phase.CLOSED, Event.ACCEPTED): Phase.CLOSED,
    (Phase.ENDED, Event.ACCEPTED): Phase.ENDED,
    (Phase.ENDED, Event.REJECTED): Phase.ENDED,
    (Phase.ENDED, Event.CANCELLED): Phase.ENDED,
}


class Disagreement(RuntimeError):
    """The broker reports what cannot be, by all the desk has recorded."""


@dataclass(slots=True)
class Bracket:
    """One bracket: what was submitted, and the position once there is one."""

    submitted: BracketSubmitted
    phase: Phase
    opened: PositionOpened | None = None


@dataclass(slots=True)
class DeskState:
    """The fold of the desk's facts."""

    brackets: dict[str, Bracket] = field(default_factory=dict)  # By client id.
    open: dict[str, Bracket] = field(default_factory=dict)  # Those that are SUBMITTED or OPEN.
    flattens: dict[str, FlattenSubmitted] = field(default_factory=dict)  # By client id.
    leaving: dict[str, ExitReason] = field(default_factory=dict)  # Contract being flattened: why.
    exec_ids: set[str] = field(default_factory=set)


def decide(state: DeskState, message: Input, tick: TickValue) -> list[Fact]:
    """Return the facts that follow from `message`; none if it is a repeat."""
    match message:
        case BracketApproved():
            return _submit(state, message)
        case FlattenOrdered():
            return _flatten(state, message)
        case OrderFilled():
            return _fill(state, message, tick)
        case _:
            return _report(state, message)


def apply(state: DeskState, fact: Fact) -> DeskState:
    """Change `state` by one fact and return it; a repeated fact changes nothing."""
    match fact:
        case BracketSubmitted():
            if fact.client_id not in state.brackets:
                bracket = Bracket(fact, Phase.SUBMITTED)
                state.brackets[fact.client_id] = state.open[fact.client_id] = bracket
        case FlattenSubmitted():
            if fact.client_id not in state.flattens:
                state.flattens[fact.client_id] = fact
                state.leaving[fact.contract] = fact.reason
        case PositionOpened():
            if fact.exec_id not in state.exec_ids:
                bracket = _of(state, fact.bracket_id)
                bracket.phase, bracket.opened = Phase.OPEN, fact
                state.exec_ids.add(fact.exec_id)
        case PositionClosed():
            state.exec_ids.add(fact.exec_id)
            _finish(state, fact.bracket_id, Phase.CLOSED)
        case BracketEnded():
            _finish(state, fact.bracket_id, Phase.ENDED)
    return state


def client_id(cause: str) -> str:
    """Return the client id of the order caused by a bracket or flatten id."""
    return derived_id("client", cause)


def _submit(state: DeskState, approved: BracketApproved) -> list[Fact]:
    key = client_id(approved.bracket_id)
    if key in state.brackets:
        return []
    return [
        BracketSubmitted(
            client_id=key,
            bracket_id=approved.bracket_id,
            contract=approved.contract,
            ts_ns=approved.ts_ns,
            direction=approved.direction,
            quantity=approved.quantity,
            stop_ticks=approved.stop_ticks,
            target_ticks=approved.target_ticks,
        )
    ]


def _flatten(state: DeskState, ordered: FlattenOrdered) -> list[Fact]:
    key = client_id(ordered.flatten_id)
    if key in state.flattens or not _exposed(state, ordered.contract):
        return []
    return [
        FlattenSubmitted(
            client_id=key, contract=ordered.contract, ts_ns=ordered.ts_ns, reason=ordered.reason
        )
    ]


def _exposed(state: DeskState, contract: str) -> bool:
    return any(bracket.submitted.contract == contract for bracket in state.open.values())


def _fill(state: DeskState, fill: OrderFilled, tick: TickValue) -> list[Fact]:
    if fill.exec_id in state.exec_ids:
        return []
    bracket = _known(state, fill.client_id)
    event = Event.ENTRY_FILLED if fill.leg is Leg.ENTRY else Event.EXIT_FILLED
    if next_phase(bracket.phase, event, fill.client_id) is Phase.OPEN:
        return [_opened(bracket.submitted, fill)]
    return [_closed(state, bracket, fill, tick)]


def _report(
    state: DeskState, message: OrderAccepted | OrderRejected | OrderCancelled
) -> list[Fact]:
    if message.client_id in state.flattens:
        return []  # Position by position the fills tell what a flatten did.
    bracket = _known(state, message.client_id)
    match message:
        case OrderAccepted():
            event, reason = Event.ACCEPTED, ""
        case OrderRejected():
            event, reason = Event.REJECTED, f"rejected: {message.reason}"
        case OrderCancelled():
            event, reason = Event.CANCELLED, f"cancelled: {message.reason}"
            if message.leg is not Leg.ENTRY and bracket.phase is not Phase.OPEN:
                return []  # The other half of a bracket whose position is gone.
    phase = next_phase(bracket.phase, event, message.client_id)
    if phase is bracket.phase or phase is not Phase.ENDED:
        return []
    return [
        BracketEnded(
            bracket_id=bracket.submitted.bracket_id,
            contract=message.contract,
            ts_ns=message.ts_ns,
            reason=reason,
        )
    ]


def next_phase(phase: Phase, event: Event, order: str) -> Phase:
    """Return the phase after `event`, or raise if the table has none."""
    after = LIFECYCLE.get((phase, event))
    if after is None:
        wanted = [event for before, event in LIFECYCLE if before is phase]
        raise Disagreement(f"order {order} is {phase} and was {event}, wanted one of {wanted}")
    return after


def _opened(submitted: BracketSubmitted, fill: OrderFilled) -> PositionOpened:
    if fill.stop_price is None or fill.target_price is None:
        raise Disagreement(f"entry {fill.exec_id} without stop or target, wanted both")
    return PositionOpened(
        bracket_id=submitted.bracket_id,
        contract=fill.contract,
        ts_ns=fill.ts_ns,
        direction=fill.direction,
        quantity=fill.quantity,
        entry_price=fill.price,
        stop_price=fill.stop_price,
        target_price=fill.target_price,
        exec_id=fill.exec_id,
        commission_cents=fill.commission_cents,
    )


def _closed(
    state: DeskState, bracket: Bracket, fill: OrderFilled, tick: TickValue
) -> PositionClosed:
    opened = bracket.opened
    if opened is None or fill.quantity != opened.quantity:
        raise Disagreement(f"exit {fill.exec_id} of {fill.quantity}, wanted the whole {opened}")
    ticks = SIGN[opened.direction] * (fill.price - opened.entry_price)
    commission = Cents(opened.commission_cents + fill.commission_cents)
    return PositionClosed(
        bracket_id=opened.bracket_id,
        contract=fill.contract,
        ts_ns=fill.ts_ns,
        direction=opened.direction,
        quantity=opened.quantity,
        entry_price=opened.entry_price,
        exit_price=fill.price,
        reason=_exit_reason(state, fill),
        # The gross result is rounded once; commissions are whole cents.
        pnl_cents=Cents(result_cents(ticks, opened.quantity, tick) - commission),
        commission_cents=commission,
        exec_id=fill.exec_id,
    )


def _exit_reason(state: DeskState, fill: OrderFilled) -> ExitReason:
    if fill.leg is not Leg.FLATTEN:
        return ExitReason.STOP if fill.leg is Leg.STOP else ExitReason.TARGET
    reason = state.leaving.get(fill.contract)
    if reason is None:
        raise Disagreement(f"flatten fill {fill.exec_id}, but no flatten was ordered")
    return reason


def _known(state: DeskState, key: str) -> Bracket:
    bracket = state.brackets.get(key)
    if bracket is None:
        raise Disagreement(f"the broker reports order {key}, which was never submitted")
    return bracket


def _of(state: DeskState, bracket_id: str) -> Bracket:
    return _known(state, client_id(bracket_id))


def _finish(state: DeskState, bracket_id: str, phase: Phase) -> None:
    bracket = _of(state, bracket_id)
    bracket.phase = phase
    state.open.pop(bracket.submitted.client_id, None)
    if not _exposed(state, bracket.submitted.contract):
        state.leaving.pop(bracket.submitted.contract, None)
