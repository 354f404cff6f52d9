"""Where the stop and the target of a bracket rest, and when its own terms move the stop.

Both are anchored to the average of the entry fills (domain 7.2), rounded towards the target, so
that no stop is farther from the average than the bracket allows. Break-even and trailing (domain
7.5) need no memory of the best price: the stop only moves in favour, so it is enough to ask each
price by itself where it would put the stop. Nothing can be forgotten by a restart.
"""

from dataclasses import dataclass
from typing import Protocol

from actors.core.orders.money import SIGN
from protocol.orders import StopCause
from protocol.patterns import Direction

LOWEST, HIGHEST = -(2**31), 2**31 - 1  # Of the price column.


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The distances of a bracket in ticks; 0 switches break-even or trailing off."""

    stop_ticks: int
    target_ticks: int
    breakeven_ticks: int = 0
    breakeven_offset_ticks: int = 0
    trail_start_ticks: int = 0
    trail_ticks: int = 0


class HasTerms(Protocol):
    """A command or an answer that carries the distances of a bracket."""

    @property
    def stop_ticks(self) -> int: ...
    @property
    def target_ticks(self) -> int: ...
    @property
    def breakeven_ticks(self) -> int: ...
    @property
    def breakeven_offset_ticks(self) -> int: ...
    @property
    def trail_start_ticks(self) -> int: ...
    @property
    def trail_ticks(self) -> int: ...


def terms_of(order: HasTerms) -> Terms:
    """Return the distances that an order carries."""
    return Terms(
        stop_ticks=order.stop_ticks,
        target_ticks=order.target_ticks,
        breakeven_ticks=order.breakeven_ticks,
        breakeven_offset_ticks=order.breakeven_offset_ticks,
        trail_start_ticks=order.trail_start_ticks,
        trail_ticks=order.trail_ticks,
    )


def refusal(terms: Terms) -> str | None:
    """Return why these distances make no bracket; None if they do."""
    if min(terms.stop_ticks, terms.target_ticks) < 1:
        return (
            f"stop {terms.stop_ticks} ticks, target {terms.target_ticks} ticks,"
            " wanted at least 1 each"
        )
    if min(terms.breakeven_ticks, terms.trail_start_ticks) < 0:
        return (
            f"break-even from {terms.breakeven_ticks}, trail from {terms.trail_start_ticks}"
            " ticks, wanted 0 for never or more"
        )
    if terms.breakeven_ticks and terms.breakeven_offset_ticks >= terms.breakeven_ticks:
        return (
            f"break-even after {terms.breakeven_ticks} ticks moves the stop"
            f" {terms.breakeven_offset_ticks} beyond the entry, wanted less"
        )
    if terms.trail_start_ticks and terms.trail_ticks < 1:
        return f"trail of {terms.trail_ticks} ticks, wanted at least 1"
    return None


def anchor(direction: Direction, entry_sum: int, quantity: int) -> int:
    """Return the average entry in whole ticks, rounded towards the target."""
    return -(-entry_sum // quantity) if direction is Direction.LONG else entry_sum // quantity


def stop_at(direction: Direction, entry: int, terms: Terms) -> int:
    """Return where the stop rests for the anchor `entry` (domain 7.2)."""
    return entry - SIGN[direction] * terms.stop_ticks


def target_at(direction: Direction, entry: int, terms: Terms) -> int:
    """Return where the target rests for the anchor `entry` (domain 7.2)."""
    return entry + SIGN[direction] * terms.target_ticks


def tighter(direction: Direction, one: int, other: int) -> int:
    """Return the stop that loses less."""
    return max(one, other) if direction is Direction.LONG else min(one, other)


def moved_stop(
    direction: Direction, entry: int, stop: int, terms: Terms, price: int
) -> tuple[int, StopCause] | None:
    """Return where a trade at `price` moves the stop, and why; None if it stays (domain 7.5)."""
    sign = SIGN[direction]
    gain = sign * (price - entry)
    best, cause = stop, None
    if 0 < terms.breakeven_ticks <= gain:
        level = entry + sign * terms.breakeven_offset_ticks
        if sign * (level - best) > 0:
            best, cause = level, StopCause.BREAKEVEN
    if 0 < terms.trail_start_ticks <= gain:
        level = price - sign * terms.trail_ticks
        if sign * (level - best) > 0:
            best, cause = level, StopCause.TRAIL
    return None if cause is None else (best, cause)


def moving_price(direction: Direction, entry: int, stop: int, terms: Terms) -> int:
    """Return the first price in favour that moves the stop; beyond all prices if none does."""
    sign = SIGN[direction]
    gains = []
    if terms.breakeven_ticks and sign * (entry - stop) + terms.breakeven_offset_ticks > 0:
        gains.append(terms.breakeven_ticks)
    if terms.trail_start_ticks:
        behind = sign * (stop - entry) + terms.trail_ticks + 1
        gains.append(max(terms.trail_start_ticks, behind))
    if not gains:
        return HIGHEST if sign > 0 else LOWEST
    return entry + sign * min(gains)
