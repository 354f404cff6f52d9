"""What works and what is held at the paper exchange: the fold of its facts.

A bracket may be filled in parts. From the first part on a stop and a target rest for all that is
held; each further part moves both to the new average, unless the stop has been moved meanwhile:
then the tighter of the two counts, and a price that a person set stays.

A fact that comes again changes nothing. Facts about an order are kept, because whoever asks for
its status is told all of them again.
"""

from bisect import insort
from dataclasses import dataclass, field, replace

from actors.core.orders.bracket_terms import anchor, stop_at, target_at, terms_of, tighter
from actors.core.orders.fills import Entry, Held
from protocol.orders import Leg, StopCause
from protocol.paper import LimitRested, QueueAdvanced, RequestTaken
from protocol.reports import (
    AccountReported,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from protocol.units import Contracts, Nanos, Ticks

OrderFact = (
    OrderAccepted | OrderRejected | OrderFilled | OrderModified | OrderCancelled | OrderExpired
)
Note = RequestTaken | LimitRested | QueueAdvanced  # Of the exchange to itself.
Fact = OrderFact | OrderReported | AccountReported | Note


@dataclass(frozen=True, slots=True)
class Flatten:
    """A flatten at work; it lives until nothing of its contract is left."""

    contract: str
    from_ns: int


@dataclass(slots=True)
class ExchangeState:
    """All that works or is held, in order of arrival, by client id."""

    entries: dict[str, Entry] = field(default_factory=dict)
    positions: dict[str, Held] = field(default_factory=dict)
    flattens: dict[str, Flatten] = field(default_factory=dict)
    requests: dict[str, RequestTaken] = field(default_factory=dict)  # On their way, by id.
    answered: set[str] = field(default_factory=set)  # Every request id ever taken or refused.
    # Every client id ever answered with all that was said about it; some thousand a year, and
    # forgetting one could fill it twice.
    orders: dict[str, list[OrderFact]] = field(default_factory=dict)
    executions: list[tuple[Nanos, str]] = field(default_factory=list)  # Time and id, in order.
    last_ns: int = -(2**63)  # Of the last trade seen; not a fact, see `exchange`.


def apply(state: ExchangeState, fact: Fact) -> ExchangeState:
    """Change `state` by one fact and return it; a repeated fact changes nothing."""
    match fact:
        case OrderReported() | AccountReported():
            return state  # An answer says what is; it makes nothing so.
        case RequestTaken() | LimitRested() | QueueAdvanced():
            _remember(state, fact)
            return state
    if fact in state.orders.get(fact.client_id, ()):
        return state
    _note(state, fact)
    match fact:
        case OrderAccepted():
            _admit(state, fact)
        case OrderFilled():
            insort(state.executions, (fact.ts_ns, fact.exec_id))
            (_enter if fact.leg is Leg.ENTRY else _leave)(state, fact)
        case OrderModified():
            _move(state, fact)
        case OrderCancelled() | OrderExpired():
            state.entries.pop(fact.client_id, None)
        case OrderRejected():
            pass
    if state.flattens:
        working = {order.contract for order in _exposures(state)}
        state.flattens = {
            key: flatten for key, flatten in state.flattens.items() if flatten.contract in working
        }
    return state


def resting(
    before: Held | None, entry: Entry, quantity: int, price: int
) -> tuple[int, int, Ticks, Ticks]:
    """Return entered, entry sum, stop and target after `quantity` more were bought at `price`."""
    direction, terms = entry.direction, entry.terms
    entered = (before.entered if before else 0) + quantity
    entry_sum = (before.entry_sum if before else 0) + price * quantity
    level = anchor(direction, entry_sum, entered)
    stop, target = stop_at(direction, level, terms), target_at(direction, level, terms)
    if before is not None:
        if before.stop_cause is StopCause.AMENDED:
            stop = before.stop_price
        elif before.stop_cause is not StopCause.ANCHORED:
            stop = tighter(direction, stop, before.stop_price)
        if before.target_amended:
            target = before.target_price
    return entered, entry_sum, Ticks(stop), Ticks(target)


def exposed(state: ExchangeState, contract: str) -> bool:
    """Return whether anything of a contract works or is held."""
    return any(order.contract == contract for order in _exposures(state))


def _exposures(state: ExchangeState) -> list[Entry | Held]:
    return [*state.entries.values(), *state.positions.values()]


def _note(state: ExchangeState, fact: OrderFact) -> None:
    request = ""
    if isinstance(fact, OrderRejected | OrderModified | OrderCancelled):
        request = fact.request_id
    if request:
        state.answered.add(request)
        state.requests.pop(request, None)
    if request and fact.client_id not in state.orders:
        return  # A refused request makes no order known.
    state.orders.setdefault(fact.client_id, []).append(fact)


def _admit(state: ExchangeState, fact: OrderAccepted) -> None:
    if fact.leg is Leg.FLATTEN:
        state.flattens[fact.client_id] = Flatten(fact.contract, fact.active_ns)
        return
    state.entries[fact.client_id] = Entry(
        client_id=fact.client_id,
        contract=fact.contract,
        from_ns=fact.active_ns,
        direction=fact.direction,
        quantity=fact.quantity,
        filled=0,
        executions=0,
        limit_price=fact.limit_price,
        expires_ns=fact.expires_ns,
        terms=terms_of(fact),
        rests=False,
        traded=0,
    )


def _enter(state: ExchangeState, fact: OrderFilled) -> None:
    entry = state.entries[fact.client_id]
    if fact.stop_price is None or fact.target_price is None:
        raise ValueError(f"entry {fact.exec_id} without stop or target, wanted both")
    if not fact.left:
        del state.entries[fact.client_id]
    else:
        state.entries[fact.client_id] = replace(
            entry,
            quantity=fact.left,
            filled=entry.filled + fact.quantity,
            executions=entry.executions + 1,
        )
    before = state.positions.get(fact.client_id)
    entered, entry_sum, _, _ = resting(before, entry, fact.quantity, fact.price)
    moved = before is not None and before.stop_price == fact.stop_price
    stays = before is not None and before.target_price == fact.target_price
    state.positions[fact.client_id] = Held(
        client_id=fact.client_id,
        contract=fact.contract,
        from_ns=fact.ts_ns + 1,
        direction=fact.direction,
        quantity=Contracts(fact.quantity + (before.quantity if before else 0)),
        entered=entered,
        entry_sum=entry_sum,
        anchor=anchor(fact.direction, entry_sum, entered),
        terms=entry.terms,
        stop_price=fact.stop_price,
        stop_cause=before.stop_cause if before and moved else StopCause.ANCHORED,
        target_price=fact.target_price,
        target_amended=before is not None and before.target_amended,
        traded=before.traded if before and stays else 0,
        target_filled=before.target_filled if before else 0,
        exits=before.exits if before else (),
    )


def _leave(state: ExchangeState, fact: OrderFilled) -> None:
    held = state.positions[fact.client_id]
    if not fact.left:
        del state.positions[fact.client_id]
        return
    target = fact.quantity if fact.leg is Leg.TARGET else 0
    state.positions[fact.client_id] = replace(
        held,
        quantity=fact.left,
        target_filled=held.target_filled + target,
        exits=(*held.exits, fact.leg),
    )


def _move(state: ExchangeState, fact: OrderModified) -> None:
    held = state.positions[fact.client_id]
    if fact.leg is Leg.STOP:
        moved = replace(held, stop_price=fact.price, stop_cause=fact.cause)
    else:
        moved = replace(held, target_price=fact.price, target_amended=True, traded=0)
    state.positions[fact.client_id] = moved


def _remember(state: ExchangeState, note: Note) -> None:
    match note:
        case RequestTaken():
            if note.request_id not in state.answered:
                state.requests[note.request_id] = note
                state.answered.add(note.request_id)
        case LimitRested():
            entry = state.entries.get(note.client_id)
            if entry is not None:
                state.entries[note.client_id] = replace(entry, rests=True)
        case QueueAdvanced():
            _advance(state, note)


def _advance(state: ExchangeState, fact: QueueAdvanced) -> None:
    entry, held = state.entries.get(fact.client_id), state.positions.get(fact.client_id)
    if fact.leg is Leg.ENTRY and entry is not None and entry.limit_price == fact.price:
        traded = max(entry.traded, fact.traded)
        state.entries[fact.client_id] = replace(entry, traded=traded)
    if fact.leg is Leg.TARGET and held is not None and held.target_price == fact.price:
        state.positions[fact.client_id] = replace(held, traded=max(held.traded, fact.traded))
