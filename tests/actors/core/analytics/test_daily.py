"""Days: ratios of daily results alone, withheld below twenty days."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.analytics.daily import DAYS_MIN, calmar, days_of, sharpe, sortino

EX_2 = [12_000, -8_000, 6_000, 0, -4_000]


def test_t9_ex_2_sharpe_and_sortino_of_five_days():
    assert round(sharpe(EX_2), 3) == 2.396
    assert round(sortino(EX_2), 3) == 4.762
    assert round(statistics.stdev(EX_2) / 100, 3) == 79.498


def test_t9_ex_2_is_withheld_as_taken_of_too_few_days():
    found = days_of(EX_2, 250_000)
    assert found.low_n
    assert found.sharpe is found.sortino is found.calmar is None


@pytest.mark.parametrize(("n", "known"), [(DAYS_MIN - 1, False), (DAYS_MIN, True)])
def test_the_ratios_are_told_from_twenty_days_on(n, known):
    found = days_of([100, -50] * (n // 2) + [30] * (n % 2), 250_000)
    assert (found.sharpe is not None, found.low_n) == (known, not known)
    assert (found.sortino is not None, found.calmar is not None) == (known, known)


def test_a_day_without_a_trade_is_a_day_of_zero_and_counts():
    # The seed left such days out and took single trades for days: its ratio was another one.
    assert sharpe([100, -50, 0, 0]) != sharpe([100, -50])
    found = days_of([100, 0, -50, 0], 0)
    assert (found.winning, found.losing, found.flat, found.n) == (1, 1, 2, 4)
    assert found.average_cents == 12.5


def test_the_deviation_is_that_of_a_sample():
    assert sharpe([1, 3]) == pytest.approx(2 / math.sqrt(2) * math.sqrt(252))


def test_without_a_deviation_or_a_loss_there_is_no_ratio():
    assert sharpe([]) is sharpe([5]) is sharpe([5, 5]) is None
    assert sortino([]) is sortino([5, 0]) is None
    assert calmar([5, 5], 100) is calmar([-5], 0) is None


def test_calmar_is_the_return_of_a_year_by_the_share_of_the_fall():
    # 1 000 to 990 and back to 1 010: 5 a day of 1 000 is 126 % a year, the fall was 1 %.
    assert calmar([-10, 20], 1_000) == pytest.approx(1.26 / 0.01)


def test_best_worst_and_days_under_water():
    found = days_of([100, -50, 20, 40], 1_000)
    assert (found.best_cents, found.worst_cents, found.under_water) == (100, -50, 2)
    empty = days_of([], 1_000)
    assert (empty.n, empty.best_cents, empty.average_cents, empty.under_water) == (0, None, None, 0)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 0.5])
def test_a_day_of_no_whole_cents_is_refused(wrong):
    with pytest.raises(ValueError, match="wanted whole cents"):
        days_of([1, wrong], 0)


@given(st.lists(st.integers(-1_000, 1_000), min_size=2, max_size=40))
def test_the_ratios_agree_with_the_library(daily):
    spread = statistics.stdev(daily)
    if spread:
        wanted = statistics.mean(daily) / spread * math.sqrt(252)
        assert sharpe(daily) == pytest.approx(wanted)
    down = math.sqrt(statistics.mean(min(one, 0) ** 2 for one in daily))
    if down:
        assert sortino(daily) == pytest.approx(statistics.mean(daily) / down * math.sqrt(252))
