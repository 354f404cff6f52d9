"""The developing profile of a session: what is in it, and whether it is whole. Domain 1.7, 5.5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orderflow.footprint import BarBuilder
from actors.core.orderflow.profile import profile_of_bars, value_of
from actors.core.orderflow.session_profiles import SessionProfiles
from actors.core.session.calendar import Phase, phase
from protocol.market import Window
from tests.actors.core.orderflow.bar_reference import bar_rule, tapes
from tests.makers import at, make_bar

MINUTE = 60 * 10**9
LONG_AGO = at("09:00", "2025-12-01")
MONDAY, WEDNESDAY = "2025-12-01", "2025-12-03"


def session_profiles(first_ns: int = LONG_AGO, rows: int = 2) -> SessionProfiles:
    return SessionProfiles(700_000, rows, first_ns)


def bar_at(start_ns: int, low: int = 100, buys=(1,), **fields):
    return make_bar(
        low=low, buys=buys, sells=(0,) * len(buys), start_ns=start_ns, end_ns=start_ns + MINUTE,
        **fields,
    )  # fmt: skip


def test_bars_of_one_session_are_summed():
    profiles = session_profiles()
    profiles.add(bar_at(at("09:30"), 101, (10, 20, 40)))
    found = profiles.add(bar_at(at("09:31"), 103, (10, 30, 25, 5)))
    assert (found.low, found.high, found.volume) == (101, 106, 140)
    assert (found.window, found.date) == (Window.RTH, "2025-12-02")
    assert (found.poc, found.ts_ns) == (103, at("09:32"))


@pytest.mark.parametrize(("rows", "area"), [(2, (101, 105)), (1, (102, 105))])
def test_t1_6_the_rows_of_the_settings_decide_the_area(rows, area):
    found = session_profiles(rows=rows).add(
        bar_at(at("09:30"), 100, (10, 20, 40, 50, 30, 25, 5))
    )
    assert (found.value_low, found.value_high) == area


@pytest.mark.parametrize(
    ("clock", "day", "window", "date"),
    [
        ("18:00", MONDAY, Window.OVERNIGHT, "2025-12-02"),
        ("23:59", MONDAY, Window.OVERNIGHT, "2025-12-02"),
        ("09:29", "2025-12-02", Window.OVERNIGHT, "2025-12-02"),
        ("09:30", "2025-12-02", Window.RTH, "2025-12-02"),
        ("15:59", "2025-12-02", Window.RTH, "2025-12-02"),
        ("16:00", "2025-12-02", None, ""),
        ("17:59", "2025-12-02", None, ""),
        ("18:00", "2025-12-07", Window.OVERNIGHT, "2025-12-08"),
        ("12:00", "2025-12-06", None, ""),
        ("09:30", "2025-07-01", Window.RTH, "2025-07-01"),
    ],
)
def test_the_start_of_a_bar_says_which_session_it_is_of(clock, day, window, date):
    found = session_profiles().add(bar_at(at(clock, day)))
    assert (found and found.window) == window
    assert found is None or found.date == date


def test_each_session_begins_anew():
    # R2 of the seeds never clears its profile, so that its day goes on since the program started.
    profiles = session_profiles()
    volumes = []
    for clock, day in [
        ("18:00", MONDAY), ("09:29", "2025-12-02"), ("09:30", "2025-12-02"),
        ("15:59", "2025-12-02"), ("18:00", "2025-12-02"), ("09:30", WEDNESDAY),
    ]:  # fmt: skip
        volumes.append(profiles.add(bar_at(at(clock, day), buys=(3,))).volume)
    assert volumes == [3, 6, 3, 6, 3, 3]


def test_the_afternoon_and_the_halt_change_no_profile():
    profiles = session_profiles()
    profiles.add(bar_at(at("15:59"), 100, (5,)))
    assert profiles.add(bar_at(at("16:00"), 90, (50,))) is None
    night = profiles.add(bar_at(at("18:00"), 101, (7,)))
    assert (night.low, night.volume) == (101, 7)


@pytest.mark.parametrize(
    ("first", "start", "whole"),
    [
        ("09:30:00", "09:30:00", True),
        ("09:30:59.999", "09:30:00", True),
        ("09:31:00", "09:30:00", False),  # The tape began in the middle of the first bar.
        ("08:00:00", "09:30:59.999", True),  # Bars that a trade ends begin with a trade.
        ("08:00:00", "09:31:00", False),
        ("09:33:00", "09:33:00", False),
    ],
)
def test_a_profile_is_whole_if_the_tape_ran_in_the_first_minute_of_the_session(
    first, start, whole
):
    found = session_profiles(at(first)).add(bar_at(at(start)))
    assert found.whole is whole


def test_a_tape_that_starts_in_mid_session_is_not_whole_until_the_next_one():
    profiles = session_profiles(at("11:00"))
    assert not profiles.add(bar_at(at("11:00"))).whole
    assert not profiles.add(bar_at(at("15:59"))).whole
    assert profiles.add(bar_at(at("18:00"))).whole
    assert profiles.add(bar_at(at("09:29", WEDNESDAY))).whole
    assert profiles.add(bar_at(at("09:30", WEDNESDAY))).whole


def test_a_day_left_out_between_two_recordings_is_noticed():
    profiles = session_profiles(at("09:30", MONDAY))
    assert profiles.add(bar_at(at("09:30", MONDAY))).whole
    assert not profiles.add(bar_at(at("11:00", WEDNESDAY))).whole


@given(tapes(falling=False), st.sampled_from(["time:300", "tick:3", "volume:25", "range:2"]))
def test_the_profile_is_that_of_the_bars_of_its_session(tape, series):
    builder = BarBuilder(bar_rule(series), simulated=False)
    profiles = session_profiles(int(tape.ts_event[0]))
    inside = []
    for bar in builder.add(tape) + builder.close_now(2**62):
        found = profiles.add(bar)
        if phase(bar.start_ns) is not Phase.RTH:
            break
        inside.append(bar)
        slow = profile_of_bars(inside)
        assert (found.low, found.high, found.volume) == (slow.low, slow.high, slow.volume)
        area = value_of(slow.low, slow.volumes(), 700_000)
        assert (found.poc, found.value_low, found.value_high) == area
        assert not found.whole
