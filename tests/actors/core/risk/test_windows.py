"""When entries are allowed and when nothing may be held, domain 7.8."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.windows import (
    Hours,
    entry_refusal,
    flatten_ns,
    last_entry_ns,
    must_be_flat,
    no_trade_window,
    past_hard_stop,
    stops_ns,
)
from actors.core.session.calendar import Schedule
from tests.makers import at

HOURS = Hours(first_entry=9 * 60 + 35, last_entry=15 * 60 + 45, flatten=15 * 60 + 55)
EARLY = dataclasses.replace(
    HOURS, schedule=Schedule.of(["2025-12-25"], ["2025-11-28 13:15", "2025-12-24 09:30"])
)


@pytest.mark.parametrize(
    ("clock", "day", "allowed"),
    [
        ("09:34:59.999", "2025-12-02", False),
        ("09:35", "2025-12-02", True),
        ("15:45", "2025-12-02", True),
        ("15:45:00.001", "2025-12-02", False),
        ("20:00", "2025-12-02", False),
        ("11:00", "2025-12-06", False),
        ("09:35", "2025-07-01", True),  # Daylight saving: 13:35 UTC.
        ("13:00", "2025-11-28", True),
        ("13:00:00.001", "2025-11-28", False),
        ("11:00", "2025-12-25", False),
        ("09:35", "2025-12-24", False),  # Closed before the first entry.
    ],
)
def test_entries_are_allowed_from_0935_to_1545_or_15_minutes_before_an_early_close(
    clock, day, allowed
):
    assert (entry_refusal(at(clock, day), EARLY) is None) is allowed


def test_a_refusal_says_the_window_of_the_day():
    assert entry_refusal(at("15:50"), EARLY) == "entries from 09:35 to 15:45 New York on 2025-12-02"
    said = entry_refusal(at("13:01", "2025-11-28"), EARLY)
    assert said == "entries from 09:35 to 13:00 New York on 2025-11-28"
    assert entry_refusal(at("10:00", "2025-12-25"), EARLY) == (
        "the exchange is closed on 2025-12-25"
    )


@pytest.mark.parametrize(
    ("clock", "day", "flat"),
    [
        ("09:29:59.999", "2025-12-02", True),
        ("09:30", "2025-12-02", False),
        ("15:54:59.999", "2025-12-02", False),
        ("15:55", "2025-12-02", True),
        ("17:30", "2025-12-02", True),
        ("12:00", "2025-12-06", True),
        ("13:09:59.999", "2025-11-28", False),
        ("13:10", "2025-11-28", True),
        ("11:00", "2025-12-25", True),
        ("11:00", "2025-12-24", True),
    ],
)
def test_nothing_is_held_from_1555_or_5_minutes_before_an_early_close(clock, day, flat):
    assert must_be_flat(at(clock, day), EARLY) is flat


def test_whoever_enters_before_the_open_may_hold_before_the_open():
    gold = dataclasses.replace(HOURS, first_entry=8 * 60 + 25)
    assert not must_be_flat(at("08:25"), gold)
    assert must_be_flat(at("08:24:59"), gold)


def test_a_flatten_after_the_close_comes_five_minutes_before_an_early_one():
    late = dataclasses.replace(EARLY, flatten=16 * 60 + 8, last_entry=15 * 60 + 58)
    friday = date(2025, 11, 28)
    assert flatten_ns(friday, late) == at("13:10", "2025-11-28")
    assert last_entry_ns(friday, late) == at("13:00", "2025-11-28")
    wide = dataclasses.replace(EARLY, flatten=15 * 60 + 30, last_entry=15 * 60)
    assert flatten_ns(friday, wide) == at("12:45", "2025-11-28")
    assert last_entry_ns(friday, wide) == at("12:15", "2025-11-28")


@pytest.mark.parametrize(
    ("clock", "day", "stop"),
    [
        ("16:59:29.999", "2025-12-02", None),
        ("16:59:30", "2025-12-02", "2025-12-02"),
        ("17:00", "2025-12-02", "2025-12-02"),  # The next trading date, the same stop.
        ("09:29", "2025-12-03", "2025-12-02"),
        ("09:30", "2025-12-03", None),
        ("12:00", "2025-12-06", "2025-12-05"),
        ("08:00", "2025-12-08", "2025-12-05"),
    ],
)
def test_no_position_may_exist_from_165930_until_the_next_open(clock, day, stop):
    wanted = None if stop is None else at("16:59:30", stop)
    assert past_hard_stop(at(clock, day), HOURS) == wanted


def test_the_hard_stop_of_a_lent_account_is_1610():
    lent = dataclasses.replace(HOURS, hard_stop=16 * 60 + 10)
    assert past_hard_stop(at("16:09:59"), lent) is None
    assert past_hard_stop(at("16:10"), lent) == at("16:10")
    assert past_hard_stop(at("18:00"), lent) == at("16:10")


def test_there_is_no_lunch_window_unless_it_is_set():
    """R0 hides one from 12:00 to 13:00 that holds live and not in a back-test (defect 32)."""
    lunch = dataclasses.replace(HOURS, no_trade=(no_trade_window("12:00-13:00"),))
    for clock in ("12:00", "12:59:59.999"):
        assert entry_refusal(at(clock), HOURS) is None
        assert entry_refusal(at(clock), lunch) == "no entries from 12:00 to 13:00 New York"
    assert entry_refusal(at("11:59:59.999"), lunch) is None
    assert entry_refusal(at("13:00"), lunch) is None


@pytest.mark.parametrize("text", ["12:00", "13:00-12:00", "12:00-12:00", "12-13", "24:00-25:00"])
def test_a_window_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="wanted"):
        no_trade_window(text)


@pytest.mark.parametrize(
    "change",
    [
        {"first_entry": 16 * 60},
        {"last_entry": 15 * 60 + 56},
        {"flatten": 17 * 60},
        {"hard_stop": 15 * 60 + 54},
        {"no_trade": ((720, 720),)},
    ],
)
def test_hours_out_of_order_are_refused(change):
    with pytest.raises(ValueError, match="wanted"):
        dataclasses.replace(HOURS, **change)


@pytest.mark.parametrize("day", ["2025-11-28", "2025-12-02", "2025-12-24"])
def test_at_its_stops_and_not_before_a_day_changes_what_is_allowed(day):
    last_ns, flat_ns, stop_ns = stops_ns(date.fromisoformat(day), EARLY)
    assert last_ns <= flat_ns < stop_ns
    assert entry_refusal(last_ns + 1, EARLY) is not None
    assert must_be_flat(flat_ns, EARLY)
    assert past_hard_stop(stop_ns, EARLY) == stop_ns != past_hard_stop(stop_ns - 1, EARLY)
    if day != "2025-12-24":  # Which closes before the first entry.
        assert entry_refusal(last_ns, EARLY) is None
        assert not must_be_flat(flat_ns - 1, EARLY)


@given(st.integers(at("00:00", "2025-11-20"), at("00:00", "2025-12-31")))
def test_whatever_may_be_entered_may_be_held_and_is_before_the_hard_stop(ts_ns):
    if entry_refusal(ts_ns, EARLY) is None:
        assert not must_be_flat(ts_ns, EARLY)
    if past_hard_stop(ts_ns, EARLY) is not None:
        assert must_be_flat(ts_ns, EARLY)
