"""At what price one event of the tape fills one order (domain 7.3).

Market orders pay the far touch and slippage, stops the worse of their price and the trade, and
slippage; targets get their own price, once the market has traded through it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades
from actors.core.ids import derived_id
from actors.core.orders.money import SIGN
from protocol.orders import Leg, OrderCancelled, OrderFilled
from protocol.patterns import Direction
from protocol.units import Cents, Contracts, Nanos, Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRule:
    """The terms of the paper exchange."""

    contract: str
    latency_ns: int
    slippage_ticks: int  # Of market orders.
    stop_slippage_ticks: int
    target_fill: Literal["through", "touch"]
    commission_cents: int  # Per side and contract.


@dataclass(frozen=True, slots=True)
class Entry:
    """A market order at work; `from_ns` is the first instant that may fill it."""

    client_id: str
    from_ns: int
    direction: Direction
    quantity: Contracts
    stop_ticks: int
    target_ticks: int


@dataclass(frozen=True, slots=True)
class Held:
    """A position with its resting stop and target; `from_ns` is the first instant for an exit."""

    client_id: str
    from_ns: int
    direction: Direction
    quantity: Contracts
    stop_price: Ticks
    target_price: Ticks


@dataclass(frozen=True, slots=True)
class Event:
    """One trade with the quote before it, if that was valid."""

    ts_ns: int
    price: int
    bid: int | None
    ask: int | None

    @classmethod
    def of(cls, trades: Trades, row: int, ts_ns: int) -> "Event":
        """Return the trade in `row` as an event at `ts_ns`."""
        bid = ask = None
        if trades.bid is not None and trades.ask is not None and trades.bid[row] < trades.ask[row]:
            bid, ask = int(trades.bid[row]), int(trades.ask[row])
        return cls(ts_ns, int(trades.price[row]), bid, ask)


def exit_of(held: Held, event: Event, flattening: bool, rule: PaperRule) -> tuple[Leg | None, int]:
    """Return which leg leaves the position on this event and at what price."""
    sign = SIGN[held.direction]
    beyond_stop = sign * (event.price - held.stop_price)  # Ticks; negative is worse.
    beyond_target = sign * (event.price - held.target_price)
    if beyond_stop <= 0:
        return Leg.STOP, event.price - sign * rule.stop_slippage_ticks
    if beyond_target > 0 or (beyond_target == 0 and rule.target_fill == "touch"):
        return Leg.TARGET, held.target_price
    if flattening:
        return Leg.FLATTEN, market_price(held.direction is Direction.SHORT, event, rule)
    return None, 0


def market_price(buying: bool, event: Event, rule: PaperRule) -> int:
    """Return the price of a market order: the far touch and slippage.

    A trade outside its quote shows that the touch is gone; then the worse of the two counts.
    """
    if buying:
        touch = event.price if event.ask is None else max(event.ask, event.price)
        return touch + rule.slippage_ticks
    touch = event.price if event.bid is None else min(event.bid, event.price)
    return touch - rule.slippage_ticks


def filled(
    order: Entry | Held, leg: Leg, price: int, event: Event, rule: PaperRule
) -> OrderFilled:
    """Return the execution of one leg; that of an entry says where stop and target rest."""
    stop = target = None
    if isinstance(order, Entry):
        sign = SIGN[order.direction]
        stop = Ticks(price - sign * order.stop_ticks)
        target = Ticks(price + sign * order.target_ticks)
    return OrderFilled(
        # Each leg fills once and whole, so bracket and leg name the execution.
        exec_id=derived_id("exec", order.client_id, leg),
        client_id=order.client_id,
        contract=rule.contract,
        ts_ns=Nanos(event.ts_ns),
        leg=leg,
        direction=order.direction,
        quantity=order.quantity,
        price=Ticks(price),
        commission_cents=Cents(rule.commission_cents * order.quantity),
        stop_price=stop,
        target_price=target,
    )


def cancelled(entry: Entry, event: Event, rule: PaperRule) -> OrderCancelled:
    """Return the end of an entry that a flatten found at work."""
    return OrderCancelled(
        client_id=entry.client_id,
        contract=rule.contract,
        ts_ns=Nanos(event.ts_ns),
        leg=Leg.ENTRY,
        reason="flattened before it was filled",
    )


def exit_hits(held: Held, price: NDArray[np.int32], rule: PaperRule) -> NDArray[np.bool_]:
    """Return for each price whether it triggers the stop or fills the target."""
    # Both are one window: the position stays while the price is strictly between its ends.
    reach = 1 if rule.target_fill == "through" else 0
    if held.direction is Direction.LONG:
        return (price <= held.stop_price) | (price >= held.target_price + reach)
    return (price >= held.stop_price) | (price <= held.target_price - reach)
