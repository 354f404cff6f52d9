"""Imbalance at one price: buyers against sellers of the same level (domain 2.1b).

Diagnostic only. The auction is diagonal, so this comparison sets against each other two groups
that did not compete; it is kept because other footprint charts show it, is off by default, and
none of its signals can be acted on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.patterns.imbalance import ratio_strength_ppm
from actors.core.patterns.levels import refuse_unsound
from actors.core.patterns.raised import raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import HorizontalSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizontalRule:
    """When one side of a level outweighs the other."""

    ratio_ppm: int  # 2_000_000 is two to one.
    volume_min: int  # Contracts on the dominant side.

    @classmethod
    def of(cls, settings: HorizontalSettings, own: Instrument) -> "HorizontalRule":
        """Return the rule of `settings`; the instrument's volume unless one is set."""
        return cls(
            ratio_ppm=round(settings.ratio * PPM),
            volume_min=settings.volume_min or own.imbalance_volume_min,
        )


def horizontals(bar: BarClosed, rule: HorizontalRule) -> list[SignalRaised]:
    """Return one signal per outweighed level: buys upwards, then sells upwards."""
    buys = outweighing(bar.buys, bar.sells, rule)
    sells = outweighing(bar.sells, bar.buys, rule)
    return [
        *(_raised(bar, Pattern.HORIZONTAL_BUY, level) for level in buys),
        *(_raised(bar, Pattern.HORIZONTAL_SELL, level) for level in sells),
    ]


def outweighing(strong: Sequence[int], weak: Sequence[int], rule: HorizontalRule) -> list[int]:
    """Return the levels, upwards, where `strong` is at least the ratio times `weak`.

    An empty weak side counts as one contract (domain 2.1b).
    """
    refuse_unsound(strong, weak)
    return [
        level
        for level, (more, less) in enumerate(zip(strong, weak, strict=True))
        if more >= rule.volume_min and more * PPM >= rule.ratio_ppm * max(less, 1)
    ]


def _raised(bar: BarClosed, pattern: Pattern, level: int) -> SignalRaised:
    strong, weak = bar.buys[level], bar.sells[level]
    if pattern is Pattern.HORIZONTAL_SELL:
        strong, weak = weak, strong
    price = bar.low + level
    strength = ratio_strength_ppm(strong, weak)
    detail = f"{strong} against {weak}, {strong / max(weak, 1):.2f} to one"
    return raised(bar, pattern, strength, price, (price, price), detail, actionable=False)
