"""What is wrong with the floor at one moment: a table of checks, one finding each (domain 8.5).

A check says what is, not what has changed: whether somebody is told, and how often, is decided in
`alerts`. A check that cannot look finds nothing, but for the one that is about looking: without a
sound heartbeat the floor is not known to be well.

Trading is checked from 09:25 to a quarter of an hour after the close of a day on which the exchange
opens, ticks in the regular session only. A position is wrong from four minutes before the close
until the next regular session opens, whatever the hour: the later, the worse.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from actors.core.notices.notice import Severity
from actors.core.session.calendar import Schedule, TradingDay, rth_close_ns, trading_day
from actors.core.watch.health import Grade, Graded, Part, health
from actors.core.watch.heartbeat import Heartbeat
from actors.core.watch.readings import Readings
from protocol.signals import PPM
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings

MEGABYTE = 1_000_000


class Code(StrEnum):
    """What can be wrong; the code is fixed, the words of a finding are not."""

    PROCESS_GONE = "PROCESS_GONE"
    HEARTBEAT_STALE = "HEARTBEAT_STALE"
    TICKS_STALE = "TICKS_STALE"
    FEED_DOWN = "FEED_DOWN"
    RECONNECTS_MANY = "RECONNECTS_MANY"
    MEM_HIGH = "MEM_HIGH"
    DISK_LOW = "DISK_LOW"
    POSITION_LATE = "POSITION_LATE"
    CPU_HIGH = "CPU_HIGH"
    DISK_FULL = "DISK_FULL"
    RESPONSE_SLOW = "RESPONSE_SLOW"
    ERRORS_MANY = "ERRORS_MANY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that a watchman sees at `now_ns`, UTC."""

    now_ns: int
    beat: Heartbeat | None  # None: there is none, or it is damaged.
    damage: str  # Why there is none.
    alive: bool | None  # Whether the process of the heartbeat runs; None: it was not looked for.
    readings: Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something is wrong. `once` names a time in which it is told once and never taken back."""

    code: Code
    severity: Severity
    text: str
    once: str = ""


Found = tuple[Severity, str] | None


def check(sight: Sight, settings: WatchSettings, schedule: Schedule) -> list[Finding]:
    """Return what is wrong, in the order of the table."""
    found = []
    for code, look in CHECKS.items():
        result = look(sight, settings, schedule)
        if result is not None:
            once = ""
            if code is Code.RECONNECTS_MANY and sight.beat is not None:
                once = sight.beat.trading_date
            severity, text = result
            found.append(Finding(code=code, severity=severity, text=text, once=once))
    return found


def position_deadline_ns(day: TradingDay, settings: WatchSettings, schedule: Schedule) -> int:
    """Return the instant of a day from which no position may be open: 15:56, or before."""
    return rth_close_ns(day, schedule) - settings.flat_before_close_s * NANOS_PER_S


def _process(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    if sight.alive is not False:
        return None
    if sight.beat is None:
        return Severity.CRITICAL, f"the floor does not run: {sight.damage}"
    if sight.beat.stopped:
        return Severity.WARNING, f"the floor was stopped in order; process {sight.beat.pid} ended"
    return Severity.CRITICAL, f"process {sight.beat.pid}, which wrote the heartbeat, is gone"


def _heartbeat(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    if sight.beat is None:
        return Severity.WARNING, f"no heartbeat: {sight.damage}"
    if sight.beat.stopped:
        return None  # That it does not run is said by the other check.
    age_s = (sight.now_ns - sight.beat.timestamp_ns) / NANOS_PER_S
    # One of the future says that a clock was set: nothing is known of its age.
    if abs(age_s) <= settings.heartbeat_age_s:
        return None
    return Severity.WARNING, (
        f"the heartbeat is {age_s:.0f} s old, at most {settings.heartbeat_age_s} s are well"
    )


def _ticks(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    beat = sight.beat
    if beat is None or not _trades_now(sight, schedule):
        return None
    # What came since the heartbeat was written is not known: its own age is another check's.
    at_ns, day = beat.timestamp_ns, trading_day(beat.timestamp_ns)
    if not day.rth_open_ns <= at_ns < rth_close_ns(day, schedule):
        return None
    since_ns = day.rth_open_ns if beat.last_tick_ns is None else beat.last_tick_ns
    age_s = (at_ns - since_ns) / NANOS_PER_S
    if age_s <= settings.tick_age_s:
        return None
    late = age_s > settings.tick_age_critical_s
    severity = Severity.CRITICAL if late else Severity.WARNING
    return severity, f"no trade for {age_s:.0f} s in the regular session"


def _feed(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    if sight.beat is None or sight.beat.feed_connected or not _watched(sight, settings, schedule):
        return None
    return Severity.WARNING, "the feed is not connected"


def _reconnects(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    beat = sight.beat
    if beat is None or beat.reconnect_count <= settings.reconnects_max:
        return None
    return Severity.WARNING, (
        f"{beat.reconnect_count} reconnects on {beat.trading_date},"
        f" at most {settings.reconnects_max} are well"
    )


def _memory(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    used = sight.readings.memory_ppm
    if used is None or used <= round(settings.memory_share * PPM):
        return None
    return Severity.WARNING, f"{used / 10_000:.1f} % of the memory is in use"


def _disk(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    free = sight.readings.disk_free_bytes
    if free is None or free >= settings.disk_free_mb * MEGABYTE:
        return None
    return Severity.CRITICAL, f"{free / MEGABYTE:.0f} MB of the disk are free"


def _position(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
    beat, day = sight.beat, trading_day(sight.now_ns)
    if beat is None or beat.market != "live" or not beat.open_positions:
        return None
    open_day = day.date not in schedule.closed
    deadline_ns = position_deadline_ns(day, settings, schedule)
    if open_day and day.rth_open_ns <= sight.now_ns < deadline_ns:
        return None
    return Severity.CRITICAL, f"{beat.open_positions} positions are open after the close"


def _poor(part: Part, words: Callable[[int], str]) -> Callable[..., Found]:
    def look(sight: Sight, settings: WatchSettings, schedule: Schedule) -> Found:
        return next(
            (
                (Severity.WARNING, words(each.value))
                for each in health(sight.readings, sight.beat, settings)
                if _bad(each, part)
            ),
            None,
        )

    return look


def _bad(each: Graded, part: Part) -> bool:
    return each.part is part and each.grade is Grade.UNHEALTHY


def _trades_now(sight: Sight, schedule: Schedule) -> bool:
    """Say whether the hours of this day say anything: the market is live and not closed."""
    day = trading_day(sight.now_ns)
    return (
        sight.beat is not None
        and sight.beat.market == "live"
        and not sight.beat.stopped
        and day.date not in schedule.closed
    )


def _watched(sight: Sight, settings: WatchSettings, schedule: Schedule) -> bool:
    day = trading_day(sight.now_ns)
    first_ns = day.rth_open_ns - settings.before_open_s * NANOS_PER_S
    last_ns = rth_close_ns(day, schedule) + settings.after_close_s * NANOS_PER_S
    return _trades_now(sight, schedule) and first_ns <= sight.now_ns <= last_ns


CHECKS: dict[Code, Callable[[Sight, WatchSettings, Schedule], Found]] = {
    Code.PROCESS_GONE: _process,
    Code.HEARTBEAT_STALE: _heartbeat,
    Code.TICKS_STALE: _ticks,
    Code.FEED_DOWN: _feed,
    Code.RECONNECTS_MANY: _reconnects,
    Code.MEM_HIGH: _memory,
    Code.DISK_LOW: _disk,
    Code.POSITION_LATE: _position,
    Code.CPU_HIGH: _poor(Part.CPU, lambda ppm: f"the processor is {ppm / 10_000:.0f} % busy"),
    Code.DISK_FULL: _poor(Part.DISK, lambda ppm: f"the disk is {ppm / 10_000:.1f} % full"),
    Code.RESPONSE_SLOW: _poor(Part.RESPONSE, lambda ms: f"the broker answers after {ms} ms"),
    Code.ERRORS_MANY: _poor(
        Part.ERRORS, lambda ppm: f"the venue refuses {ppm / 10_000:.1f} % of today's orders"
    ),
}
