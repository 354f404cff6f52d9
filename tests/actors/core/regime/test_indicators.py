"""Indicators against the worked examples of domain 4.1, 4.2 and 1.4."""

import math
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.regime.indicators import (
    Adx,
    Ema,
    SessionVwap,
    Vwap,
    WilderMean,
    percentile,
    range_bound,
    slope,
    structure,
    true_range,
)
from tests.makers import at, make_bar


def ranges(highs, lows, closes):
    before = [None, *closes[:-1]]
    return [true_range(*bar) for bar in zip(highs, lows, before, strict=True)]


def test_t4_1_an_ema_starts_with_the_mean_of_its_first_values():
    """T4.1."""
    ema = Ema(3)
    assert [ema.add(x) for x in (10, 11, 12, 13, 12, 14)] == [None, None, 11, 12, 12, 13]


def test_t4_1_the_average_true_range_is_smoothed_as_wilder_does():
    """T4.1."""
    highs, lows = [10, 11, 12, 11.5, 13], [9, 10, 10.5, 10, 11]
    found = ranges(highs, lows, [9.5, 10.8, 11, 10.2, 12.8])
    assert found == pytest.approx([1, 1.5, 1.5, 1.5, 2.8])
    atr = WilderMean(3)
    assert [atr.add(x) for x in found] == [
        None, None, *(pytest.approx(x, abs=5e-5) for x in (1.3333, 1.3889, 1.8593))
    ]


def test_t4_1_a_straight_climb_has_the_full_index_at_the_twenty_eighth_bar():
    """T4.1 Ex1."""
    highs, lows = [100 + i for i in range(28)], [99 + i for i in range(28)]
    found = ranges(highs, lows, [99.5 + i for i in range(28)])
    adx = Adx(14)
    values = [adx.add(*bar) for bar in zip(highs, lows, found, strict=True)]
    assert values[:27] == [None] * 27
    assert values[27] == pytest.approx(100)
    assert adx.directions() == (pytest.approx(66.67, abs=0.005), 0)


def test_t4_1_the_directional_index_of_a_mixed_path():
    """T4.1 Ex2."""
    highs = [10, 11, 12, 11.8, 12.5, 12.2, 13, 13.4]
    lows = [9, 9.8, 10.9, 10.7, 11.2, 11, 11.9, 12.3]
    found = ranges(highs, lows, [9.5, 10.8, 11.5, 11, 12.3, 11.4, 12.9, 13])
    adx = Adx(3)
    values = [adx.add(*bar) for bar in zip(highs, lows, found, strict=True)]
    assert values[:5] == [None] * 5
    assert values[5:] == pytest.approx([78.125, 78.646, 80.621], abs=5e-4)


@pytest.mark.parametrize(
    ("high", "low", "moves"),
    [(12, 9, [2, 0]), (11, 8, [0, 2]), (12, 8, [0, 0]), (9, 11, [0, 0])],
)
def test_of_an_outside_bar_only_the_longer_move_counts(high, low, moves):
    adx = Adx(3)
    adx.add(10, 10, 0.0)
    adx.add(high, low, 4.0)
    assert adx.sums[1:] == moves


def test_bars_that_never_move_have_no_direction():
    adx = Adx(3)
    assert [adx.add(10, 10, 0.0) for _ in range(6)] == [None] * 5 + [0.0]


def test_t4_1_the_average_price_by_volume_and_its_bands():
    """T4.1."""
    vwap = Vwap()
    for price, volume in ((100, 10), (101, 30), (102, 10)):
        vwap.add(volume, price * volume, price * price * volume)
    assert vwap.mean() == 101
    assert vwap.deviation() == pytest.approx(0.6325, abs=5e-5)
    assert vwap.band(2) == pytest.approx((101 - 2 * 0.63246, 101 + 2 * 0.63246), abs=1e-4)


def test_without_volume_there_is_no_average_price():
    assert Vwap().mean() is Vwap().deviation() is Vwap().band(1) is None
    assert Vwap().bands() == ()


def vwap_of(*priced):
    vwap = Vwap()
    for price, volume in priced:
        vwap.add(volume, price * volume, price * price * volume)
    return vwap


def test_t4_1_the_bands_in_ticks_are_rounded_half_away_from_zero():
    """Domain 0 and T4.1: 101 and 0.6325 in points are 404 and 2.53 in ticks."""
    assert vwap_of((400, 10), (404, 30), (408, 10)).bands() == (396, 399, 401, 404, 407, 409, 412)
    # The average is 2.5 and every deviation 0.5: 1, 1.5, 2, 2.5, 3, 3.5, 4.
    assert vwap_of((2, 7), (3, 7)).bands() == (1, 2, 2, 3, 3, 4, 4)
    assert vwap_of((-2, 7), (-3, 7)).bands() == (-4, -4, -3, -3, -2, -2, -1)
    assert vwap_of((0, 1), (1, 1)).bands() == (-1, -1, 0, 1, 1, 2, 2)


def test_a_band_just_under_a_half_is_not_rounded_up_with_its_root():
    # The average is 101.75 and the deviation 1.299: one below lies at 100.451, not at a half.
    bands = vwap_of((100, 1), (101, 1), (103, 2)).bands()
    assert bands == (98, 99, 100, 102, 103, 104, 106)


def test_one_price_has_all_its_bands_in_one_place():
    assert vwap_of((20_000, 3)).bands() == (20_000,) * 7


@given(st.lists(st.tuples(st.integers(-40_000, 40_000), st.integers(1, 10**6)), min_size=1))
def test_bands_agree_with_exact_decimal_arithmetic(priced):
    with localcontext() as context:
        context.prec = 60
        volume = sum(size for _, size in priced)
        mean = Decimal(sum(price * size for price, size in priced)) / volume
        squares = Decimal(sum(price * price * size for price, size in priced)) / volume
        deviation = max(squares - mean * mean, Decimal(0)).sqrt()
        exact = [mean + k * deviation for k in range(-3, 4)]
        tied = any(abs(x % 1 - Decimal("0.5").copy_sign(x)) < Decimal("1e-30") for x in exact)
        if not tied:  # Sixty digits cannot tell a tie that is irrational from one that is not.
            wanted = tuple(int(x.quantize(Decimal(1), ROUND_HALF_UP)) for x in exact)
            assert vwap_of(*priced).bands() == wanted


@given(st.lists(st.tuples(st.integers(-40_000, 40_000), st.integers(1, 10**6)), min_size=1))
def test_negated_prices_negate_the_bands(priced):
    mirrored = vwap_of(*((-price, size) for price, size in priced)).bands()
    assert mirrored == tuple(-band for band in reversed(vwap_of(*priced).bands()))


def test_the_night_has_its_average_from_18_and_the_day_its_own_beside_it():
    vwap = SessionVwap()
    running, globex = [], []
    for low, day, start, end in (
        (100, "2025-12-01", "18:00", "18:05"),
        (200, "2025-12-02", "09:25", "09:30"),
        (300, "2025-12-02", "09:30", "09:35"),
        (400, "2025-12-02", "16:00", "16:05"),
        (500, "2025-12-02", "18:00", "18:05"),
        (600, "2025-12-03", "09:30", "09:35"),
    ):
        vwap.add(make_bar(low=low, start_ns=at(start, day), end_ns=at(end, day)))
        running.append(vwap.running.mean())
        globex.append(vwap.globex.mean())
    assert running == [101, 151, 301, 351, 501, 601]
    assert globex == [101, 151, 201, 251, 501, 551]


@pytest.mark.parametrize(
    ("before", "wanted"),
    [([], 50), ([1.0] * 9, 50), ([1.0] * 9 + [3.0], 90), ([2.0] * 10, 0), ([1.0] * 50, 100)],
)
def test_the_percentile_counts_the_values_below_and_needs_ten(before, wanted):
    assert percentile(before, 2.0) == wanted


def test_the_slope_of_the_domain_example():
    assert slope([100, 150, 130, 200, 260]) == pytest.approx(37.0)


def test_a_single_value_has_no_slope():
    assert slope([]) == slope([5]) == 0


@given(st.floats(-1e6, 1e6), st.floats(-1e3, 1e3), st.integers(2, 50))
def test_the_slope_of_a_straight_line_is_its_rise(start, rise, count):
    assert math.isclose(slope([start + rise * i for i in range(count)]), rise, abs_tol=1e-6)


def test_a_low_above_the_lowest_of_four_alone_is_no_higher_low():
    # 3 is above 1, but of the last two lows 2 is not above the first three.
    assert not structure([9] * 5, [5, 4, 2, 1, 3]).higher_low
    assert structure([9] * 5, [1, 2, 3, 4, 5]).higher_low
    assert structure([9, 9, 9, 9, 9], [1, 2, 3, 2, 2]).higher_low
    assert not structure([9] * 5, [1, 2, 3, 1, 2]).higher_low


def test_highs_mirror_lows():
    assert structure([5, 4, 3, 2, 1], [0] * 5).lower_high
    assert not structure([5, 6, 8, 9, 7], [0] * 5).lower_high


def test_an_equal_extreme_is_no_new_one():
    flat = structure([9] * 5, [1] * 5)
    assert not (flat.higher_high or flat.lower_low or flat.higher_low or flat.lower_high)
    assert structure([9, 9, 9, 9, 10], [1] * 5).higher_high
    assert structure([9] * 5, [1, 1, 1, 1, 0]).lower_low


def test_the_first_bar_is_within_its_own_range_and_a_tenth_more_is_allowed():
    assert range_bound([20], [10]) == 1
    assert range_bound([20, 21, 20, 22], [10, 9, 8, 10]) == 2


@given(st.lists(st.integers(0, 100), min_size=30, max_size=30))
def test_an_average_stays_between_the_extremes(values):
    for average in (Ema(9), WilderMean(14)):
        for x, _ in pairwise(values):
            found = average.add(x)
            assert found is None or min(values) - 1e-9 <= found <= max(values) + 1e-9
