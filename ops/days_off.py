"""Whether there is anything to do today: on a day off the program ends with 0 (domain 8.9)."""

from actors.core.session.calendar import Schedule, trading_day
from actors.core.session.schedule import next_open_ns, phase_at
from ops.preflight.look import clock
from protocol.day import DayPhase
from protocol.settings import Settings
from protocol.units import NANOS_PER_S

# Whoever is started so long before the open waits for it; so long behind the roll there is still
# what a day leaves to be done: recap and export.
AROUND_NS = 3_600 * NANOS_PER_S


def closed_today(settings: Settings, now_ns: int) -> str | None:
    """Return why nothing is traded now and when it opens next; None where there is work.

    The calendar must be filled in. Only weekends and closed trading dates are days off, without
    the hour behind the last roll and the one before the open.
    """
    schedule = Schedule.of(settings.calendar.closed, settings.calendar.early)
    phase = phase_at(now_ns, schedule)
    if phase not in (DayPhase.WEEKEND, DayPhase.CLOSED):
        return None
    day, opens_ns = trading_day(now_ns), next_open_ns(now_ns, schedule)
    if now_ns - day.start_ns < AROUND_NS or opens_ns - now_ns <= AROUND_NS:
        return None
    closed = f"the exchange is closed on {day.date}"
    why = closed if phase is DayPhase.CLOSED else "it is the weekend"
    return f"{why}; it opens next on {clock(opens_ns)} New York"
