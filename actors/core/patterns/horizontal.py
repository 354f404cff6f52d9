"""Imbalance at one price: buyers against sellers of the same level (domain 2.1b).

Diagnostic only. The auction is diagonal, so this comparison sets against each other two groups
that did not compete; it is kept because other footprint charts show it, is off by default, and
none of its signals can be acted on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.patterns.imbalance import at_levels
from actors.core.patterns.levels import refuse_unsound
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
    sells, buys = bar.sells, bar.buys
    bought, sold = _sides(sells, buys, rule)
    found: list[SignalRaised] = []
    if bought:
        found += at_levels(bar, Pattern.HORIZONTAL_BUY, bought, (buys, sells), 0, False)
    if sold:
        found += at_levels(bar, Pattern.HORIZONTAL_SELL, sold, (sells, buys), 0, False)
    return found


def outweighing(strong: Sequence[int], weak: Sequence[int], rule: HorizontalRule) -> list[int]:
    """Return the levels, upwards, where `strong` is at least the ratio times `weak`.

    An empty weak side counts as one contract (domain 2.1b).
    """
    refuse_unsound(strong, weak)
    return _sides(weak, strong, rule)[0]


def _sides(
    sells: Sequence[int], buys: Sequence[int], rule: HorizontalRule
) -> tuple[list[int], list[int]]:
    """Return the levels, upwards, where buying outweighs selling, and where selling does."""
    volume_min, ratio_ppm = rule.volume_min, rule.ratio_ppm
    bought: list[int] = []
    sold: list[int] = []
    for level, (sell, buy) in enumerate(zip(sells, buys, strict=True)):
        if buy >= volume_min and buy * PPM >= ratio_ppm * (sell or 1):
            bought.append(level)
        if sell >= volume_min and sell * PPM >= ratio_ppm * (buy or 1):
            sold.append(level)
    return bought, sold
