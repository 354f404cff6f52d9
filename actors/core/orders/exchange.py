"""The paper exchange: what a real one would have done with our orders (domain 7.3).

Fills are honest or they are worthless. An order can be filled only by an event that is later than
the one it was made from and not earlier than its activation, and at no better price than that
event allows. The stop and the target of a bracket rest here from the first fill of its entry on,
one cancelling the other, so no position is ever without its stop.

On each event exits come first, then the stops that the bracket's terms move, then requests, then
entries; and a position is first checked for its exit on a later event. "Later" means a later
nanosecond: trades of one nanosecond are one match at the exchange, and the order of a batch alone
could not tell after a restart which of them came first.

The state is the fold of the facts (`book`). The one thing outside them is `last_ns`, the time of
the last trade seen: it keeps an order that arrives late from being filled in the past. A restart
loses it without harm, because the next trade sets it again and activation times already given are
in the facts.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades, falls
from actors.core.orders.answers import cancelled
from actors.core.orders.book import ExchangeState, Fact, apply, resting
from actors.core.orders.bracket_terms import moved_stop
from actors.core.orders.fills import (
    Entry,
    Event,
    Held,
    PaperRule,
    arriving_price,
    entry_window,
    execution,
    exit_of,
    exit_window,
    first_outside,
    limit_quantity,
    market_price,
    marketable,
)
from actors.core.orders.requests import amendments, cancels
from protocol.orders import Leg
from protocol.paper import LimitRested, QueueAdvanced
from protocol.patterns import Direction
from protocol.reports import OrderCancelled, OrderExpired, OrderModified
from protocol.units import Contracts, Nanos, Ticks


def execute(state: ExchangeState, trades: Trades, rule: PaperRule) -> list[Fact]:
    """Return what `trades` do to the orders at work, in order; `state` is not changed.

    Orders of another contract than the rule's see nothing of them. The caller folds the facts with
    `apply` and then calls `seen`. A batch cut in two, each part executed and folded in turn, gives
    the same facts.
    """
    if not (state.entries or state.positions or state.requests):
        return []
    scratch = _scratch(state, rule.contract)
    # An event cannot be earlier than one before it; if its stamp says so, the stamp is wrong.
    clock = trades.ts_event
    if len(clock) and (clock[0] < state.last_ns or len(falls(clock))):
        clock = np.maximum(np.maximum.accumulate(clock), state.last_ns)
    facts: list[Fact] = []
    row = 0
    while scratch.entries or scratch.positions or scratch.requests:
        event = _next_event(scratch, trades, clock, row, rule)
        if event is None:
            break
        facts += _at_event(scratch, Event.of(trades, event, int(clock[event])), rule)
        row = event + 1
    return facts


def elapse(state: ExchangeState, now_ns: Nanos) -> list[Fact]:
    """Return what the mere passing of time does: entries expire and are given up.

    Every trade before `now_ns` must have been executed against.
    """
    facts: list[Fact] = [*cancels(state, now_ns)]
    gone = {fact.client_id for fact in facts if isinstance(fact, OrderCancelled)}
    return facts + [fact for fact in _expiries(state, now_ns) if fact.client_id not in gone]


def seen(state: ExchangeState, trades: Trades) -> ExchangeState:
    """Remember how far the market has come."""
    if len(trades):
        state.last_ns = max(state.last_ns, int(trades.ts_event.max()))
    return state


def _scratch(state: ExchangeState, contract: str) -> ExchangeState:
    """Return what concerns a contract, without the past, to be changed freely."""
    return replace(
        state,
        entries={k: v for k, v in state.entries.items() if v.contract == contract},
        positions={k: v for k, v in state.positions.items() if v.contract == contract},
        flattens={k: v for k, v in state.flattens.items() if v.contract == contract},
        requests={k: v for k, v in state.requests.items() if v.contract == contract},
        answered=set(),
        orders={},
        executions=[],
    )


def _next_event(
    state: ExchangeState, trades: Trades, clock: NDArray[np.int64], row: int, rule: PaperRule
) -> int | None:
    """Return the first row from `row` on that does anything."""
    events = [max(row, int(np.searchsorted(clock, due))) for due in set(_due(state))]
    for held in state.positions.values():
        start = max(row, int(np.searchsorted(clock, held.from_ns)))
        hit = first_outside(trades.price, start, exit_window(held, rule))
        if hit is not None:
            events.append(hit)
    for entry in state.entries.values():
        if entry.limit_price is not None:
            start = max(row, int(np.searchsorted(clock, entry.from_ns)))
            window = entry_window(entry, entry.limit_price, rule)
            hit = first_outside(trades.price, start, window)
            if hit is not None:
                events.append(hit)
    event = min(events, default=len(trades))
    return event if event < len(trades) else None


def _due(state: ExchangeState) -> Iterator[int]:
    """Yield the instants from which the next event does something whatever its price."""
    flatten = min((flatten.from_ns for flatten in state.flattens.values()), default=None)
    for entry in state.entries.values():
        if entry.limit_price is None or not entry.rests:
            yield entry.from_ns
        if entry.expires_ns is not None:
            yield entry.expires_ns
        if flatten is not None:
            yield flatten
    for held in state.positions.values():
        if held.stopped:
            yield held.from_ns
        if flatten is not None:  # A position needs an event later than its entry.
            yield max(flatten, held.from_ns)
    for request in state.requests.values():
        yield request.active_ns


def _at_event(state: ExchangeState, event: Event, rule: PaperRule) -> list[Fact]:
    """Return what one event does, and do it to `state`."""
    facts: list[Fact] = []
    for phase in (_exits, _moves, _requests, _expired, _entries):
        now = list(phase(state, event, rule))
        for fact in now:
            apply(state, fact)
        facts += now
    return facts


def _flattening(state: ExchangeState, event: Event) -> bool:
    return any(flatten.from_ns <= event.ts_ns for flatten in state.flattens.values())


def _exits(state: ExchangeState, event: Event, rule: PaperRule) -> Iterator[Fact]:
    flattening = _flattening(state, event)
    for held in state.positions.values():
        if held.from_ns > event.ts_ns:
            continue
        if rule.target_fill == "queue" and event.price == held.target_price:
            yield _queued(held, Leg.TARGET, event)
        leg, quantity, price = exit_of(held, event, flattening, rule)
        if quantity:
            yield execution(held, leg, quantity, price, event, rule)
        rest = state.entries.get(held.client_id)
        if quantity == held.quantity and rest is not None:
            yield cancelled(rest, event.ts_ns, "its position was left")


def _moves(state: ExchangeState, event: Event, rule: PaperRule) -> Iterator[Fact]:
    """Move stops by the brackets' own terms, effective from the next event (domain 7.5)."""
    for held in state.positions.values():
        if held.from_ns > event.ts_ns or held.stopped:
            continue
        moved = moved_stop(held.direction, held.anchor, held.stop_price, held.terms, event.price)
        if moved is not None:
            yield OrderModified(
                request_id="",
                client_id=held.client_id,
                contract=held.contract,
                ts_ns=Nanos(event.ts_ns),
                leg=Leg.STOP,
                price=Ticks(moved[0]),
                cause=moved[1],
            )


def _requests(state: ExchangeState, event: Event, rule: PaperRule) -> Iterator[Fact]:
    yield from cancels(state, Nanos(event.ts_ns))
    yield from amendments(state, event)


def _expired(state: ExchangeState, event: Event, rule: PaperRule) -> Iterator[Fact]:
    return _expiries(state, Nanos(event.ts_ns))


def _expiries(state: ExchangeState, now_ns: Nanos) -> Iterator[OrderExpired]:
    for entry in state.entries.values():
        if entry.expires_ns is not None and entry.expires_ns <= now_ns:
            yield OrderExpired(
                client_id=entry.client_id,
                contract=entry.contract,
                ts_ns=now_ns,
                left=entry.quantity,
            )


def _entries(state: ExchangeState, event: Event, rule: PaperRule) -> Iterator[Fact]:
    flattening = _flattening(state, event)
    for entry in state.entries.values():
        if flattening:
            yield cancelled(entry, event.ts_ns, "flattened before it was filled")
            continue
        if entry.from_ns > event.ts_ns:
            continue
        yield from _entered(state, entry, event, rule)


def _entered(state: ExchangeState, entry: Entry, event: Event, rule: PaperRule) -> Iterator[Fact]:
    buying, limit = entry.direction is Direction.LONG, entry.limit_price
    quantity = min(entry.quantity, event.size) if rule.partial else entry.quantity
    if limit is None:
        price = market_price(buying, quantity, event, rule)
    elif not entry.rests and marketable(entry, limit, event):
        price = arriving_price(entry, limit, quantity, event, rule)
    else:
        if not entry.rests:
            yield LimitRested(
                client_id=entry.client_id, contract=entry.contract, ts_ns=Nanos(event.ts_ns)
            )
        if rule.target_fill == "queue" and event.price == limit:
            yield _queued(entry, Leg.ENTRY, event)
        price, left = limit, entry.quantity
        quantity = limit_quantity(buying, limit, left, entry.filled, entry.traded, event, rule)
    if quantity:
        filled = execution(entry, Leg.ENTRY, quantity, price, event, rule)
        held = state.positions.get(entry.client_id)
        _, _, stop, target = resting(held, entry, quantity, price)
        yield replace(filled, stop_price=stop, target_price=target)


def _queued(order: Entry | Held, leg: Leg, event: Event) -> QueueAdvanced:
    return QueueAdvanced(
        client_id=order.client_id,
        contract=order.contract,
        ts_ns=Nanos(event.ts_ns),
        leg=leg,
        price=Ticks(event.price),
        traded=Contracts(order.traded + event.size),
    )
