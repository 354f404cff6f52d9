"""Indicators on closed bars, each carried on from bar to bar (domain 4.1, 4.2).

Prices are ticks, results are floats: nothing here is money. An indicator returns None until it
has seen enough. Wilder's smoothing is meant wherever his names stand: 1/n, not 2/(n + 1).
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from actors.core.session.calendar import trading_day
from protocol.market import BarClosed
from protocol.units import Ticks


class Ema:
    """Exponential average with 2/(n + 1), begun with the plain mean of the first n values."""

    def __init__(self, period: int) -> None:
        self.period = period
        self.count = 0
        self.value = 0.0

    def add(self, x: float) -> float | None:
        """Take in the next value and return the average."""
        self.count += 1
        if self.count <= self.period:
            self.value += x
            if self.count < self.period:
                return None
            self.value /= self.period
            return self.value
        self.value += 2 / (self.period + 1) * (x - self.value)
        return self.value


class WilderMean:
    """Wilder's average: the mean of the first n values, then ((n - 1) * mean + x) / n."""

    def __init__(self, period: int) -> None:
        self.period = period
        self.count = 0
        self.value = 0.0

    def add(self, x: float) -> float | None:
        """Take in the next value and return the average."""
        self.count += 1
        if self.count <= self.period:
            self.value += x
            if self.count < self.period:
                return None
            self.value /= self.period
            return self.value
        self.value = ((self.period - 1) * self.value + x) / self.period
        return self.value


class Adx:
    """Wilder's directional index; the first value stands at the bar of index 2n - 1."""

    def __init__(self, period: int) -> None:
        self.period = period
        self.changes = 0
        self.high = self.low = 0
        self.sums = [0.0, 0.0, 0.0]  # Of true range, +DM and -DM, smoothed.
        self.mean = WilderMean(period)

    def add(self, high: int, low: int, true_range: float) -> float | None:
        """Take in the next bar and return the ADX, 0 to 100."""
        up, down = high - self.high, self.low - low
        self.high, self.low = high, low
        self.changes += 1
        if self.changes == 1:  # The first bar has nothing to move from.
            return None
        plus = up if up > down and up > 0 else 0
        minus = down if down > up and down > 0 else 0
        moves = (true_range, plus, minus)
        for index, move in enumerate(moves):
            decay = self.sums[index] / self.period if self.changes > self.period + 1 else 0.0
            self.sums[index] += move - decay
        return self.mean.add(self._dx()) if self.changes > self.period else None

    def directions(self) -> tuple[float, float]:
        """Return +DI and -DI, 0 to 100."""
        ranged, plus, minus = self.sums
        return (100 * plus / ranged, 100 * minus / ranged) if ranged > 0 else (0.0, 0.0)

    def _dx(self) -> float:
        plus, minus = self.directions()
        return 100 * abs(plus - minus) / (plus + minus) if plus + minus > 0 else 0.0


@dataclass(slots=True)
class Vwap:
    """Volume-weighted price in ticks from exact sums over trades."""

    volume: int = 0
    price_volume: int = 0
    price2_volume: int = 0

    def add(self, volume: int, price_volume: int, price2_volume: int) -> None:
        """Take in the sums of one more bar."""
        self.volume += volume
        self.price_volume += price_volume
        self.price2_volume += price2_volume

    def mean(self) -> float | None:
        """Return the average price; None without volume."""
        return self.price_volume / self.volume if self.volume else None

    def deviation(self) -> float | None:
        """Return the standard deviation of the price by volume; None without volume."""
        if not self.volume:
            return None
        # Whole numbers up to the division: the two terms differ in their last digits only.
        spread = self.price2_volume * self.volume - self.price_volume**2
        return math.sqrt(max(spread, 0)) / self.volume

    def band(self, k: float) -> tuple[float, float] | None:
        """Return the mean less and plus `k` deviations."""
        mean, deviation = self.mean(), self.deviation()
        if mean is None or deviation is None:
            return None
        return mean - k * deviation, mean + k * deviation

    def bands(self) -> tuple[Ticks, ...]:
        """Return -3 to +3 deviations in ticks, the average in the middle; empty without volume.

        Rounded half away from zero (domain 0) in whole numbers throughout, so that the same
        trades give the same ticks on every machine.
        """
        if not self.volume:
            return ()
        spread = max(self.price2_volume * self.volume - self.price_volume**2, 0)
        return tuple(
            Ticks(_rounded(self.price_volume, 1 if k > 0 else -1, k * k * spread, self.volume))
            for k in range(-3, 4)
        )


class SessionVwap:
    """The average price of the running session (domain 4.1).

    Two are kept: one from 18:00, running all day, and one from 09:30. By night the first is meant
    and by day the second, so that each price is measured against the average of its own session.
    """

    def __init__(self) -> None:
        self.globex, self.regular = Vwap(), Vwap()
        self.running = self.globex
        self.day_ns = self.session_ns = -(2**63)

    def add(self, bar: BarClosed) -> None:
        """Take in the sums of one more bar."""
        day = trading_day(bar.start_ns)
        by_day = bar.start_ns >= day.rth_open_ns
        if day.start_ns > self.day_ns:
            self.globex, self.day_ns = Vwap(), day.start_ns
        self.globex.add(bar.volume, bar.price_volume, bar.price2_volume)
        if not by_day:
            self.running = self.globex
            return
        if day.rth_open_ns > self.session_ns:
            self.regular, self.session_ns = Vwap(), day.rth_open_ns
        self.regular.add(bar.volume, bar.price_volume, bar.price2_volume)
        self.running = self.regular


def _rounded(whole: int, sign: int, square: int, divisor: int) -> int:
    """Return (whole + sign * sqrt(square)) / divisor, rounded half away from zero."""
    if sign > 0:
        negative = whole < 0 and square < whole * whole
    else:
        negative = whole < 0 or square > whole * whole
    if negative:
        whole, sign = -whole, -sign
    # Half up of a value from 0: the floor of (2 * value * divisor + divisor) / (2 * divisor).
    # Under a floor an irrational root may be replaced by its own floor or, less it, its ceiling.
    root = math.isqrt(4 * square)
    if sign < 0 and root * root < 4 * square:
        root += 1
    rounded = (2 * whole + divisor + sign * root) // (2 * divisor)
    return -rounded if negative else rounded


def true_range(high: int, low: int, close_before: int | None) -> float:
    """Return the range of a bar, the gap from the close before it included."""
    if close_before is None:
        return high - low
    return max(high, close_before) - min(low, close_before)


def percentile(before: Sequence[float], value: float, count_min: int = 10) -> float:
    """Return the share in % of the values `before` that lie below `value`; 50 if too few."""
    if len(before) < count_min:
        return 50.0
    return 100 * len([old for old in before if old < value]) / len(before)


def slope(values: Sequence[float]) -> float:
    """Return the least-squares slope per step; 0 for fewer than two values (domain 1.4)."""
    n = len(values)
    if n < 2:
        return 0.0
    total = n * (n - 1) / 2
    squares = total * (2 * n - 1) / 3
    weighted: float = sum(map(mul, range(n), values))
    return (n * weighted - total * sum(values)) / (n * squares - total * total)


@dataclass(frozen=True, slots=True)
class Structure:
    """How the last bar stands to those before it."""

    higher_high: bool
    lower_low: bool
    higher_low: bool
    lower_high: bool


def structure(highs: Sequence[int], lows: Sequence[int]) -> Structure:
    """Return the flags of the last of five bars (domain 4.2).

    A low is higher only if it holds above the four before it and the last two lows hold above
    the first three; the mirror image for highs.
    """
    *highs_before, high = highs
    *lows_before, low = lows
    return Structure(
        higher_high=high > max(highs_before),
        lower_low=low < min(lows_before),
        higher_low=low > min(lows_before) and min(lows[-2:]) > min(lows[:-2]),
        lower_high=high < max(highs_before) and max(highs[-2:]) < max(highs[:-2]),
    )


def range_bound(highs: Sequence[int], lows: Sequence[int]) -> int:
    """Return how many bars lie inside the range of the first, widened by a tenth on each side."""
    margin = (highs[0] - lows[0]) / 10
    top, bottom = highs[0] + margin, lows[0] - margin
    return sum(high <= top and low >= bottom for high, low in zip(highs, lows, strict=True))


def mean(values: deque[int]) -> float:
    """Return the plain average of at least one value."""
    return sum(values) / len(values)
