"""A pattern found in a bar, as the signal that says so: one place for ids, quality and defaults.

The id follows from what was found, where and when, so a repeat is seen as the same signal. Two
finds of one pattern at one price in one bar, as when two levels at a price are revisited, are told
apart by what else they are `about`.
"""

import math
from typing import NoReturn

from actors.core.ids import id_of
from protocol.market import BarClosed
from protocol.patterns import DIRECTION, Direction, Pattern
from protocol.signals import PPM, SignalRaised

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
    contract, series, end_ns, volume = bar.contract, bar.series, bar.end_ns, bar.volume
    # Added up, since a name of an enum is slow to format: signals are made by the thousand.
    facts = contract + "|" + series + "|" + pattern + f"|{end_ns}|{bar.order}|{ref_price}"
    return SignalRaised.of(  # type: ignore[no-any-return]
        id_of(f"{facts}|{about}" if about else facts),
        contract,
        series,
        end_ns,
        pattern,
        DIRECTION[pattern] if direction is None else direction,
        strength_ppm if 0 <= strength_ppm <= PPM else _refused(strength_ppm),
        confidence_ppm if 0 <= confidence_ppm <= PPM else _refused(confidence_ppm),
        actionable,
        ref_price,
        bar.close,
        zone[0],
        zone[1],
        0,  # Stop and target: the instrument's own.
        0,
        detail,
        bar.inferred_volume * PPM > volume * LOW_QUALITY_PPM,
        bar.simulated,
    )


def ppm(numerator: int | float, denominator: int | float) -> int:
    """Return numerator / denominator from 0 to 1 in ppm, halves up; 0 for nothing by nothing.

    Exact for integers. What is no finite number is refused: a share of it says nothing.
    """
    if not (math.isfinite(numerator) and math.isfinite(denominator)):
        raise ValueError(f"a share of {numerator} by {denominator}, wanted finite numbers")
    if denominator <= 0:
        return 0
    share = int((2 * numerator * PPM + denominator) // (2 * denominator))
    return 0 if share < 0 else PPM if share > PPM else share


def _refused(share_ppm: int) -> NoReturn:
    raise ValueError(f"a share of {share_ppm} ppm, wanted 0 to {PPM}")
