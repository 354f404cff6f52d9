"""Effort without result: much cumulative delta, no price (domain 2.4 E).

An observation is a bar: its close and the cumulative delta at it. A change is the last of
`bars` observations less the first. It is large if it reaches so many standard deviations of the
past changes, the present one left out. Whoever pushed without moving the price was absorbed, so
the signal points the other way.

A change over a reset of the cumulative delta is none: the observations begin anew with the count.
The night moves a tenth of what the day moves, so changes of the regular session and of the hours
outside it have a deviation each; otherwise every morning would look like effort. A change that
reaches from one into the other is neither's and counts for none.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors.core.patterns.history import BarHistory, refuse_unsound_values
from actors.core.patterns.raised import ppm, raised
from actors.core.session.calendar import Phase, phase
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import EffortSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

CHANGES_MAX = 200  # Behind a deviation, unless the rule wants more: two to three days of bars.
FULL_STRENGTH = 2  # Times the effort that is enough; enough is half strength.


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortRule:
    """When delta is much and price little."""

    bars: int  # Observations of a change.
    price_ticks_max: int
    deviations_ppm: int
    changes_min: int  # Behind the deviation.

    @classmethod
    def of(cls, settings: EffortSettings, own: Instrument) -> "EffortRule":
        """Return the rule in internal units; the instrument has no say in it."""
        return cls(
            bars=settings.bars,
            price_ticks_max=settings.price_ticks_max,
            deviations_ppm=round(settings.deviations * PPM),
            changes_min=settings.changes_min,
        )


class Push(NamedTuple):
    """A push that moved nothing."""

    buyers: bool  # Who pushed.
    strength_ppm: int
    deviation: float  # Of the past changes, contracts.


def effort(
    price_change: int, cvd_change: int, past: Sequence[int], rule: EffortRule
) -> Push | None:
    """Return the push behind a change of `price_change` ticks and `cvd_change` contracts.

    `past` are earlier changes of cumulative delta. Changes that were all the same measure
    nothing, so there is no push then.
    """
    refuse_unsound_values("change", (price_change, cvd_change))
    if not _may_push(price_change, cvd_change, len(past), rule):
        return None
    refuse_unsound_values("past change", past)
    squares = sum(change * change for change in past)
    return _push(cvd_change, len(past), sum(past), squares, rule)


def _may_push(price_change: int, cvd_change: int, count: int, rule: EffortRule) -> bool:
    if abs(price_change) > rule.price_ticks_max or count < rule.changes_min:
        return False
    return cvd_change != 0  # No push, however small the deviations that are asked for.


def _push(
    cvd_change: int, count: int, total: int, squares: int, rule: EffortRule
) -> Push | None:
    """Return the push against `count` past changes of that sum and sum of squares."""
    # Whole numbers: count^2 times the variance, and the effort on the same scale.
    spread = count * squares - total * total
    if spread == 0 or (cvd_change * count * PPM) ** 2 < rule.deviations_ppm**2 * spread:
        return None
    deviation = math.sqrt(spread) / count
    enough = rule.deviations_ppm / PPM * deviation
    return Push(cvd_change > 0, ppm(abs(cvd_change), FULL_STRENGTH * enough), deviation)


class PastChanges:
    """The last `changes_max` changes, with their sum and that of their squares, exact."""

    def __init__(self, changes_max: int) -> None:
        self.changes: deque[int] = deque(maxlen=changes_max)
        self.total = self.squares = 0

    def __len__(self) -> int:
        return len(self.changes)

    def add(self, change: int) -> None:
        """Take in the next change; the oldest gives way to it."""
        changes = self.changes
        if len(changes) == changes.maxlen:
            oldest = changes[0]
            self.total -= oldest
            self.squares -= oldest * oldest
        changes.append(change)
        self.total += change
        self.squares += change * change


class Effort:
    """Watches the bars of one contract and series; keeps the last few and past changes."""

    def __init__(self, rule: EffortRule) -> None:
        self.rule = rule
        self.history = BarHistory(rule.bars)
        changes_max = max(CHANGES_MAX, rule.changes_min)
        self.by_day, self.by_night = PastChanges(changes_max), PastChanges(changes_max)
        self.day = False  # Whether the last bar lies in the regular session ...
        self.alike = 0  # ... and how many in a row do as it does.

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar and return the signal that it confirms, if any."""
        self.history.add(bar)
        before, self.day = self.day, phase(bar.start_ns) is Phase.RTH
        self.alike = self.alike + 1 if self.day is before else 1
        # The first bar only says from where; what changed began with the second.
        if not self.history.one_count(self.rule.bars) or self.alike < self.rule.bars - 1:
            return []
        bars = self.history.bars
        past = self.by_day if self.day else self.by_night
        price_change, cvd_change = bar.close - bars[0].close, bar.cvd - bars[0].cvd
        push, count = None, len(past)
        if _may_push(price_change, cvd_change, count, self.rule):
            push = _push(cvd_change, count, past.total, past.squares, self.rule)
        past.add(cvd_change)
        if push is None:
            return []
        low, high = min(b.low for b in bars), max(b.high for b in bars)
        signal = raised(
            bar,
            Pattern.EFFORT_SELLING_ABSORPTION if push.buyers else Pattern.EFFORT_BUYING_ABSORPTION,
            push.strength_ppm,
            high if push.buyers else low,
            (low, high),
            f"delta {cvd_change:+} for {price_change:+} ticks, deviation {push.deviation:.0f}",
        )
        return [signal]
