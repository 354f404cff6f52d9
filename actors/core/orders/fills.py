"""At what price, and how much of an order, one event of the tape fills (domain 7.3).

Market orders pay the far touch and slippage, stops the worse of their price and the trade, and
slippage. A limit that arrives where the market is better than its price pays as a market order
does; one that rests gets its own price, and whether it gets it is a matter of belief: `touch` is
kind, since it fills an order that stood last in its queue; `through` fills once the market traded
beyond; `queue` waits until the contracts that stood before ours are gone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades
from actors.core.ids import derived_id
from actors.core.orders.bracket_terms import HIGHEST, LOWEST, Terms, moving_price
from actors.core.orders.money import SIGN
from protocol.orders import Leg, StopCause
from protocol.patterns import Direction
from protocol.reports import OrderFilled
from protocol.units import Cents, Contracts, Nanos, Ticks

SEARCH_MIN = 256  # Rows looked at first; four times as many each time until something is found.


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRule:
    """The terms of the paper exchange."""

    contract: str
    latency_ns: int
    slippage_ticks: int  # Of market orders.
    stop_slippage_ticks: int
    target_fill: Literal["through", "touch", "queue"]  # Of targets and of limit entries.
    commission_cents: int  # Per side and contract.
    partial: bool  # Whether an event fills no more than was traded in it.
    displayed: Contracts  # Taken to rest at each price where nobody says.
    depth_slippage: bool  # Whether more than is displayed costs one tick more.


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry at work; `from_ns` is the first instant that may fill it."""

    client_id: str
    contract: str
    from_ns: int
    direction: Direction
    quantity: Contracts  # Not filled yet.
    filled: int
    executions: int
    limit_price: Ticks | None  # None: a market order.
    expires_ns: Nanos | None
    terms: Terms
    rests: bool  # A limit that has met the market; before that it may be filled by it.
    traded: int  # At the limit price since it rests there; counted where the queue matters.


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A position with its resting stop and target; `from_ns` is the first instant for an exit."""

    client_id: str
    contract: str
    from_ns: int
    direction: Direction
    quantity: Contracts  # Held now.
    entered: int  # In all.
    entry_sum: int  # Of all entry fills.
    anchor: int  # Their average in whole ticks.
    terms: Terms
    stop_price: Ticks
    stop_cause: StopCause
    target_price: Ticks
    target_amended: bool
    traded: int  # At the target since it rests there; counted where the queue matters.
    target_filled: int
    exits: tuple[Leg, ...]  # Executions so far.

    @property
    def stopped(self) -> bool:
        """Whether the stop was triggered: what is left of it is a market order."""
        return Leg.STOP in self.exits


@dataclass(frozen=True, slots=True)
class Event:
    """One trade with the quote before it, if that was valid."""

    ts_ns: int
    price: int
    size: int
    bid: int | None
    ask: int | None

    @classmethod
    def of(cls, trades: Trades, row: int, ts_ns: int) -> "Event":
        """Return the trade in `row` as an event at `ts_ns`."""
        bid = ask = None
        if trades.bid is not None and trades.ask is not None and trades.bid[row] < trades.ask[row]:
            bid, ask = int(trades.bid[row]), int(trades.ask[row])
        return cls(ts_ns, int(trades.price[row]), int(trades.size[row]), bid, ask)


def exit_of(held: Held, event: Event, flattening: bool, rule: PaperRule) -> tuple[Leg, int, int]:
    """Return which leg leaves the position on this event, how much of it and at what price.

    Nothing leaves where the quantity is 0.
    """
    sign = SIGN[held.direction]
    selling = held.direction is Direction.LONG
    at_market = min(held.quantity, event.size) if rule.partial else held.quantity
    if held.stopped or sign * (event.price - held.stop_price) <= 0:
        slip = rule.stop_slippage_ticks + extra_tick(at_market, rule)
        return Leg.STOP, at_market, event.price - sign * slip
    quantity = limit_quantity(
        not selling, held.target_price, held.quantity, held.target_filled, held.traded, event, rule
    )
    if quantity:
        return Leg.TARGET, quantity, held.target_price
    if flattening:
        return Leg.FLATTEN, at_market, market_price(not selling, at_market, event, rule)
    return Leg.TARGET, 0, held.target_price


def limit_quantity(
    buying: bool, limit: int, left: int, filled: int, traded: int, event: Event, rule: PaperRule
) -> int:
    """Return how much of a resting limit an event fills.

    `traded` contracts went at its price before; `filled` of the order have been.
    """
    beyond = limit - event.price if buying else event.price - limit
    if beyond > 0:
        return left  # Whoever trades beyond a price has taken all that rested at it.
    if beyond < 0 or rule.target_fill == "through":
        return 0
    if rule.target_fill == "touch":
        return min(left, event.size) if rule.partial else left
    past = traded + event.size - rule.displayed - filled
    if rule.partial:
        return max(0, min(left, past - 1))
    return left if past > left else 0


def market_price(buying: bool, quantity: int, event: Event, rule: PaperRule) -> int:
    """Return the price of a market order: the far touch and slippage.

    A trade outside its quote shows that the touch is gone; then the worse of the two counts.
    """
    slip = rule.slippage_ticks + extra_tick(quantity, rule)
    if buying:
        touch = event.price if event.ask is None else max(event.ask, event.price)
        return touch + slip
    touch = event.price if event.bid is None else min(event.bid, event.price)
    return touch - slip


def arriving_price(entry: Entry, limit: int, quantity: int, event: Event, rule: PaperRule) -> int:
    """Return what a limit pays where it arrives: what the market asks, at most its own price."""
    paid = market_price(entry.direction is Direction.LONG, quantity, event, rule)
    return min(paid, limit) if entry.direction is Direction.LONG else max(paid, limit)


def marketable(entry: Entry, limit: int, event: Event) -> bool:
    """Return whether the market is better than the limit of an entry that arrives."""
    if entry.direction is Direction.LONG:
        return limit > (event.price if event.ask is None else max(event.ask, event.price))
    return limit < (event.price if event.bid is None else min(event.bid, event.price))


def extra_tick(quantity: int, rule: PaperRule) -> int:
    """Return the tick that an order larger than what is displayed pays more."""
    return int(rule.depth_slippage and quantity > rule.displayed)


def execution(
    order: Entry | Held, leg: Leg, quantity: int, price: int, event: Event, rule: PaperRule
) -> OrderFilled:
    """Return an execution of one leg; its id is client id, leg and running number."""
    number = order.executions if isinstance(order, Entry) else order.exits.count(leg)
    return OrderFilled(
        exec_id=derived_id("exec", order.client_id, leg, number + 1),
        corrects="",
        client_id=order.client_id,
        contract=order.contract,
        ts_ns=Nanos(event.ts_ns),
        leg=leg,
        direction=order.direction,
        quantity=Contracts(quantity),
        left=Contracts(order.quantity - quantity),
        price=Ticks(price),
        commission_cents=Cents(rule.commission_cents * quantity),
        stop_price=None,
        target_price=None,
    )


def exit_window(held: Held, rule: PaperRule) -> tuple[int, int]:
    """Return the prices at or beyond which anything happens to the position: low and high."""
    reach = 1 if rule.target_fill == "through" else 0
    move = moving_price(held.direction, held.anchor, held.stop_price, held.terms)
    if held.direction is Direction.LONG:
        return held.stop_price, min(held.target_price + reach, move)
    return max(held.target_price - reach, move), held.stop_price


def entry_window(entry: Entry, limit: int, rule: PaperRule) -> tuple[int, int]:
    """Return the prices at or beyond which anything happens to a limit entry: low and high."""
    reach = 1 if rule.target_fill == "through" else 0
    if entry.direction is Direction.LONG:
        return limit - reach, HIGHEST
    return LOWEST, limit + reach


def first_outside(price: NDArray[np.int32], start: int, window: tuple[int, int]) -> int | None:
    """Return the first row from `start` on whose price is not strictly inside the window."""
    low, high = window
    size = SEARCH_MIN
    while start < len(price):
        part = price[start : start + size]
        hit = (part <= low) | (part >= high)
        first = int(hit.argmax())
        if hit[first]:
            return start + first
        start += size
        size *= 4
    return None
