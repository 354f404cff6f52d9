"""The statistics of a closed bar. Domain 1.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orderflow import statistics
from actors.core.orderflow.footprint import BarBuilder
from tests.actors.core.orderflow.bar_reference import bar_rule
from tests.makers import at, make_bar, make_trades


def test_t1_3_the_bar_of_five_trades():
    """T1.3, prices in quarter points: 100.00 is 400."""
    rows = [(400, "B", 5), (400, "S", 12), (399, "S", 3), (401, "B", 20), (401, "S", 4)]
    builder = BarBuilder(bar_rule(), simulated=False)
    builder.add(make_trades([(at("10:00") + i, *row) for i, row in enumerate(rows)]))
    (bar,) = builder.close_now(at("10:01"))
    assert (bar.open, bar.high, bar.low, bar.close) == (400, 401, 399, 401)
    assert (bar.volume, bar.buy_volume, bar.sell_volume, bar.trades) == (44, 25, 19, 5)
    assert (bar.delta, bar.delta_max, bar.delta_min) == (6, 10, -10)
    assert (bar.sells, bar.buys) == ((3, 12, 4), (0, 5, 20))
    assert (bar.poc, bar.value_low, bar.value_high) == (401, 399, 401)
    assert statistics.delta_ppm(bar) == 136_363
    assert round(statistics.delta_ppm(bar) / 1e6, 4) == 0.1364
    # Of a level, not of the running delta, whose extremes are 10 and -10.
    assert statistics.max_level_delta(bar) == 16
    assert statistics.min_level_delta(bar) == -7
    assert statistics.delta_at_high(bar) == 16
    assert statistics.delta_at_low(bar) == -3
    assert statistics.vwap(bar) == pytest.approx((400 * 17 + 399 * 3 + 401 * 24) / 44)
    assert statistics.duration_ns(bar) == 300 * 10**9


def test_a_bar_of_unknown_sides_only_has_no_delta_and_yet_a_price():
    bar = make_bar(low=100, sells=(0, 0), buys=(0, 0), unknowns=(3, 1))
    assert statistics.delta_ppm(bar) == 0
    assert statistics.max_level_delta(bar) == statistics.min_level_delta(bar) == 0
    assert statistics.vwap(bar) == 100.25


def test_volume_of_unknown_side_does_not_thin_the_delta():
    bar = make_bar(low=100, sells=(1,), buys=(3,), unknowns=(96,))
    assert statistics.delta_ppm(bar) == 500_000


def test_a_bar_of_one_price_has_one_level():
    bar = make_bar(sells=(4,), buys=(9,))
    assert statistics.max_level_delta(bar) == statistics.min_level_delta(bar) == 5
    assert statistics.delta_at_high(bar) == statistics.delta_at_low(bar) == 5


def test_a_level_without_trades_inside_the_bar_has_a_delta_of_zero():
    bar = make_bar(sells=(0, 0, 0), buys=(4, 0, 9))
    assert statistics.level_deltas(bar) == [4, 0, 9]
    assert statistics.min_level_delta(bar) == 0


def test_a_bar_without_volume_has_no_price():
    assert statistics.vwap(make_bar(sells=(0,), buys=(0,))) is None


def test_only_a_bar_of_one_side_reaches_the_whole():
    assert statistics.delta_ppm(make_bar(sells=(0,), buys=(7,))) == 1_000_000
    assert statistics.delta_ppm(make_bar(sells=(7,), buys=(0,))) == -1_000_000
    assert statistics.delta_ppm(make_bar(sells=(3_000_000,), buys=(1,))) == -999_999


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=9))
def test_the_deltas_of_the_levels_sum_up_to_that_of_the_bar(levels):
    bar = make_bar(sells=[sell for sell, _ in levels], buys=[buy for _, buy in levels])
    assert sum(statistics.level_deltas(bar)) == bar.delta
    assert abs(statistics.delta_ppm(bar)) <= 1_000_000
