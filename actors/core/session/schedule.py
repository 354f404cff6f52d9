"""What the hours of a trading date demand, and which part of the day it is (domain 8.1, 8.2).

Levels, not edges: asked at any time, `due` says what the time demands and nobody has answered yet.
So a blocked loop misses nothing, and what was answered is never due again, whatever the clock
does. Each action may be late up to an instant of its own; behind it the action is missed, and
that is said:

    GLOBEX_OPEN, WARMUP, PREFLIGHT   until 09:30: then the night is over, and a verdict on
                                     whether to begin comes too late to be one
    RTH_OPEN                         until the regular close
    FIRST_ENTRY                      until the last entry
    LAST_ENTRY, FLATTEN_TIME,        until 17:00, the last until 18:00: late is better than never;
    RTH_CLOSE, WATCH_END, HARD_STOP  what guards the account risk itself asks all the time
    DIGEST, ROLL, RECAP, EXPORT      without end: they are about a day that stays what it was

A closed trading date has no actions, a date whose early close is before 09:30 none of the regular
session, and one that is too short for entries no first and last one. The recap comes before the
export, which sends it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from actors.core.risk.windows import Hours, stops_ns
from actors.core.session import calendar
from actors.core.session.calendar import (
    NANOS_PER_MINUTE,
    SATURDAY,
    Schedule,
    TradingDay,
    clock_ns,
    day_of,
    early_close_ns,
    rth_close_ns,
    trading_date,
    trading_day,
)
from protocol.day import DayAction, DayPhase

WARMUP = 7 * 60  # Minutes after midnight.
PREFLIGHT_NS_BEFORE_OPEN = 5 * NANOS_PER_MINUTE
WATCH_NS_AFTER_CLOSE = 15 * NANOS_PER_MINUTE
EXPORT_NS_AFTER_ROLL = NANOS_PER_MINUTE
HALT_NS = 60 * NANOS_PER_MINUTE
DAYS_BACK = timedelta(days=7)  # What is older is not made up.
CLOSED_DAYS_MAX = 30  # In a row; more is no calendar of an exchange.

Answered = Mapping[date, Collection[DayAction]]


@dataclass(frozen=True, slots=True)
class Due:
    """An action of a trading date: due from `due_ns` on, and missed from `until_ns` on."""

    action: DayAction
    date: date
    due_ns: int
    until_ns: int | None  # None: it is made up however late it is.

    def missed(self, now_ns: int) -> bool:
        """Say whether it is too late."""
        return self.until_ns is not None and now_ns >= self.until_ns


def due(answered: Answered, since: date, now_ns: int, hours: Hours) -> tuple[Due, ...]:
    """Return what `now_ns` demands and is not among `answered`, in order.

    Looks at the trading dates from `since` on, and no further back than a week.
    """
    today = trading_date(now_ns)
    day = max(since, today - DAYS_BACK)
    found: list[Due] = []
    while day <= today:
        done = answered.get(day, ())
        actions = actions_of(day, hours)
        found += [one for one in actions if one.due_ns <= now_ns and one.action not in done]
        day += timedelta(days=1)
    return tuple(sorted(found, key=lambda one: one.due_ns))


def upcoming(now_ns: int, hours: Hours, count: int) -> tuple[Due, ...]:
    """Return the next `count` actions strictly after `now_ns`, in order."""
    day = trading_day(now_ns - EXPORT_NS_AFTER_ROLL).date
    found: list[Due] = []
    for _ in range(CLOSED_DAYS_MAX):
        found += [one for one in actions_of(day, hours) if one.due_ns > now_ns]
        day += timedelta(days=1)
        # The first actions of a date come behind the last ones of the date before it.
        if len(found) >= count:
            break
    return tuple(sorted(found, key=lambda one: one.due_ns)[:count])


@lru_cache(maxsize=256)
def actions_of(on: date, hours: Hours) -> tuple[Due, ...]:
    """Return the actions of a trading date in order; none of a closed one and of a weekend."""
    if on.weekday() >= SATURDAY or on in hours.schedule.closed:
        return ()
    day = day_of(on)
    hard_stop_ns, roll_ns = stops_ns(on, hours)[2], day.end_ns
    export_ns = roll_ns + EXPORT_NS_AFTER_ROLL
    rows: list[tuple[DayAction, int, int | None]] = [
        (DayAction.GLOBEX_OPEN, day.open_ns, day.rth_open_ns),
        (DayAction.WARMUP, clock_ns(on, WARMUP), day.rth_open_ns),
        *_of_regular_session(day, hours),
        (DayAction.HARD_STOP, hard_stop_ns, roll_ns + HALT_NS),
        (DayAction.ROLL, roll_ns, None),
        (DayAction.RECAP, export_ns, None),
        (DayAction.EXPORT, export_ns, None),
    ]
    return tuple(
        Due(action, on, due_ns, until_ns)
        for action, due_ns, until_ns in sorted(rows, key=lambda row: row[1])
    )


def phase_at(ts_ns: int, schedule: Schedule) -> DayPhase:
    """Return the part of the day at `ts_ns`; each holds its first instant and not its last."""
    day, phase = trading_day(ts_ns), calendar.phase(ts_ns)
    if phase is calendar.Phase.WEEKEND:
        return DayPhase.WEEKEND
    if day.date in schedule.closed:
        return DayPhase.CLOSED
    early_ns = early_close_ns(day, schedule)
    if early_ns is not None and ts_ns >= early_ns:
        return DayPhase.HALT
    return DayPhase(phase.value)


def next_open_ns(ts_ns: int, schedule: Schedule) -> int:
    """Return the first 18:00 at or after `ts_ns` at which the exchange opens."""
    day = trading_date(ts_ns)
    for _ in range(CLOSED_DAYS_MAX):
        opens = day.weekday() < SATURDAY and day not in schedule.closed
        if opens and day_of(day).open_ns >= ts_ns:
            return day_of(day).open_ns
        day += timedelta(days=1)
    raise ValueError(
        f"no open day from {trading_date(ts_ns)} to {day}, wanted one in {CLOSED_DAYS_MAX} days"
    )


def _of_regular_session(
    day: TradingDay, hours: Hours
) -> list[tuple[DayAction, int, int | None]]:
    open_ns, close_ns = day.rth_open_ns, rth_close_ns(day, hours.schedule)
    if close_ns <= open_ns:
        return []
    last_ns, flatten_ns, _ = stops_ns(day.date, hours)
    first_ns = clock_ns(day.date, hours.first_entry)
    entries: list[tuple[DayAction, int, int | None]] = [
        (DayAction.FIRST_ENTRY, first_ns, last_ns),
        (DayAction.LAST_ENTRY, last_ns, day.end_ns),
    ]
    return [
        (DayAction.PREFLIGHT, open_ns - PREFLIGHT_NS_BEFORE_OPEN, open_ns),
        (DayAction.RTH_OPEN, open_ns, close_ns),
        *(entries if first_ns < last_ns else []),
        (DayAction.FLATTEN_TIME, flatten_ns, day.end_ns),
        (DayAction.RTH_CLOSE, close_ns, day.end_ns),
        (DayAction.DIGEST, close_ns, None),
        (DayAction.WATCH_END, close_ns + WATCH_NS_AFTER_CLOSE, day.end_ns),
    ]
