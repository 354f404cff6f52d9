"""Exhaustion at the extreme of a bar: who drove it there got fewer with every tick (domain 2.3).

Read from the extreme inwards, the volume of the driving side rises level by level: the last
buyers at the high were the fewest. The reading starts at the extreme itself and not inside the
bar, because a bar whose volume is largest at its high is the opposite of exhausted. A level
without trades of that side counts as 0, so the extreme is never absent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.patterns.levels import refuse_negative
from actors.core.patterns.raised import ppm, raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import ExhaustionSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhaustionRule:
    """How far and how much a side has to fade towards the extreme."""

    levels_min: int
    levels_max: int  # No more are read.
    decline_min_ppm: int
    volume_min: int  # Contracts at the innermost level read.
    require_rejection: bool  # The close at least a tick off the extreme.

    def __post_init__(self) -> None:
        if self.levels_max < self.levels_min:
            raise ValueError(f"levels_max {self.levels_max}, wanted at least {self.levels_min}")

    @classmethod
    def of(cls, settings: ExhaustionSettings, own: Instrument) -> "ExhaustionRule":
        """Return the rule of `settings`; the instrument's imbalance volume unless one is set."""
        return cls(
            levels_min=settings.levels_min,
            levels_max=settings.levels_max,
            decline_min_ppm=round(settings.decline_min * PPM),
            volume_min=settings.volume_min or own.imbalance_volume_min,
            require_rejection=settings.require_rejection,
        )


class Exhaustion(NamedTuple):
    """A side that faded towards the extreme."""

    levels: int  # Of the fading, the extreme included.
    outer: int  # Contracts at the extreme.
    inner: int  # Contracts at the innermost level.
    decline_ppm: int


def exhaustions(bar: BarClosed, rule: ExhaustionRule) -> list[SignalRaised]:
    """Return the exhaustion of the buyers at the high of a bar, then of the sellers at the low."""
    found: list[SignalRaised] = []
    off_high = not rule.require_rejection or bar.close < bar.high
    if off_high and (buyers := _buying(bar.buys, rule)) is not None:
        found.append(_raised(bar, Pattern.BUYING_EXHAUSTION, buyers))
    off_low = not rule.require_rejection or bar.close > bar.low
    if off_low and (sellers := _selling(bar.sells, rule)) is not None:
        found.append(_raised(bar, Pattern.SELLING_EXHAUSTION, sellers))
    return found


def buying_exhaustion(buys: Sequence[int], rule: ExhaustionRule) -> Exhaustion | None:
    """Return how buying faded towards the high; contracts per level, listed upwards."""
    refuse_negative(buys)
    return _buying(buys, rule)


def selling_exhaustion(sells: Sequence[int], rule: ExhaustionRule) -> Exhaustion | None:
    """Return how selling faded towards the low; contracts per level, listed upwards."""
    refuse_negative(sells)
    return _selling(sells, rule)


def _buying(buys: Sequence[int], rule: ExhaustionRule) -> Exhaustion | None:
    return _fading(buys[: -rule.levels_max - 1 : -1], rule)


def _selling(sells: Sequence[int], rule: ExhaustionRule) -> Exhaustion | None:
    return _fading(sells[: rule.levels_max], rule)


def _fading(inwards: Sequence[int], rule: ExhaustionRule) -> Exhaustion | None:
    """Return the longest strict rise from the extreme inwards, if it is long and steep enough."""
    if len(inwards) < rule.levels_min:
        return None
    levels, inner = 0, -1
    for volume in inwards:
        if volume <= inner:
            break
        levels, inner = levels + 1, volume
    if levels < rule.levels_min or inner < rule.volume_min:
        return None
    outer = inwards[0]
    if (inner - outer) * PPM < rule.decline_min_ppm * inner:
        return None
    return Exhaustion(levels, outer, inner, ppm(inner - outer, inner))


def _raised(bar: BarClosed, pattern: Pattern, found: Exhaustion) -> SignalRaised:
    detail = f"{found.inner} down to {found.outer} over {found.levels} levels"
    high = pattern is Pattern.BUYING_EXHAUSTION
    price, reach = bar.high if high else bar.low, found.levels - 1
    zone = (price - reach, price) if high else (price, price + reach)
    return raised(bar, pattern, found.decline_ppm, price, zone, detail)
