"""Initiative and responsive activity outside yesterday's value, domain 2.9."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.initiative import (
    Activity,
    Initiative,
    InitiativeRule,
    activity,
    side_of,
)
from actors.core.session.calendar import phase, trading_date
from protocol.instruments import instrument
from protocol.market import ValueJudged, Window
from protocol.patterns import Direction, Pattern
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from tests.actors.core.patterns.sessions import (
    assert_refuses_what_does_not_follow,
    assert_state_follows_from_the_bars,
    fed,
    real_bars,
    rows_of,
    series,
)
from tests.makers import CONTRACT, at

MINUTE = 60 * NANOS_PER_S
RULE = InitiativeRule(volume_multiple_ppm=1_200_000, accept_ns=15 * MINUTE)
EVEN = [100] * 19  # With 123 the mean is 101.15, and 1.2 of it 121.38.


def judged(**fields):
    values = {
        "contract": CONTRACT, "ts_ns": at("16:00", "2025-12-01"), "window": Window.RTH,
        "date": "2025-12-01", "low": 19_900, "high": 20_100, "value_low": 19_950,
        "value_high": 20_050, "poc": 20_000, "volume": 1_000_000, "whole": True,
    }  # fmt: skip
    return ValueJudged(**(values | fields))


def detector(*values, rule=RULE):
    found = Initiative(rule)
    for value in values or (judged(),):
        found.value(value)
    return found


def test_the_rule_takes_its_numbers_from_the_settings():
    assert InitiativeRule.of(Settings().initiative, instrument("ES")) == RULE


@pytest.mark.parametrize(("close", "side"), [(9, -1), (10, 0), (15, 0), (20, 0), (21, 1)])
def test_the_edges_belong_to_value(close, side):
    assert side_of(close, 10, 20) == side


@pytest.mark.parametrize(
    ("minutes", "strength"), [(20, 800_000), (39.99, 999_900), (40, 1_000_000), (90, 1_000_000)]
)
def test_initiative_grows_by_a_hundredth_a_minute(minutes, strength):
    found = activity(1, round(minutes * MINUTE), [*EVEN, 200], RULE)
    assert found == Activity(Pattern.INITIATIVE_BUYING, strength, 750_000)


def test_fifteen_minutes_are_not_enough_and_a_nanosecond_more_is():
    assert activity(-1, 15 * MINUTE, [*EVEN, 200], RULE) is None
    found = activity(-1, 15 * MINUTE + 1, [*EVEN, 200], RULE)
    assert found == Activity(Pattern.INITIATIVE_SELLING, 750_000, 750_000)


def test_a_bar_is_heavy_above_six_fifths_of_the_mean_and_not_at_it():
    # 120 x 20 = 1.2 x 2,000, the bar itself included.
    volumes = [98, 98, *[99] * 16, 100, 120]
    assert sum(volumes) == 2_000
    back = Activity(Pattern.RESPONSIVE_SELLING, 500_000, 600_000)
    assert activity(1, 60 * MINUTE, volumes, RULE) == back
    assert activity(1, 0, volumes, RULE) == back
    assert activity(1, 60 * MINUTE, [*volumes[:-1], 121], RULE).pattern is Pattern.INITIATIVE_BUYING
    assert activity(-1, 0, volumes, RULE).pattern is Pattern.RESPONSIVE_BUYING


def outside(*volumes, close=20_060, quiet=20):
    """Quiet bars inside value, then bars of `volumes` that close at `close`."""
    rows = [{"volume": 1_000} for _ in range(quiet)]
    low = min(close, 20_060)
    return [*rows, *({"low": low, "high": low + 2, "volume": v} for v in volumes)]


def test_heavy_trade_above_value_is_initiative_at_the_first_end_after_fifteen_minutes():
    bars = series(outside(2_000, 2_000, 2_000, 2_000, 2_000, 2_000))
    (signal,) = fed(detector(), bars)
    # Ends lie 0, 5, 10, 15 and 20 minutes after the first.
    assert signal.ts_ns == bars[24].end_ns
    assert (signal.pattern, signal.direction) == (Pattern.INITIATIVE_BUYING, Direction.LONG)
    assert (signal.strength_ppm, signal.confidence_ppm) == (800_000, 750_000)
    assert (signal.ref_price, signal.zone_low, signal.zone_high) == (20_050, 19_950, 20_050)


def test_below_value_both_point_the_other_way():
    bars = series(outside(2_000, 2_000, 2_000, 2_000, 2_000, 500, close=19_940))
    initiative, responsive = fed(detector(), bars)
    assert (initiative.pattern, initiative.direction) == (
        Pattern.INITIATIVE_SELLING, Direction.SHORT,
    )  # fmt: skip
    assert (responsive.pattern, responsive.direction) == (
        Pattern.RESPONSIVE_BUYING, Direction.LONG,
    )  # fmt: skip
    assert initiative.ref_price == responsive.ref_price == 19_950


def test_light_trade_outside_value_is_responsive_at_once_and_once():
    bars = series(outside(900, 900, 900))
    (signal,) = fed(detector(), bars)
    assert (signal.ts_ns, signal.direction) == (bars[20].end_ns, Direction.SHORT)
    assert (signal.strength_ppm, signal.confidence_ppm) == (500_000, 600_000)


def test_inside_value_nothing_is_raised_and_the_excursion_ends():
    rows = outside(2_000, 2_000, 2_000)
    assert fed(detector(), series([*rows, {}, *outside(2_000, 2_000, 2_000, quiet=0)])) == []
    again = [*outside(900), {}, *outside(900, quiet=0)]
    assert len(fed(detector(), series(again))) == 2


def test_an_excursion_on_the_other_side_is_another_one():
    rows = outside(900) + outside(900, close=19_940, quiet=0)
    signals = fed(detector(), series(rows))
    assert [s.pattern for s in signals] == [Pattern.RESPONSIVE_SELLING, Pattern.RESPONSIVE_BUYING]


def test_the_open_begins_an_excursion_anew():
    """Outside since 09:20: at 09:50 fifteen minutes of the regular session are just over."""
    bars = series(outside(*[4_000] * 7, quiet=20), start="07:40")
    assert phase(bars[21].start_ns) != phase(bars[22].start_ns)
    (signal,) = fed(detector(), bars)
    assert signal.ts_ns == at("09:55")
    assert signal.strength_ppm == 800_000


def test_without_twenty_bars_there_is_no_mean_volume_and_no_signal():
    assert fed(detector(), series(outside(900, 900, quiet=17))) == []
    assert len(fed(detector(), series(outside(900, 900, quiet=18)))) == 1


@pytest.mark.parametrize(
    "value",
    [
        judged(window=Window.OVERNIGHT),
        judged(whole=False),
        judged(date="2025-12-02"),
        judged(date="2025-12-03"),
    ],
    ids=["of the night", "of half a session", "of today", "of tomorrow"],
)
def test_a_value_that_is_not_of_a_whole_session_before_is_none(value):
    """The mistake of the seed: where a value is missing it is never made up."""
    assert fed(detector(value), series(outside(900))) == []


def test_without_any_value_there_is_no_signal():
    assert fed(Initiative(RULE), series(outside(900))) == []


def test_yesterday_counts_and_not_the_day_that_runs():
    today = judged(date="2025-12-02", value_low=20_040, value_high=20_080, whole=False)
    signals = fed(detector(judged(), today), series(outside(900)))
    assert [s.zone_high for s in signals] == [20_050]


def test_the_last_value_of_a_day_counts_and_a_third_day_is_forgotten():
    first = judged(date="2025-11-28", value_high=20_000)
    early, late = judged(value_high=20_010), judged(value_high=20_055)
    found = detector(first, early, late)
    assert found.values == [first, late]
    assert [s.ref_price for s in fed(found, series(outside(900)))] == [20_055]
    found.value(judged(date="2025-12-02"))
    assert [value.date for value in found.values] == ["2025-12-01", "2025-12-02"]


def test_a_half_seen_yesterday_is_not_replaced_by_the_day_before_it():
    before = judged(date="2025-11-28")
    assert fed(detector(before, judged(whole=False)), series(outside(900))) == []


def test_from_17_00_on_the_day_that_ended_is_yesterday():
    today = judged(date="2025-12-02", value_low=19_000, value_high=19_500)
    bars = series(outside(900, 900, quiet=19, close=20_040), start="15:20")
    assert [trading_date(bar.start_ns).day for bar in bars[-2:]] == [2, 3]
    (signal,) = fed(detector(judged(), today), bars)
    assert (signal.ref_price, signal.ts_ns) == (19_500, bars[-1].end_ns)


def test_values_out_of_order_and_of_another_contract_are_refused():
    for wrong in (judged(date="2025-11-28"), judged(contract="ESH6")):
        with pytest.raises(ValueError, match="wanted ESZ5 on 2025-12-01 or later"):
            detector(judged(), wrong)
    with pytest.raises(ValueError, match="a bar of ESZ5, wanted ESH6"):
        fed(detector(judged(contract="ESH6")), series(outside(900)))


def test_arguments_that_make_no_sense_are_refused():
    for arguments in ((0, 5, [1]), (2, 5, [1]), (1, -1, [1]), (1, 5, [])):
        with pytest.raises(ValueError, match="wanted side 1 or -1, a time from 0 and at least one"):
            activity(*arguments, RULE)
    for wrong in (math.nan, math.inf, -1):
        with pytest.raises(ValueError, match="wanted finite numbers from 0"):
            activity(1, 5, [wrong, 5], RULE)


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(lambda: Initiative(RULE))


def slow(bars, low, high):
    """Every excursion as a list of bars; every mean anew."""
    found, run, seen = [], [], set()
    for t, bar in enumerate(bars):
        side = 1 if bar.close > high else -1 if bar.close < low else 0
        if run and (side, phase(bar.start_ns)) != (run[-1][0], phase(run[-1][1].start_ns)):
            run, seen = [], set()
        if side == 0:
            continue
        run.append((side, bar))
        if t < 19:
            continue
        heavy = bar.volume > 1.2 * (sum(b.volume for b in bars[t - 19 : t + 1]) / 20)
        outside_ns = bar.end_ns - run[0][1].end_ns
        kind = "responsive" if not heavy else "initiative" if outside_ns > 15 * MINUTE else ""
        if kind and kind not in seen:
            seen.add(kind)
            found.append((bar.end_ns, kind, side))
    return found


@given(rows_of(bars_min=20), st.integers(20_000, 20_008), st.sampled_from(["10:00", "08:20"]))
def test_a_series_gives_what_the_slow_reference_gives(rows, low, start):
    # 3 to 1 and odd: 1.2 times a mean of twenty is then never met exactly.
    bars = series([{**row, "volume": 1 + 3 * row["volume"]} for row in rows], start=start)
    signals = fed(detector(judged(value_low=low, value_high=low + 3)), bars)
    found = [
        (s.ts_ns, s.pattern.split("_")[0], 1 if s.ref_price == low + 3 else -1) for s in signals
    ]
    assert found == slow(bars, low, low + 3)


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    value = judged(contract="ESU3", date="2013-08-30", value_low=6_550, value_high=6_570)
    rule = dataclasses.replace(RULE, accept_ns=5 * MINUTE)
    assert_state_follows_from_the_bars(lambda: detector(value, rule=rule), real_bars(), 5)
    memory = detector(value)
    fed(memory, real_bars())
    assert len(memory.history) == 20 and len(memory.values) == 1
