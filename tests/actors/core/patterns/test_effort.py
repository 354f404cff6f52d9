"""Effort without result, domain 2.4 E."""

import dataclasses
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.effort import (
    CHANGES_MAX,
    Effort,
    EffortRule,
    PastChanges,
    effort,
)
from actors.core.session.calendar import Phase, phase
from protocol.instruments import instrument
from protocol.patterns import Direction, Pattern
from protocol.settings import Settings
from tests.actors.core.patterns.sessions import (
    assert_refuses_what_does_not_follow,
    assert_state_follows_from_the_bars,
    fed,
    real_bars,
    rows_of,
    series,
)
from tests.makers import at

RULE = EffortRule(bars=10, price_ticks_max=2, deviations_ppm=2_000_000, changes_min=20)
SMALL = EffortRule(bars=3, price_ticks_max=2, deviations_ppm=2_000_000, changes_min=4)
PAST = [-100, 100] * 10  # Deviation 100.


def test_the_rule_takes_its_numbers_from_the_settings():
    assert EffortRule.of(Settings().effort, instrument("ES")) == RULE


@pytest.mark.parametrize(
    ("change", "strength"),
    [(199, None), (200, 500_000), (201, 502_500), (400, 1_000_000), (900, 1_000_000)],
)
def test_effort_begins_at_two_deviations_with_half_strength(change, strength):
    for sign in (1, -1):
        found = effort(0, sign * change, PAST, RULE)
        assert (found and found.strength_ppm) == strength
        assert found is None or found.buyers is (sign > 0)


@pytest.mark.parametrize(("ticks", "found"), [(2, True), (-2, True), (3, False), (-3, False)])
def test_a_price_that_moved_three_ticks_is_a_result(ticks, found):
    assert (effort(ticks, 300, PAST, RULE) is not None) is found


def test_too_few_past_changes_measure_nothing():
    assert effort(0, 300, PAST[1:], RULE) is None
    assert effort(0, 300, [], RULE) is None


def test_past_changes_all_alike_measure_nothing():
    assert effort(0, 300, [50] * 20, RULE) is None
    assert effort(0, 300, [0] * 20, RULE) is None


def test_no_change_is_no_push_however_small_the_rule():
    assert effort(0, 0, PAST, dataclasses.replace(RULE, deviations_ppm=0)) is None


def test_price_that_falls_against_buying_is_divergence_and_not_effort():
    """The mistake of the seed: it asked for a fall of more than two ticks."""
    assert effort(-3, 300, PAST, RULE) is None


def deltas(*values, **fields):
    return [{"delta": value, **fields} for value in values]


def test_buying_without_result_meets_passive_sellers_and_points_down():
    calm = deltas(*[10, 10, -10, -10] * 8)
    (signal,) = fed(Effort(SMALL), series([*calm, *deltas(500, high=20_009)]))
    assert signal.pattern is Pattern.EFFORT_SELLING_ABSORPTION
    assert (signal.direction, signal.ref_price) == (Direction.SHORT, 20_009)
    assert (signal.zone_low, signal.zone_high) == (20_000, 20_009)
    (mirror,) = fed(Effort(SMALL), series([*calm, *deltas(-500, low=19_990, close=20_000)]))
    assert mirror.pattern is Pattern.EFFORT_BUYING_ABSORPTION
    assert (mirror.direction, mirror.ref_price) == (Direction.LONG, 19_990)


def test_a_reset_of_cumulative_delta_is_no_push():
    """From 4,000 to 0 in one bar: the count began anew, nobody sold."""
    rise = [{**row, "low": 20_000 + 2 * i, "high": 20_002 + 2 * i}
            for i, row in enumerate(deltas(*[410, 410, 390, 390] * 8))]  # fmt: skip
    after = [{"delta": 0, "low": 20_062, "high": 20_064, **more}
             for more in ({"anew": True}, {"delta": 10}, {})]  # fmt: skip
    assert fed(Effort(SMALL), series(rise + after)) == []
    gone_on = [{**row, "anew": False, "delta": -4_000} for row in after[:1]]
    assert len(fed(Effort(SMALL), series(rise + gone_on))) == 1


def test_after_a_reset_the_observations_begin_anew_and_the_past_changes_stay():
    calm = deltas(7, *[10, 10, -10, -10] * 8)
    after = [{"delta": 0, "anew": True}, {"delta": 300}, {"delta": 300}]
    signals = fed(Effort(SMALL), series(calm + after))
    assert [s.ts_ns for s in signals] == [series(calm + after)[-1].end_ns]


def test_the_night_is_not_measured_against_the_day():
    night = deltas(*[10, 10, -10, -10] * 3)
    loud = [{"delta": 0, "anew": True}, *deltas(200, -150, 180)]
    # 09:30 falls on the first loud bar: by day there are no changes to measure against yet.
    bars = series([*night, *loud], start="08:30")
    assert phase(bars[12].start_ns) is Phase.RTH and phase(bars[11].start_ns) is Phase.ETH
    assert fed(Effort(SMALL), bars) == []
    assert fed(Effort(SMALL), series([*night, *loud], start="07:30")) != []


def test_a_change_that_reaches_from_the_day_into_the_night_is_neithers():
    night, day = deltas(*[10, -10] * 9), deltas(*[400, -400] * 39)
    # The close lies before the last four bars; only the first of them still measures some day.
    evening = deltas(0, 0, 10, -10)
    bars = series([*night, *day, *evening], start="08:00")
    assert [phase(bar.start_ns) is Phase.RTH for bar in bars[-5:]] == [True] + [False] * 4
    watch = Effort(SMALL)
    fed(watch, bars[:-4])
    before = list(watch.by_day.changes), list(watch.by_night.changes)
    assert fed(watch, bars[-4:-3]) == []
    assert (list(watch.by_day.changes), list(watch.by_night.changes)) == before
    assert fed(watch, bars[-3:]) == []
    assert list(watch.by_night.changes) == [*before[1], 0, 10, 0]


def test_a_change_of_two_nights_with_a_day_between_them_is_neithers():
    hours = ("07:00", "08:00", "12:00", "18:30", "19:00")
    watch = Effort(dataclasses.replace(SMALL, bars=4))
    fed(watch, series([{"start_ns": at(hour), "end_ns": at(hour) + 1} for hour in hours]))
    assert not watch.by_night.changes and not watch.by_day.changes


def test_bars_of_unknown_sides_only_are_no_effort():
    assert fed(Effort(SMALL), series(deltas(*[0] * 40))) == []


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(wrong):
    for arguments in ((wrong, 300, PAST), (0, wrong, PAST), (0, 300, [wrong, *PAST])):
        with pytest.raises(ValueError, match="wanted finite numbers"):
            effort(*arguments, RULE)


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(lambda: Effort(SMALL))


def slow(bars, rule):
    """Every change anew from the whole series, the deviation by the library."""
    resets = [
        t for t in range(1, len(bars)) if bars[t].cvd - bars[t].delta != bars[t - 1].cvd
    ]
    changes, found = [], []
    for t in range(rule.bars - 1, len(bars)):
        first = t - rule.bars + 1
        if any(first < reset <= t for reset in resets):
            continue
        by_day = phase(bars[t].start_ns) is Phase.RTH
        if any((phase(bar.start_ns) is Phase.RTH) is not by_day for bar in bars[first + 1 : t]):
            continue
        change = bars[t].cvd - bars[first].cvd
        past = [old for day, old in changes if day is by_day][-CHANGES_MAX:]
        changes.append((by_day, change))
        if len(past) < rule.changes_min or abs(bars[t].close - bars[first].close) > 2:
            continue
        deviation = statistics.pstdev(past)
        if deviation > 0 and change and abs(change) >= rule.deviations_ppm / 1e6 * deviation:
            found.append((bars[t].end_ns, change > 0))
    return found


@given(rows_of(), st.sampled_from(["10:00", "08:30", "15:00"]))
def test_a_series_gives_what_the_slow_reference_gives(rows, start):
    bars = series(rows, start=start)
    for deviations_ppm in (1_000_000, 1_370_001):
        rule = dataclasses.replace(SMALL, deviations_ppm=deviations_ppm)
        found = [
            (s.ts_ns, s.pattern is Pattern.EFFORT_SELLING_ABSORPTION)
            for s in fed(Effort(rule), bars)
        ]
        assert found == slow(bars, rule)


@given(st.integers(-500, 500), st.lists(st.integers(-200, 200), min_size=20, max_size=40))
def test_selling_is_buying_upside_down(change, past):
    found = effort(0, change, past, RULE)
    mirrored = effort(0, -change, [-old for old in past], RULE)
    assert mirrored == (None if found is None else found._replace(buyers=not found.buyers))


@given(st.integers(1, 5), st.lists(st.integers(-(10**12), 10**12), max_size=30))
def test_the_sums_of_past_changes_are_those_of_the_last_ones(changes_max, changes):
    past = PastChanges(changes_max)
    for change in changes:
        past.add(change)
    last = changes[-changes_max:]
    assert len(past) == len(last) and list(past.changes) == last
    assert (past.total, past.squares) == (sum(last), sum(change**2 for change in last))


def test_memory_is_bounded():
    detector = Effort(SMALL)
    fed(detector, series(deltas(*range(CHANGES_MAX + 50)), start="16:00"))
    assert len(detector.history) == 3 and len(detector.by_night) == CHANGES_MAX


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    assert_state_follows_from_the_bars(lambda: Effort(RULE), real_bars(), 5)
