"""The trading day in New York: dates, phases and the instants between them (domain 8.1, 1.3).

Time comes in as UTC nanoseconds and is looked up, not converted: every boundary of the day lies
on a half hour of New York, and so of UTC, so one conversion per half hour is enough. The days that
differ are data: a `Schedule` says which dates are closed and which close early. Bars and dates do
not ask it, since where nothing trades nothing is asked; who decides by the time left to the close
does.

A trading day runs from 17:00 to 17:00. Bars are laid from 18:00, the open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from protocol.units import NANOS_PER_S

NEW_YORK = ZoneInfo("America/New_York")
NANOS_PER_MINUTE = 60 * NANOS_PER_S
NANOS_PER_HALF_HOUR = 30 * NANOS_PER_MINUTE
ROLL, OPEN = 17 * 60, 18 * 60  # Minutes after midnight.
RTH_OPEN, RTH_CLOSE = 9 * 60 + 30, 16 * 60
BAR_BREAKS = (RTH_OPEN, RTH_CLOSE, ROLL, OPEN)  # No bar spans one.
SATURDAY = 5


class Phase(StrEnum):
    """The part of the trading day."""

    ETH = "eth"
    RTH = "rth"
    POST = "post"
    HALT = "halt"
    WEEKEND = "weekend"


@dataclass(frozen=True, slots=True)
class TradingDay:
    """The instants of one trading date, UTC nanoseconds, in order."""

    date: date
    start_ns: int  # 17:00 of the weekday before: everything daily rolls here.
    open_ns: int  # 18:00 of the calendar day before.
    rth_open_ns: int
    rth_close_ns: int
    end_ns: int  # 17:00.


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time that no bar leaves, with the 18:00 from which its bars are laid."""

    anchor_ns: int
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """The trading dates that differ: closed ones, and early closes in minutes after midnight."""

    closed: frozenset[date] = frozenset()
    # Compared, but no part of the hash: a mapping has none.
    early: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @classmethod
    def of(cls, closed: Iterable[str], early: Iterable[str]) -> "Schedule":
        """Return the schedule of dates "2025-12-25" and closes "2025-11-28 13:15", New York."""
        dates = [_date(words) for words in closed]
        closes = [_early_close(words) for words in early]
        for day in {*dates, *(day for day, _ in closes)}:
            if dates.count(day) + sum(day == early_day for early_day, _ in closes) > 1:
                raise ValueError(f"{day} stands twice among closed dates and early closes")
        return cls(frozenset(dates), MappingProxyType(dict(closes)))


REGULAR = Schedule()  # No day differs.


def trading_date(ts_ns: int) -> date:
    """Return the New York date before 17:00, else the date of the next weekday (domain 8.1)."""
    return _trading_day_at(ts_ns // NANOS_PER_HALF_HOUR).date


def trading_day(ts_ns: int) -> TradingDay:
    """Return the trading day that holds the instant `ts_ns`."""
    return _trading_day_at(ts_ns // NANOS_PER_HALF_HOUR)


@lru_cache(maxsize=4096)
def day_of(trading_date: date) -> TradingDay:
    """Return the boundaries of a trading date."""
    eve = trading_date - timedelta(days=1)
    before = eve
    while before.weekday() >= SATURDAY:
        before -= timedelta(days=1)
    return TradingDay(
        date=trading_date,
        start_ns=clock_ns(before, ROLL),
        open_ns=clock_ns(eve, OPEN),
        rth_open_ns=clock_ns(trading_date, RTH_OPEN),
        rth_close_ns=clock_ns(trading_date, RTH_CLOSE),
        end_ns=clock_ns(trading_date, ROLL),
    )


def phase(ts_ns: int) -> Phase:
    """Return the phase at `ts_ns`; each phase holds its first instant and not its last."""
    day = trading_day(ts_ns)
    if ts_ns < day.open_ns:
        weekend = day.open_ns - day.start_ns > 2 * 60 * NANOS_PER_MINUTE
        return Phase.WEEKEND if weekend else Phase.HALT
    if ts_ns < day.rth_open_ns:
        return Phase.ETH
    return Phase.RTH if ts_ns < day.rth_close_ns else Phase.POST


def minutes_since_open(ts_ns: int) -> int | None:
    """Return the whole minutes since 09:30; None outside 09:30 to 16:00, both ends included.

    The close itself belongs to the regular session here: who decides at 16:00 decides on the bar
    that ended then.
    """
    day = trading_day(ts_ns)
    if not day.rth_open_ns <= ts_ns <= day.rth_close_ns:
        return None
    return (ts_ns - day.rth_open_ns) // NANOS_PER_MINUTE


def minutes_to_close(ts_ns: int, schedule: Schedule = REGULAR) -> int | None:
    """Return the whole minutes left until the close, 16:00 or what the schedule says instead.

    None outside 09:30 to the close, both ends included.
    """
    day = trading_day(ts_ns)
    close_ns = rth_close_ns(day, schedule)
    if not day.rth_open_ns <= ts_ns <= close_ns:
        return None
    return (close_ns - ts_ns) // NANOS_PER_MINUTE


def rth_close_ns(day: TradingDay, schedule: Schedule) -> int:
    """Return the end of the regular session; before 09:30 on a day that has none."""
    return min(day.rth_close_ns, early_close_ns(day, schedule) or day.rth_close_ns)


def early_close_ns(day: TradingDay, schedule: Schedule) -> int | None:
    """Return the instant at which trading ends early on this trading date; None if it does not."""
    minute = schedule.early.get(day.date)
    return None if minute is None else clock_ns(day.date, minute)


def last_rth_open(ts_ns: int) -> int:
    """Return the latest 09:30 of a weekday at or before `ts_ns`."""
    day = trading_day(ts_ns)
    if ts_ns >= day.rth_open_ns:
        return day.rth_open_ns
    return trading_day(day.start_ns - 1).rth_open_ns


def segment(ts_ns: int) -> Segment:
    """Return the stretch between two forced ends of bars that holds `ts_ns` (domain 1.3).

    Forced ends fall on every calendar day at 09:30, 16:00, 17:00 and 18:00, weekends too.
    """
    return _segment_at(ts_ns // NANOS_PER_HALF_HOUR)


def bar_bounds(ts_ns: int, period_ns: int) -> tuple[int, int]:
    """Return start and end of the bar that holds `ts_ns`, cut short at forced ends."""
    stretch = segment(ts_ns)
    start = stretch.anchor_ns + (ts_ns - stretch.anchor_ns) // period_ns * period_ns
    return max(start, stretch.start_ns), min(start + period_ns, stretch.end_ns)


@lru_cache(maxsize=65_536)
def clock_ns(day: date, minute: int) -> int:
    """Return the instant of `minute` after midnight by the New York clock of a calendar day."""
    moment = datetime.combine(day, time(minute // 60, minute % 60), NEW_YORK)
    return int(moment.timestamp()) * NANOS_PER_S


def clock_minute(clock: str) -> int:
    """Return the minutes after midnight of "HH:MM"."""
    hours, _, minutes = clock.partition(":")
    if not (len(clock) == 5 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(f"clock time {clock!r}, wanted HH:MM")
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"clock time {clock!r}, wanted 00:00 to 23:59")
    return int(hours) * 60 + int(minutes)


def _date(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise ValueError(f"date {words!r}, wanted YYYY-MM-DD") from None


def _early_close(words: str) -> tuple[date, int]:
    day, space, clock = words.partition(" ")
    if not space:
        raise ValueError(f"early close {words!r}, wanted YYYY-MM-DD HH:MM")
    minute = clock_minute(clock)
    if minute >= ROLL:
        raise ValueError(f"early close {words!r}, wanted a time before 17:00")
    return _date(day), minute


def _new_york(half_hour: int) -> datetime:
    seconds = half_hour * (NANOS_PER_HALF_HOUR // NANOS_PER_S)
    return datetime.fromtimestamp(seconds, UTC).astimezone(NEW_YORK)


@lru_cache(maxsize=4096)
def _trading_day_at(half_hour: int) -> TradingDay:
    local = _new_york(half_hour)
    day = local.date()
    if local.hour * 60 + local.minute >= ROLL:
        day += timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day_of(day)


@lru_cache(maxsize=4096)
def _segment_at(half_hour: int) -> Segment:
    local = _new_york(half_hour)
    day, minute = local.date(), local.hour * 60 + local.minute
    eve, morrow = day - timedelta(days=1), day + timedelta(days=1)
    if minute < RTH_OPEN:
        return Segment(clock_ns(eve, OPEN), clock_ns(eve, OPEN), clock_ns(day, RTH_OPEN))
    if minute >= OPEN:
        return Segment(clock_ns(day, OPEN), clock_ns(day, OPEN), clock_ns(morrow, RTH_OPEN))
    breaks = BAR_BREAKS
    after = next(index for index, end in enumerate(breaks) if minute < end)
    return Segment(
        clock_ns(eve, OPEN), clock_ns(day, breaks[after - 1]), clock_ns(day, breaks[after])
    )
