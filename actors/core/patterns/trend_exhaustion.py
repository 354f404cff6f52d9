"""Exhaustion of a trend over ten bars (domain 2.3b).

The last ten bars in two halves: price went on, but volume or delta no longer carries it. Delta
fades against its own sign: half the size of the first half's delta is taken off in the direction
of the trend, so that more selling in a falling market is never taken for less.

A signal is raised at every bar where it holds, priced at the extreme that the trend reached.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.patterns.history import BarHistory, refuse_unsound_values
from actors.core.patterns.raised import raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import TrendExhaustionSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

HALF_BARS = 5
BARS = 2 * HALF_BARS
STRENGTH_PPM = 700_000
CONFIDENCE_BOTH_PPM, CONFIDENCE_ONE_PPM = 800_000, 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendExhaustionRule:
    """When a trend runs out."""

    volume_ratio_max_ppm: int  # Second half to first half, below it volume falls.
    delta_fade_ppm: int  # Share of the first half's delta.

    @classmethod
    def of(cls, settings: TrendExhaustionSettings, own: Instrument) -> "TrendExhaustionRule":
        """Return the rule in internal units; the instrument has no say in it."""
        return cls(
            volume_ratio_max_ppm=round(settings.volume_ratio_max * PPM),
            delta_fade_ppm=round(settings.delta_fade * PPM),
        )


class Fading(NamedTuple):
    """A trend and what no longer carries it; at least one of the two."""

    up: bool
    volume_falls: bool
    delta_fades: bool


def trend_exhaustion(
    closes: Sequence[int], volumes: Sequence[int], deltas: Sequence[int], rule: TrendExhaustionRule
) -> Fading | None:
    """Return how the trend over the last ten of equally many values fades; None if it does not.

    Closes in ticks, volumes and deltas in contracts, oldest first.
    """
    if not len(closes) == len(volumes) == len(deltas):
        raise ValueError(
            f"{len(closes)} closes, {len(volumes)} volumes and {len(deltas)} deltas,"
            " wanted equally many"
        )
    refuse_unsound_values("close", closes)
    refuse_unsound_values("volume", volumes, 0)
    refuse_unsound_values("delta", deltas)
    if len(closes) < BARS or closes[-1] == closes[-BARS]:
        return None
    return _fading(
        closes[-1] > closes[-BARS],
        (sum(volumes[-BARS:-HALF_BARS]), sum(volumes[-HALF_BARS:])),
        (sum(deltas[-BARS:-HALF_BARS]), sum(deltas[-HALF_BARS:])),
        rule,
    )


def _fading(
    up: bool, volume: tuple[int, int], delta: tuple[int, int], rule: TrendExhaustionRule
) -> Fading | None:
    """Return how a trend fades by the sums over both halves of its bars, contracts."""
    before, now = delta[0] * PPM, delta[1] * PPM
    fade = rule.delta_fade_ppm * abs(delta[0])
    delta_fades = now < before - fade if up else now > before + fade
    volume_falls = volume[1] * PPM < rule.volume_ratio_max_ppm * volume[0]
    return Fading(up, volume_falls, delta_fades) if volume_falls or delta_fades else None


class TrendExhaustion:
    """Watches the bars of one contract and series; keeps the last ten.

    The sums of the halves are differences of sums that run on, exact in Python's integers.
    """

    def __init__(self, rule: TrendExhaustionRule) -> None:
        self.rule = rule
        self.history = BarHistory(BARS)
        self.volumes = deque([0], maxlen=BARS + 1)  # Volume up to the end of each bar.
        self.deltas = deque([0], maxlen=BARS + 1)

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar and return the signal that it confirms, if any."""
        self.history.add(bar)
        bars, volumes, deltas = self.history.bars, self.volumes, self.deltas
        volumes.append(volumes[-1] + bar.volume)
        deltas.append(deltas[-1] + bar.delta)
        moved = bar.close - bars[0].close
        if len(bars) < BARS or moved == 0:
            return []
        volume, delta = _halves(volumes), _halves(deltas)
        fading = _fading(moved > 0, volume, delta, self.rule)
        if fading is None:
            return []
        both = fading.volume_falls and fading.delta_fades
        extreme = max(b.high for b in bars) if fading.up else min(b.low for b in bars)
        signal = raised(
            bar,
            Pattern.UPTREND_EXHAUSTION if fading.up else Pattern.DOWNTREND_EXHAUSTION,
            STRENGTH_PPM,
            extreme,
            (extreme, extreme),
            f"volume {volume[1]} after {volume[0]}, delta {delta[1]} after {delta[0]}",
            confidence_ppm=CONFIDENCE_BOTH_PPM if both else CONFIDENCE_ONE_PPM,
            actionable=both,
        )
        return [signal]


def _halves(sums: deque[int]) -> tuple[int, int]:
    """Return the sums over both halves of the last ten bars from the sums up to each end."""
    middle = sums[HALF_BARS]
    return middle - sums[0], sums[-1] - middle
