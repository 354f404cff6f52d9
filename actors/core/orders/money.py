"""What ticks are worth in cents, in whole numbers.

A tick may be worth a fraction of a cent (ZN: 1562.5 cents), so its value is a numerator and a
denominator and a result is rounded once, at the end.
"""

from dataclasses import dataclass

from protocol.instruments import instrument_of
from protocol.patterns import Direction
from protocol.units import Cents

SIGN = {Direction.LONG: 1, Direction.SHORT: -1}


@dataclass(frozen=True, slots=True)
class TickValue:
    """The value of one tick of one contract: `cents_num` / `cents_den` cents."""

    cents_num: int
    cents_den: int

    def __post_init__(self) -> None:
        if self.cents_num < 1 or self.cents_den < 1:
            raise ValueError(f"tick value {self.cents_num}/{self.cents_den}, wanted above 0")


def tick_of(contract: str) -> TickValue:
    """Return what a tick of a contract is worth, or raise for one of no known instrument."""
    own = instrument_of(contract)
    return TickValue(own.tick_cents_num, own.tick_cents_den)


def result_cents(ticks: int, quantity: int, tick: TickValue) -> Cents:
    """Return the result of `quantity` contracts over `ticks`, halves rounded away from zero."""
    exact = ticks * quantity * tick.cents_num
    size = (2 * abs(exact) + tick.cents_den) // (2 * tick.cents_den)
    return Cents(size if exact >= 0 else -size)


def risk_cents(ticks: int, quantity: int, tick: TickValue) -> Cents:
    """Return what `quantity` contracts lose over `ticks`, rounded up: risk is never understated."""
    return Cents(-(-ticks * quantity * tick.cents_num // tick.cents_den))
