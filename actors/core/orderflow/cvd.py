"""Cumulative delta: signed volume since a reset, and by night on its own (domain 1.4).

It counts closed bars, and no bar spans a reset, so it is exact for bars of every kind.
"""

from enum import StrEnum

from actors.core.session.calendar import Phase, last_rth_open, phase, trading_day
from protocol.market import BarClosed

NEVER = -(2**63)


class CvdReset(StrEnum):
    """When the cumulative delta starts anew."""

    RTH_OPEN = "rth_open"  # 09:30.
    TRADING_DAY = "trading_day"  # 18:00.
    NONE = "none"


class CumulativeDelta:
    """The cumulative delta of the closed bars of one series."""

    def __init__(self, reset: CvdReset) -> None:
        self.reset = reset
        self.value = 0
        self.night = 0  # Since 18:00; from 09:30 on what the night left.
        self._since = NEVER
        self._night_since = NEVER

    def add(self, start_ns: int, delta: int) -> None:
        """Take in the delta of the bar that began at `start_ns`."""
        evening = _last_open(start_ns)
        if evening > self._night_since:
            self.night, self._night_since = 0, evening
        if phase(start_ns) is Phase.ETH:
            self.night += delta
        since = self._since_of(start_ns, evening)
        if since > self._since:
            self.value, self._since = 0, since
        self.value += delta

    def resume(self, bar: BarClosed) -> None:
        """Go on where `bar` left off."""
        evening = _last_open(bar.start_ns)
        self.night, self._night_since = bar.cvd_eth, evening
        self.value, self._since = bar.cvd, self._since_of(bar.start_ns, evening)

    def _since_of(self, start_ns: int, evening: int) -> int:
        match self.reset:
            case CvdReset.RTH_OPEN:
                return last_rth_open(start_ns)
            case CvdReset.TRADING_DAY:
                return evening
            case CvdReset.NONE:
                return NEVER


def cvd_candle(bar: BarClosed) -> tuple[int, int, int, int]:
    """Return the cumulative delta at the open, its high and low, and at the close of the bar.

    Where a reset falls on the start of the bar, the candle opens at 0.
    """
    begin = bar.cvd - bar.delta
    return begin, begin + bar.delta_max, begin + bar.delta_min, bar.cvd


def _last_open(ts_ns: int) -> int:
    """Return the latest 18:00 that opened a trading day at or before `ts_ns`."""
    day = trading_day(ts_ns)
    return day.open_ns if ts_ns >= day.open_ns else trading_day(day.start_ns - 1).open_ns
