"""Absorption at the extreme of a bar: aggression that met somebody who stood (domain 2.4 A, C).

Two readings. The zone (A): most of the aggression in the outermost ticks went one way, and the bar
closed in the other half. The level (C): the outermost price alone is one-sided, and the close is
ticks away from it. Both are named after those who absorb: buying absorption is passive buyers
under aggressive sellers, so it is found at a low and points up. Sellers at the low and buyers at
the high are the only two cases; a one-sided level inside the bar says nothing, as it is not where
the move ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.patterns.levels import refuse_unsound
from actors.core.patterns.raised import ppm, raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import AbsorptionSettings, LevelAbsorptionSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

RANGE_TICKS_MIN = 3  # In a lower bar the two zones are the same ticks.
LEVEL_RATIO_OF_FULL_STRENGTH = 5
LEVEL_CONFIDENCE_PPM = 750_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsorptionRule:
    """When the aggression in the zone at the extreme of a bar was absorbed."""

    zone_ticks: int
    share_min_ppm: int  # Of the aggressors in the zone's volume of known side.
    close_position_ppm: int  # How far up the close has to be over a low, and down under a high.
    volume_min: int  # Contracts of known side in the zone.
    concentration_min_ppm: int  # Of the zone in the aggressors' volume of the bar; 0 is off.

    @classmethod
    def of(cls, settings: AbsorptionSettings, own: Instrument) -> "AbsorptionRule":
        """Return the rule of `settings`; the instrument's volume unless one is set."""
        return cls(
            zone_ticks=settings.zone_ticks,
            share_min_ppm=round(settings.share_min * PPM),
            close_position_ppm=round(settings.close_position * PPM),
            volume_min=settings.volume_min or own.absorption_volume_min,
            concentration_min_ppm=round(settings.concentration_min * PPM),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelAbsorptionRule:
    """When the aggression at the outermost price of a bar was absorbed."""

    ratio_ppm: int  # 3_000_000 is three to one.
    ratio_actionable_ppm: int
    volume_min: int  # Contracts of the aggressors.
    close_ticks_min: int  # From the extreme to the close.

    @classmethod
    def of(cls, settings: LevelAbsorptionSettings, own: Instrument) -> "LevelAbsorptionRule":
        """Return the rule of `settings`; the instrument's imbalance volume unless one is set."""
        return cls(
            ratio_ppm=round(settings.ratio_min * PPM),
            ratio_actionable_ppm=round(settings.ratio_actionable * PPM),
            volume_min=settings.volume_min or own.imbalance_volume_min,
            close_ticks_min=settings.close_ticks_min,
        )


class Absorption(NamedTuple):
    """Aggression in the zone at an extreme, and how far the close came away from it."""

    aggressive: int  # Contracts of those who were absorbed.
    opposite: int
    share_ppm: int  # Of the aggressive in both.
    concentration_ppm: int  # Of the zone in the aggressors' volume of the bar.
    recovery_ppm: int  # From the extreme (0) to the other end of the bar (1).
    strength_ppm: int


class LevelAbsorption(NamedTuple):
    """Aggression at the outermost price."""

    aggressive: int  # Contracts of those who were absorbed.
    opposite: int
    strength_ppm: int
    actionable: bool


def absorptions(bar: BarClosed, rule: AbsorptionRule) -> list[SignalRaised]:
    """Return the absorption of sellers at the low of a bar, then of buyers at the high.

    A bar that closed exactly in its middle can have both.
    """
    found: list[SignalRaised] = []
    sells, buys, close, reach = bar.sells, bar.buys, bar.close - bar.low, rule.zone_ticks - 1
    _refuse_outside(close, len(sells))
    if (low := _buying(sells, buys, close, rule)) is not None:
        below = (bar.low, bar.low + reach)
        found.append(_raised(bar, Pattern.BUYING_ABSORPTION, low, bar.low, below))
    if (high := _selling(sells, buys, close, rule)) is not None:
        above = (bar.high - reach, bar.high)
        found.append(_raised(bar, Pattern.SELLING_ABSORPTION, high, bar.high, above))
    return found


def buying_absorption(
    sells: Sequence[int], buys: Sequence[int], close: int, rule: AbsorptionRule
) -> Absorption | None:
    """Return the selling that was absorbed at the low; levels upwards, `close` in ticks over it."""
    _refuse_unsound(sells, buys, close)
    return _buying(sells, buys, close, rule)


def selling_absorption(
    sells: Sequence[int], buys: Sequence[int], close: int, rule: AbsorptionRule
) -> Absorption | None:
    """Return the buying that was absorbed at the high: the low upside down."""
    _refuse_unsound(sells, buys, close)
    return _selling(sells, buys, close, rule)


def level_absorptions(bar: BarClosed, rule: LevelAbsorptionRule) -> list[SignalRaised]:
    """Return the absorption of sellers at the lowest price, then of buyers at the highest."""
    found: list[SignalRaised] = []
    sells, buys, below, above = bar.sells, bar.buys, bar.close - bar.low, bar.high - bar.close
    _refuse_outside(below, len(sells))
    if (low := _level(sells[0], buys[0], below, rule)) is not None:
        found.append(_raised_level(bar, Pattern.LEVEL_BUYING_ABSORPTION, low, bar.low))
    if (high := _level(buys[-1], sells[-1], above, rule)) is not None:
        found.append(_raised_level(bar, Pattern.LEVEL_SELLING_ABSORPTION, high, bar.high))
    return found


def level_buying_absorption(
    sells: Sequence[int], buys: Sequence[int], close: int, rule: LevelAbsorptionRule
) -> LevelAbsorption | None:
    """Return the selling absorbed at the lowest price alone; `close` in ticks over it.

    An empty opposite side counts as one contract (domain 2.1b).
    """
    _refuse_unsound(sells, buys, close)
    return _level(sells[0], buys[0], close, rule) if len(sells) else None


def level_selling_absorption(
    sells: Sequence[int], buys: Sequence[int], close: int, rule: LevelAbsorptionRule
) -> LevelAbsorption | None:
    """Return the buying absorbed at the highest price alone: the lowest upside down."""
    _refuse_unsound(sells, buys, close)
    top = len(sells) - 1
    return _level(buys[top], sells[top], top - close, rule) if top >= 0 else None


def _refuse_unsound(sells: Sequence[int], buys: Sequence[int], close: int) -> None:
    refuse_unsound(sells, buys)
    if len(sells):
        _refuse_outside(close, len(sells))


def _refuse_outside(close: int, levels: int) -> None:
    if not 0 <= close < levels:
        raise ValueError(f"a close at level {close}, wanted one from 0 to {levels - 1}")


def _buying(
    sells: Sequence[int], buys: Sequence[int], close: int, rule: AbsorptionRule
) -> Absorption | None:
    return _absorbed(sells, buys, slice(0, rule.zone_ticks), close, rule)


def _selling(
    sells: Sequence[int], buys: Sequence[int], close: int, rule: AbsorptionRule
) -> Absorption | None:
    count = len(sells)
    return _absorbed(buys, sells, slice(count - rule.zone_ticks, count), count - 1 - close, rule)


def _absorbed(
    strong: Sequence[int], weak: Sequence[int], zone: slice, away: int, rule: AbsorptionRule
) -> Absorption | None:
    """Return the aggression of `strong` in the zone, the close `away` from the extreme."""
    top = len(strong) - 1
    if top < RANGE_TICKS_MIN or top < rule.zone_ticks:
        return None
    if away * PPM < rule.close_position_ppm * top:  # Before any sum: it lets half of all bars go.
        return None
    aggressive, opposite, volume_min = sum(strong[zone]), sum(weak[zone]), max(rule.volume_min, 1)
    both = aggressive + opposite
    if both < volume_min or aggressive * PPM < rule.share_min_ppm * both:
        return None
    total = sum(strong)
    if aggressive * PPM < rule.concentration_min_ppm * total:
        return None
    return Absorption(
        aggressive=aggressive,
        opposite=opposite,
        share_ppm=ppm(aggressive, both),
        concentration_ppm=ppm(aggressive, total),
        recovery_ppm=ppm(away, top),
        strength_ppm=ppm(away * aggressive, 2 * top * volume_min),
    )


def _level(
    aggressive: int, opposite: int, away: int, rule: LevelAbsorptionRule
) -> LevelAbsorption | None:
    if aggressive < rule.volume_min or away < rule.close_ticks_min:
        return None
    floor = opposite or 1
    if aggressive * PPM < rule.ratio_ppm * floor:
        return None
    return LevelAbsorption(
        aggressive=aggressive,
        opposite=opposite,
        strength_ppm=ppm(aggressive, LEVEL_RATIO_OF_FULL_STRENGTH * floor),
        actionable=aggressive * PPM >= rule.ratio_actionable_ppm * floor,
    )


def _raised(
    bar: BarClosed, pattern: Pattern, found: Absorption, price: int, zone: tuple[int, int]
) -> SignalRaised:
    detail = (
        f"{found.aggressive} against {found.opposite}, share {found.share_ppm / PPM:.2f},"
        f" of the bar {found.concentration_ppm / PPM:.2f}, close {found.recovery_ppm / PPM:.2f} off"
    )
    return raised(bar, pattern, found.strength_ppm, price, zone, detail)


def _raised_level(
    bar: BarClosed, pattern: Pattern, found: LevelAbsorption, price: int
) -> SignalRaised:
    return raised(
        bar,
        pattern,
        found.strength_ppm,
        price,
        (price, price),
        f"{found.aggressive} against {found.opposite}, close {abs(bar.close - price)} ticks off",
        confidence_ppm=LEVEL_CONFIDENCE_PPM,
        actionable=found.actionable,
    )
