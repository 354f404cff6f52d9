"""What is wrong, on the boundary of every threshold of domain 8.5."""

import pytest

from actors.core.notices.notice import Severity
from actors.core.session.calendar import REGULAR, Schedule
from actors.core.watch.checks import CHECKS, Code, check
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings
from tests.actors.core.watch.beats import NOON, make_beat, make_readings, make_sight
from tests.makers import at

WATCH = WatchSettings()
S = NANOS_PER_S
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


def found(schedule=REGULAR, watch=WATCH, **fields):
    return {each.code: each.severity for each in check(make_sight(**fields), watch, schedule)}


def seen_at(now_ns, schedule=REGULAR, **fields):
    """Return what is found at an instant whose heartbeat and ticks are fresh unless named."""
    values = {"timestamp_ns": now_ns, "last_tick_ns": now_ns} | fields
    return found(schedule, now_ns=now_ns, beat=make_beat(**values))


def test_nothing_is_wrong_with_a_floor_that_is_well():
    assert found() == {}


def test_every_code_has_its_check():
    assert set(CHECKS) == set(Code)


def test_a_process_that_is_gone_is_critical_and_one_that_was_stopped_a_warning():
    assert found(alive=False) == {Code.PROCESS_GONE: CRITICAL}
    assert found(alive=False, beat=make_beat(stopped=True)) == {Code.PROCESS_GONE: WARNING}
    assert found(alive=None) == {}


def test_without_a_sound_heartbeat_the_floor_is_not_known_to_be_well():
    assert found(beat=None, damage="damaged", alive=False) == {
        Code.PROCESS_GONE: CRITICAL, Code.HEARTBEAT_STALE: WARNING,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("age_ns", "stale"),
    [(300 * S, False), (300 * S + 1, True), (-300 * S, False), (-300 * S - 1, True)],
)
def test_a_heartbeat_is_stale_after_five_minutes_also_if_a_clock_was_set(age_ns, stale):
    beat = make_beat(timestamp_ns=NOON - age_ns)
    assert (Code.HEARTBEAT_STALE in found(beat=beat)) == stale


def test_the_heartbeat_of_a_floor_that_was_stopped_is_not_stale_but_its_process_is_gone():
    beat = make_beat(timestamp_ns=NOON - 10**15, stopped=True)
    assert found(beat=beat, alive=False) == {Code.PROCESS_GONE: WARNING}


@pytest.mark.parametrize(
    ("age_ns", "severity"),
    [(60 * S, None), (60 * S + 1, WARNING), (180 * S, WARNING), (180 * S + 1, CRITICAL)],
)
def test_ticks_are_stale_after_one_minute_and_critical_after_three(age_ns, severity):
    assert found(beat=make_beat(last_tick_ns=NOON - age_ns)).get(Code.TICKS_STALE) == severity


def test_ticks_are_as_old_as_the_heartbeat_knew_and_its_own_age_is_not_added():
    beat = make_beat(timestamp_ns=NOON - 200 * S, last_tick_ns=NOON - 260 * S)
    assert found(beat=beat) == {}
    older = make_beat(timestamp_ns=NOON - 200 * S, last_tick_ns=NOON - 260 * S - 1)
    assert found(beat=older) == {Code.TICKS_STALE: WARNING}


@pytest.mark.parametrize(
    ("clock", "asked"),
    [("09:29:59.999", False), ("09:30", True), ("15:59:59.999", True), ("16:00", False)],
)
def test_ticks_are_missed_in_the_regular_session_alone(clock, asked):
    now_ns = at(clock)
    assert (Code.TICKS_STALE in seen_at(now_ns, last_tick_ns=now_ns - 999 * S)) == asked


def test_ticks_are_missed_neither_on_holidays_nor_after_an_early_close_nor_on_weekends():
    old = {"last_tick_ns": at("09:00")}
    early, closed = Schedule.of((), ("2025-12-02 13:15",)), Schedule.of(("2025-12-02",), ())
    assert Code.TICKS_STALE in seen_at(at("13:14"), early, **old)
    assert Code.TICKS_STALE not in seen_at(at("13:15"), early, **old)
    assert Code.TICKS_STALE not in seen_at(NOON, closed, **old)
    assert Code.TICKS_STALE not in seen_at(at("12:00", "2025-12-06"), **old)


def test_a_feed_that_never_brought_a_tick_is_missed_from_a_minute_after_the_open_on():
    assert Code.TICKS_STALE not in seen_at(at("09:31"), last_tick_ns=None)
    assert seen_at(at("09:31:01"), last_tick_ns=None)[Code.TICKS_STALE] is WARNING


@pytest.mark.parametrize(
    ("clock", "asked"),
    [("09:24:59", False), ("09:25", True), ("16:15", True), ("16:15:01", False)],
)
def test_a_lost_feed_is_said_from_09_25_to_a_quarter_past_the_close(clock, asked):
    assert (Code.FEED_DOWN in seen_at(at(clock), feed_connected=False)) == asked


def test_reconnects_are_too_many_from_the_fourth_on_and_said_for_the_day():
    assert found(beat=make_beat(reconnect_count=3)) == {}
    sight = make_sight(beat=make_beat(reconnect_count=4))
    (finding,) = check(sight, WATCH, REGULAR)
    assert (finding.code, finding.once) == (Code.RECONNECTS_MANY, "2025-12-02")


def test_memory_is_high_above_85_percent():
    assert found(readings=make_readings(memory_ppm=850_000)) == {}
    assert found(readings=make_readings(memory_ppm=850_001)) == {Code.MEM_HIGH: WARNING}


def test_the_disk_is_low_below_500_megabytes():
    assert found(readings=make_readings(disk_free_bytes=500_000_000)) == {}
    low = make_readings(disk_free_bytes=499_999_999)
    assert found(readings=low) == {Code.DISK_LOW: CRITICAL}


@pytest.mark.parametrize(
    ("clock", "day", "late"),
    [
        ("15:55:59.999", "2025-12-02", False), ("15:56", "2025-12-02", True),
        ("16:59", "2025-12-02", True), ("18:05", "2025-12-02", True),
        ("09:29:59.999", "2025-12-02", True), ("09:30", "2025-12-02", False),
        ("12:00", "2025-12-06", True),
    ],
)  # fmt: skip
def test_a_position_is_late_from_15_56_until_the_next_open(clock, day, late):
    now_ns = at(clock, day)
    assert seen_at(now_ns, open_positions=1).get(Code.POSITION_LATE) == (CRITICAL if late else None)
    assert Code.POSITION_LATE not in seen_at(now_ns, open_positions=0)


def test_on_a_day_that_closes_early_a_position_is_late_four_minutes_before_that():
    early = Schedule.of((), ("2025-12-02 13:15",))
    assert Code.POSITION_LATE not in seen_at(at("13:10:59"), early, open_positions=1)
    assert seen_at(at("13:11"), early, open_positions=1)[Code.POSITION_LATE] is CRITICAL
    closed = Schedule.of(("2025-12-02",), ())
    assert seen_at(NOON, closed, open_positions=1)[Code.POSITION_LATE] is CRITICAL


def test_the_hours_of_a_tape_say_nothing_but_memory_and_disk_do():
    tape = make_beat(market="tape", last_tick_ns=0, feed_connected=False, open_positions=1)
    low = make_readings(disk_free_bytes=1)
    assert found(now_ns=at("15:57"), beat=tape) == {Code.HEARTBEAT_STALE: WARNING}
    assert found(beat=tape, readings=low) == {Code.DISK_LOW: CRITICAL}


@pytest.mark.parametrize(
    ("code", "below", "at_limit"),
    [
        (Code.CPU_HIGH, {"readings": make_readings(cpu_ppm=899_999)},
         {"readings": make_readings(cpu_ppm=900_000)}),
        (Code.DISK_FULL, {"readings": make_readings(disk_used_ppm=949_999)},
         {"readings": make_readings(disk_used_ppm=950_000)}),
        (Code.RESPONSE_SLOW, {"beat": make_beat(broker_response_ms=4_999)},
         {"beat": make_beat(broker_response_ms=5_000)}),
        (Code.ERRORS_MANY, {"beat": make_beat(orders_accepted=91, orders_rejected=9)},
         {"beat": make_beat(orders_accepted=9, orders_rejected=1)}),
    ],
)  # fmt: skip
def test_an_unhealthy_part_is_a_warning_and_a_degraded_one_is_not(code, below, at_limit):
    assert found(**below) == {}
    assert found(**at_limit) == {code: WARNING}


def test_what_cannot_be_measured_is_not_found():
    nothing = make_readings(memory_ppm=None, cpu_ppm=None, disk_free_bytes=None, disk_used_ppm=None)
    assert found(readings=nothing, beat=make_beat(broker_response_ms=None)) == {}
