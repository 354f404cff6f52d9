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
    sells, buys = bar.sells, bar.buys
    bought, sold = _diagonals(sells, buys, rule)
    found: list[SignalRaised] = []
    if bought:
        found += at_levels(bar, Pattern.BUY_IMBALANCE, bought, (buys, sells), -1)
    if sold:
        found += at_levels(bar, Pattern.SELL_IMBALANCE, sold, (sells, buys), 1)
    if len(bought) >= rule.stack_min:
        found += [_stacked_buy(bar, run) for run in stacks(bought, rule.stack_min)]
    if len(sold) >= rule.stack_min:
        found += [_stacked_sell(bar, run) for run in stacks(sold, rule.stack_min)]
    return found


def buy_imbalances(sells: Sequence[int], buys: Sequence[int], rule: ImbalanceRule) -> list[int]:
    """Return the levels, upwards, where buying overwhelms the selling one tick below."""
    refuse_unsound(sells, buys)
    return _diagonals(sells, buys, rule)[0]


def sell_imbalances(sells: Sequence[int], buys: Sequence[int], rule: ImbalanceRule) -> list[int]:
    """Return the levels, upwards, where selling overwhelms the buying one tick above."""
    refuse_unsound(sells, buys)
    return _diagonals(sells, buys, rule)[1]


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
    divisor = (weak or 1) * RATIO_OF_FULL_STRENGTH
    if strong >= divisor:
        return PPM
    return (2 * strong * PPM + divisor) // (2 * divisor)


def against(strong: int, weak: int) -> str:
    """Return two volumes and their ratio in words."""
    return f"{strong} against {weak}, {strong / (weak or 1):.2f} to one"


def at_levels(
    bar: BarClosed,
    pattern: Pattern,
    levels: Sequence[int],
    sides: tuple[Sequence[int], Sequence[int]],
    across: int,
    actionable: bool = True,
) -> list[SignalRaised]:
    """Return a signal for each of `levels`, upwards.

    `sides` are the dominant and the weak one; the weak level lies `across` ticks over the other.
    """
    found = []
    strong, weak = sides
    for level in levels:
        more, less, price = strong[level], weak[level + across], bar.low + level
        strength, detail = ratio_strength_ppm(more, less), against(more, less)
        found.append(
            raised(bar, pattern, strength, price, (price, price), detail, actionable=actionable)
        )
    return found


def _diagonals(
    sells: Sequence[int], buys: Sequence[int], rule: ImbalanceRule
) -> tuple[list[int], list[int]]:
    """Return the levels of buy imbalances and of sell imbalances, upwards.

    A pair is the selling at a level and the buying one tick higher; either can overwhelm.
    """
    volume_min = rule.volume_min
    bought: list[int] = []
    sold: list[int] = []
    for level, (sell, buy) in enumerate(zip(sells, buys[1:], strict=False)):
        if buy >= volume_min and _overwhelms(buy, sell, rule):
            bought.append(level + 1)
        if sell >= volume_min and _overwhelms(sell, buy, rule):
            sold.append(level)
    return bought, sold


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


def _stacked_buy(bar: BarClosed, run: tuple[int, int]) -> SignalRaised:
    low, high = run
    strong, weak = sum(bar.buys[low : high + 1]), sum(bar.sells[low - 1 : high])
    return _stack(bar, Pattern.STACKED_BUY, run, high, against(strong, weak))


def _stacked_sell(bar: BarClosed, run: tuple[int, int]) -> SignalRaised:
    low, high = run
    strong, weak = sum(bar.sells[low : high + 1]), sum(bar.buys[low + 1 : high + 2])
    return _stack(bar, Pattern.STACKED_SELL, run, low, against(strong, weak))


def _stack(
    bar: BarClosed, pattern: Pattern, run: tuple[int, int], far_end: int, detail: str
) -> SignalRaised:
    """Return the signal of a stack, priced at its far end: top of buying, bottom of selling."""
    levels = run[1] - run[0] + 1
    strength = min(levels * PPM // STACK_OF_FULL_STRENGTH, PPM)
    zone = (bar.low + run[0], bar.low + run[1])
    return raised(bar, pattern, strength, bar.low + far_end, zone, f"{levels} levels, {detail}")
