"""Lack of participation at a new extreme (domain 2.6).

A new high or low of the last bars is doubtful if the cumulative delta does not confirm it or the
bar is thin. The drop is measured against the range of the cumulative delta over the window, not
against its value, which may be near 0. Where that count began anew inside the window, no drop is
known and only thin volume speaks.

The form of three bars: the point of control went up over two bars, the cumulative delta down.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.patterns.history import BarHistory, refuse_unsound_values
from actors.core.patterns.raised import ppm, raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import ParticipationSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

VOLUME_BARS = 10  # Before the current bar: what a thin bar is thin against.
CONFIDENCE_ACTIONABLE_PPM, CONFIDENCE_PPM = 750_000, 500_000
POC_BARS = 3
POC_STRENGTH_PPM, POC_CONFIDENCE_PPM = 750_000, 700_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationRule:
    """When a new extreme lacks those who should have made it."""

    bars: int  # Before the current one; at least ten.
    thin_ratio_ppm: int  # Volume to the mean of the ten bars before, up to it a bar is thin.
    drop_actionable_ppm: int  # Above it a signal is worth acting on.

    @classmethod
    def of(cls, settings: ParticipationSettings, own: Instrument) -> "ParticipationRule":
        """Return the rule in internal units; the instrument has no say in it."""
        return cls(
            bars=settings.bars,
            thin_ratio_ppm=round(settings.thin_ratio * PPM),
            drop_actionable_ppm=round(settings.drop_actionable * PPM),
        )

    def __post_init__(self) -> None:
        if self.bars < VOLUME_BARS:
            raise ValueError(f"a window of {self.bars} bars, wanted at least {VOLUME_BARS}")


class Lack(NamedTuple):
    """A new extreme that too few took part in."""

    drop_ppm: int  # Of the cumulative delta from its extreme, in shares of its range.
    strength_ppm: int
    actionable: bool


def lack_of_buyers(
    highs: Sequence[int], cvds: Sequence[int] | None, volumes: Sequence[int],
    rule: ParticipationRule,
) -> Lack | None:  # fmt: skip
    """Return what is wrong with a new high, the last of `highs`; None if nothing, or no new high.

    Ticks and contracts, oldest first, as many as the window and one more; `cvds` is None where
    the cumulative delta began anew among them.
    """
    _refuse_unsound(highs, volumes, rule)
    return _lack(highs, cvds, volumes, rule)


def lack_of_sellers(
    lows: Sequence[int], cvds: Sequence[int] | None, volumes: Sequence[int],
    rule: ParticipationRule,
) -> Lack | None:  # fmt: skip
    """Return what is wrong with a new low; the mirror image of `lack_of_buyers`."""
    mirrored = None if cvds is None else [-cvd for cvd in cvds]
    highs = [-low for low in lows]
    _refuse_unsound(highs, volumes, rule)
    return _lack(highs, mirrored, volumes, rule)


def poc_shift(pocs: Sequence[int], cvds: Sequence[int]) -> int:
    """Return 1 if the last of three points of control rose and the delta fell, -1 mirrored."""
    if not len(pocs) == len(cvds) == POC_BARS:
        raise ValueError(f"{len(pocs)} points of control and {len(cvds)} deltas, wanted three each")
    refuse_unsound_values("point of control or delta", (*pocs, *cvds))
    return _shift(pocs[-1] - pocs[-POC_BARS], cvds[-1] - cvds[-POC_BARS])


def _shift(moved: int, change: int) -> int:
    if moved > 0 > change:
        return 1
    return -1 if moved < 0 < change else 0


def _refuse_unsound(
    highs: Sequence[int], volumes: Sequence[int], rule: ParticipationRule
) -> None:
    if not len(highs) == len(volumes) == rule.bars + 1:
        raise ValueError(
            f"{len(highs)} extremes and {len(volumes)} volumes, wanted {rule.bars + 1} of each"
        )
    refuse_unsound_values("extreme", highs)
    refuse_unsound_values("volume", volumes, 0)


def _lack(
    highs: Sequence[int], cvds: Sequence[int] | None, volumes: Sequence[int],
    rule: ParticipationRule,
) -> Lack | None:  # fmt: skip
    if highs[-1] <= max(highs[:-1]):
        return None
    drop = spread = 0
    if cvds is not None:
        if len(cvds) != len(highs):
            raise ValueError(f"{len(cvds)} deltas for {len(highs)} extremes, wanted as many")
        refuse_unsound_values("cumulative delta", cvds)
        top = max(cvds[:-1])
        spread = top - min(cvds[:-1])
        drop = max(0, min(top - cvds[-1], spread))
    before, volume = sum(volumes[-VOLUME_BARS - 1 : -1]), volumes[-1] * VOLUME_BARS
    if drop == 0 and not 0 < before * rule.thin_ratio_ppm >= volume * PPM:
        return None
    return Lack(
        drop_ppm=ppm(drop, spread),
        strength_ppm=ppm(drop, spread) if drop else ppm(before - volume, before),
        actionable=drop * PPM > rule.drop_actionable_ppm * spread,
    )


class Participation:
    """Watches the bars of one contract and series; keeps the window and the current bar."""

    def __init__(self, rule: ParticipationRule) -> None:
        self.rule = rule
        self.history = BarHistory(rule.bars + 1)
        self.highs: deque[int] = deque(maxlen=rule.bars)  # Before the current bar.
        self.lows: deque[int] = deque(maxlen=rule.bars)

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar; return what it confirms: at the high, at the low, of three bars."""
        history, highs, lows = self.history, self.highs, self.lows
        history.add(bar)
        found: list[SignalRaised] = []
        if len(highs) == self.rule.bars:
            # Against the bar before alone first: that decides most.
            if bar.high > highs[-1] and bar.high > max(highs):
                found += self._lack(bar, True)
            if bar.low < lows[-1] and bar.low < min(lows):
                found += self._lack(bar, False)
        highs.append(bar.high)
        lows.append(bar.low)
        if history.one_count(POC_BARS):
            first = history.bars[-POC_BARS]
            shift = _shift(bar.poc - first.poc, bar.cvd - first.cvd)
            if shift:
                found.append(_poc_shifted(bar, first, shift))
        return found

    def _lack(self, bar: BarClosed, buyers: bool) -> list[SignalRaised]:
        """Return what is wrong with the new high of a bar, or with its new low."""
        bars = self.history.bars
        volumes = [b.volume for b in bars]
        side = 1 if buyers else -1  # Lows are highs upside down.
        one = self.history.one_count(len(bars))
        cvds = [b.cvd * side for b in bars] if one else None
        highs = [b.high for b in bars] if buyers else [-b.low for b in bars]
        lack = _lack(highs, cvds, volumes, self.rule)
        if lack is None:
            return []
        price = bar.high if buyers else bar.low
        signal = raised(
            bar,
            Pattern.LACK_OF_BUYERS if buyers else Pattern.LACK_OF_SELLERS,
            lack.strength_ppm,
            price,
            (price, price),
            f"cumulative delta {lack.drop_ppm / PPM:.0%} off, volume {bar.volume}"
            f" after {sum(volumes[-VOLUME_BARS - 1 : -1]) / VOLUME_BARS:.0f}",
            confidence_ppm=CONFIDENCE_ACTIONABLE_PPM if lack.actionable else CONFIDENCE_PPM,
            actionable=lack.actionable,
        )
        return [signal]


def _poc_shifted(bar: BarClosed, first: BarClosed, shift: int) -> SignalRaised:
    return raised(
        bar,
        Pattern.POC_WITHOUT_BUYERS if shift > 0 else Pattern.POC_WITHOUT_SELLERS,
        POC_STRENGTH_PPM,
        bar.poc,
        (min(first.poc, bar.poc), max(first.poc, bar.poc)),
        f"point of control {bar.poc - first.poc:+} ticks, delta {bar.cvd - first.cvd:+}",
        confidence_ppm=POC_CONFIDENCE_PPM,
    )
