"""Where decisions may fall: bar ends and session boundaries between consecutive trades."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.session.cuts import cut_points
from protocol.market import CutReason
from protocol.units import NANOS_PER_S

NEW_YORK = ZoneInfo("America/New_York")
FIVE_MINUTES = 300 * NANOS_PER_S
BAR, SESSION = CutReason.BAR, CutReason.SESSION


def at(clock: str, day: str = "2025-12-03") -> int:
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)
    return round(moment.timestamp() * 1000) * 1_000_000


def clock(ts: int) -> str:
    return datetime.fromtimestamp(ts / NANOS_PER_S, NEW_YORK).strftime("%H:%M:%S")


def cuts(*instants: int, prev: int | None = None, bar_ns: int = FIVE_MINUTES):
    found = cut_points(np.array(instants, np.int64), bar_ns, prev)
    return [(index, clock(ts), reason) for index, ts, reason in found]


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
    hour_and_a_bit = 7 * 660 * NANOS_PER_S  # 77 minutes: no boundary lies on its grid.
    trades = (at(f"{boundary}:00") - NANOS_PER_S, at(f"{boundary}:00"))
    assert cuts(*trades, bar_ns=hour_and_a_bit) == [(1, f"{boundary}:00", SESSION)]


def test_bars_are_laid_from_the_open_and_not_from_the_last_forced_end():
    # Laid from 18:00, bars of 77 minutes end at 10:41; from 09:30 they would end at 10:47.
    bar_ns = 77 * 60 * NANOS_PER_S
    assert cuts(at("09:30:00"), at("10:46:00"), bar_ns=bar_ns) == [(1, "10:41:00", BAR)]


def test_a_bar_ended_early_does_not_end_a_second_time_on_its_grid():
    # By its grid of 77 minutes the bar of 15:56 would end at 17:06.
    trades = (at("15:56:00"), at("15:57:00"), at("17:30:00"))
    assert cuts(*trades, bar_ns=77 * 60 * NANOS_PER_S) == [
        (2, "16:00:00", SESSION), (2, "17:00:00", SESSION)
    ]


@pytest.mark.parametrize("boundary", ["15:45:00", "15:55:00"])
def test_the_last_entry_and_the_flatten_cut_within_a_bar(boundary):
    hour = 3600 * NANOS_PER_S
    before, after = at(boundary) - 1_000_000, at(boundary)
    assert cuts(before, after, bar_ns=hour) == [(1, boundary, SESSION)]


def test_a_silence_over_the_afternoon_passes_every_boundary_in_order_each_once():
    assert cuts(at("15:41:00"), at("18:00:00")) == [
        (1, "15:45:00", SESSION),
        (1, "15:55:00", SESSION),
        (1, "16:00:00", SESSION),
        (1, "17:00:00", SESSION),
        (1, "18:00:00", SESSION),
    ]


def test_the_trade_before_the_batch_counts():
    assert cuts(at("10:05:00"), prev=at("10:04:59")) == [(0, "10:05:00", BAR)]
    assert cuts(at("10:05:01"), prev=at("10:05:00")) == []


def test_a_weekend_is_cut_like_any_day():
    friday, sunday = at("16:59:00", "2025-12-05"), at("18:00:00", "2025-12-07")
    found = cuts(friday, sunday)
    assert len(found) == 2 + 6 + 6  # Friday 17:00 and 18:00, then six boundaries a day.
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
        for name in ("09:30", "15:45", "15:55", "16:00", "17:00", "18:00"):
            boundaries[at(f"{name}:00", str(day))] = name
        day += timedelta(days=1)
    for name in ("09:30", "15:45", "15:55", "16:00", "17:00", "18:00"):
        boundaries[at(f"{name}:00", str(day))] = name
    anchor = max(ts for ts, name in boundaries.items() if name == "18:00" and ts <= before)
    forced = min(
        ts for ts, name in boundaries.items() if ts > before and not name.startswith("15:")
    )
    end = min(anchor + ((before - anchor) // bar_ns + 1) * bar_ns, forced)
    passed = {ts: SESSION for ts in boundaries if before < ts <= now}
    if end <= now:
        passed.setdefault(end, BAR)
    return sorted(passed.items())


STEPS = st.lists(
    st.integers(0, 40 * 60 * 1000) | st.integers(0, 80 * 3600 * 1000) | st.just(0), max_size=25
)
STARTS = st.sampled_from(
    [at("09:20:00"), at("15:40:00"), at("16:50:00", "2025-10-31"), at("23:00:00", "2026-03-06")]
)


@given(STARTS, STEPS, st.sampled_from([7, 60, 300, 4620]))
def test_columns_and_the_definition_agree(start, steps, bar_s):
    instants = (start + np.cumsum([0, *steps]) * 1_000_000).tolist()
    bar_ns = bar_s * NANOS_PER_S
    assert cut_points(np.array(instants), bar_ns, None) == slow(instants, bar_ns, None)


@given(STARTS, STEPS, st.integers(0, 26))
def test_where_a_batch_is_cut_makes_no_difference(start, steps, place):
    instants = start + np.cumsum([0, *steps]) * 1_000_000
    place = min(place, len(instants))
    first, second = instants[:place], instants[place:]
    prev = int(first[-1]) if place else None
    joined = cut_points(first, FIVE_MINUTES, None) + [
        (index + place, ts, reason)
        for index, ts, reason in cut_points(second, FIVE_MINUTES, prev)
    ]
    assert joined == cut_points(instants, FIVE_MINUTES, None)
