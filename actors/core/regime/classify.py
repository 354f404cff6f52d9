"""Which regime the market is in, judged after every bar (domain 4.3).

Four regimes collect points from a table of items; the highest wins if it reaches the minimum.
Before 21 bars there is no judgement (confidence 0), because scores over absent data look like a
quiet market. Some conditions forbid trading whatever the scores say.

The minutes after the open and before the close count inside the regular session only, both ends
included; outside it no such override exists, since the risk rules keep entries out of those hours.
A session that closes early has its last minutes before that close, and nothing after it.
"""

from collections import deque

from actors.core.regime.indicators import (
    Adx,
    Ema,
    SessionVwap,
    WilderMean,
    mean,
    percentile,
    range_bound,
    slope,
    structure,
    true_range,
)
from actors.core.regime.scores import (
    UNSURE_PPM,
    Findings,
    RegimeRule,
    Verdict,
    choose,
    scores,
)
from actors.core.session.calendar import (
    Schedule,
    early_close_ns,
    minutes_since_open,
    minutes_to_close,
    trading_day,
)
from actors.core.session.news import news_near
from protocol.market import BarClosed
from protocol.signals import PPM, Regime, RegimeJudged

FAST, SLOW, WILDER = 9, 21, 14
STRUCTURE_BARS, RANGE_BARS, ATR_BARS = 5, 10, 50
DELTA_BARS, ADX_SLOPE_BARS, VOLUME_BARS, AVERAGE_RANGE_BARS = 10, 5, 20, 5


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
        self.atr_now: float | None = None  # Ticks, after the last bar.
        self.vwap = SessionVwap()
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
        self.vwap.add(bar)
        ranged = true_range(bar.high, bar.low, self.close)
        self.close = bar.close
        fast, slow = self.fast.add(bar.close), self.slow.add(bar.close)
        atr, adx = self.atr.add(ranged), self.adx.add(bar.high, bar.low, ranged)
        atr_percentile = 50.0 if atr is None else percentile(self.atrs, atr)
        if atr is not None:
            self.atrs.append(atr)
        if adx is not None:
            self.adxs.append(adx)
        self.atr_now = atr
        vwap = self.vwap.running.mean()
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


def override(ts_ns: int, volume_ratio: float, rule: RegimeRule) -> Verdict | None:
    """Return NO_TRADE with full confidence where trading is forbidden at `ts_ns`."""
    reason = _forbidden(ts_ns, volume_ratio, rule)
    return None if reason is None else Verdict(Regime.NO_TRADE, PPM, reason)


def _forbidden(ts_ns: int, volume_ratio: float, rule: RegimeRule) -> str | None:
    closed = _closed(ts_ns, rule.schedule)
    if closed is not None:
        return closed
    left = minutes_to_close(ts_ns, rule.schedule)
    if left is not None and left < rule.minutes_before_close:
        return f"{left} minutes to the close, wanted {rule.minutes_before_close}"
    news = news_near(rule.news, ts_ns, rule.minutes_around_news)
    if news is not None:
        return f"news within {rule.minutes_around_news} minutes: {news.title}"
    since = minutes_since_open(ts_ns)
    if since is not None and since < rule.minutes_after_open:
        return f"{since} minutes since the open, wanted {rule.minutes_after_open}"
    if volume_ratio < rule.volume_ratio_min:
        return f"volume ratio {volume_ratio:.2f}, wanted {rule.volume_ratio_min}"
    return None


def _closed(ts_ns: int, schedule: Schedule) -> str | None:
    """Return why the exchange is closed at `ts_ns` on a date that differs; None if it is not."""
    day = trading_day(ts_ns)
    if day.date in schedule.closed:
        return f"{day.date} is closed"
    early_ns = early_close_ns(day, schedule)
    if early_ns is not None and ts_ns > early_ns:
        return f"{day.date} closed early"
    return None
