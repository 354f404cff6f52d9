"""Delta divergence: price makes a new extreme that the delta does not confirm (domain 2.5).

Between pivots: a pivot high is higher than the bars on each side of it (an equal one among them
makes it none) and is known only when the last of those has closed; that bar's end is the time of
the signal. The last two pivots are compared: a higher high with less cumulative delta is bearish,
a lower high with more of it is the hidden form, a sign that the fall goes on. Lows mirror highs.
The cumulative delta of two pivots is comparable only if it was not reset in between.

By bars: a new high of the last bars whose own delta is negative, while one of the bars before had
a positive one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.patterns.history import BarHistory, refuse_unsound_values
from actors.core.patterns.raised import ppm, raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import DivergenceSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

VOLUME_BARS = 20  # Of the mean volume, up to the bar that confirms.
BAR_STRENGTH_PPM = 700_000
FULL_STRENGTH = 2  # Mean volumes of difference.
HIGH, LOW = 1, -1  # Sign that turns lows into highs.

# By the side of the pivots and whether it is the hidden form.
_PATTERNS = {
    (HIGH, False): Pattern.BEARISH_DELTA_DIVERGENCE,
    (LOW, False): Pattern.BULLISH_DELTA_DIVERGENCE,
    (HIGH, True): Pattern.HIDDEN_BEARISH_DIVERGENCE,
    (LOW, True): Pattern.HIDDEN_BULLISH_DIVERGENCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceRule:
    """When price and delta part."""

    pivot_bars: int  # On each side of a pivot.
    separation_max: int  # Bars from pivot to pivot.
    cvd_share_ppm: int  # Least difference, as a share of the mean volume.
    hidden: bool
    by_bar: bool
    lookback_bars: int  # The current one included.

    @classmethod
    def of(cls, settings: DivergenceSettings, own: Instrument) -> "DivergenceRule":
        """Return the rule in internal units; the instrument has no say in it."""
        return cls(
            pivot_bars=settings.pivot_bars,
            separation_max=settings.separation_max,
            cvd_share_ppm=round(settings.cvd_share_min * PPM),
            hidden=settings.hidden,
            by_bar=settings.by_bar,
            lookback_bars=settings.lookback_bars,
        )


class Pivot(NamedTuple):
    """A high or low above or below its neighbours."""

    price: int
    cvd: int  # At the close of its bar.
    number: int  # Of its bar.
    cvd_count: int  # Pivots of unequal counts of cumulative delta do not compare.


class Diverged(NamedTuple):
    """Two pivots whose prices and deltas went apart."""

    pattern: Pattern
    strength_ppm: int


def is_pivot(prices: Sequence[int], side: int) -> bool:
    """Return whether the middle of `prices` lies beyond all others: above if HIGH, below if LOW."""
    if len(prices) % 2 == 0:
        raise ValueError(f"{len(prices)} prices, wanted an odd number, the pivot in the middle")
    refuse_unsound_values("price", prices)
    return _stands_out(list(prices), side)


def _stands_out(prices: list[int], side: int) -> bool:
    peak = prices[len(prices) // 2]
    extreme = max(prices) if side == HIGH else min(prices)
    return peak == extreme and prices.count(peak) == 1


def pivot_divergence(
    first: Pivot, second: Pivot, side: int, volumes: Sequence[int], rule: DivergenceRule
) -> Diverged | None:
    """Return how the later of two pivots of one side diverges; None if it does not.

    `volumes` in contracts: their mean is the scale of the difference in cumulative delta.
    """
    if second.cvd_count != first.cvd_count or second.number - first.number > rule.separation_max:
        return None
    price, cvd = (second.price - first.price) * side, (second.cvd - first.cvd) * side
    refuse_unsound_values("volume", volumes, 0)
    refuse_unsound_values("price or delta", (price, cvd))
    total, bars = sum(volumes), len(volumes)
    if total == 0:
        return None
    if abs(cvd) * bars * PPM < rule.cvd_share_ppm * total or price * cvd >= 0:
        return None
    if price < 0 and not rule.hidden:
        return None
    strength = ppm(abs(cvd) * bars, FULL_STRENGTH * total)
    return Diverged(_PATTERNS[side, price < 0], strength)


def bar_divergence(
    highs: Sequence[int], lows: Sequence[int], deltas: Sequence[int]
) -> Pattern | None:
    """Return the divergence of the last bar from those before it; None if there is none.

    Ticks and contracts, oldest first, of the bars looked back on.
    """
    if not len(highs) == len(lows) == len(deltas):
        raise ValueError(
            f"{len(highs)} highs, {len(lows)} lows and {len(deltas)} deltas, wanted equally many"
        )
    refuse_unsound_values("high, low or delta", (*highs, *lows, *deltas))
    if len(deltas) < 2:
        return None
    *before, delta = deltas
    if highs[-1] > max(highs[:-1]) and delta < 0 < max(before):
        return Pattern.BEARISH_BAR_DIVERGENCE
    if lows[-1] < min(lows[:-1]) and delta > 0 > min(before):
        return Pattern.BULLISH_BAR_DIVERGENCE
    return None


class DeltaDivergence:
    """Watches the bars of one contract and series; keeps the last few and a pivot of each side."""

    def __init__(self, rule: DivergenceRule) -> None:
        self.rule = rule
        self.span = 2 * rule.pivot_bars + 1
        self.bars_max = max(self.span, rule.lookback_bars, VOLUME_BARS)
        self.history = BarHistory(self.bars_max)
        self.highs: list[int] = []  # Of those bars.
        self.lows: list[int] = []
        self.number = 0  # Of the current bar.
        self.pivots: dict[int, Pivot] = {}  # The last one, by side.

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar; return what it confirms: at highs, at lows, by itself."""
        self.history.add(bar)
        self.number += 1
        highs, lows, span, count = self.highs, self.lows, self.span, self.rule.lookback_bars
        highs.append(bar.high)
        lows.append(bar.low)
        if len(highs) > self.bars_max:
            del highs[0], lows[0]
        found: list[SignalRaised] = []
        if len(highs) >= span:
            # Against the current bar alone first: that decides half.
            middle = -self.rule.pivot_bars - 1
            if highs[middle] > bar.high and _stands_out(highs[-span:], HIGH):
                found += self._pivot(bar, highs, HIGH)
            if lows[middle] < bar.low and _stands_out(lows[-span:], LOW):
                found += self._pivot(bar, lows, LOW)
        if self.rule.by_bar and len(highs) >= max(count, 2):
            # Few bars go beyond the one before against their own delta.
            falling, rising = bar.delta < 0, bar.delta > 0
            if falling and bar.high > highs[-2] or rising and bar.low < lows[-2]:
                found += self._by_bar(bar, highs, lows)
        return found

    def _pivot(self, bar: BarClosed, prices: Sequence[int], side: int) -> list[SignalRaised]:
        """Take in the pivot that `bar` confirms; return how it diverges from the one before."""
        back = -self.rule.pivot_bars - 1
        pivot = Pivot(
            prices[back],
            self.history.bars[back].cvd,
            self.number - self.rule.pivot_bars,
            self.history.counts[back],
        )
        before = self.pivots.get(side)
        self.pivots[side] = pivot
        if before is None or len(self.history) < VOLUME_BARS:
            return []
        volumes = [b.volume for b in self.history.bars][-VOLUME_BARS:]
        found = pivot_divergence(before, pivot, side, volumes, self.rule)
        if found is None:
            return []
        signal = raised(
            bar,
            found.pattern,
            found.strength_ppm,
            pivot.price,
            (min(before.price, pivot.price), max(before.price, pivot.price)),
            f"{pivot.price - before.price:+} ticks in {pivot.number - before.number} bars,"
            f" cumulative delta {pivot.cvd - before.cvd:+}",
        )
        return [signal]

    def _by_bar(
        self, bar: BarClosed, highs: Sequence[int], lows: Sequence[int]
    ) -> list[SignalRaised]:
        count = self.rule.lookback_bars
        deltas = [b.delta for b in self.history.bars][-count:]
        pattern = bar_divergence(highs[-count:], lows[-count:], deltas)
        if pattern is None:
            return []
        price = bar.high if pattern is Pattern.BEARISH_BAR_DIVERGENCE else bar.low
        detail = f"delta {bar.delta:+} at a new extreme of {count} bars"
        return [raised(bar, pattern, BAR_STRENGTH_PPM, price, (price, price), detail)]
