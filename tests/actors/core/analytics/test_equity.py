"""Drawdown: from the peak it began at, the starting balance among them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.analytics.equity import drawdown_of, equity_of, recovery_factor

EX_1 = [2876, -2499, 2876, -2124, -2124, 2876, 0]
CURVE = st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=30)


def test_t9_ex_1_equity_and_drawdown_of_seven_round_trips():
    curve = equity_of(250_000, EX_1)
    assert curve[1:] == [252_876, 250_377, 253_253, 251_129, 249_005, 251_881, 251_881]
    fall = drawdown_of(curve)
    assert (fall.cents, fall.peak_cents, fall.trough_cents) == (4_248, 253_253, 249_005)
    assert round(fall.share * 100, 3) == 1.677


def test_who_loses_from_the_start_on_has_fallen_from_what_he_began_with():
    assert drawdown_of(equity_of(1_000, [-100, -50])).cents == 150


def test_a_curve_that_never_falls_has_no_drawdown_and_no_recovery_factor():
    fall = drawdown_of([1, 1, 2])
    assert (fall.cents, fall.share, fall.under_water) == (0, 0.0, 0)
    assert recovery_factor(1, fall) is None


def test_of_two_equal_falls_the_first_counts():
    assert drawdown_of([10, 5, 20, 15]).peak_cents == 10


def test_the_share_is_that_of_its_own_peak_and_unknown_below_nothing():
    assert drawdown_of([100, 50, 1_000, 900]).share == 0.1
    assert drawdown_of([0, -5]).share is None


def test_under_water_is_the_longest_run_below_the_highest_before():
    assert drawdown_of([5, 4, 5, 4, 3, 4, 6, 5]).under_water == 3


def test_recovery_is_the_result_in_units_of_the_fall():
    assert recovery_factor(1881, drawdown_of(equity_of(250_000, EX_1))) == 1881 / 4248


@pytest.mark.parametrize("curve", [[], [math.nan], [1, math.inf], [1.5]])
def test_a_curve_of_nothing_or_of_no_cents_is_refused(curve):
    with pytest.raises(ValueError, match="wanted"):
        drawdown_of(curve)


@given(CURVE)
def test_the_largest_fall_is_the_largest_of_all_pairs(curve):
    pairs = [a - b for i, a in enumerate(curve) for b in curve[i:]]
    fall = drawdown_of(curve)
    assert fall.cents == max(pairs)
    assert fall.peak_cents - fall.trough_cents == fall.cents
