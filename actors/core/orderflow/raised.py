"""A pattern found in a bar, as the signal that says so: one place for ids, quality and defaults."""

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
) -> SignalRaised:
    """Return the signal of `pattern`, confirmed by the close of `bar`; prices in ticks.

    The direction is the pattern's own unless one is given.
    """
    return SignalRaised(
        id=derived_id(
            bar.contract, bar.series, pattern, bar.end_ns, bar.order, ref_price
        ),
        contract=bar.contract,
        series=bar.series,
        ts_ns=bar.end_ns,
        pattern=pattern,
        direction=DIRECTION[pattern] if direction is None else direction,
        strength_ppm=strength_ppm,
        confidence_ppm=confidence_ppm,
        actionable=actionable,
        ref_price=Ticks(ref_price),
        last_price=bar.close,
        zone_low=Ticks(zone[0]),
        zone_high=Ticks(zone[1]),
        detail=detail,
        low_quality=bar.inferred_volume * PPM > bar.volume * LOW_QUALITY_PPM,
        synthetic=bar.simulated,
    )


def ppm(numerator: int | float, denominator: int | float) -> int:
    """Return numerator / denominator from 0 to 1 in ppm, halves up; 0 for nothing by nothing."""
    if denominator <= 0:
        return 0
    return max(0, min(PPM, int((2 * numerator * PPM + denominator) // (2 * denominator))))
