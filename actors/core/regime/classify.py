"""Which regime the market is in, judged after every bar (domain 4.3).

Four regimes collect points from a table of items; the highest wins if it reaches the minimum.
Before 21 bars there is no judgement (confidence 0), because scores over absent data look like a
quiet market. Some conditions forbid trading whatever the scores say.

The minutes after the open and before the close count inside the regular session only, both ends
included; outside it no such override exists, since the risk rules keep entries out of those hours.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.regime.indicators import (
    Adx,
    Ema,
    Structure,
    Vwap,
    WilderMean,
    mean,
    percentile,
    range_bound,
    slope,
    structure,
    true_range,
)
from actors.core.session.calendar import minutes_since_open, minutes_to_close, trading_day
from protocol.market import BarClosed
from protocol.signals import PPM, Regime, RegimeJudged

FAST, SLOW, WILDER = 9, 21, 14
STRUCTURE_BARS, RANGE_BARS, ATR_BARS = 5, 10, 50
DELTA_BARS, ADX_SLOPE_BARS, VOLUME_BARS, AVERAGE_RANGE_BARS = 10, 5, 20, 5
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


class RegimeState:
    """Judges the regime of one contract bar by bar; a new contract needs a new state.

    A regime that wins takes effect when it has won `bars_in_regime_min` bars running; until then
    the old one stands, with the confidence of a tie. NO_TRADE takes effect at once.
    """

    def __init__(self, rule: RegimeRule) -> None:
        self.rule = rule
        self.bars = 0
        self.regime = Regime.NO_TRADE
        self.candidate = Regime.NO_TRADE
        self.wins = 0  # Bars running that the candidate has won.
        self.close: int | None = None
        self.fast, self.slow = Ema(FAST), Ema(SLOW)
        self.atr, self.adx = WilderMean(WILDER), Adx(WILDER)
        self.vwap = Vwap()
        self.vwap_since = -(2**63)
        self.highs: deque[int] = deque(maxlen=RANGE_BARS)
        self.lows: deque[int] = deque(maxlen=RANGE_BARS)
        self.deltas: deque[int] = deque(maxlen=DELTA_BARS)
        self.volumes: deque[int] = deque(maxlen=VOLUME_BARS)
        self.atrs: deque[float] = deque(maxlen=ATR_BARS)
        self.adxs: deque[float] = deque(maxlen=ADX_SLOPE_BARS)

    def judge(self, bar: BarClosed) -> RegimeJudged:
        """Take in the next bar and return the regime in effect after it."""
        if bar.contract != self.rule.contract:
            raise ValueError(f"a bar of {bar.contract}, wanted {self.rule.contract}")
        findings = self._observe(bar)
        if findings is None or self.bars < self.rule.bars_min:
            verdict = Verdict(Regime.NO_TRADE, 0, f"{self.bars} of {self.rule.bars_min} bars")
        else:
            verdict = override(bar.end_ns, findings.volume_ratio, self.rule) or choose(
                scores(findings, self.rule), self.rule.score_min
            )
        verdict = self._settle(verdict)
        return RegimeJudged(
            contract=bar.contract,
            ts_ns=bar.end_ns,
            regime=verdict.regime,
            confidence_ppm=verdict.confidence_ppm,
            reason=verdict.reason,
            bars=self.bars,
        )

    def _settle(self, verdict: Verdict) -> Verdict:
        """Let a new regime wait until it has won often enough."""
        if verdict.regime is Regime.NO_TRADE:
            self.regime = self.candidate = Regime.NO_TRADE
            return verdict
        self.wins = self.wins + 1 if verdict.regime is self.candidate else 1
        self.candidate = verdict.regime
        if verdict.regime is self.regime or self.wins >= self.rule.bars_in_regime_min:
            self.regime = verdict.regime
            return verdict
        waiting = f"{verdict.regime} won {self.wins} of {self.rule.bars_in_regime_min} bars"
        return Verdict(self.regime, UNSURE_PPM, f"{waiting}; {verdict.reason}")

    def _observe(self, bar: BarClosed) -> Findings | None:
        """Carry all indicators on; None while one that every score needs is missing."""
        self.bars += 1
        self.highs.append(bar.high)
        self.lows.append(bar.low)
        self.deltas.append(bar.delta)
        self.volumes.append(bar.volume)
        self._observe_vwap(bar)
        ranged = true_range(bar.high, bar.low, self.close)
        self.close = bar.close
        fast, slow = self.fast.add(bar.close), self.slow.add(bar.close)
        atr, adx = self.atr.add(ranged), self.adx.add(bar.high, bar.low, ranged)
        atr_percentile = 50.0 if atr is None else percentile(self.atrs, atr)
        if atr is not None:
            self.atrs.append(atr)
        if adx is not None:
            self.adxs.append(adx)
        vwap = self.vwap.mean()
        if fast is None or slow is None or atr is None or vwap is None:
            return None
        highs, lows = list(self.highs), list(self.lows)
        volume_mean = mean(self.volumes)
        ranges = [high - low for high, low in zip(highs, lows, strict=True)]
        return Findings(
            adx=adx,
            adx_slope=slope(self.adxs),
            ema_gap=fast - slow,
            vwap_gap=bar.close - vwap,
            structure=structure(highs[-STRUCTURE_BARS:], lows[-STRUCTURE_BARS:]),
            cvd=bar.cvd,
            delta_slope=slope(self.deltas),
            range_bound=range_bound(highs, lows),
            atr=atr,
            atr_percentile=atr_percentile,
            average_range=sum(ranges[-AVERAGE_RANGE_BARS:]) / AVERAGE_RANGE_BARS,
            volume_ratio=bar.volume / volume_mean,
            volume_mean=volume_mean,
        )

    def _observe_vwap(self, bar: BarClosed) -> None:
        # From 18:00 through the night, and anew from 09:30: each price is measured against the
        # average of its own session.
        day = trading_day(bar.start_ns)
        since = day.rth_open_ns if bar.start_ns >= day.rth_open_ns else day.start_ns
        if since > self.vwap_since:
            self.vwap, self.vwap_since = Vwap(), since
        self.vwap.add(bar.volume, bar.price_volume, bar.price2_volume)


def override(ts_ns: int, volume_ratio: float, rule: RegimeRule) -> Verdict | None:
    """Return NO_TRADE with full confidence where trading is forbidden at `ts_ns`."""
    since, left = minutes_since_open(ts_ns), minutes_to_close(ts_ns)
    if left is not None and left < rule.minutes_before_close:
        reason = f"{left} minutes to the close, wanted {rule.minutes_before_close}"
    elif since is not None and since < rule.minutes_after_open:
        reason = f"{since} minutes since the open, wanted {rule.minutes_after_open}"
    elif volume_ratio < rule.volume_ratio_min:
        reason = f"volume ratio {volume_ratio:.2f}, wanted {rule.volume_ratio_min}"
    else:
        return None
    return Verdict(Regime.NO_TRADE, PPM, reason)


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
