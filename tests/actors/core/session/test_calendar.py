"""The trading day: domain 8.1 with all its examples, and the boundaries of bars."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.session import calendar
from actors.core.session.calendar import Phase, phase, trading_date, trading_day
from protocol.units import NANOS_PER_S
from tests.makers import at

HOUR = 3600 * NANOS_PER_S
INSTANTS = st.integers(
    int(datetime(2023, 1, 1, tzinfo=UTC).timestamp()) * NANOS_PER_S,
    int(datetime(2026, 12, 31, tzinfo=UTC).timestamp()) * NANOS_PER_S,
)


@pytest.mark.parametrize(
    ("day", "clock", "wanted"),
    [
        ("2025-12-01", "16:59:59.999", "2025-12-01"),
        ("2025-12-01", "17:00", "2025-12-02"),
        ("2025-12-05", "17:30", "2025-12-08"),
        ("2025-12-07", "18:05", "2025-12-08"),
        ("2025-12-06", "12:00", "2025-12-08"),
        ("2025-12-08", "00:00", "2025-12-08"),
    ],
)
def test_the_trading_date_turns_at_17_and_skips_the_weekend(day, clock, wanted):
    """T8.1."""
    assert trading_date(at(clock, day)) == date.fromisoformat(wanted)


@pytest.mark.parametrize(("month", "hour"), [(7, 13), (12, 14)])
def test_the_regular_session_opens_at_0930_in_summer_and_in_winter(month, hour):
    """T8.1, daylight saving."""
    opened = int(datetime(2025, month, 1, hour, 30, tzinfo=UTC).timestamp()) * NANOS_PER_S
    assert calendar.minutes_since_open(opened) == 0
    assert phase(opened) is Phase.RTH
    assert phase(opened - 1) is Phase.ETH


@pytest.mark.parametrize(
    ("day", "clock", "wanted"),
    [
        ("2025-12-02", "15:59:59.999", Phase.RTH),
        ("2025-12-02", "16:00", Phase.POST),
        ("2025-12-02", "16:59", Phase.POST),
        ("2025-12-02", "17:00", Phase.HALT),
        ("2025-12-02", "18:00", Phase.ETH),
        ("2025-12-05", "16:59", Phase.POST),
        ("2025-12-05", "17:00", Phase.WEEKEND),
        ("2025-12-06", "10:00", Phase.WEEKEND),
        ("2025-12-07", "17:59", Phase.WEEKEND),
        ("2025-12-07", "18:00", Phase.ETH),
    ],
)
def test_each_phase_holds_its_first_instant(day, clock, wanted):
    assert phase(at(clock, day)) is wanted


@pytest.mark.parametrize(
    ("clock", "since", "left"),
    [
        ("09:29:59", None, None),
        ("09:30", 0, 390),
        ("09:34:59", 4, 385),
        ("09:35", 5, 385),
        ("15:45", 375, 15),
        ("15:45:01", 375, 14),
        ("16:00", 390, 0),
        ("16:00:01", None, None),
    ],
)
def test_minutes_are_counted_whole_and_only_in_the_regular_session(clock, since, left):
    assert calendar.minutes_since_open(at(clock)) == since
    assert calendar.minutes_to_close(at(clock)) == left


def test_the_last_regular_open_of_a_monday_morning_is_that_of_friday():
    assert calendar.last_rth_open(at("09:29", "2025-12-08")) == at("09:30", "2025-12-05")
    assert calendar.last_rth_open(at("09:30", "2025-12-08")) == at("09:30", "2025-12-08")
    assert calendar.last_rth_open(at("18:00", "2025-12-07")) == at("09:30", "2025-12-05")


@pytest.mark.parametrize("clock", ["9:30", "0930", "24:00", "12:60", "ab:cd", ""])
def test_a_clock_time_that_is_none_is_refused(clock):
    with pytest.raises(ValueError, match="wanted"):
        calendar.clock_minute(clock)


def test_a_clock_time_is_minutes_after_midnight():
    assert calendar.clock_minute("15:55") == 955


@given(INSTANTS)
def test_every_instant_lies_in_its_trading_day_and_days_follow_without_a_gap(ts):
    day = trading_day(ts)
    assert day.start_ns <= ts < day.end_ns
    assert day.start_ns < day.open_ns < day.rth_open_ns < day.rth_close_ns < day.end_ns
    assert trading_day(day.end_ns).start_ns == day.end_ns


@given(INSTANTS, st.sampled_from([1, 7, 60, 300, 900, 3600, 25_200]))
def test_bars_lie_on_the_grid_from_18_and_end_at_every_boundary(ts, seconds):
    second = ts // NANOS_PER_S
    local = datetime.fromtimestamp(second, calendar.NEW_YORK)
    days = [local.date() + timedelta(days=n) for n in (-1, 0, 1)]
    ends = [instant(day, *end) for day in days for end in ((9, 30), (16, 0), (17, 0), (18, 0))]
    anchor = max(six for day in days if (six := instant(day, 18, 0)) <= second)
    start = anchor + (second - anchor) // seconds * seconds
    wanted = (
        max([start, *(end for end in ends if end <= second)]),
        min([start + seconds, *(end for end in ends if end > second)]),
    )
    assert calendar.bar_bounds(ts, seconds * NANOS_PER_S) == tuple(s * NANOS_PER_S for s in wanted)


def instant(day: date, hour: int, minute: int) -> int:
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=calendar.NEW_YORK)
    return int(moment.timestamp())


SCHEDULE = calendar.Schedule.of(
    ("2025-12-25",), ("2025-11-28 13:15", "2025-12-26 09:15", "2025-12-29 16:30")
)


@pytest.mark.parametrize(
    ("day", "clock", "left"),
    [
        ("2025-11-28", "09:29:59", None),
        ("2025-11-28", "09:30", 225),
        ("2025-11-28", "13:14:01", 0),
        ("2025-11-28", "13:15", 0),
        ("2025-11-28", "13:15:01", None),
        ("2025-12-26", "09:30", None),
        ("2025-12-29", "15:59", 1),
        ("2025-12-29", "16:00:01", None),
        ("2025-12-30", "13:15", 165),
    ],
)
def test_the_minutes_to_the_close_count_to_an_early_close(day, clock, left):
    assert calendar.minutes_to_close(at(clock, day), SCHEDULE) == left


def test_without_a_schedule_every_day_is_regular():
    assert calendar.minutes_to_close(at("13:15", "2025-11-28")) == 165


@pytest.mark.parametrize(
    ("closed", "early", "wanted"),
    [
        (("25 December",), (), "YYYY-MM-DD"),
        (("",), (), "YYYY-MM-DD"),
        ((), ("2025-11-28",), "YYYY-MM-DD HH:MM"),
        ((), ("2025-11-28 1:15",), "HH:MM"),
        ((), ("2025-11-28 17:00",), "before 17:00"),
        (("2025-11-28",), ("2025-11-28 13:15",), "twice"),
        (("2025-11-28", "2025-11-28"), (), "twice"),
        ((), ("2025-11-28 13:15", "2025-11-28 13:00"), "twice"),
    ],
)
def test_words_that_are_no_schedule_are_refused(closed, early, wanted):
    with pytest.raises(ValueError, match=wanted):
        calendar.Schedule.of(closed, early)


@given(INSTANTS)
def test_an_empty_schedule_changes_nothing(ts):
    empty = calendar.Schedule.of((), ())
    assert calendar.minutes_to_close(ts, empty) == calendar.minutes_to_close(ts)
    day = trading_day(ts)
    assert calendar.rth_close_ns(day, empty) == day.rth_close_ns
