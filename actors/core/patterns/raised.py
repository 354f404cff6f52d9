"""A pattern found in a bar, as the signal that says so: one place for ids, quality and defaults.

The id follows from what was found, where and when, so a repeat is seen as the same signal. Two
finds of one pattern at one price in one bar, as when two levels at a price are revisited, are told
apart by what else they are `about`.
"""

import math

from actors.core.ids import derived_id
from protocol.market import BarClosed
from protocol.patterns import DIRECTION, Direction, Pattern
from protocol.signals import PPM, SignalRaised
from protocol.units import Ticks

LOW_QUALITY_PPM = 200_000  # Share of inferred volume above which sides cannot be trusted.


def raised(
    bar: BarClosed,
    pattern: Pattern,
    strength_ppm: int,
    ref_price: int,
    zone: tuple[int, int],
    detail: str,
    *,
    confidence_ppm: int = PPM,
    actionable: bool = True,
    direction: Direction | None = None,
    about: str = "",
) -> SignalRaised:
    """Return the signal of `pattern`, confirmed by the close of `bar`; prices in ticks.

    The direction is the pattern's own unless one is given. `about` goes into the id alone.
    """
    facts = (bar.contract, bar.series, pattern, bar.end_ns, bar.order, ref_price)
    return SignalRaised(
        id=derived_id(*facts, about) if about else derived_id(*facts),
        contract=bar.contract,
        series=bar.series,
        ts_ns=bar.end_ns,
        pattern=pattern,
        direction=DIRECTION[pattern] if direction is None else direction,
        strength_ppm=_share(strength_ppm),
        confidence_ppm=_share(confidence_ppm),
        actionable=actionable,
        ref_price=Ticks(ref_price),
        last_price=bar.close,
        zone_low=Ticks(zone[0]),
        zone_high=Ticks(zone[1]),
        stop_ticks=0,
        target_ticks=0,
        detail=detail,
        low_quality=bar.inferred_volume * PPM > bar.volume * LOW_QUALITY_PPM,
        synthetic=bar.simulated,
    )


def ppm(numerator: int | float, denominator: int | float) -> int:
    """Return numerator / denominator from 0 to 1 in ppm, halves up; 0 for nothing by nothing.

    Exact for integers. What is no finite number is refused: a share of it says nothing.
    """
    if not (math.isfinite(numerator) and math.isfinite(denominator)):
        raise ValueError(f"a share of {numerator} by {denominator}, wanted finite numbers")
    if denominator <= 0:
        return 0
    return max(0, min(PPM, int((2 * numerator * PPM + denominator) // (2 * denominator))))


def _share(value_ppm: int) -> int:
    if not 0 <= value_ppm <= PPM:
        raise ValueError(f"a share of {value_ppm} ppm, wanted 0 to {PPM}")
    return value_ppm
