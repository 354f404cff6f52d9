"""How far an account fell from its highest balance (domain 9), in cents.

The balance before the first result is a point of the curve like every other: whoever loses from
the start on has fallen from what he began with. What the fall is measured by, in per cent, is
the peak it began at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from actors.core.analytics.results import checked_cents, longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """The largest fall of a curve: 0 where it never fell, then the peak is where it began."""

    cents: int
    share: float | None  # Of the peak; None where that is not above 0.
    peak_cents: int
    trough_cents: int
    under_water: int  # The longest run of points below the highest before them.


def equity_of(start_cents: int, nets: Iterable[int]) -> list[int]:
    """Return the balance before the first result and after each, in cents."""
    return list(accumulate(nets, initial=start_cents))


def drawdown_of(curve: Sequence[int]) -> Drawdown:
    """Return the largest peak-to-trough of balances in their order, the starting one first.

    Of two equal falls the first counts.
    """
    if not curve:
        raise ValueError("an empty curve, wanted the starting balance at least")
    checked_cents(curve)
    peaks = list(accumulate(curve, max))
    falls = [peak - balance for peak, balance in zip(peaks, curve, strict=True)]
    deepest = max(range(len(falls)), key=falls.__getitem__)
    peak = peaks[deepest]
    return Drawdown(
        cents=falls[deepest],
        share=falls[deepest] / peak if peak > 0 else None,
        peak_cents=peak,
        trough_cents=curve[deepest],
        under_water=longest(fall > 0 for fall in falls),
    )


def recovery_factor(net_cents: int, drawdown: Drawdown) -> float | None:
    """Return the net result in units of the largest fall; None where nothing fell."""
    return net_cents / drawdown.cents if drawdown.cents else None
