"""Trapped traders: much was bought at the top, and price fell away from it (domain 2.8).

The extreme is the highest high (lowest low) of the last bars, of equal ones the latest: a market
that came back to its extreme has trapped nobody. The fall is measured from the extreme to the
close, and must be large both in percent and against the average true range; before that exists
there is no signal, nor at prices of 0 and below, where percent mean nothing.

An extreme raises one signal, at the first bar where all holds, and is then done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.patterns.history import BarHistory, refuse_unsound_values
from actors.core.patterns.raised import ppm, raised
from actors.core.regime.indicators import WilderMean, true_range
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import TrappedSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

ATR_BARS = 14
FULL_PERCENT = 2  # A reversal of two percent has full strength.
CONFIDENCE_PPM = 700_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrappedRule:
    """When those at an extreme sit on a loss."""

    bars: int  # The current one included.
    recent_bars: int  # The extreme lies before these.
    volume_multiple_ppm: int  # Of the mean of the bars, above it a bar has trapped many.
    reversal_ppm: int  # Share of the extreme's price.
    reversal_atr_ppm: int

    @classmethod
    def of(cls, settings: TrappedSettings, own: Instrument) -> "TrappedRule":
        """Return the rule in internal units; the instrument has no say in it."""
        return cls(
            bars=settings.bars,
            recent_bars=settings.recent_bars,
            volume_multiple_ppm=round(settings.volume_multiple * PPM),
            reversal_ppm=round(settings.reversal_percent * PPM / 100),
            reversal_atr_ppm=round(settings.reversal_atr * PPM),
        )

    def __post_init__(self) -> None:
        if not 0 < self.recent_bars < self.bars:
            raise ValueError(
                f"{self.recent_bars} recent of {self.bars} bars, wanted at least 1 and fewer"
            )


class Trap(NamedTuple):
    """An extreme that price has left."""

    bar: int  # Its place among the bars looked at.
    reversal: int  # Ticks from the extreme to the close.
    strength_ppm: int


def trapped_buyers(
    highs: Sequence[int], volumes: Sequence[int], close: int, atr: float, rule: TrappedRule
) -> Trap | None:
    """Return the high where buyers are trapped after the fall to `close`; None if there is none.

    Ticks and contracts, oldest first; `atr` in ticks.
    """
    _refuse_unsound(highs, volumes)
    index = _latest_extreme(highs, max(highs, default=0), volumes, sum(volumes), rule)
    if index is None:
        return None
    return _reversed(index, highs[index], highs[index] - close, atr, rule)


def trapped_sellers(
    lows: Sequence[int], volumes: Sequence[int], close: int, atr: float, rule: TrappedRule
) -> Trap | None:
    """Return the low where sellers are trapped; the mirror image of `trapped_buyers`."""
    _refuse_unsound(lows, volumes)
    index = _latest_extreme(lows, min(lows, default=0), volumes, sum(volumes), rule)
    if index is None:
        return None
    return _reversed(index, lows[index], close - lows[index], atr, rule)


def _refuse_unsound(prices: Sequence[int], volumes: Sequence[int]) -> None:
    if len(prices) != len(volumes):
        raise ValueError(f"{len(prices)} extremes and {len(volumes)} volumes, wanted as many")
    refuse_unsound_values("extreme", prices)
    refuse_unsound_values("volume", volumes, 0)


def _latest_extreme(
    prices: Sequence[int], extreme: int, volumes: Sequence[int], total: int, rule: TrappedRule
) -> int | None:
    """Return the latest bar at the extreme, if it is old and heavy enough."""
    count = len(prices)
    if count < rule.bars:
        return None
    index = count - 1
    while prices[index] != extreme:
        index -= 1
    heavy = volumes[index] * count * PPM > rule.volume_multiple_ppm * total
    return index if heavy and index < count - rule.recent_bars else None


def _reversed(
    index: int, price: int, reversal: int, atr: float, rule: TrappedRule
) -> Trap | None:
    refuse_unsound_values("reversal", (reversal,))
    refuse_unsound_values("average true range", (atr,), 0)
    if price <= 0 or reversal <= 0:
        return None
    if reversal * PPM < max(rule.reversal_ppm * price, rule.reversal_atr_ppm * atr):
        return None
    return Trap(index, reversal, ppm(reversal * 100, price * FULL_PERCENT))


class Trapped:
    """Watches the bars of one contract and series.

    Keeps the last few, the average true range since the first, and the last extreme of each side
    that raised a signal.
    """

    def __init__(self, rule: TrappedRule) -> None:
        self.rule = rule
        self.history = BarHistory(rule.bars)
        self.highs: list[int] = []  # Of the bars in the history, as the two below.
        self.lows: list[int] = []
        self.volumes: list[int] = []
        self.total = 0  # Of the volumes.
        self.top = self.bottom = 0  # The highest high and the lowest low of them.
        self.atr = WilderMean(ATR_BARS)
        self.done: dict[Pattern, tuple[int, int]] = {}  # End and order of the extreme's bar.

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar and return the signals that it confirms."""
        bars = self.history.bars
        ranged = true_range(bar.high, bar.low, bars[-1].close if bars else None)
        self.history.add(bar)
        self._keep(bar)
        atr = self.atr.add(ranged)
        if atr is None:
            return []
        highs, lows, close, top, bottom = self.highs, self.lows, bar.close, self.top, self.bottom
        found: list[SignalRaised] = []
        # A bar that made the extreme itself has trapped nobody yet.
        if bar.high < top:
            high = _latest_extreme(highs, top, self.volumes, self.total, self.rule)
            if high is not None:
                trap = _reversed(high, top, top - close, atr, self.rule)
                found += self._once(bar, trap, True)
        if bar.low > bottom:
            low = _latest_extreme(lows, bottom, self.volumes, self.total, self.rule)
            if low is not None:
                trap = _reversed(low, bottom, close - bottom, atr, self.rule)
                found += self._once(bar, trap, False)
        return found

    def _keep(self, bar: BarClosed) -> None:
        highs, lows, volumes = self.highs, self.lows, self.volumes
        high, low = bar.high, bar.low
        highs.append(high)
        lows.append(low)
        volumes.append(bar.volume)
        self.total += bar.volume
        high_gone = low_gone = None
        if len(volumes) > self.rule.bars:
            self.total -= volumes.pop(0)
            high_gone, low_gone = highs.pop(0), lows.pop(0)
        # An extreme is looked for anew only where the last one has gone.
        if len(highs) == 1 or high >= self.top:
            self.top = high
        elif high_gone == self.top:
            self.top = max(highs)
        if len(lows) == 1 or low <= self.bottom:
            self.bottom = low
        elif low_gone == self.bottom:
            self.bottom = min(lows)

    def _once(self, bar: BarClosed, trap: Trap | None, buyers: bool) -> list[SignalRaised]:
        if trap is None:
            return []
        extreme = self.history.bars[trap.bar]
        pattern = Pattern.TRAPPED_BUYERS if buyers else Pattern.TRAPPED_SELLERS
        if self.done.get(pattern) == (extreme.end_ns, extreme.order):
            return []
        self.done[pattern] = (extreme.end_ns, extreme.order)
        signal = raised(
            bar,
            pattern,
            trap.strength_ppm,
            extreme.high if buyers else extreme.low,
            (extreme.low, extreme.high),
            f"{trap.reversal} ticks from an extreme of {extreme.volume} contracts",
            confidence_ppm=CONFIDENCE_PPM,
        )
        return [signal]
