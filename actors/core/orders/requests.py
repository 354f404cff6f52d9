"""What becomes of requests to give an entry up or to move a stop or a target.

A request takes effect when its latency has passed. A cancellation needs no market for that, so
time alone can end an entry; a change waits for a trade, because only the market says on which side
of it a price lies.
"""

from collections.abc import Iterator

from actors.core.orders.answers import cancelled, refused
from actors.core.orders.book import ExchangeState, Fact
from actors.core.orders.fills import Event
from actors.core.orders.money import SIGN
from protocol.orders import Leg, StopCause
from protocol.paper import RequestTaken
from protocol.reports import OrderCancelled, OrderModified, OrderRejected
from protocol.units import Nanos, Ticks


def cancels(state: ExchangeState, now_ns: Nanos) -> Iterator[OrderCancelled | OrderRejected]:
    """Yield the end of each entry whose cancellation is due, and a refusal of what crossed."""
    gone: set[str] = set()
    for request in state.requests.values():
        if request.price is not None or request.active_ns > now_ns:
            continue
        entry = state.entries.get(request.client_id)
        if entry is None:
            yield refused(request, now_ns, "too late: filled")
        elif request.client_id in gone:
            yield refused(request, now_ns, "too late: cancelled")
        else:
            gone.add(request.client_id)
            yield cancelled(entry, now_ns, request.reason, request.request_id)


def amendments(state: ExchangeState, event: Event) -> Iterator[Fact]:
    """Yield what becomes of each change that is due at an event."""
    for request in state.requests.values():
        if request.price is not None and request.active_ns <= event.ts_ns:
            yield _amended(state, request, request.price, event)


def _amended(state: ExchangeState, request: RequestTaken, price: int, event: Event) -> Fact:
    held = state.positions.get(request.client_id)
    if held is None or held.stopped:
        return refused(request, event.ts_ns, "too late: filled")
    # In favour of the position: a target lies beyond the market, a stop behind it.
    beyond = SIGN[held.direction] * (price - event.price)
    wrong = beyond >= 0 if request.leg is Leg.STOP else beyond <= 0
    if wrong:
        reason = f"{request.leg} at {price} on the wrong side of the market at {event.price}"
        return refused(request, event.ts_ns, reason)
    return OrderModified(
        request_id=request.request_id,
        client_id=request.client_id,
        contract=request.contract,
        ts_ns=Nanos(event.ts_ns),
        leg=request.leg,
        price=Ticks(price),
        cause=StopCause.AMENDED,
    )
