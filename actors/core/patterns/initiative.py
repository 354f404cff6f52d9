"""Initiative and responsive activity outside yesterday's value (domain 2.9).

An excursion is a run of bars that close outside the value area of the trading date before, on one
side of it and within one phase of the day. Its minutes run from the end of its first bar to the
end of the current one. A heavy bar (above the multiple of the mean of the last twenty, itself
included) after more than the minutes of acceptance is initiative, in the direction of the
excursion; a bar that is not heavy is responsive, back to value. Each is raised once in an
excursion.

Yesterday's value is the last value of the regular session of an earlier trading date, and only if
that session was seen from its first minute. Without it there is no signal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from actors.core.patterns.history import BarHistory, refuse_unsound_values
from actors.core.patterns.raised import raised
from actors.core.session.calendar import NANOS_PER_MINUTE, Phase, phase, trading_date
from protocol.instruments import Instrument
from protocol.market import BarClosed, ValueJudged, Window
from protocol.pattern_settings import InitiativeSettings
from protocol.patterns import Pattern
from protocol.signals import PPM, SignalRaised

VOLUME_BARS = 20
INITIATIVE_PPM, INITIATIVE_CONFIDENCE_PPM = 600_000, 750_000
PER_MINUTE_PPM = 10_000  # What a minute of acceptance adds to the strength.
RESPONSIVE_PPM, RESPONSIVE_CONFIDENCE_PPM = 500_000, 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeRule:
    """When trade outside value is accepted."""

    volume_multiple_ppm: int  # Of the mean volume, above it a bar is heavy.
    accept_ns: int  # An excursion must last longer.

    @classmethod
    def of(cls, settings: InitiativeSettings, own: Instrument) -> "InitiativeRule":
        """Return the rule in internal units; the instrument has no say in it."""
        return cls(
            volume_multiple_ppm=round(settings.volume_multiple * PPM),
            accept_ns=settings.accept_minutes * NANOS_PER_MINUTE,
        )


class Activity(NamedTuple):
    """What trade outside value is."""

    pattern: Pattern
    strength_ppm: int
    confidence_ppm: int


class Excursion(NamedTuple):
    """A run of bars outside value."""

    side: int  # 1 above, -1 below.
    date: str  # Trading date.
    phase: Phase
    start_ns: int  # The end of its first bar.


def side_of(close: int, value_low: int, value_high: int) -> int:
    """Return 1 above value, -1 below it, 0 inside, the edges included."""
    return (close > value_high) - (close < value_low)


def activity(
    side: int, outside_ns: int, volumes: Sequence[int], rule: InitiativeRule
) -> Activity | None:
    """Return what a bar outside value is, 1 above or -1 below it; None if it is neither yet.

    `outside_ns` is how long the excursion lasts; `volumes` in contracts, the bar's own last.
    """
    if side not in (1, -1) or outside_ns < 0 or not volumes:
        raise ValueError(
            f"side {side}, {outside_ns} ns outside and {len(volumes)} volumes,"
            " wanted side 1 or -1, a time from 0 and at least one volume"
        )
    refuse_unsound_values("volume", volumes, 0)
    heavy = volumes[-1] * len(volumes) * PPM > rule.volume_multiple_ppm * sum(volumes)
    return _activity(side > 0, outside_ns, heavy, rule)


def _activity(
    above: bool, outside_ns: int, heavy: bool, rule: InitiativeRule
) -> Activity | None:
    if not heavy:
        back = Pattern.RESPONSIVE_SELLING if above else Pattern.RESPONSIVE_BUYING
        return Activity(back, RESPONSIVE_PPM, RESPONSIVE_CONFIDENCE_PPM)
    if outside_ns <= rule.accept_ns:
        return None
    on = Pattern.INITIATIVE_BUYING if above else Pattern.INITIATIVE_SELLING
    strength = min(PPM, INITIATIVE_PPM + outside_ns * PER_MINUTE_PPM // NANOS_PER_MINUTE)
    return Activity(on, strength, INITIATIVE_CONFIDENCE_PPM)


class Initiative:
    """Watches the bars and the values of one contract.

    Keeps the last twenty bars, the last value of two dates and the excursion under way.
    """

    def __init__(self, rule: InitiativeRule) -> None:
        self.rule = rule
        self.history = BarHistory(VOLUME_BARS)
        self.volume = 0  # Of the bars in the history.
        self.values: list[ValueJudged] = []  # Of the regular session, at most two dates.
        self.day = (date.min, "")  # The trading date of the last bar, also in words.
        self.excursion: Excursion | None = None
        self.seen: set[Pattern] = set()  # In the excursion.

    def value(self, judged: ValueJudged) -> None:
        """Take in the value of a session so far; refuse one of an earlier date than the last."""
        if judged.window is not Window.RTH:
            return
        if self.values:
            last = self.values[-1]
            if judged.contract != last.contract or judged.date < last.date:
                raise ValueError(
                    f"the value of {judged.contract} on {judged.date},"
                    f" wanted {last.contract} on {last.date} or later"
                )
            if judged.date == last.date:
                self.values.pop()
        self.values = [*self.values[-1:], judged]

    def add(self, bar: BarClosed) -> list[SignalRaised]:
        """Take in the next bar and return the signal that it confirms, if any."""
        self._keep(bar)
        day = self._date(bar.start_ns)
        value = self._reference(bar, day)
        side = 0 if value is None else side_of(bar.close, value.value_low, value.value_high)
        if value is None or side == 0:
            self.excursion = None
            return []
        start_ns = self._carry_on(bar, side, day)
        if len(self.history) < VOLUME_BARS:
            return []
        heavy = bar.volume * VOLUME_BARS * PPM > self.rule.volume_multiple_ppm * self.volume
        found = _activity(side > 0, bar.end_ns - start_ns, heavy, self.rule)
        if found is None or found.pattern in self.seen:
            return []
        self.seen.add(found.pattern)
        signal = raised(
            bar,
            found.pattern,
            found.strength_ppm,
            value.value_high if side > 0 else value.value_low,
            (value.value_low, value.value_high),
            f"{(bar.end_ns - start_ns) // NANOS_PER_MINUTE} minutes outside the value of"
            f" {value.date}, volume {bar.volume} to {self.volume / VOLUME_BARS:.0f}",
            confidence_ppm=found.confidence_ppm,
        )
        return [signal]

    def _keep(self, bar: BarClosed) -> None:
        bars = self.history.bars
        gone = bars[0].volume if len(bars) == VOLUME_BARS else 0
        self.history.add(bar)
        self.volume += bar.volume - gone

    def _date(self, ts_ns: int) -> str:
        """Return the trading date; put into words once a day."""
        day = trading_date(ts_ns)
        if day != self.day[0]:
            self.day = (day, day.isoformat())
        return self.day[1]

    def _reference(self, bar: BarClosed, day: str) -> ValueJudged | None:
        """Return the last value of a date before `day`, if it is of a whole session."""
        for value in reversed(self.values):
            if value.date < day:
                if value.contract != bar.contract:
                    raise ValueError(f"a bar of {bar.contract}, wanted {value.contract}")
                return value if value.whole else None
        return None

    def _carry_on(self, bar: BarClosed, side: int, day: str) -> int:
        """Return when the excursion began, which may be now."""
        key = (side, day, phase(bar.start_ns))
        if self.excursion is None or self.excursion[:3] != key:
            self.excursion = Excursion(*key, bar.end_ns)
            self.seen = set()
        return self.excursion.start_ns
