"""Integers with names, and the rule by which a decimal price becomes ticks.

Inside Floorwatch a price is a whole number of ticks, money a whole number of cents, a size a
whole number of contracts and time a whole number of nanoseconds since 1970 UTC. A float is
allowed at two borders only: on the way in, by the rule of `ticks_from_price` (readers of whole
columns apply the same tolerance to columns), and on the way out to a screen.
"""

from typing import NewType

Ticks = NewType("Ticks", int)
Cents = NewType("Cents", int)
Contracts = NewType("Contracts", int)
Nanos = NewType("Nanos", int)

NANOS_PER_MS = 1_000_000
NANOS_PER_S = 1_000_000_000
GRID_TOLERANCE = 1e-6


class OffGrid(ValueError):
    """A price lies between two ticks of its instrument."""


def ticks_from_price(price: float, tick_size: float) -> Ticks:
    """Return `price` in ticks; a price more than a millionth of a tick off the grid raises."""
    if not abs(price) < 1e12:  # Also refuses NaN and infinities.
        raise OffGrid(f"price {price!r}: wanted a finite number")
    ticks = price / tick_size
    nearest = round(ticks)
    if abs(ticks - nearest) > GRID_TOLERANCE * max(1.0, abs(ticks) * 1e-6):
        raise OffGrid(f"price {price!r} is not a multiple of the tick size {tick_size}")
    return Ticks(nearest)
