"""Who drives, by the cumulative delta of the running session, with hysteresis (domain 4.4).

By night the delta since 18:00 counts, from 09:30 to the end of the trading day that since 09:30;
each session begins rotational, because its delta begins at nothing. Fifty contracts, the fixed
threshold, are noise where thousands trade per minute. Normalised, the threshold is a share of how
far the closing deltas of earlier regular sessions spread; until two of those were seen whole, a
share of the volume that a session has. It stands for the whole trading day. Threshold by night and
buffer keep the proportions of the fixed numbers: the three are scaled alike.
"""

from collections import deque
from dataclasses import dataclass
from datetime import date
from statistics import median, stdev
from typing import NamedTuple

from actors.core.session.calendar import NANOS_PER_MINUTE, RTH_CLOSE, RTH_OPEN, trading_day
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.settings import ConditionSettings
from protocol.signals import PPM, FlowRegime

TYPICAL_MINUTES = 5  # What `Instrument.typical_volume` is the volume of.
GAP_NS = 30 * NANOS_PER_MINUTE  # Without bars for longer, a session is not seen whole.
RTH_BARS = (RTH_CLOSE - RTH_OPEN) // TYPICAL_MINUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRegimeRule:
    """From which cumulative delta on flow is directional; contracts."""

    normalized: bool
    threshold_rth: int
    threshold_eth: int
    buffer: int
    deviation_ppm: int  # Of the standard deviation of the closing delta.
    sessions_max: int
    volume_ppm: int  # Of the volume of a session.
    typical_volume: int  # Of a session, where none is known; 0 where nobody has said.

    @classmethod
    def of(cls, settings: ConditionSettings, own: Instrument) -> "FlowRegimeRule":
        """Return the rule of an instrument."""
        return cls(
            normalized=settings.threshold_mode == "normalized",
            threshold_rth=settings.threshold_rth,
            threshold_eth=settings.threshold_eth,
            buffer=settings.buffer,
            deviation_ppm=round(settings.deviation_share * PPM),
            sessions_max=settings.sessions,
            volume_ppm=round(settings.volume_share * PPM),
            typical_volume=own.typical_volume * RTH_BARS,
        )


class Limits(NamedTuple):
    """Contracts of cumulative delta: directional beyond both together, until within the first."""

    threshold: int
    buffer: int


class Flow(NamedTuple):
    """The flow regime after a bar and what it was judged by."""

    regime: FlowRegime
    cvd: int
    threshold: int


class RthSession(NamedTuple):
    """A regular session that is over: its cumulative delta at the close, and its volume."""

    cvd: int
    volume: int


class FlowState:
    """Judges the flow regime of one contract bar by bar; a new contract needs a new state."""

    def __init__(self, rule: FlowRegimeRule) -> None:
        self.rule = rule
        self.sessions: deque[RthSession] = deque(maxlen=rule.sessions_max)
        self.scale = rth_threshold(self.sessions, rule)
        self.regime = FlowRegime.ROTATIONAL
        self.date: date | None = None
        self.by_day = False
        self.begun = False  # The regular session of this date was seen from its open on ...
        self.ended = False  # ... and up to its close.
        self.last: RthSession | None = None  # The regular session of this date so far.
        self.last_end_ns = -(2**63)

    def add(self, bar: BarClosed) -> Flow:
        """Take in the next bar and return who drives after it."""
        day = trading_day(bar.start_ns)
        by_day = bar.start_ns >= day.rth_open_ns
        if day.date != self.date:
            self._roll()
            self.date, self.by_day = day.date, False
        if by_day and not self.by_day:
            self.begun = _begun(bar.start_ns, self.last_end_ns, day.rth_open_ns)
            self.by_day, self.regime = True, FlowRegime.ROTATIONAL
        if by_day and bar.start_ns < day.rth_close_ns:
            before = self.last.volume if self.last else 0
            self.last = RthSession(bar.cvd, before + bar.volume)
            self.ended = bar.end_ns >= day.rth_close_ns - GAP_NS
        self.last_end_ns = bar.end_ns
        cvd = bar.cvd if by_day else bar.cvd_eth
        limits = self.limits(by_day)
        self.regime = flow_regime(cvd, self.regime, limits)
        return Flow(self.regime, cvd, limits.threshold)

    def limits(self, by_day: bool) -> Limits:
        """Return the threshold and buffer of the regular session or of the night."""
        rule = self.rule
        fixed = rule.threshold_rth if by_day else rule.threshold_eth
        return Limits(
            max(1, self.scale * fixed // rule.threshold_rth),
            self.scale * rule.buffer // rule.threshold_rth,
        )

    def _roll(self) -> None:
        """Put the regular session of the date that is over with the others."""
        if self.last is not None and self.begun and self.ended:
            self.sessions.append(self.last)
        self.last, self.begun, self.ended = None, False, False
        self.regime = FlowRegime.ROTATIONAL
        self.scale = rth_threshold(self.sessions, self.rule)


def _begun(start_ns: int, last_end_ns: int, open_ns: int) -> bool:
    """Return whether a session is seen whole whose first bar starts at `start_ns`.

    That bar starts with the session, or somebody watched just before and missed little.
    """
    watched = last_end_ns >= open_ns - GAP_NS and start_ns <= open_ns + GAP_NS
    return start_ns == open_ns or watched


def flow_regime(cvd: int, before: FlowRegime, limits: Limits) -> FlowRegime:
    """Return the regime at a cumulative delta, given the one before (domain 4.4)."""
    for regime, driven in ((FlowRegime.BULLISH, cvd), (FlowRegime.BEARISH, -cvd)):
        if driven > limits.threshold + (0 if before is regime else limits.buffer):
            return regime
    return FlowRegime.ROTATIONAL


def rth_threshold(sessions: deque[RthSession], rule: FlowRegimeRule) -> int:
    """Return the threshold of the regular session after the given earlier ones, contracts.

    Sessions that all closed alike have no deviation and say nothing; then, too, a share of the
    volume counts: of the median session, or of the instrument's typical one before any.
    """
    if not rule.normalized:
        return rule.threshold_rth
    deviation = stdev([session.cvd for session in sessions]) if len(sessions) > 1 else 0.0
    if deviation > 0:
        return max(1, round(deviation * rule.deviation_ppm / PPM))
    volume = median([session.volume for session in sessions]) if sessions else rule.typical_volume
    return max(1, round(volume * rule.volume_ppm / PPM)) if volume > 0 else rule.threshold_rth
