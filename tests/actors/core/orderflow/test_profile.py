"""Profiles, their point of control and value area, domain 1.5 to 1.7."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orderflow.footprint import BarBuilder
from actors.core.orderflow.profile import (
    EMPTY,
    Profile,
    ValueArea,
    merge,
    point_of_control,
    profile_of_bars,
    profile_of_trades,
    value_area,
    value_of,
)
from tests.actors.core.orderflow.bar_reference import bar_rule, tapes
from tests.makers import at, make_bar, make_trades

SEVENTY = 700_000
PROFILES = st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any)


def test_nothing_traded_has_no_point_of_control():
    assert point_of_control([]) is None
    assert point_of_control([0, 0]) is None


def test_one_price_is_its_own_value_area():
    assert point_of_control([7]) == 0
    assert value_area([7], 0, SEVENTY) == (0, 0)


@pytest.mark.parametrize(
    ("volumes", "wanted"),
    [
        ([50, 10, 50, 5, 5], 2),  # Nearest to the middle.
        ([5, 50, 1, 50, 6], 3),  # As near: the side with more volume, 56 over 55.
        ([5, 50, 1, 50, 5], 1),  # Sides equal: the lower.
        ([9, 9], 0),
        ([1, 9, 9, 2], 2),
        ([2, 9, 9, 1], 1),
    ],
)
def test_t1_5_of_equal_levels_the_middle_then_the_heavier_side_then_the_lower_wins(volumes, wanted):
    """T1.5."""
    assert point_of_control(volumes) == wanted


def test_t1_6_two_rows_are_added_at_a_time():
    """T1.6: 101 to 105, low 100."""
    assert value_area([10, 20, 40, 50, 30, 25, 5], 3, SEVENTY) == (1, 5)


def test_t1_6_one_row_at_a_time_stops_earlier():
    """T1.6: 102 to 105, low 100."""
    assert value_area([10, 20, 40, 50, 30, 25, 5], 3, SEVENTY, rows=1) == (2, 5)


def test_a_tie_of_single_rows_goes_up():
    assert value_area([0, 10, 40, 10, 0], 2, SEVENTY, rows=1) == (2, 3)


@pytest.mark.parametrize("rows", [0, 3, -1])
def test_another_number_of_rows_is_refused(rows):
    with pytest.raises(ValueError, match="wanted 1 or 2"):
        value_area([1], 0, SEVENTY, rows)


def test_a_tie_goes_to_the_upper_pair():
    assert value_area([10, 10, 40, 10, 10], 2, SEVENTY) == (2, 4)


def test_the_area_stops_exactly_at_the_share():
    # 70 of 100 is enough; one contract less and the lower pair is needed too.
    assert value_area([15, 15, 70], 2, SEVENTY) == (2, 2)
    assert value_area([15, 16, 69], 2, SEVENTY) == (0, 2)


def test_an_exhausted_side_leaves_the_other_even_where_that_is_empty():
    assert value_area([30, 0, 0, 0, 40], 4, SEVENTY) == (0, 4)
    assert value_area([40, 0, 0, 0, 30], 0, SEVENTY) == (0, 4)


def slow_area(volumes, poc, share, rows):
    levels = {level: volume for level, volume in enumerate(volumes)}
    inside = {poc}
    while sum(levels[level] for level in inside) * 1_000_000 < share * sum(volumes):
        above = [max(inside) + step for step in range(1, rows + 1)]
        below = [min(inside) - step for step in range(1, rows + 1)]
        above = [level for level in above if level in levels]
        below = [level for level in below if level in levels]
        higher = sum(levels[level] for level in above) >= sum(levels[level] for level in below)
        inside.update(above if above and (higher or not below) else below)
    return min(inside), max(inside)


@given(PROFILES, st.integers(500_000, 1_000_000), st.sampled_from([1, 2]))
def test_the_area_equals_the_slow_reference(volumes, share, rows):
    poc = point_of_control(volumes)
    assert value_area(volumes, poc, share, rows) == slow_area(volumes, poc, share, rows)


def test_a_share_beyond_the_whole_ends_with_the_whole():
    assert value_area([1, 5, 1], 1, 1_500_000) == (0, 2)


@given(PROFILES, st.integers(500_000, 950_000), st.sampled_from([1, 2]))
def test_the_area_holds_the_point_of_control_and_the_share(volumes, share, rows):
    poc = point_of_control(volumes)
    low, high = value_area(volumes, poc, share, rows)
    assert 0 <= low <= poc <= high < len(volumes)
    assert sum(volumes[low : high + 1]) * 1_000_000 >= share * sum(volumes)
    assert volumes[poc] == max(volumes)


def test_t1_6_the_value_area_is_in_prices():
    """T1.6."""
    assert value_of(100, [10, 20, 40, 50, 30, 25, 5], SEVENTY) == ValueArea(103, 101, 105)


def test_nothing_traded_has_no_value_area():
    with pytest.raises(ValueError, match="0 contracts traded, wanted at least 1"):
        value_of(100, [0, 0], SEVENTY)


def test_a_profile_of_trades_keeps_the_sides_and_the_gaps():
    rows = [(at("10:00"), 103, "B", 5), (at("10:01"), 100, "S", 2), (at("10:02"), 100, "U", 1)]
    profile = profile_of_trades(make_trades(rows))
    assert (profile.low, profile.high, profile.volume) == (100, 103, 8)
    assert profile.buys == (0, 0, 0, 5)
    assert profile.sells == (2, 0, 0, 0)
    assert profile.unknowns == (1, 0, 0, 0)
    assert profile.volumes() == [3, 0, 0, 5]
    assert profile.resolution_s == 0


def test_no_trades_and_no_bars_are_the_empty_profile():
    assert profile_of_trades(make_trades()) == profile_of_bars([]) == EMPTY
    assert (EMPTY.volume, EMPTY.volumes()) == (0, [])


def test_bars_of_two_contracts_make_no_profile():
    with pytest.raises(ValueError, match="ESH6.*wanted one contract and one series"):
        profile_of_bars([make_bar(), make_bar(contract="ESH6")])


def test_bars_of_two_series_make_no_profile_for_they_hold_the_same_trades():
    with pytest.raises(ValueError, match="tick:10.*wanted one contract and one series"):
        profile_of_bars([make_bar(), make_bar(series="tick:10")])


def test_columns_of_different_length_or_negative_volume_are_refused():
    with pytest.raises(ValueError, match="2 buy, 1 sell and 1 unknown levels"):
        Profile(low=1, buys=(1, 2), sells=(1,), unknowns=(1,))
    with pytest.raises(ValueError, match="a level of -1 contracts"):
        Profile(low=1, buys=(1,), sells=(-1,), unknowns=(1,))


def test_merged_profiles_are_as_coarse_as_the_coarser():
    fine = Profile(low=1, buys=(1,), sells=(0,), unknowns=(0,))
    coarse = Profile(low=3, buys=(0,), sells=(0,), unknowns=(4,), resolution_s=300)
    both = merge(fine, coarse)
    assert (both.low, both.volumes(), both.resolution_s) == (1, [1, 0, 4], 300)


@st.composite
def profiles(draw):
    count = draw(st.integers(0, 6))
    if count == 0:
        return EMPTY
    columns = st.lists(st.integers(0, 9), min_size=count, max_size=count).map(tuple)
    return Profile(
        low=draw(st.integers(-10, 10)),
        buys=draw(columns),
        sells=draw(columns),
        unknowns=draw(columns),
        resolution_s=draw(st.sampled_from([0, 60, 300])),
    )


@given(profiles(), profiles(), profiles())
def test_how_profiles_are_merged_makes_no_difference(one, two, three):
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(one, EMPTY) == one
    assert merge(one, two).volume == one.volume + two.volume


@given(tapes(falling=False), st.sampled_from(["time:300", "tick:7", "volume:25", "range:2"]))
def test_bars_of_any_kind_have_the_profile_of_their_trades(tape, series):
    builder = BarBuilder(bar_rule(series), simulated=False)
    bars = builder.add(tape) + builder.close_now(2**62)
    profile = profile_of_bars(bars)
    assert profile == profile_of_trades(tape)
    slow = {}
    for price, size in zip(tape.price.tolist(), tape.size.tolist(), strict=True):
        slow[price] = slow.get(price, 0) + size
    prices = range(profile.low, profile.high + 1)
    assert profile.volumes() == [slow.get(price, 0) for price in prices]
    assert np.array_equal(sorted(slow), [p for p, v in zip(prices, profile.volumes()) if v])
