"""One bracket as the desk knows it: its three orders, its executions, what is waited for.

All of it changes by recorded facts alone (`desk_state.apply`); what is held is computed from the
executions, and where stop and target rest is what the broker last said.
"""

from dataclasses import dataclass, field, replace

from actors.core.ids import derived_id
from actors.core.orders.lifecycle import ALIVE, Order, next_order
from actors.core.orders.round_trip import Execution, Rest, Trip, anchored, trip_of
from protocol.desk import ExecutionBooked, OrderStepped, Step
from protocol.orders import BracketSubmitted, CancelSubmitted, Leg, StatusAsked, StopCause

EXITS = (Leg.STOP, Leg.TARGET)


def client_id(cause: str) -> str:
    """Return the client id of the order caused by a bracket or flatten id."""
    return derived_id("client", cause)


@dataclass(slots=True)
class Bracket:
    """One bracket: its three orders, its executions, and what is being waited for."""

    submitted: BracketSubmitted  # The last attempt.
    orders: dict[Leg, Order]
    since_ns: int  # Of the last step of the entry.
    executions: dict[str, Execution] = field(default_factory=dict)
    rest: Rest | None = None  # Where stop and target were last said to rest.
    moved_ns: dict[Leg, int] = field(default_factory=dict)  # Of the last change of each.
    left: int = 0  # Of an entry that ended: what was not filled.
    steps: int = 0
    asks: int = 0  # Questions since the last answer.
    asked: int = 0  # Questions in all.
    cancels: int = 0
    cancel_id: str = ""  # The last request to cancel.
    question: StatusAsked | None = None  # Not answered yet.
    naked_ns: int | None = None  # Since when something is held without a working stop.
    told: bool = False  # That a position was opened.
    over: bool = False
    written_off: bool = False  # A person believed the broker that nothing is held of it.

    @property
    def trip(self) -> Trip:
        """What the executions come to."""
        return trip_of(self.executions.values(), self.submitted.direction)

    @property
    def entry(self) -> Order:
        """Where the entry stands."""
        return self.orders[Leg.ENTRY]

    @property
    def unfinished(self) -> bool:
        """Whether the entry may be filled further, or was and its fills have not come."""
        return fills_due(self.entry, self.left, self.submitted.quantity, self.trip.entered)


def fills_due(entry: Order, left: int, quantity: int, entered: int) -> bool:
    """Return whether fills of an entry in this state may still come."""
    ended = entry in (Order.CANCELLED, Order.EXPIRED)
    return entry in ALIVE or (ended and entered < quantity - left)


def advance(bracket: Bracket, leg: Leg, step: Step, ts_ns: int) -> None:
    """Let one order take a step of the table."""
    bracket.orders[leg] = next_order(bracket.orders[leg], step, bracket.submitted.client_id)
    if leg is Leg.ENTRY:
        bracket.since_ns = ts_ns


def step(bracket: Bracket, fact: OrderStepped) -> None:
    """Change a bracket by a step of one of its orders; each number counts once."""
    if fact.number <= bracket.steps:
        return
    bracket.steps = fact.number
    advance(bracket, fact.leg, fact.step, fact.ts_ns)
    if fact.leg is Leg.ENTRY and fact.step is not Step.UNLISTED:
        bracket.question, bracket.asks = None, 0
    if fact.step in (Step.CANCELLED, Step.EXPIRED) and fact.leg is Leg.ENTRY:
        bracket.left = fact.left
    if fact.step is Step.MODIFIED and bracket.rest is not None:
        bracket.moved_ns[fact.leg] = fact.ts_ns
        bracket.rest = rest_moved(bracket.rest, fact)
    watch_stop(bracket, fact.ts_ns)


def book(bracket: Bracket, fact: ExecutionBooked) -> None:
    """Change a bracket by an execution, or by the correction of one."""
    corrects = fact.corrects in bracket.executions
    bracket.executions = executions_after(bracket, fact)
    if fact.quantity and not corrects:
        _fill(bracket, fact)
    watch_stop(bracket, fact.ts_ns)


def executions_after(bracket: Bracket, fact: ExecutionBooked) -> dict[str, Execution]:
    """Return the executions with one more, or with a corrected one in its old place."""
    before = bracket.executions.get(fact.corrects)
    new = {fact.exec_id: execution_of(fact, before)}
    if before is None:
        return bracket.executions | new
    pairs = ((new if id == fact.corrects else {id: old}) for id, old in bracket.executions.items())
    return {id: execution for pair in pairs for id, execution in pair.items()}


def execution_of(fact: ExecutionBooked, before: Execution | None) -> Execution:
    """Return an execution as booked; a corrected one keeps the time and reason it had."""
    return Execution(
        exec_id=fact.exec_id,
        leg=fact.leg,
        ts_ns=fact.ts_ns if before is None else before.ts_ns,
        quantity=fact.quantity,
        price=fact.price,
        commission_cents=fact.commission_cents,
        reason=fact.reason if before is None else before.reason,
    )


def cancel(bracket: Bracket, fact: CancelSubmitted) -> None:
    """Note that the entry is being cancelled."""
    if fact.request_id != bracket.cancel_id and bracket.entry is Order.WORKING:
        bracket.cancel_id, bracket.cancels = fact.request_id, bracket.cancels + 1
        advance(bracket, Leg.ENTRY, Step.CANCEL_SENT, fact.ts_ns)


def ask(bracket: Bracket, fact: StatusAsked) -> None:
    """Note that the status of the entry was asked."""
    if bracket.question is None or bracket.question.request_id != fact.request_id:
        bracket.question = fact
        bracket.asks, bracket.asked = bracket.asks + 1, bracket.asked + 1
        advance(bracket, Leg.ENTRY, Step.ASKED, bracket.since_ns)


def _fill(bracket: Bracket, fact: ExecutionBooked) -> None:
    """Let the orders of a bracket live on after one of its executions."""
    trip = bracket.trip
    if fact.leg is not Leg.FLATTEN:
        advance(bracket, fact.leg, fill_step(bracket, trip, fact.leg), fact.ts_ns)
    if fact.leg is Leg.ENTRY:
        bracket.rest = rest_after(bracket, trip, fact.stop_price, fact.target_price)
        if fact.stop_price is not None:
            for leg in EXITS:
                advance(bracket, leg, Step.PLACED, fact.ts_ns)
    if trip.held == 0:
        for leg in EXITS:
            advance(bracket, leg, Step.DONE, fact.ts_ns)


def fill_step(bracket: Bracket, trip: Trip, leg: Leg) -> Step:
    """Return whether a fill of `leg`, after which the executions come to `trip`, was its last."""
    whole = trip.entered == bracket.submitted.quantity if leg is Leg.ENTRY else trip.held == 0
    return Step.FILLED if whole else Step.PART_FILLED


def rest_moved(rest: Rest, fact: OrderStepped) -> Rest:
    """Return where stop and target rest after one of them was moved."""
    if fact.price is None:
        return rest
    if fact.leg is Leg.TARGET:
        return replace(rest, target=fact.price)
    return replace(rest, stop=fact.price, cause=fact.cause or StopCause.AMENDED)


def rest_after(bracket: Bracket, trip: Trip, stop: int | None, target: int | None) -> Rest:
    """Return where stop and target rest after an entry fill that says so, or should say so."""
    due = anchored(bracket.submitted, trip)
    before, rest = bracket.rest, due.stop if stop is None else stop
    kept = before is not None and before.stop == rest
    cause = before.cause if before is not None and kept else StopCause.ANCHORED
    return Rest(rest, due.target if target is None else target, cause)


def watch_stop(bracket: Bracket, ts_ns: int) -> None:
    """Note since when something is held without a working stop."""
    bare = bracket.trip.held > 0 and bracket.orders[Leg.STOP] is not Order.WORKING
    if not bare:
        bracket.naked_ns = None
    elif bracket.naked_ns is None:
        bracket.naked_ns = ts_ns
