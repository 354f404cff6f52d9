"""Round trips for research, each stamped with how its fills were found.

A result that does not say how it was filled is no evidence (domain 13): tick by tick, by the very
functions that the paper broker runs, or by bars, where nothing better is known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from actors.core.columns import Trades
from actors.core.orders.book import Fact
from actors.core.orders.fills import PaperRule
from actors.core.orders.paper import PaperExchange
from protocol.orders import (
    BracketSubmitted,
    CancelSubmitted,
    ExitReason,
    FlattenSubmitted,
    Leg,
    ModifySubmitted,
    StopCause,
)
from protocol.patterns import Direction
from protocol.reports import OrderAccepted, OrderFilled, OrderModified
from protocol.units import Cents, Contracts, Nanos

Order = BracketSubmitted | ModifySubmitted | CancelSubmitted | FlattenSubmitted
STOPPED_BY = {StopCause.BREAKEVEN: ExitReason.BREAKEVEN, StopCause.TRAIL: ExitReason.TRAIL}


class FillModel(StrEnum):
    """How the fills of a result were found."""

    TICK = "tick"
    BAR = "bar"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """A position from its first entry fill to its last exit."""

    client_id: str
    contract: str
    direction: Direction
    quantity: Contracts  # Entered in all.
    entry_ns: Nanos
    entry_sum: int  # Price in ticks times contracts.
    exit_ns: Nanos
    exit_sum: int
    reason: ExitReason  # Of the last exit.
    commission_cents: Cents  # Of both sides.
    ambiguous: bool  # Stop and target lay in one bar: taken for the stop.
    fill_model: FillModel


@dataclass(slots=True)
class _Open:
    """The fills of a position so far."""

    fills: list[OrderFilled] = field(default_factory=list)
    held: int = 0
    cause: StopCause = StopCause.ANCHORED


def tick_trips(trades: Trades, orders: Sequence[Order], rule: PaperRule) -> list[RoundTrip]:
    """Return the round trips of `orders` on `trades`; what is open in the end is left out.

    An order is sent before the trades of its instant, as the floor does at a cut.
    """
    exchange, facts, row = PaperExchange(rule), list[Fact](), 0
    for order in sorted(orders, key=lambda order: order.ts_ns):
        stop = max(row, int(np.searchsorted(trades.ts_event, order.ts_ns)))
        facts += exchange.trade(trades.slice(row, stop))
        facts += exchange.elapse(order.ts_ns)
        facts += exchange.send(order)
        row = stop
    return trips_of(facts + exchange.trade(trades.slice(row, len(trades))))


def trips_of(facts: Iterable[Fact]) -> list[RoundTrip]:
    """Return the round trips that the facts of an exchange complete."""
    trips: list[RoundTrip] = []
    positions: dict[str, _Open] = {}
    seen: set[str] = set()
    leaving = ExitReason.MANUAL
    for fact in facts:
        match fact:
            case OrderAccepted(leg=Leg.FLATTEN, reason=ExitReason() as reason):
                leaving = reason
            case OrderModified(leg=Leg.STOP) if fact.client_id in positions:
                positions[fact.client_id].cause = fact.cause
            case OrderFilled() if fact.exec_id not in seen:
                seen.add(fact.exec_id)
                position = positions.setdefault(fact.client_id, _Open())
                position.fills.append(fact)
                position.held += fact.quantity if fact.leg is Leg.ENTRY else -fact.quantity
                if position.held == 0:
                    del positions[fact.client_id]
                    trips.append(_trip(position, leaving))
    return trips


def _trip(position: _Open, leaving: ExitReason) -> RoundTrip:
    entries = [fill for fill in position.fills if fill.leg is Leg.ENTRY]
    exits = [fill for fill in position.fills if fill.leg is not Leg.ENTRY]
    last = exits[-1]
    reason = leaving
    if last.leg is Leg.STOP:
        reason = STOPPED_BY.get(position.cause, ExitReason.STOP)
    elif last.leg is Leg.TARGET:
        reason = ExitReason.TARGET
    return RoundTrip(
        client_id=last.client_id,
        contract=last.contract,
        direction=last.direction,
        quantity=Contracts(sum(fill.quantity for fill in entries)),
        entry_ns=entries[0].ts_ns,
        entry_sum=sum(fill.price * fill.quantity for fill in entries),
        exit_ns=last.ts_ns,
        exit_sum=sum(fill.price * fill.quantity for fill in exits),
        reason=reason,
        commission_cents=Cents(sum(fill.commission_cents for fill in position.fills)),
        ambiguous=False,
        fill_model=FillModel.TICK,
    )
