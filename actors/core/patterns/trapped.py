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
    index = _latest_extreme(highs, max(highs, default=0), volumes, rule)
    if index is None:
        return None
    return _reversed(index, highs[index], highs[index] - close, atr, rule)


def trapped_sellers(
    lows: Sequence[int], volumes: Sequence[int], close: int, atr: float, rule: TrappedRule
) -> Trap | None:
    """Return the low where sellers are trapped; the mirror image of `trapped_buyers`."""
    index = _latest_extreme(lows, min(lows, default=0), volumes, rule)
    if index is None:
        return None
    return _reversed(index, lows[index], close - lows[index], atr, rule)


def _latest_extreme(
    prices: Sequence[int], extreme: int, volumes: Sequence[int], rule: TrappedRule
) -> int | None:
    """Return the latest bar at the extreme, if it is old and heavy enough."""
    if len(prices) != len(volumes):
        raise ValueError(f"{len(prices)} extremes and {len(volumes)} volumes, wanted as many")
    refuse_unsound_values("extreme", prices)
    refuse_unsound_values("volume", volumes, 0)
    if len(prices) < rule.bars:
        return None
    index = max(i for i, price in enumerate(prices) if price == extreme)
    heavy = volumes[index] * len(volumes) * PPM > rule.volume_multiple_ppm * sum(volumes)
    return index if heavy and index < len(prices) - rule.recent_bars else None


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
        self.atr = WilderMean(ATR_BARS)
        self.done: dict[Pattern, tuple[int, int]] = {}  # End and order of the extreme's bar.

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar and return the signals that it confirms."""
        bars = self.history.bars
        ranged = true_range(bar.high, bar.low, bars[-1].close if bars else None)
        self.history.add(bar)
        atr = self.atr.add(ranged)
        if atr is None:
            return []
        volumes = [b.volume for b in bars]
        highs, lows = [b.high for b in bars], [b.low for b in bars]
        return [
            *self._once(bar, trapped_buyers(highs, volumes, bar.close, atr, self.rule), True),
            *self._once(bar, trapped_sellers(lows, volumes, bar.close, atr, self.rule), False),
        ]

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
