"""Wins and losses: the domain's example, the edges of nothing, and a slow reference."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.analytics.results import LOW_N, checked_cents, longest, results_of, wilson

EX_1 = [2876, -2499, 2876, -2124, -2124, 2876, 0]
CENTS = st.lists(st.integers(-10_000, 10_000), max_size=60)


def test_t9_ex_1_results_of_seven_round_trips():
    found = results_of(EX_1)
    assert (found.n, found.wins, found.losses, found.breakeven) == (7, 3, 3, 1)
    assert round(found.win_rate * 100, 1) == 42.9
    assert round(found.profit_factor, 3) == 1.279
    assert round(found.expectancy_cents / 100, 3) == 2.687
    assert found.average_win_cents == 2876
    assert found.average_loss_cents == -2249
    assert found.net_cents == 1881


def test_t9_ex_4_wilson_interval_of_138_wins_of_353():
    low, high = wilson(138, 353)
    assert [round(100 * share, 1) for share in (138 / 353, low, high)] == [39.1, 34.1, 44.3]


@pytest.mark.parametrize(
    ("wins", "n", "wanted"), [(45, 331, (10.3, 17.7)), (0, 1, (0.0, 79.3)), (1, 1, (20.7, 100.0))]
)
def test_other_wilson_intervals_of_the_domain_and_the_smallest(wins, n, wanted):
    assert tuple(round(100 * share, 1) for share in wilson(wins, n)) == wanted


def test_a_break_even_trip_is_neither_won_nor_lost_and_stays_in_the_number():
    found = results_of([0, 100])
    assert (found.wins, found.losses, found.breakeven, found.n) == (1, 0, 1, 2)
    assert found.win_rate == 0.5


def test_without_a_loss_there_is_no_profit_factor_and_no_payoff():
    found = results_of([1, 0])
    assert found.profit_factor is found.payoff is found.breakeven_rate is None
    assert found.average_loss_cents is None


def test_without_a_win_the_profit_factor_is_zero_and_there_is_no_payoff():
    found = results_of([-1, 0])
    assert found.profit_factor == 0
    assert found.payoff is None


def test_of_nothing_every_rate_is_unknown_and_every_sum_zero():
    found = results_of([])
    assert (found.n, found.net_cents, found.gross_cents, found.wins_in_a_row) == (0, 0, 0, 0)
    assert found.win_rate is found.win_rate_low is found.win_rate_high is None
    assert found.expectancy_cents is found.expectancy_r is found.profit_factor is None
    assert wilson(0, 0) == (None, None)


@pytest.mark.parametrize(("n", "low"), [(LOW_N - 1, True), (LOW_N, False), (LOW_N + 1, False)])
def test_fewer_than_thirty_trips_are_marked(n, low):
    assert results_of([1] * n).low_n is low


def test_results_are_net_and_gross_is_what_they_were_before_commission():
    found = results_of([2876, -2499], [124, 124])
    assert (found.gross_cents, found.commission_cents, found.net_cents) == (625, 248, 377)


def test_the_break_even_win_rate_is_where_the_averages_come_to_nothing():
    found = results_of([2876, -2249])  # Domain 7.2: 43.9 %.
    assert round(found.breakeven_rate * 100, 1) == 43.9


def test_expectancy_in_r_wants_every_risk():
    assert results_of([200, -100], risks=[100, 100]).expectancy_r == 0.5
    assert results_of([200, -100], risks=[100, None]).expectancy_r is None
    assert results_of([200, -100]).expectancy_r is None


@pytest.mark.parametrize(
    ("held", "wanted"), [([], 0), ([False], 0), ([True, True, False, True], 2), ([True], 1)]
)
def test_the_longest_run(held, wanted):
    assert longest(held) == wanted


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 1.0, "1", None, True])
def test_what_is_no_whole_number_of_cents_is_refused_with_what_was_found(wrong):
    with pytest.raises(ValueError, match="wanted whole cents"):
        checked_cents([1, wrong])
    with pytest.raises(ValueError, match="wanted whole cents"):
        results_of([wrong])


@pytest.mark.parametrize("given_", [{"commissions": [1]}, {"risks": [1, 2, 3]}])
def test_columns_of_other_lengths_are_refused(given_):
    with pytest.raises(ValueError, match="for 2 results"):
        results_of([1, 2], **given_)


@pytest.mark.parametrize("risk", [0, -1])
def test_a_risk_of_nothing_is_refused(risk):
    with pytest.raises(ValueError, match="wanted above 0"):
        results_of([1], risks=[risk])


@pytest.mark.parametrize(("wins", "n"), [(-1, 3), (4, 3)])
def test_more_wins_than_trips_are_refused(wins, n):
    with pytest.raises(ValueError, match="wanted 0 to all"):
        wilson(wins, n)


@given(CENTS)
def test_results_agree_with_a_slow_count(nets):
    found = results_of(nets)
    won, lost = [n for n in nets if n > 0], [n for n in nets if n < 0]
    assert (found.wins, found.losses) == (len(won), len(lost))
    assert found.wins + found.losses + found.breakeven == found.n == len(nets)
    assert found.net_cents == sum(nets)
    assert found.profit_factor == (sum(won) / -sum(lost) if lost else None)
    run = best = 0
    for net in nets:
        run = run + 1 if net < 0 else 0
        best = max(best, run)
    assert found.losses_in_a_row == best


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_holds_the_rate_and_stays_within_all_and_none(wins, n):
    wins = min(wins, n)
    low, high = wilson(wins, n)
    assert 0 <= low <= wins / n <= high <= 1


@given(st.integers(1, 199), st.integers(2, 200))
def test_wilson_is_where_the_rate_lies_on_the_edge_of_its_own_deviation(wins, n):
    wins = min(wins, n - 1)
    for bound in wilson(wins, n):
        assert math.isclose((wins / n - bound) ** 2, 1.959963984540054**2 * bound * (1 - bound) / n)
