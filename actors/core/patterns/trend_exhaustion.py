"""Exhaustion of a trend over ten bars (domain 2.3b).

The last ten bars in two halves: price went on, but volume or delta no longer carries it. Delta
fades against its own sign: half the size of the first half's delta is taken off in the direction
of the trend, so that more selling in a falling market is never taken for less.

A signal is raised at every bar where it holds, priced at the extreme that the trend reached.
"""

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
    up = closes[-1] > closes[-BARS]
    volume_before, volume = sum(volumes[-BARS:-HALF_BARS]), sum(volumes[-HALF_BARS:])
    before, delta = sum(deltas[-BARS:-HALF_BARS]), sum(deltas[-HALF_BARS:])
    fade = rule.delta_fade_ppm * abs(before)
    fading = Fading(
        up=up,
        volume_falls=volume * PPM < rule.volume_ratio_max_ppm * volume_before,
        delta_fades=delta * PPM < before * PPM - fade
        if up
        else delta * PPM > before * PPM + fade,
    )
    return fading if fading.volume_falls or fading.delta_fades else None


class TrendExhaustion:
    """Watches the bars of one contract and series; keeps the last ten."""

    def __init__(self, rule: TrendExhaustionRule) -> None:
        self.rule = rule
        self.history = BarHistory(BARS)

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar and return the signal that it confirms, if any."""
        self.history.add(bar)
        bars = self.history.bars
        volumes, deltas = [b.volume for b in bars], [b.delta for b in bars]
        fading = trend_exhaustion([b.close for b in bars], volumes, deltas, self.rule)
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
            f"volume {sum(volumes[HALF_BARS:])} after {sum(volumes[:HALF_BARS])},"
            f" delta {sum(deltas[HALF_BARS:])} after {sum(deltas[:HALF_BARS])}",
            confidence_ppm=CONFIDENCE_BOTH_PPM if both else CONFIDENCE_ONE_PPM,
            actionable=both,
        )
        return [signal]
