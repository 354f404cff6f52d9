"""Price confirmation, domain 3, each kind at its threshold and beside it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.flow.confirm import Confirmation, beyond_average, confirmed, sloped, tick_share
from protocol.patterns import Direction

LONG, SHORT = Direction.LONG, Direction.SHORT
KINDS = [kind for kind in Confirmation if kind is not Confirmation.OFF]


def mids(first: int, *steps: int) -> list[int]:
    return np.cumsum([first, *steps]).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_than_eight_mids_confirm_nothing(kind):
    assert not confirmed([], LONG, kind)
    assert not confirmed(range(100, 107), LONG, kind)
    assert confirmed(range(100, 108), LONG, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_still_price_confirms_neither_direction(kind):
    assert not confirmed([20_000] * 8, LONG, kind)
    assert not confirmed([20_000] * 8, SHORT, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_price_at_or_below_zero_confirms_nothing(kind):
    assert not confirmed([0, *range(1, 8)], LONG, kind)
    assert not confirmed(range(-20, -12), LONG, kind)


def test_off_asks_for_nothing():
    assert confirmed([], LONG, Confirmation.OFF)


def test_a_direction_is_needed():
    with pytest.raises(ValueError, match="direction none"):
        confirmed([1] * 8, Direction.NONE, Confirmation.EMA)


@pytest.mark.parametrize(("moved", "wanted"), [(5, False), (6, True), (7, True)])
def test_a_net_change_of_exactly_three_hundredths_of_a_percent_is_enough(moved, wanted):
    # 0.03 % of 20,000 is 6.
    up, down = [20_000] * 7 + [20_000 + moved], [20_000] * 7 + [20_000 - moved]
    assert confirmed(up, LONG, Confirmation.NET_CHANGE) is wanted
    assert confirmed(down, SHORT, Confirmation.NET_CHANGE) is wanted
    assert not confirmed(up, SHORT, Confirmation.NET_CHANGE)


def test_only_the_last_eight_mids_count():
    long_ago = [10_000, *[20_000] * 8]
    assert not confirmed(long_ago, LONG, Confirmation.NET_CHANGE)


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ((1, 1, 1, -1, -1, 0, 0), True),  # Three of five: 60 %.
        ((1, 1, 1, -1, -1, -1, 0), False),  # Half.
        ((1, 1, 1, 1, -1, -1, -1), False),  # Four of seven: 57 %.
        ((0, 0, 0, 0, 0, 0, 1), True),
        ((0, 0, 0, 0, 0, 0, -1), False),
    ],
)
def test_the_share_is_of_the_changes(steps, wanted):
    assert tick_share(mids(20_000, *steps), 1) is wanted
    assert tick_share(mids(20_000, *[-step for step in steps]), -1) is wanted


def test_eight_records_of_one_instant_would_confirm_what_seconds_do_not():
    # The same rise: eight ticks within a second, then still. Per record all changes point up.
    assert confirmed(range(20_000, 20_008), LONG, Confirmation.NET_CHANGE)
    assert not confirmed([20_008] * 8, LONG, Confirmation.NET_CHANGE)


PRICES = st.lists(st.integers(19_900, 20_100), min_size=8, max_size=8)


@given(PRICES)
def test_the_average_equals_that_of_fractions(prices):
    average = Fraction(prices[0])
    for price in prices[1:]:
        average += (price - average) / 3
    distance = (prices[-1] - average) / average
    assert beyond_average(prices, 1) == (distance > Fraction(1, 10_000))
    assert beyond_average(prices, -1) == (distance < -Fraction(1, 10_000))


@given(PRICES)
def test_the_slope_equals_that_of_fractions(prices):
    mean = Fraction(sum(prices), 8)
    rise = sum((i - Fraction(7, 2)) * (price - mean) for i, price in enumerate(prices))
    run = sum((i - Fraction(7, 2)) ** 2 for i in range(8))
    slope = rise / run / mean
    assert sloped(prices, 1) == (slope >= Fraction(1, 10_000))
    assert sloped(prices, -1) == (slope <= -Fraction(1, 10_000))


@pytest.mark.parametrize(("last", "wanted"), [(20_001, False), (20_002, False), (20_003, True)])
def test_a_hundredth_of_a_percent_beyond_the_average_is_not_yet_more(last, wanted):
    # Seven mids of 19,999 and 20,002 average 20,000; 2 above it is exactly 0.01 %.
    assert beyond_average([19_999] * 7 + [last], 1) is wanted


def test_a_slope_of_exactly_a_hundredth_of_a_percent_is_enough():
    # 19,993 to 20,007 in twos: mean 20,000, slope 2, a hundredth of a percent.
    line = list(range(19_993, 20_009, 2))
    assert sloped(line, 1)
    assert not sloped([price + 10_000 for price in line], 1)


@given(PRICES)
def test_two_of_three_is_the_majority_of_share_average_and_slope(prices):
    for direction in (LONG, SHORT):
        single = [
            confirmed(prices, direction, kind)
            for kind in (Confirmation.TICK_SHARE, Confirmation.EMA, Confirmation.SLOPE)
        ]
        assert confirmed(prices, direction, Confirmation.TWO_OF_THREE) is (sum(single) >= 2)


@given(PRICES, st.sampled_from(KINDS))
def test_no_kind_confirms_both_directions(prices, kind):
    assert not (confirmed(prices, LONG, kind) and confirmed(prices, SHORT, kind))
