"""The points of the four regimes: the table of domain 4.3 and who wins by it.

Every item reads one finding of the indicators. A finding that does not exist yet gives nobody a
point; the limits of some items are fixed numbers or, normalised, follow range and volume.
"""

from dataclasses import dataclass
from typing import NamedTuple

from actors.core.regime.indicators import Structure
from actors.core.session.calendar import Schedule
from actors.core.session.news import News
from protocol.signals import PPM, Regime

UNSURE_PPM = PPM // 2  # The confidence of a tie: under any sensible minimum.


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeRule:
    """The numbers of the classification."""

    contract: str
    bars_min: int
    score_min: float
    bars_in_regime_min: int
    normalize: bool
    minutes_after_open: int
    minutes_before_close: int
    volume_ratio_min: float
    minutes_around_news: int
    news: tuple[News, ...]  # In order of time.
    schedule: Schedule
    vwap_near_ticks: float  # Half a point; used unless `normalize`.


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the indicators say after a bar; None where there is not enough data."""

    adx: float | None
    adx_slope: float
    ema_gap: float  # Fast less slow, ticks.
    vwap_gap: float  # Close less VWAP, ticks.
    structure: Structure
    cvd: int
    delta_slope: float  # Contracts per bar, over the last ten bars.
    range_bound: int
    atr: float  # Ticks.
    atr_percentile: float
    average_range: float  # Ticks.
    volume_ratio: float
    volume_mean: float


class Scores(NamedTuple):
    """Points per regime, in the order in which a tie is decided."""

    up: float
    down: float
    ranging: float
    volatile: float


class Verdict(NamedTuple):
    """What one bar alone would say."""

    regime: Regime
    confidence_ppm: int
    reason: str


def scores(found: Findings, rule: RegimeRule) -> Scores:
    """Return the points of the table in domain 4.3."""
    return Scores(
        up=_trend_score(found, 1),
        down=_trend_score(found, -1),
        ranging=_ranging_score(found, rule),
        volatile=_volatile_score(found, rule),
    )


def choose(points: Scores, score_min: float) -> Verdict:
    """Return the winner with its confidence; VOLATILE at one half if nobody reaches the minimum."""
    reason = "scores up {:g} down {:g} ranging {:g} volatile {:g}".format(*points)
    ranked = sorted(points, reverse=True)
    winner, runner_up = ranked[0], ranked[1]
    if winner == 0:
        return Verdict(Regime.NO_TRADE, UNSURE_PPM, reason)
    if winner < score_min:
        return Verdict(Regime.VOLATILE, UNSURE_PPM, f"{reason}, none reached {score_min:g}")
    confidence = min(1.0, 0.5 + 0.5 * (winner - runner_up) / winner)
    return Verdict(_REGIMES[points.index(winner)], round(confidence * PPM), reason)


_REGIMES = (Regime.TRENDING_UP, Regime.TRENDING_DOWN, Regime.RANGING, Regime.VOLATILE)


def _trend_score(found: Findings, sign: int) -> float:
    """Return the points of the trend upwards (`sign` 1) or downwards (-1)."""
    score = 0.0
    if found.adx is not None:
        score += 2.0 if found.adx > 25 else 1.0 if found.adx > 20 else 0.0
        score += 0.5 if found.adx_slope > 0 else 0.0
    score += 1.5 if sign * found.ema_gap > 0 else 0.0
    score += 1.0 if sign * found.vwap_gap > 0 else 0.0
    shape = found.structure
    inner, outer = (
        (shape.higher_low, shape.higher_high)
        if sign > 0
        else (shape.lower_high, shape.lower_low)
    )
    score += (2.0 if outer else 1.0) if inner else 0.0
    if sign * found.cvd > 0:
        score += 1.5 if sign * found.delta_slope > 0 else 0.5
    return score


def _ranging_score(found: Findings, rule: RegimeRule) -> float:
    score = 0.0
    if found.adx is not None:
        score += 2.0 if found.adx < 20 else 1.0 if found.adx < 25 else 0.0
    near = 0.25 * found.atr if rule.normalize else rule.vwap_near_ticks
    score += 1.0 if abs(found.vwap_gap) < near else 0.0
    extreme = found.structure.higher_high or found.structure.lower_low
    score += 0.0 if extreme else 1.5
    balanced = 0.5 * found.volume_mean if rule.normalize else 500
    score += 1.0 if abs(found.cvd) < balanced else 0.0
    score += 2.0 if found.range_bound >= 3 else 1.0 if found.range_bound >= 2 else 0.0
    score += 1.0 if found.atr_percentile < 50 else 0.0
    return score


def _volatile_score(found: Findings, rule: RegimeRule) -> float:
    steep = 0.1 * found.volume_mean if rule.normalize else 100
    score = 1.0 if abs(found.delta_slope) > steep else 0.0
    if found.adx is not None:
        score += 1.0 if 20 <= found.adx <= 25 and found.adx_slope < 0 else 0.0
    score += 2.5 if found.atr_percentile > 85 else 1.5 if found.atr_percentile > 70 else 0.0
    score += 1.5 if found.average_range > 1.5 * found.atr else 0.0
    score += 1.0 if found.volume_ratio > 2 else 0.0
    return score
