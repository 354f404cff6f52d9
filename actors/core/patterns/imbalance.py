"""Diagonal imbalances of a closed bar and stacks of them (domain 2.1, 2.2).

The auction is diagonal: whoever lifts the ask at p passed over the bid one tick lower. So the
buying at p is measured against the selling at p - 1, and the selling at p against the buying at
p + 1. Neighbours are neighbours on the price grid, traded or not: a level without trades counts
as 0. The lowest level has no buying comparison and the highest no selling comparison.

Plain loops: at the 20 to 60 levels of a bar they beat numpy, whose arrays must first be made
from the tuples of the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from actors.core.patterns.levels import refuse_unsound
from actors.core.patterns.raised import raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import ImbalanceSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

RATIO_OF_FULL_STRENGTH = 10
STACK_OF_FULL_STRENGTH = 5


class ZeroPolicy(StrEnum):
    """What a comparison with an empty level is worth."""

    ONE = "one"  # Empty counts as one contract.
    IGNORE = "ignore"  # Never an imbalance.
    INFINITE = "infinite"  # Always one, if the volume suffices.


@dataclass(frozen=True, slots=True, kw_only=True)
class ImbalanceRule:
    """When one side overwhelms the other."""

    ratio_ppm: int  # 3_000_000 is three to one.
    volume_min: int  # Contracts on the dominant side.
    difference_min: int  # Contracts on it more than on the weak side.
    zero_policy: ZeroPolicy
    stack_min: int  # Levels.

    @classmethod
    def of(cls, settings: ImbalanceSettings, own: Instrument) -> "ImbalanceRule":
        """Return the rule of `settings`; the instrument's volume unless one is set."""
        return cls(
            ratio_ppm=round(settings.ratio * PPM),
            volume_min=settings.volume_min or own.imbalance_volume_min,
            difference_min=settings.difference_min,
            zero_policy=ZeroPolicy(settings.zero_policy),
            stack_min=settings.stack_min,
        )


def imbalances(bar: BarClosed, rule: ImbalanceRule) -> list[SignalRaised]:
    """Return all signals of a bar: single buys and sells upwards, then stacked buys and sells."""
    buys = buy_imbalances(bar.sells, bar.buys, rule)
    sells = sell_imbalances(bar.sells, bar.buys, rule)
    if not buys and not sells:
        return []
    return [
        *(_single(bar, Pattern.BUY_IMBALANCE, level) for level in buys),
        *(_single(bar, Pattern.SELL_IMBALANCE, level) for level in sells),
        *(_stack(bar, Pattern.STACKED_BUY, run) for run in stacks(buys, rule.stack_min)),
        *(_stack(bar, Pattern.STACKED_SELL, run) for run in stacks(sells, rule.stack_min)),
    ]


def buy_imbalances(sells: Sequence[int], buys: Sequence[int], rule: ImbalanceRule) -> list[int]:
    """Return the levels, upwards, where buying overwhelms the selling one tick below."""
    refuse_unsound(sells, buys)
    volume_min = rule.volume_min
    return [
        level
        for level, (strong, weak) in enumerate(zip(buys[1:], sells, strict=False), start=1)
        if strong >= volume_min and _overwhelms(strong, weak, rule)
    ]


def sell_imbalances(sells: Sequence[int], buys: Sequence[int], rule: ImbalanceRule) -> list[int]:
    """Return the levels, upwards, where selling overwhelms the buying one tick above."""
    refuse_unsound(sells, buys)
    volume_min = rule.volume_min
    return [
        level
        for level, (strong, weak) in enumerate(zip(sells, buys[1:], strict=False))
        if strong >= volume_min and _overwhelms(strong, weak, rule)
    ]


def stacks(levels: Sequence[int], stack_min: int) -> list[tuple[int, int]]:
    """Return the lowest and highest level of each longest run of at least `stack_min` levels."""
    runs: list[tuple[int, int]] = []
    for level in levels:
        if runs and runs[-1][1] == level - 1:
            runs[-1] = (runs[-1][0], level)
        else:
            runs.append((level, level))
    return [(low, high) for low, high in runs if high - low + 1 >= stack_min]


def ratio_strength_ppm(strong: int, weak: int) -> int:
    """Return min(ratio / 10, 1) in ppm, halves up; an empty level counts as one contract."""
    divisor = max(weak, 1) * RATIO_OF_FULL_STRENGTH
    return min((2 * strong * PPM + divisor) // (2 * divisor), PPM)


def _overwhelms(strong: int, weak: int, rule: ImbalanceRule) -> bool:
    if strong - weak < rule.difference_min:
        return False
    if weak == 0:
        if rule.zero_policy is ZeroPolicy.IGNORE:
            return False
        if rule.zero_policy is ZeroPolicy.INFINITE:
            return strong > 0
        weak = 1
    return strong * PPM >= rule.ratio_ppm * weak


def _single(bar: BarClosed, pattern: Pattern, level: int) -> SignalRaised:
    strong, weak = _sides(bar, pattern, level)
    price = bar.low + level
    strength = ratio_strength_ppm(strong, weak)
    return raised(bar, pattern, strength, price, (price, price), _against(strong, weak))


def _stack(bar: BarClosed, pattern: Pattern, run: tuple[int, int]) -> SignalRaised:
    levels = run[1] - run[0] + 1
    strength = min(levels * PPM // STACK_OF_FULL_STRENGTH, PPM)
    low, high = bar.low + run[0], bar.low + run[1]
    # The far end of a stack: its top for buying, its bottom for selling.
    ref_price = high if pattern is Pattern.STACKED_BUY else low
    sides = [_sides(bar, pattern, level) for level in range(run[0], run[1] + 1)]
    strong, weak = sum(side[0] for side in sides), sum(side[1] for side in sides)
    detail = f"{levels} levels, {_against(strong, weak)}"
    return raised(bar, pattern, strength, ref_price, (low, high), detail)


def _sides(bar: BarClosed, pattern: Pattern, level: int) -> tuple[int, int]:
    """Return the dominant volume of a level and the one that it overwhelms."""
    if pattern in (Pattern.BUY_IMBALANCE, Pattern.STACKED_BUY):
        return bar.buys[level], bar.sells[level - 1]
    return bar.sells[level], bar.buys[level + 1]


def _against(strong: int, weak: int) -> str:
    return f"{strong} against {weak}, {strong / max(weak, 1):.2f} to one"
