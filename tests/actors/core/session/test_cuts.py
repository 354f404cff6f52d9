"""Where decisions may fall: bar ends and session boundaries between consecutive trades."""

import dataclasses
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import Trades
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.risk.windows import TOPSTEP_FLAT
from actors.core.rules import hours_of
from actors.core.session.calendar import Schedule
from actors.core.session.cuts import Cuts
from protocol.market import BarClosed, CutReason
from protocol.risk_settings import RiskSettings
from protocol.series import BarKind, Series, parse_series
from protocol.settings import CalendarSettings
from protocol.units import NANOS_PER_S
from tests.actors.core.orderflow.bar_reference import bar_rule, parts_of, tapes
from tests.makers import make_trades

NEW_YORK = ZoneInfo("America/New_York")
FIVE_MINUTES = 300
MANY = ("time:300", "tick:3", "volume:25", "range:2", "time:60")
BAR, SESSION, TIMER = CutReason.BAR, CutReason.SESSION, CutReason.TIMER
GRACE = NANOS_PER_S // 2
HOURS = hours_of(RiskSettings(), CalendarSettings())
EARLY = dataclasses.replace(HOURS, schedule=Schedule.of([], ["2025-11-28 13:15"]))


def at(clock: str, day: str = "2025-12-03") -> int:
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)
    return round(moment.timestamp() * 1000) * 1_000_000


def clock(ts: int) -> str:
    return datetime.fromtimestamp(ts / NANOS_PER_S, NEW_YORK).strftime("%H:%M:%S")


def traded(instants) -> Trades:
    return make_trades([(int(ts), 100, "B", 1) for ts in instants])


def cuts(*instants: int, prev: int | None = None, bar_s: int = FIVE_MINUTES, hours=HOURS):
    found = Cuts((Series(BarKind.TIME, bar_s),), True, hours)
    if prev is not None:
        found.add(traded([prev]))
    return [(index, clock(ts), reason) for index, ts, reason in found.add(traded(instants))]


def many_cuts(*names: str) -> Cuts:
    return Cuts(tuple(parse_series(name) for name in names), True, HOURS)


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


STEPS = st.lists(
    st.integers(0, 40 * 60 * 1000) | st.integers(0, 80 * 3600 * 1000) | st.just(0), max_size=25
)
STARTS = st.sampled_from(
    [at("09:20:00"), at("15:40:00"), at("16:50:00", "2025-10-31"), at("23:00:00", "2026-03-06")]
)


@given(STARTS, STEPS, st.sampled_from([7, 60, 300, 4620]))
@settings(deadline=None)
def test_columns_and_the_definition_agree(start, steps, bar_s):
    instants = (start + np.cumsum([0, *steps]) * 1_000_000).tolist()
    found = Cuts((Series(BarKind.TIME, bar_s),), True, HOURS)
    assert found.add(traded(instants)) == slow(instants, bar_s * NANOS_PER_S, None)


def cuts_of(parts: list[Trades], names=MANY):
    """The cuts of all parts, by their row in the whole."""
    found, done, points = many_cuts(*names), 0, []
    for part in parts:
        points += [(done + index, ts, reason) for index, ts, reason in found.add(part)]
        done += len(part)
    return points


@given(STARTS, STEPS, st.lists(st.integers(0, 26), max_size=5))
@settings(deadline=None)
def test_where_a_batch_is_cut_makes_no_difference_to_cuts_by_the_clock(start, steps, places):
    whole = traded(start + np.cumsum([0, *steps]) * 1_000_000)
    assert cuts_of(parts_of(whole, places), ("time:300",)) == cuts_of([whole], ("time:300",))


@given(tapes(falling=False), st.lists(st.integers(0, 60), max_size=6))
@settings(deadline=None)
def test_where_a_batch_is_cut_makes_no_difference(tape, places):
    assert cuts_of(parts_of(tape, places)) == cuts_of([tape])


@given(tapes(falling=False))
@settings(deadline=None)
def test_there_is_a_cut_at_the_end_of_every_bar_and_nowhere_else(tape):
    bars = ContractBars(tuple(bar_rule(name) for name in MANY), simulated=False)
    ends = {bar.end_ns for bar in bars.add(tape) if isinstance(bar, BarClosed)}
    points = cuts_of([tape])
    assert {ts for _, ts, reason in points if reason is BAR} <= ends
    assert ends <= {ts for _, ts, _ in points}
    ts_event = tape.ts_event.tolist()
    assert points == sorted(points, key=lambda point: point[:2])
    for index, ts, _ in points:
        assert all(before < ts for before in ts_event[:index])
        assert all(after >= ts for after in ts_event[index:])


def test_all_trades_of_the_nanosecond_that_ends_a_bar_come_before_its_cut():
    ten = at("10:00:00")
    trades = traded([ten, ten + 5, ten + 5, ten + 5, ten + 6])
    assert many_cuts("tick:2").add(trades) == [(4, ten + 6, BAR)]


def test_the_cut_of_a_bar_that_the_last_trade_ended_comes_with_the_next_trade():
    ten, found = at("10:00:00"), many_cuts("tick:2")
    assert found.add(traded([ten, ten + 5])) == []
    assert found.add(traded([ten + 5])) == []
    assert found.add(traded([ten + 9])) == [(0, ten + 6, BAR)]


def test_bars_of_several_series_that_end_together_make_one_cut():
    ten = at("10:00:00")
    trades = traded([ten, ten + 5, ten + 9])
    assert many_cuts("tick:2", "volume:2", "tick:1").add(trades) == [
        (1, ten + 1, BAR), (2, ten + 6, BAR)
    ]  # fmt: skip


def test_a_bar_that_a_trade_ends_just_before_a_boundary_is_cut_by_the_session():
    boundary = at("16:00:00")
    assert many_cuts("tick:1").add(traded([boundary - 1, boundary])) == [(1, boundary, SESSION)]


def test_a_range_bar_is_cut_behind_the_trade_that_did_not_fit():
    ten = at("10:00:00")
    rows = [(ten, 100, "B", 1), (ten + 3, 103, "B", 1), (ten + 9, 103, "B", 1)]
    assert many_cuts("range:2").add(make_trades(rows)) == [(2, ten + 4, BAR)]


def test_without_splitting_a_volume_bar_ends_elsewhere():
    ten = at("10:00:00")
    rows = [(ten + row, 100, "B", 7) for row in range(5)]
    series = (parse_series("volume:10"),)
    ends = [
        [ts - ten for _, ts, _ in Cuts(series, split, HOURS).add(make_trades(rows))]
        for split in (True, False)
    ]
    assert ends == [[2, 3], [2, 4]]


def test_another_contract_counts_anew():
    ten, found = at("10:01:00"), many_cuts("tick:3")
    found.add(traded([ten, ten + 1]))
    found.renew()
    assert found.add(traded([ten + 2, ten + 3, ten + 4])) == []
    assert found.add(traded([ten + 9])) == [(0, ten + 5, BAR)]


def test_the_open_bar_of_the_old_contract_is_cut_in_its_time():
    found = many_cuts("time:300", "tick:2")
    found.add(traded([at("10:01:00"), at("10:01:00")]))
    found.renew()
    assert found.add(traded([at("10:06:00")])) == [
        (0, at("10:01:00") + 1, BAR), (0, at("10:05:00"), BAR)
    ]  # fmt: skip


def sliced(step_s: int = 5) -> Cuts:
    return Cuts((Series(BarKind.TIME, FIVE_MINUTES),), True, HOURS, step_s * NANOS_PER_S)


def seen(points) -> list[tuple[int, str, CutReason]]:
    return [(index, clock(ts), reason) for index, ts, reason in points]


def test_a_slice_with_a_trade_ends_with_a_cut_and_an_empty_one_does_not():
    found = sliced().add(traded([at("10:00:01"), at("10:00:04.999"), at("10:00:21")]))
    assert seen(found) == [(2, "10:00:05", TIMER)]


@pytest.mark.parametrize(
    ("second", "wanted"),
    [("10:00:04.999", []), ("10:00:05", [(1, "10:00:05", TIMER)]),
     ("10:00:10", [(1, "10:00:05", TIMER)])],
)  # fmt: skip
def test_the_cut_of_a_slice_comes_before_the_first_trade_at_its_end(second, wanted):
    assert seen(sliced().add(traded([at("10:00:00"), at(second)]))) == wanted


def test_where_a_slice_ends_with_a_bar_or_the_session_the_cut_is_theirs():
    found = sliced().add(traded([at("10:04:57"), at("10:05:03"), at("10:05:06")]))
    assert seen(found) == [(1, "10:05:00", BAR), (2, "10:05:05", TIMER)]
    assert seen(sliced().add(traded([at("15:59:58"), at("16:00:01")]))) == [
        (1, "16:00:00", SESSION)
    ]


def test_slices_lie_on_multiples_of_their_length_since_1970():
    start = at("10:00:00")
    first = (start // (7 * NANOS_PER_S) + 1) * 7 * NANOS_PER_S
    found = sliced(7).add(traded([start, start + 20 * NANOS_PER_S]))
    assert found == [(1, first, TIMER)]


def test_the_clock_brings_the_cut_of_a_quiet_slice_once():
    found = sliced()
    found.add(traded([at("10:00:01")]))
    assert found.due_cuts(at("10:00:05") + GRACE - 1, GRACE) == []
    assert found.due_cuts(at("10:00:05") + GRACE, GRACE) == [(at("10:00:05"), TIMER)]
    assert found.due_cuts(at("10:01:00"), GRACE) == []
    assert seen(found.add(traded([at("10:00:04"), at("10:00:06")]))) == []


def test_the_slice_of_the_old_contract_is_cut_in_its_time():
    found = sliced()
    found.add(traded([at("10:00:01")]))
    found.renew()
    assert seen(found.add(traded([at("10:00:07")]))) == [(0, "10:00:05", TIMER)]


def test_the_next_cut_is_that_of_the_open_bar_slice_or_boundary_whichever_is_first():
    assert sliced().next_ns(at("10:05:00")) is None  # Before any trade.
    found = sliced()
    found.add(traded([at("10:00:01")]))
    for until, wanted in (("10:00:04.999", None), ("10:00:05", "10:00:05"),
                          ("17:00:00", "10:00:05")):  # fmt: skip
        told = found.next_ns(at(until))
        assert (told and clock(told)) == wanted, until
    found.due_cuts(at("10:00:06"), 0)
    assert clock(found.next_ns(at("17:00:00"))) == "10:05:00"
    found.due_cuts(at("10:05:00"), 0)
    assert found.next_ns(at("10:10:00")) is None  # Without a trade no bar is open.
    assert clock(found.next_ns(at("16:30:00"))) == clock(found.due_cuts(at("16:30:00"), 0)[0][0])


def test_the_end_of_a_bar_that_a_trade_filled_is_the_next_cut():
    found, ten = many_cuts("tick:2"), at("10:01:00")
    found.add(traded([ten, ten + 7]))
    assert (found.next_ns(ten + 7), found.next_ns(ten + 8)) == (None, ten + 8)


@given(STARTS, STEPS, st.integers(0, 10**12), st.sampled_from([0, 5]))
@settings(deadline=None)
def test_the_next_cut_is_the_first_that_the_clock_would_bring_and_asking_changes_nothing(
    start, steps, later_ns, step_s
):
    whole = traded(start + np.cumsum([0, *steps]) * 1_000_000)
    until_ns = int(whole.ts_event[-1]) + later_ns
    found = Cuts((Series(BarKind.TIME, FIVE_MINUTES),), True, HOURS, step_s * NANOS_PER_S)
    found.add(whole)
    told = found.next_ns(until_ns)
    assert told == found.next_ns(until_ns)
    brought = found.due_cuts(until_ns, 0)
    assert told == (brought[0][0] if brought else None)


@given(STARTS, STEPS, st.lists(st.integers(0, 26), max_size=5), st.sampled_from([1, 5, 7]))
@settings(deadline=None)
def test_slices_add_their_cuts_to_the_others_however_batches_are_cut(start, steps, places, step_s):
    whole = traded(start + np.cumsum([0, *steps]) * 1_000_000)
    step, times = step_s * NANOS_PER_S, whole.ts_event.tolist()
    plain = {ts: reason for _, ts, reason in cuts_of([whole], ("time:300",))}
    ends = {(ts // step + 1) * step for ts in times}
    wanted = dict.fromkeys((end for end in ends if end <= times[-1]), TIMER) | plain
    points, done, found = [], 0, sliced(step_s)
    for part in parts_of(whole, places):
        points += [(done + index, ts, reason) for index, ts, reason in found.add(part)]
        done += len(part)
    assert {ts: reason for _, ts, reason in points} == wanted
    assert len(points) == len(wanted)
    for index, ts, _ in points:
        assert all(before < ts for before in times[:index])
        assert all(after >= ts for after in times[index:])


@pytest.mark.parametrize("instants", [(5, 4), (3,)])
def test_times_that_fall_are_refused(instants):
    found, ten = many_cuts("time:300"), at("10:00:00")
    found.add(traded([ten + 4]))
    with pytest.raises(ValueError, match="wanted times that never fall"):
        found.add(traded([ten + ts for ts in instants]))


SECOND = NANOS_PER_S


def test_before_the_first_trade_nothing_is_due():
    assert many_cuts(*MANY).due_cuts(at("23:00:00"), GRACE) == []


def test_a_quiet_bar_is_due_when_its_grace_is_over_and_not_before():
    found = many_cuts("time:300")
    found.add(traded([at("10:01:00")]))
    end = at("10:05:00")
    assert found.due_cuts(end + GRACE - 1, GRACE) == []
    assert found.due_cuts(end + GRACE, GRACE) == [(end, BAR)]
    assert found.due_cuts(end + 9 * SECOND, GRACE) == []
    # The trade that comes at last does not cut again.
    assert found.add(traded([at("10:06:00")])) == []


def test_a_bar_that_a_trade_ended_is_due_after_its_grace_too():
    found, ten = many_cuts("tick:1"), at("10:00:00")
    found.add(traded([ten]))
    assert found.due_cuts(ten + GRACE, GRACE) == []
    assert found.due_cuts(ten + GRACE + 1, GRACE) == [(ten + 1, BAR)]


def test_boundaries_are_due_in_a_quiet_market_for_a_flatten_does_not_wait_for_trades():
    found = many_cuts("range:99")
    found.add(traded([at("15:41:00")]))
    assert found.due_cuts(at("15:55:00") + GRACE, GRACE) == [
        (at("15:45:00"), SESSION), (at("15:55:00"), SESSION)
    ]  # fmt: skip
    assert found.due_cuts(at("16:30:00"), GRACE) == [(at("16:00:00"), SESSION)]


@pytest.mark.parametrize("together", [True, False])
def test_a_late_trade_after_a_due_cut_makes_no_cut_in_the_past(together):
    found = many_cuts("time:300", "tick:2")
    found.add(traded([at("10:01:00")]))
    found.due_cuts(at("10:06:00"), GRACE)
    # The tick bar of 10:01 is still open, and the late trade ends it; the time has passed.
    late, timely = at("10:04:00"), at("10:07:00")
    batches = [traded([late, timely])] if together else [traded([late]), traded([timely])]
    assert [found.add(batch) for batch in batches] == [[] for _ in batches]


@given(tapes(falling=False), st.integers(0, 2 * SECOND))
@settings(deadline=None, max_examples=50)
def test_cuts_brought_by_the_clock_change_no_bar_and_no_cut(tape, grace):
    rules = tuple(bar_rule(name) for name in MANY)
    plain, timed = (ContractBars(rules, simulated=False) for _ in range(2))
    wanted = plain.add(tape) + plain.close_now(2**62)
    found, messages, instants = many_cuts(*MANY), [], []
    for row in range(len(tape)):
        part = tape.slice(row, row + 1)
        for _, ts, reason in found.add(part):
            messages += timed.close_at(ts)
            instants.append((ts, reason))
        messages += timed.add(part)
        # The clock stands as far as the next trade allows: with the grace over, none is late.
        until = int(tape.ts_event[row + 1]) if row + 1 < len(tape) else int(part.ts_event[0])
        for ts, reason in found.due_cuts(until + grace, grace):
            messages += timed.close_at(ts)
            instants.append((ts, reason))
    assert messages + timed.close_now(2**62) == wanted
    assert instants == [(ts, reason) for _, ts, reason in cuts_of([tape])]
