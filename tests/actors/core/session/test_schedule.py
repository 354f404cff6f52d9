"""What is due when, domain 8.2, and the parts of the day, 8.1."""

import dataclasses
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.windows import Hours
from actors.core.session.calendar import Schedule, clock_ns, day_of, trading_date
from actors.core.session.schedule import (
    actions_of,
    due,
    next_open_ns,
    phase_at,
    upcoming,
)
from protocol.day import DayAction, DayPhase
from protocol.units import NANOS_PER_S
from tests.makers import at

S = NANOS_PER_S
SCHEDULE = Schedule.of(
    ["2025-11-27", "2025-12-25"],
    ["2025-11-28 13:15", "2025-12-24 09:30", "2025-12-26 09:40"],
)
HOURS = Hours(
    first_entry=9 * 60 + 35, last_entry=15 * 60 + 45, flatten=15 * 60 + 55, schedule=SCHEDULE
)
REGULAR = [
    ("globex_open", "2025-12-01", "18:00"), ("warmup", "2025-12-02", "07:00"),
    ("preflight", "2025-12-02", "09:25"), ("rth_open", "2025-12-02", "09:30"),
    ("first_entry", "2025-12-02", "09:35"), ("last_entry", "2025-12-02", "15:45"),
    ("flatten_time", "2025-12-02", "15:55"), ("rth_close", "2025-12-02", "16:00"),
    ("digest", "2025-12-02", "16:00"), ("watch_end", "2025-12-02", "16:15"),
    ("hard_stop", "2025-12-02", "16:59:30"), ("roll", "2025-12-02", "17:00"),
    ("recap", "2025-12-02", "17:01"), ("export", "2025-12-02", "17:01"),
]  # fmt: skip
TUESDAY = date(2025, 12, 2)


def test_a_regular_day_has_every_action_once_at_its_hour_by_the_clock_of_new_york():
    found = [(str(one.action), one.due_ns) for one in actions_of(TUESDAY, HOURS)]
    assert found == [(action, at(clock, day)) for action, day, clock in REGULAR]
    assert {action for action, _ in found} == set(DayAction)


def test_on_a_half_day_the_session_ends_with_its_close_and_the_day_at_1700():
    found = {str(o.action): o.due_ns for o in actions_of(date(2025, 11, 28), HOURS)}
    wanted = {
        "rth_open": "09:30", "last_entry": "13:00", "flatten_time": "13:10", "rth_close": "13:15",
        "digest": "13:15", "watch_end": "13:30", "hard_stop": "16:59:30", "roll": "17:00",
        "export": "17:01",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == {
        name: at(clock, "2025-11-28") for name, clock in wanted.items()
    }


@pytest.mark.parametrize("day", ["2025-11-27", "2025-12-25", "2025-12-06", "2025-12-07"])
def test_a_closed_date_and_a_weekend_demand_nothing(day):
    assert actions_of(date.fromisoformat(day), HOURS) == ()


def test_a_day_that_closes_as_the_session_would_open_has_no_session():
    found = [str(one.action) for one in actions_of(date(2025, 12, 24), HOURS)]
    assert found == ["globex_open", "warmup", "hard_stop", "roll", "recap", "export"]


def test_a_day_too_short_for_entries_has_no_first_and_no_last_one():
    found = [str(one.action) for one in actions_of(date(2025, 12, 26), HOURS)]
    assert "rth_open" in found
    assert not {"first_entry", "last_entry"} & set(found)


def test_hours_are_those_of_the_wall_in_new_york_when_the_clocks_change():
    # Friday before and Monday after the end of daylight saving, 2025-11-02.
    before, after = (
        next(o.due_ns for o in actions_of(day, HOURS) if o.action is DayAction.RTH_OPEN)
        for day in (date(2025, 10, 31), date(2025, 11, 3))
    )
    assert after - before == (3 * 24 + 1) * 3600 * S


@pytest.mark.parametrize(
    ("clock", "day", "phase"),
    [
        ("17:00", "2025-12-01", "halt"),
        ("17:59:59.999", "2025-12-01", "halt"),
        ("18:00", "2025-12-01", "eth"),
        ("09:29:59.999", "2025-12-02", "eth"),
        ("09:30", "2025-12-02", "rth"),
        ("15:59:59.999", "2025-12-02", "rth"),
        ("16:00", "2025-12-02", "post"),
        ("16:59:59.999", "2025-12-02", "post"),
        ("17:00", "2025-12-05", "weekend"),
        ("17:59:59.999", "2025-12-07", "weekend"),
        ("18:00", "2025-12-07", "eth"),
        ("17:00", "2025-11-26", "closed"),  # Thanksgiving begins.
        ("12:00", "2025-11-27", "closed"),
        ("17:00", "2025-11-27", "halt"),
        ("13:14:59.999", "2025-11-28", "rth"),
        ("13:15", "2025-11-28", "halt"),  # The early close.
        ("16:30", "2025-11-28", "halt"),
        ("17:00", "2025-11-28", "weekend"),
        ("13:30", "2025-07-01", "rth"),
    ],
)
def test_each_phase_holds_its_first_instant_and_not_its_last(clock, day, phase):
    assert phase_at(at(clock, day), SCHEDULE) is DayPhase(phase)


@pytest.mark.parametrize(
    ("clock", "day", "wanted"),
    [
        ("16:59:59", "2025-12-01", "2025-12-01"),
        ("17:00", "2025-12-01", "2025-12-02"),
        ("17:30", "2025-12-05", "2025-12-08"),
        ("18:05", "2025-12-07", "2025-12-08"),
    ],
)
def test_t8_1_ex_what_is_due_at_once_belongs_to_the_trading_date(clock, day, wanted):
    now_ns, on = at(clock, day), date.fromisoformat(wanted)
    found = due({}, on, now_ns, HOURS)
    assert trading_date(now_ns) == on
    assert {one.date for one in found} <= {on}


def test_t8_1_ex_dst_the_summer_session_opens_at_1330_utc():
    opens = next(o for o in actions_of(date(2025, 7, 1), HOURS) if o.action is DayAction.RTH_OPEN)
    assert opens.due_ns == 1_751_376_600 * S  # 2025-07-01T13:30Z.


def names(found):
    return [str(one.action) for one in found]


@pytest.mark.parametrize(
    ("clock", "last"),
    [("09:24:59.999", "warmup"), ("09:25", "preflight"), ("09:29:59.999", "preflight")],
)
def test_an_action_is_due_from_its_hour_on_and_not_before(clock, last):
    assert names(due({}, TUESDAY, at(clock), HOURS))[-1] == last


def test_what_was_answered_is_not_due_again():
    done = {TUESDAY: {DayAction.GLOBEX_OPEN, DayAction.WARMUP}}
    assert names(due(done, TUESDAY, at("09:26"), HOURS)) == ["preflight"]


@pytest.mark.parametrize(
    ("action", "clock", "missed"),
    [
        ("preflight", "09:29:59.999", False),
        ("preflight", "09:30", True),
        ("rth_open", "15:59:59.999", False),
        ("rth_open", "16:00", True),
        ("first_entry", "15:44:59.999", False),
        ("first_entry", "15:45", True),
        ("flatten_time", "16:59:59.999", False),
        ("flatten_time", "17:00", True),
    ],
)
def test_an_action_may_be_late_up_to_the_end_of_its_use(action, clock, missed):
    now_ns = at(clock)
    (one,) = [o for o in due({}, TUESDAY, now_ns, HOURS) if o.action == action]
    assert one.missed(now_ns) is missed


def test_what_a_day_leaves_to_be_done_is_made_up_days_later_in_order():
    now_ns = at("12:00", "2025-12-05")
    found = [one for one in due({}, TUESDAY, now_ns, HOURS) if not one.missed(now_ns)]
    late = [(one.date.day, str(one.action)) for one in found if one.date < date(2025, 12, 5)]
    assert late == [
        (day, action) for day in (2, 3, 4) for action in ("digest", "roll", "recap", "export")
    ]


def test_nothing_older_than_a_week_and_nothing_before_the_first_look_is_made_up():
    now_ns = at("12:00", "2025-12-19")
    assert min(one.date for one in due({}, TUESDAY, now_ns, HOURS)) == date(2025, 12, 12)
    assert due({}, date(2025, 12, 22), now_ns, HOURS) == ()


def test_what_comes_next_is_in_order_across_the_roll_and_a_closed_day():
    ahead = upcoming(at("17:00", "2025-11-26"), HOURS, 4)
    assert names(ahead) == ["recap", "export", "globex_open", "warmup"]
    assert [one.date.day for one in ahead] == [26, 26, 28, 28]
    first = upcoming(at("17:01", "2025-11-26"), HOURS, 1)
    assert [o.due_ns for o in first] == [at("18:00", "2025-11-27")]


@pytest.mark.parametrize(
    ("clock", "day", "opens"),
    [
        ("18:00", "2025-12-01", "2025-12-01"),
        ("18:00:00.001", "2025-12-01", "2025-12-02"),
        ("12:00", "2025-12-06", "2025-12-07"),
        ("17:30", "2025-11-26", "2025-11-27"),
    ],
)
def test_the_next_open_is_the_first_1800_of_an_open_day(clock, day, opens):
    assert next_open_ns(at(clock, day), SCHEDULE) == at("18:00", opens)


def test_a_calendar_without_any_open_day_is_refused():
    days = [str(date(2025, 12, 1) + timedelta(days=n)) for n in range(60)]
    with pytest.raises(ValueError, match="wanted one in 30 days"):
        next_open_ns(at("12:00"), Schedule.of(days, []))


MINUTES = st.integers(0, 60 * 24 * 500)


@given(MINUTES)
def test_what_is_due_is_what_a_look_at_every_action_of_every_date_finds(minutes):
    now_ns = at("00:00", "2025-01-06") + minutes * 60 * S
    since = date(2025, 1, 6)
    today = trading_date(now_ns)
    slow = []
    for number in range(600):
        day = since + timedelta(days=number)
        if today - timedelta(days=7) <= day <= today:
            slow += [o for o in actions_of(day, HOURS) if o.due_ns <= now_ns]
    assert due({}, since, now_ns, HOURS) == tuple(sorted(slow, key=lambda o: o.due_ns))


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(9 * 60, 17 * 60 - 1))
def test_the_actions_of_a_day_are_in_order_within_it_and_before_their_end(day, close):
    early = Schedule(early={day: close})
    found = actions_of(day, dataclasses.replace(HOURS, schedule=early))
    if day.weekday() >= 5:
        assert found == ()
        return
    times = [one.due_ns for one in found]
    assert times == sorted(times)
    assert times[0] == day_of(day).open_ns
    assert times[-1] == clock_ns(day, 17 * 60 + 1)
    assert all(one.until_ns is None or one.due_ns < one.until_ns for one in found)
    assert len({one.action for one in found}) == len(found)
