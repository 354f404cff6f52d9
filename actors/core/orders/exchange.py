"""The paper exchange: what a real one would have done with our orders (domain 7.3).

Fills are honest or they are worthless. An order can be filled only by an event that is later than
the one it was made from and not earlier than its activation, and at no better price than that
event allows. The stop and the target of a bracket rest here from the fill of its entry on, one
cancelling the other, so no position is ever without its stop.

On each event exits come before entries, and a position is first checked for its exit on a later
event. "Later" means a later nanosecond: trades of one nanosecond are one match at the exchange,
and the order of a batch alone could not tell after a restart which of them came first.

The state is the fold of the facts accepted, filled and cancelled. The one thing outside them is
`last_ns`, the time of the last trade seen: it keeps an order that arrives late from being filled
in the past. A restart loses it without harm, because the next trade sets it again and activation
times already given are in the facts.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades, falls
from actors.core.orders.fills import (
    Entry,
    Event,
    Held,
    PaperRule,
    cancelled,
    exit_hits,
    exit_of,
    filled,
    market_price,
)
from protocol.orders import (
    BracketSubmitted,
    FlattenSubmitted,
    Leg,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from protocol.patterns import Direction
from protocol.units import Contracts, Nanos

Fact = OrderAccepted | OrderRejected | OrderFilled | OrderCancelled


@dataclass(slots=True)
class ExchangeState:
    """All that works or is held, in order of arrival, by client id."""

    entries: dict[str, Entry] = field(default_factory=dict)
    positions: dict[str, Held] = field(default_factory=dict)
    flattens: dict[str, int] = field(default_factory=dict)  # Client id to first instant.
    # Every client id ever answered; some thousand a year, and forgetting one could fill it twice.
    known: set[str] = field(default_factory=set)
    last_ns: int = -(2**63)


def accept(
    state: ExchangeState, command: BracketSubmitted | FlattenSubmitted, rule: PaperRule
) -> OrderAccepted | OrderRejected | None:
    """Return the answer to a command; None if it has been answered before."""
    if command.client_id in state.known:
        return None
    refusal = _refusal(state, command, rule)
    if refusal is not None:
        return OrderRejected(
            client_id=command.client_id,
            contract=command.contract,
            ts_ns=command.ts_ns,
            reason=refusal,
        )
    active_ns = Nanos(max(command.ts_ns + rule.latency_ns, state.last_ns + 1))
    bracket = command if isinstance(command, BracketSubmitted) else None
    return OrderAccepted(
        client_id=command.client_id,
        contract=command.contract,
        ts_ns=command.ts_ns,
        leg=Leg.ENTRY if bracket else Leg.FLATTEN,
        direction=bracket.direction if bracket else Direction.NONE,
        quantity=bracket.quantity if bracket else Contracts(0),
        stop_ticks=bracket.stop_ticks if bracket else 0,
        target_ticks=bracket.target_ticks if bracket else 0,
        active_ns=active_ns,
        reason=None if isinstance(command, BracketSubmitted) else command.reason,
    )


def _refusal(
    state: ExchangeState, command: BracketSubmitted | FlattenSubmitted, rule: PaperRule
) -> str | None:
    if command.contract != rule.contract:
        return f"contract {command.contract}, wanted {rule.contract}"
    if isinstance(command, FlattenSubmitted):
        return None if state.entries or state.positions else "nothing to flatten"
    if state.flattens:
        return "a flatten is at work"
    if command.direction is Direction.NONE:
        return "a bracket without a direction"
    if min(command.quantity, command.stop_ticks, command.target_ticks) < 1:
        return (
            f"quantity {command.quantity}, stop {command.stop_ticks} ticks,"
            f" target {command.target_ticks} ticks, wanted at least 1 each"
        )
    return None


def execute(
    state: ExchangeState, trades: Trades, rule: PaperRule
) -> list[OrderFilled | OrderCancelled]:
    """Return what `trades` do to the orders at work, in order; `state` is not changed.

    The caller folds the facts with `apply` and then calls `seen`. A batch cut in two, each part
    executed and folded in turn, gives the same facts.
    """
    if not state.entries and not state.positions:
        return []
    facts: list[OrderFilled | OrderCancelled] = []
    scratch = replace(
        state,
        entries=dict(state.entries),
        positions=dict(state.positions),
        flattens=dict(state.flattens),
        known=set(),  # Fills make no client id known.
    )
    # An event cannot be earlier than one before it; if its stamp says so, the stamp is wrong.
    clock = trades.ts_event
    if len(clock) and (clock[0] < state.last_ns or len(falls(clock))):
        clock = np.maximum(np.maximum.accumulate(clock), state.last_ns)
    row = 0
    while scratch.entries or scratch.positions:
        event = _next_event(scratch, trades, clock, row, rule)
        if event is None:
            break
        now = _at_event(scratch, Event.of(trades, event, int(clock[event])), rule)
        for fact in now:
            apply(scratch, fact)
        facts += now
        row = event + 1
    return facts


def seen(state: ExchangeState, trades: Trades) -> ExchangeState:
    """Remember how far the market has come."""
    if len(trades):
        state.last_ns = max(state.last_ns, int(trades.ts_event.max()))
    return state


def apply(state: ExchangeState, fact: Fact) -> ExchangeState:
    """Change `state` by one fact and return it; a repeated fact changes nothing."""
    match fact:
        case OrderAccepted():
            if fact.client_id not in state.known:
                _admit(state, fact)
        case OrderRejected():
            pass
        case OrderFilled(leg=Leg.ENTRY):
            _open(state, fact)
        case OrderFilled():
            state.positions.pop(fact.client_id, None)
        case OrderCancelled():
            state.entries.pop(fact.client_id, None)
    state.known.add(fact.client_id)
    if not state.entries and not state.positions:
        state.flattens.clear()  # A flatten lives until there is nothing left.
    return state


def _admit(state: ExchangeState, fact: OrderAccepted) -> None:
    from_ns = max(fact.active_ns, fact.ts_ns + 1)
    if fact.leg is Leg.FLATTEN:
        state.flattens[fact.client_id] = from_ns
        return
    state.entries[fact.client_id] = Entry(
        client_id=fact.client_id,
        from_ns=from_ns,
        direction=fact.direction,
        quantity=fact.quantity,
        stop_ticks=fact.stop_ticks,
        target_ticks=fact.target_ticks,
    )


def _open(state: ExchangeState, fact: OrderFilled) -> None:
    if state.entries.pop(fact.client_id, None) is None:
        return
    if fact.stop_price is None or fact.target_price is None:
        raise ValueError(f"entry {fact.exec_id} without stop or target, wanted both")
    state.positions[fact.client_id] = Held(
        client_id=fact.client_id,
        from_ns=fact.ts_ns + 1,
        direction=fact.direction,
        quantity=fact.quantity,
        stop_price=fact.stop_price,
        target_price=fact.target_price,
    )


def _next_event(
    state: ExchangeState, trades: Trades, clock: NDArray[np.int64], row: int, rule: PaperRule
) -> int | None:
    """Return the first row from `row` on that fills or cancels anything."""
    due = [entry.from_ns for entry in state.entries.values()]
    flatten = min(state.flattens.values(), default=None)
    if flatten is not None:
        # Entries are due before it anyway; a position needs an event later than its entry.
        due += [max(flatten, held.from_ns) for held in state.positions.values()]
    events = []
    if due:
        events.append(max(row, int(np.searchsorted(clock, min(due)))))
    for held in state.positions.values():
        start = max(row, int(np.searchsorted(clock, held.from_ns)))
        hit = exit_hits(held, trades.price[start:], rule)
        first = int(hit.argmax()) if len(hit) else 0
        if len(hit) and hit[first]:
            events.append(start + first)
    event = min(events, default=len(trades))
    return event if event < len(trades) else None


def _at_event(
    state: ExchangeState, event: Event, rule: PaperRule
) -> list[OrderFilled | OrderCancelled]:
    """Return what one event does: exits first, then entries."""
    flattening = any(from_ns <= event.ts_ns for from_ns in state.flattens.values())
    facts: list[OrderFilled | OrderCancelled] = []
    for held in state.positions.values():
        if held.from_ns <= event.ts_ns:
            leg, price = exit_of(held, event, flattening, rule)
            if leg is not None:
                facts.append(filled(held, leg, price, event, rule))
    for entry in state.entries.values():
        if flattening:
            facts.append(cancelled(entry, event, rule))
        elif entry.from_ns <= event.ts_ns:
            price = market_price(entry.direction is Direction.LONG, event, rule)
            facts.append(filled(entry, Leg.ENTRY, price, event, rule))
    return facts
