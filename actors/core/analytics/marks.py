"""An account marked to the market at the close of every bar (domain 9), in cents.

The curve of closed round trips hides what was lost in between and won back. Marked by closes it
shows it as far as bars tell; a commission counts when it is charged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from actors.core.orders.money import SIGN, TickValue, result_cents
from protocol.patterns import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position from its first fill to its last; price sums in ticks times contracts."""

    opened_ns: int
    closed_ns: int | None  # None: still held.
    direction: Direction
    quantity: int
    entry_sum: int
    entry_commission_cents: int
    net_cents: int  # Once closed.
    tick: TickValue


def marked(
    start_cents: int, holdings: Sequence[Holding], closes: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return (instant, balance) at each close, given as (instant ns, price in ticks) in order.

    What is opened or closed at the very instant of a close counts as done by then.
    """
    over = sorted(
        (holding.closed_ns, holding.net_cents)
        for holding in holdings
        if holding.closed_ns is not None
    )
    realised = list(accumulate((cents for _, cents in over), initial=start_cents))
    waiting = sorted(holdings, key=lambda holding: holding.opened_ns, reverse=True)
    held: list[Holding] = []
    curve, done = [], 0
    for ts_ns, price in closes:
        while done < len(over) and over[done][0] <= ts_ns:
            done += 1
        while waiting and waiting[-1].opened_ns <= ts_ns:
            held.append(waiting.pop())
        held = [one for one in held if one.closed_ns is None or one.closed_ns > ts_ns]
        curve.append((ts_ns, realised[done] + sum(unrealised_cents(one, price) for one in held)))
    return curve


def unrealised_cents(holding: Holding, price: int) -> int:
    """Return what a position has earned at a price in ticks, the commission of its entry off."""
    ticks = SIGN[holding.direction] * (price * holding.quantity - holding.entry_sum)
    return result_cents(ticks, 1, holding.tick) - holding.entry_commission_cents
