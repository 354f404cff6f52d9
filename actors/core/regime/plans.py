"""Where a setup of the flow regime is entered, where it is wrong and where it pays (domain 4.4).

Everything is worked out for the long side; the short side is the same with all prices negated,
which also turns the rounding, half away from zero, around. So no mirror can be forgotten.

Where the domain is silent: an entry is at the close, the only price that can still be had. A
fade of which only one of POC and VWAP lies ahead has that one as both targets. A pullback comes
from above to the broken edge of value or to the VWAP and is wrong two ticks below it.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from protocol.patterns import Direction
from protocol.signals import PPM, ConditionJudged, FlowRegime, Setup

NEAR_TICKS = 2  # Width of every zone, and what a stop lies beyond its level.
ACCEPTED_CLOSES = 2
BROKEN_COMPOSITE_PPM = 100_000  # Added where the edge of composite value is broken, too.
ROTATIONAL_SIZE_PPM = 750_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRule:
    """Confidence of the context alone, per kind of setup, ppm."""

    fade_ppm: int
    bounce_ppm: int
    breakout_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A setup that its location allows; prices in ticks."""

    setup: Setup
    direction: Direction
    level: int  # What it is measured by: an edge of value, a band, the VWAP.
    entry: int
    stop: int
    target_1: int
    target_2: int
    confidence_ppm: int
    size_ppm: int
    fades: bool  # Against a level, as opposed to with a move.
    reach: int  # How near the level order flow must have turned, ticks; fades only.


class Break(NamedTuple):
    """How far one edge of value is broken."""

    closes: int = 0  # Running, at least two ticks beyond the edge.
    accepted: bool = False  # Two of them were seen, and none inside value since.
    close: int | None = None  # The latest, in ticks of the side's own sign.


class View(NamedTuple):
    """The levels as the long side sees them; for the short side all prices are negated."""

    close: int
    low: int | None  # Of value; None without.
    high: int | None
    poc: int | None
    bands: tuple[int, ...]
    atr_milliticks: int | None
    composite_high: int | None

    @property
    def vwap(self) -> int | None:
        """The middle of the bands."""
        return self.bands[3] if self.bands else None


def view(judged: ConditionJudged, composite: tuple[int | None, int | None], sign: int) -> View:
    """Return the levels seen by the long (`sign` 1) or the short side (-1)."""
    low, high = judged.value_low, judged.value_high
    edges = (low, high) if sign > 0 else (high, low)
    return View(
        close=sign * judged.close,
        low=_signed(edges[0], sign),
        high=_signed(edges[1], sign),
        poc=_signed(judged.poc, sign),
        bands=tuple(sign * band for band in judged.vwap_bands[::sign]),
        atr_milliticks=judged.atr_milliticks,
        composite_high=_signed(composite[1] if sign > 0 else composite[0], sign),
    )


def broken(before: Break, seen: View) -> Break:
    """Return how far the upper edge of value is broken after one more close."""
    if seen.high is None:
        return Break()
    beyond = seen.close >= seen.high + NEAR_TICKS
    closes = before.closes + 1 if beyond else 0
    held = before.accepted and seen.close >= seen.high
    return Break(closes, held or closes >= ACCEPTED_CLOSES, seen.close)


def plans(
    flow: FlowRegime, seen: View, before: Break, now: Break, direction: Direction, rule: PlanRule
) -> Iterator[Plan]:
    """Yield the plans of one side, the most telling location first.

    `before` and `now` are the state of the edge before and after the close of this bar.
    """
    driven = FlowRegime.BULLISH if direction is Direction.LONG else FlowRegime.BEARISH
    found: list[Plan | None] = []
    if flow is FlowRegime.ROTATIONAL:
        found = [_fade(seen, rule), _bounce(seen, rule)]
    elif flow is driven:
        found = [
            _breakout(seen, now, rule),
            _pullback(seen, before, seen.high if before.accepted else None, rule),
            _pullback(seen, before, seen.vwap, rule),
        ]
    for plan in found:
        if plan is not None:
            yield plan if direction is Direction.LONG else _short(plan)


def _fade(seen: View, rule: PlanRule) -> Plan | None:
    """Return the fade of the lower edge: up to two ticks below it, back to the middle."""
    if seen.low is None or not seen.low - NEAR_TICKS <= seen.close <= seen.low:
        return None
    middles = (seen.poc, seen.vwap)
    ahead = sorted(price for price in middles if price is not None and price > seen.close)
    if not ahead:
        return None
    reach = _fade_reach(seen.atr_milliticks)
    return Plan(
        setup=Setup.VA_FADE_LONG,
        direction=Direction.LONG,
        level=seen.low,
        entry=seen.close,
        stop=seen.low - reach,
        target_1=ahead[0],
        target_2=ahead[-1],
        confidence_ppm=rule.fade_ppm,
        size_ppm=ROTATIONAL_SIZE_PPM,
        fades=True,
        reach=reach,
    )


def _bounce(seen: View, rule: PlanRule) -> Plan | None:
    """Return the bounce off the lower band, back to the VWAP and the upper band."""
    if not seen.bands or abs(seen.close - seen.bands[2]) > NEAR_TICKS:
        return None
    return Plan(
        setup=Setup.VWAP_BOUNCE_LONG,
        direction=Direction.LONG,
        level=seen.bands[2],
        entry=seen.close,
        stop=seen.bands[1],
        target_1=seen.bands[3],
        target_2=seen.bands[4],
        confidence_ppm=rule.bounce_ppm,
        size_ppm=ROTATIONAL_SIZE_PPM,
        fades=True,
        reach=_fade_reach(seen.atr_milliticks),
    )


def _breakout(seen: View, now: Break, rule: PlanRule) -> Plan | None:
    """Return the accepted breakout above value, measured by its distance from the POC."""
    if seen.high is None or now.closes < ACCEPTED_CLOSES:
        return None
    return _with_the_move(Setup.VA_BREAKOUT_LONG, seen, seen.high, rule)


def _pullback(seen: View, before: Break, level: int | None, rule: PlanRule) -> Plan | None:
    """Return the pullback from above to `level`, at most two ticks over it."""
    if level is None or before.close is None or before.close <= level + NEAR_TICKS:
        return None
    if not level <= seen.close <= level + NEAR_TICKS:
        return None
    return _with_the_move(Setup.PULLBACK_LONG, seen, level, rule)


def _with_the_move(setup: Setup, seen: View, level: int, rule: PlanRule) -> Plan | None:
    if seen.poc is None or seen.poc >= seen.close:
        return None
    composite, distance = seen.composite_high, seen.close - seen.poc
    too = composite is not None and seen.close >= composite + NEAR_TICKS
    return Plan(
        setup=setup,
        direction=Direction.LONG,
        level=level,
        entry=seen.close,
        stop=level - NEAR_TICKS,
        target_1=_half(2 * seen.close + distance),
        target_2=seen.close + distance,
        confidence_ppm=rule.breakout_ppm + (BROKEN_COMPOSITE_PPM if too else 0),
        size_ppm=PPM,
        fades=False,
        reach=0,
    )


def _fade_reach(atr_milliticks: int | None) -> int:
    """Return two ticks, or a quarter of the ATR where that is more, rounded up."""
    quarter = 0 if atr_milliticks is None else -(-atr_milliticks // 4000)
    return max(NEAR_TICKS, quarter)


def _half(twice: int) -> int:
    """Return half of `twice`, rounded half away from zero."""
    return (twice + 1) // 2 if twice >= 0 else -((1 - twice) // 2)


def _signed(price: int | None, sign: int) -> int | None:
    return None if price is None else sign * price


_SHORT = {
    Setup.VA_FADE_LONG: Setup.VA_FADE_SHORT,
    Setup.VWAP_BOUNCE_LONG: Setup.VWAP_BOUNCE_SHORT,
    Setup.VA_BREAKOUT_LONG: Setup.VA_BREAKOUT_SHORT,
    Setup.PULLBACK_LONG: Setup.PULLBACK_SHORT,
}


def _short(plan: Plan) -> Plan:
    """Return the plan of the short side, whose prices were negated."""
    return dataclasses.replace(
        plan,
        setup=_SHORT[plan.setup],
        direction=Direction.SHORT,
        level=-plan.level,
        entry=-plan.entry,
        stop=-plan.stop,
        target_1=-plan.target_1,
        target_2=-plan.target_2,
    )
