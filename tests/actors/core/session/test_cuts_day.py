"""Cuts of a day: ends of bars by time, and the boundaries of the session between two trades."""

import dataclasses
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.risk.windows import TOPSTEP_FLAT
from actors.core.rules import hours_of
from actors.core.session.calendar import Schedule
from actors.core.session.cuts import Cuts
from protocol.risk_settings import RiskSettings
from protocol.series import BarKind, Series, parse_series
from protocol.settings import CalendarSettings
from protocol.units import NANOS_PER_S
from tests.actors.core.session.cut_points import (
    BAR,
    FIVE_MINUTES,
    HOURS,
    NEW_YORK,
    SESSION,
    STARTS,
    STEPS,
    at,
    clock,
    traded,
)

EARLY = dataclasses.replace(HOURS, schedule=Schedule.of([], ["2025-11-28 13:15"]))


def cuts(*instants: int, prev: int | None = None, bar_s: int = FIVE_MINUTES, hours=HOURS):
    found = Cuts((Series(BarKind.TIME, bar_s),), True, hours)
    if prev is not None:
        found.add(traded([prev]))
    return [(index, clock(ts), reason) for index, ts, reason in found.add(traded(instants))]


def test_no_trades_make_no_cut():
    assert cuts() == []


def test_the_first_trade_of_a_tape_makes_no_cut():
    assert cuts(at("10:01:00")) == []


def test_trades_of_one_bar_make_no_cut():
    assert cuts(at("10:00:00"), at("10:04:59.999")) == []


def test_a_trade_at_the_very_end_of_a_bar_comes_after_its_cut():
    assert cuts(at("10:00:00"), at("10:05:00")) == [(1, "10:05:00", BAR)]


def test_bars_without_trades_make_no_cut_of_their_own():
    assert cuts(at("10:01:00"), at("10:31:00")) == [(1, "10:05:00", BAR)]


@pytest.mark.parametrize("boundary", ["09:30", "16:00", "17:00", "18:00"])
def test_a_bar_that_would_span_a_forced_end_is_cut_there(boundary):
    hour_and_a_bit = 7 * 660  # 77 minutes: no boundary lies on its grid.
    trades = (at(f"{boundary}:00") - NANOS_PER_S, at(f"{boundary}:00"))
    assert cuts(*trades, bar_s=hour_and_a_bit) == [(1, f"{boundary}:00", SESSION)]


def test_bars_are_laid_from_the_open_and_not_from_the_last_forced_end():
    # Laid from 18:00, bars of 77 minutes end at 10:41; from 09:30 they would end at 10:47.
    assert cuts(at("09:30:00"), at("10:46:00"), bar_s=77 * 60) == [(1, "10:41:00", BAR)]


def test_a_bar_ended_early_does_not_end_a_second_time_on_its_grid():
    # By its grid of 77 minutes the bar of 15:56 would end at 17:06.
    trades = (at("15:56:00"), at("15:57:00"), at("17:30:00"))
    assert cuts(*trades, bar_s=77 * 60) == [
        (2, "16:00:00", SESSION), (2, "16:59:30", SESSION), (2, "17:00:00", SESSION)
    ]


@pytest.mark.parametrize("boundary", ["15:45:00", "15:55:00", "16:59:30"])
def test_the_last_entry_the_flatten_and_the_hard_stop_cut_within_a_bar(boundary):
    before, after = at(boundary) - 1_000_000, at(boundary)
    assert cuts(before, after, bar_s=3600) == [(1, boundary, SESSION)]
    assert cuts(before - 1_000_000, before, bar_s=3600) == []


SHORT, DAY_AFTER = "2025-11-28", "2025-12-01"


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (SHORT, ["13:00:00", "13:10:00", "16:00:00", "16:59:30", "17:00:00"]),
        (DAY_AFTER, ["15:45:00", "15:55:00", "16:00:00", "16:59:30", "17:00:00"]),
    ],
)
def test_an_early_close_moves_the_last_entry_and_the_flatten_of_its_day_alone(day, wanted):
    """Before, a position of that day was looked at when a bar ended, and an hour bar too late."""
    found = cuts(at("12:50:00", day), at("17:00:00", day), bar_s=8 * 3600, hours=EARLY)
    assert [clock for _, clock, reason in found if reason is SESSION] == wanted


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"flatten": "15:41", "last_entry": "15:07"}, ["15:07:00", "15:41:00", "16:59:30"]),
        ({"preset": "topstep"}, ["15:45:00", "15:55:00", "16:10:00"]),
        ({"last_entry": "15:55"}, ["15:55:00", "16:59:30"]),
    ],
)
def test_the_hours_of_the_settings_are_cut_off_every_grid_too(change, wanted):
    hours = hours_of(RiskSettings(**change), CalendarSettings())
    found = cuts(at("15:01:00"), at("16:59:59"), bar_s=8 * 3600, hours=hours)
    assert [clock for _, clock, _ in found if clock != "16:00:00"] == wanted
    assert (hours.hard_stop == TOPSTEP_FLAT) is ("preset" in change)


def test_hours_that_differ_move_no_end_of_a_bar():
    odd = hours_of(RiskSettings(flatten="15:41", last_entry="15:08"), CalendarSettings())
    instants = [at("15:01:00") + n * 7_300_000_000 for n in range(1_000)]
    for name in ("time:3600", "time:420", "tick:3"):
        series = (parse_series(name),)
        ends = [
            {ts for _, ts, reason in Cuts(series, True, hours).add(traded(instants))
             if reason is BAR}
            for hours in (HOURS, odd, EARLY)
        ]
        assert ends[0] == ends[1] == ends[2], name


def test_a_silence_over_the_afternoon_passes_every_boundary_in_order_each_once():
    assert cuts(at("15:41:00"), at("18:00:00")) == [
        (1, "15:45:00", SESSION),
        (1, "15:55:00", SESSION),
        (1, "16:00:00", SESSION),
        (1, "16:59:30", SESSION),
        (1, "17:00:00", SESSION),
        (1, "18:00:00", SESSION),
    ]


def test_the_trade_before_the_batch_counts():
    assert cuts(at("10:05:00"), prev=at("10:04:59")) == [(0, "10:05:00", BAR)]
    assert cuts(at("10:05:01"), prev=at("10:05:00")) == []


def test_a_weekend_is_cut_like_any_day():
    friday, sunday = at("16:59:00", "2025-12-05"), at("18:00:00", "2025-12-07")
    found = cuts(friday, sunday)
    # Friday 16:59:30, 17:00 and 18:00, then seven boundaries a day.
    assert len(found) == 3 + 7 + 7
    assert all(index == 1 and reason == SESSION for index, _, reason in found)


@pytest.mark.parametrize(
    ("day", "utc_hour"), [("2025-07-01", 13), ("2025-12-01", 14), ("2025-11-03", 14)]
)
def test_the_open_is_at_half_past_nine_in_summer_and_winter(day, utc_hour):
    opening = datetime.fromisoformat(f"{day}T{utc_hour}:30:00+00:00").timestamp()
    opening_ns = int(opening) * NANOS_PER_S
    assert cuts(opening_ns - 1_000_000, opening_ns) == [(1, "09:30:00", SESSION)]


def test_on_the_sunday_of_a_clock_change_bars_are_laid_from_the_new_open():
    # 2 November 2025: the clock goes back at night; the market opens at 18:00 standard time.
    day = "2025-11-02"
    assert cuts(at("18:00:00", day), at("18:06:00", day)) == [(1, "18:05:00", BAR)]


NAMES = ("09:30:00", "15:45:00", "15:55:00", "16:00:00", "16:59:30", "17:00:00", "18:00:00")
FORCED = ("09:30:00", "16:00:00", "17:00:00", "18:00:00")


def slow(instants, bar_ns, prev):
    """The definition, one pair of trades after the other, in New York clock arithmetic."""
    found, seen = [], set()
    before = prev
    for index, now in enumerate(instants):
        if before is not None:
            for ts, reason in slow_pair(before, now, bar_ns):
                if ts not in seen:
                    seen.add(ts)
                    found.append((index, ts, reason))
        before = now
    return found


def slow_pair(before, now, bar_ns):
    boundaries = {}
    day = datetime.fromtimestamp(before // NANOS_PER_S, NEW_YORK).date() - timedelta(days=1)
    while at("00:00:00", str(day)) <= now:
        for name in NAMES:
            boundaries[at(name, str(day))] = name
        day += timedelta(days=1)
    for name in NAMES:
        boundaries[at(name, str(day))] = name
    anchor = max(ts for ts, name in boundaries.items() if name == "18:00:00" and ts <= before)
    forced = min(ts for ts, name in boundaries.items() if ts > before and name in FORCED)
    end = min(anchor + ((before - anchor) // bar_ns + 1) * bar_ns, forced)
    passed = {ts: SESSION for ts in boundaries if before < ts <= now}
    if end <= now:
        passed.setdefault(end, BAR)
    return sorted(passed.items())


@given(STARTS, STEPS, st.sampled_from([7, 60, 300, 4620]))
@settings(deadline=None)
def test_columns_and_the_definition_agree(start, steps, bar_s):
    instants = (start + np.cumsum([0, *steps]) * 1_000_000).tolist()
    found = Cuts((Series(BarKind.TIME, bar_s),), True, HOURS)
    assert found.add(traded(instants)) == slow(instants, bar_s * NANOS_PER_S, None)
