"""When positions may be entered, when they must be gone: levels of the clock (domain 7.8).

A time is a level, not an edge: "it is past 15:55 and we hold something" is asked at every cut and
stays true until it is answered, so no moment can be missed. On a day that closes early the last
entry and the flatten keep their distance to the close.
"""

from dataclasses import dataclass, field
from datetime import date

from actors.core.session.calendar import (
    REGULAR,
    ROLL,
    RTH_CLOSE,
    RTH_OPEN,
    Schedule,
    clock_minute,
    clock_ns,
    trading_date,
    trading_day,
)
from protocol.units import NANOS_PER_S

EARLY_FLATTEN_MIN = 5  # Minutes before an early close, at the least.
TOPSTEP_FLAT = 16 * 60 + 10  # Domain 7.7.
HARD_STOP_NS_BEFORE_ROLL = 30 * NANOS_PER_S  # 16:59:30.

NoTrade = tuple[int, int]  # First minute without entries, first minute with entries again.


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The windows, in minutes after midnight in New York."""

    first_entry: int
    last_entry: int
    flatten: int
    no_trade: tuple[NoTrade, ...] = ()
    hard_stop: int | None = None  # None: 16:59:30.
    schedule: Schedule = field(default_factory=lambda: REGULAR)

    def __post_init__(self) -> None:
        stop = ROLL - 1 if self.hard_stop is None else self.hard_stop
        if not self.first_entry <= self.last_entry <= self.flatten <= stop < ROLL:
            times = (self.first_entry, self.last_entry, self.flatten, stop)
            raise ValueError(
                f"first entry, last entry, flatten and hard stop at"
                f" {', '.join(map(_clock, times))}; wanted them in this order, before 17:00"
            )
        for start, end in self.no_trade:
            if not start < end:
                raise ValueError(
                    f"no-trade window {_clock(start)}-{_clock(end)}, wanted its end later"
                )


def no_trade_window(text: str) -> NoTrade:
    """Return the minutes of a window "12:00-13:00", New York; its end is outside."""
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"no-trade window {text!r}, wanted HH:MM-HH:MM")
    window = clock_minute(start.strip()), clock_minute(end.strip())
    if not window[0] < window[1]:
        raise ValueError(f"no-trade window {text!r}, wanted its end later")
    return window


def entry_refusal(ts_ns: int, hours: Hours) -> str | None:
    """Return why nothing may be entered at `ts_ns`, or None; first and last entry are inside."""
    day = trading_date(ts_ns)
    if day in hours.schedule.closed:
        return f"the exchange is closed on {day}"
    first_ns, last_ns = clock_ns(day, hours.first_entry), last_entry_ns(day, hours)
    if not first_ns <= ts_ns <= last_ns:
        last = _clock(_last_entry(day, hours))
        return f"entries from {_clock(hours.first_entry)} to {last} New York on {day}"
    for start, end in hours.no_trade:
        if clock_ns(day, start) <= ts_ns < clock_ns(day, end):
            return f"no entries from {_clock(start)} to {_clock(end)} New York"
    return None


def must_be_flat(ts_ns: int, hours: Hours) -> bool:
    """Say whether no position may exist.

    Always but from the regular open, or the first entry if that is earlier, to the flatten.
    """
    day = trading_date(ts_ns)
    if day in hours.schedule.closed:
        return True
    first_ns = clock_ns(day, min(RTH_OPEN, hours.first_entry))
    return not first_ns <= ts_ns < flatten_ns(day, hours)


def past_hard_stop(ts_ns: int, hours: Hours) -> int | None:
    """Return the hard stop after which nothing may be held at `ts_ns`; None while it may.

    It holds from 16:59:30 until positions are allowed again.
    """
    day = trading_day(ts_ns)
    stop_ns = _hard_stop_ns(day.date, hours)
    if ts_ns >= stop_ns:
        return stop_ns
    if ts_ns < clock_ns(day.date, min(RTH_OPEN, hours.first_entry)):
        return _hard_stop_ns(trading_date(day.start_ns - 1), hours)
    return None


def stops_ns(day: date, hours: Hours) -> tuple[int, int, int]:
    """Return when entries end, when all is left and when nothing may be held any more, in order.

    These are the instants of a day at which risk must be asked though no bar ends (domain 7.8).
    """
    return last_entry_ns(day, hours), flatten_ns(day, hours), _hard_stop_ns(day, hours)


def last_entry_ns(day: date, hours: Hours) -> int:
    """Return the last instant of a trading date that may bring an entry."""
    return clock_ns(day, max(_last_entry(day, hours), 0))


def flatten_ns(day: date, hours: Hours) -> int:
    """Return the instant of a trading date from which nothing may be held."""
    return clock_ns(day, _flatten(day, hours))


def _hard_stop_ns(day: date, hours: Hours) -> int:
    if hours.hard_stop is not None:
        return clock_ns(day, hours.hard_stop)
    return clock_ns(day, ROLL) - HARD_STOP_NS_BEFORE_ROLL


def _flatten(day: date, hours: Hours) -> int:
    close = hours.schedule.early.get(day)
    if close is None:
        return hours.flatten
    before = max(RTH_CLOSE - hours.flatten, EARLY_FLATTEN_MIN)
    return min(hours.flatten, max(close - before, 0))


def _last_entry(day: date, hours: Hours) -> int:
    return _flatten(day, hours) - (hours.flatten - hours.last_entry)


def _clock(minute: int) -> str:
    return f"{max(minute, 0) // 60:02}:{max(minute, 0) % 60:02}"
