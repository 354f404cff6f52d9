"""Where bars of each kind end: exactly there, one below, one above. Domain 1.3."""

import numpy as np
import pytest

from actors.core.columns import Trades
from actors.core.orderflow.cutters import BARS_OF_TRADE_MAX, WINDOW_TRADES, cutter_of
from actors.core.orderflow.footprint import BarBuilder
from actors.core.orderflow.pieces import split
from protocol.market import BarClosed
from protocol.series import parse_series
from tests.actors.core.orderflow.bar_reference import bar_rule
from tests.makers import at, make_trades

TEN = at("10:00")


def bars_of(series: str, trades: Trades, split: bool = True) -> list[BarClosed]:
    builder = BarBuilder(bar_rule(series, split), simulated=False)
    return builder.add(trades) + builder.close_now(2**62)


def priced(*prices: int) -> Trades:
    return make_trades([(TEN + row, price, "B", 1) for row, price in enumerate(prices)])


def sized(*sizes: int) -> Trades:
    return make_trades([(TEN + row, 100, "B", size) for row, size in enumerate(sizes)])


def test_a_tick_bar_ends_with_its_last_trade_and_not_before():
    builder = BarBuilder(bar_rule("tick:3"), simulated=False)
    assert builder.add(sized(1, 1)) == []
    (bar,) = builder.add(make_trades([(TEN + 9, 100, "B", 1)]))
    assert (bar.start_ns, bar.end_ns, bar.trades, bar.series) == (TEN, TEN + 10, 3, "tick:3")
    assert builder.bar is None
    (bar,) = builder.add(make_trades([(TEN + 10 + row, 100, "B", 1) for row in range(4)]))
    assert (bar.start_ns, bar.end_ns) == (TEN + 10, TEN + 13)


def test_a_trade_in_the_nanosecond_that_ended_a_bar_opens_the_next():
    first, second, third = bars_of("tick:1", make_trades([(TEN, 100, "B", 1)] * 3))
    assert [bar.start_ns for bar in (first, second, third)] == [TEN] * 3
    assert [bar.end_ns for bar in (first, second, third)] == [TEN + 1] * 3
    assert [bar.order for bar in (first, second, third)] == [0, 1, 2]


def test_bars_of_another_nanosecond_are_numbered_anew():
    rows = [(TEN, 100, "B", 1), (TEN, 100, "B", 1), (TEN + 1, 100, "B", 1)]
    assert [bar.order for bar in bars_of("tick:1", make_trades(rows))] == [0, 1, 0]


def test_a_volume_bar_that_is_filled_exactly_splits_nothing():
    first, second = bars_of("volume:10", sized(4, 6, 3))
    assert (first.volume, first.trades, first.end_ns) == (10, 2, TEN + 2)
    assert (second.volume, second.trades, second.start_ns) == (3, 1, TEN + 2)


def test_a_trade_one_contract_over_is_split_and_counts_in_both_bars():
    first, second = bars_of("volume:10", sized(4, 7))
    assert (first.volume, first.trades, first.buys) == (10, 2, (10,))
    assert (second.volume, second.trades, second.buys) == (1, 1, (1,))
    # The rest opens the next bar at its own instant.
    assert (first.end_ns, second.start_ns) == (TEN + 2, TEN + 1)


def test_a_volume_bar_one_contract_short_stays_open():
    builder = BarBuilder(bar_rule("volume:10"), simulated=False)
    assert builder.add(sized(4, 5)) == []


def test_a_huge_trade_fills_several_bars_in_one_nanosecond():
    bars = bars_of("volume:10", sized(3, 39))
    assert [bar.volume for bar in bars] == [10, 10, 10, 10, 2]
    assert [bar.order for bar in bars] == [0, 1, 2, 3, 4]
    assert [bar.end_ns for bar in bars] == [TEN + 2] * 5
    assert [bar.delta_max for bar in bars] == [10, 10, 10, 10, 2]


def test_without_splitting_the_trade_belongs_to_the_bar_it_completes():
    bars = bars_of("volume:10", sized(4, 39, 10, 1), split=False)
    assert [bar.volume for bar in bars] == [43, 10, 1]
    assert [bar.trades for bar in bars] == [2, 1, 1]


def test_a_trade_that_fills_too_many_bars_is_refused():
    bars_of("volume:1", sized(BARS_OF_TRADE_MAX))
    with pytest.raises(ValueError, match="wanted at most 10000 bars of one trade"):
        bars_of("volume:1", sized(BARS_OF_TRADE_MAX + 1))


@pytest.mark.parametrize("size", [0, -1])
def test_a_trade_without_size_is_refused(size):
    with pytest.raises(ValueError, match="wanted at least 1"):
        bars_of("volume:10", sized(3, size))


def test_a_range_bar_holds_its_range_exactly_and_not_a_tick_more():
    (bar,) = bars_of("range:16", priced(100, 116, 100))
    assert (bar.low, bar.high) == (100, 116)
    first, second = bars_of("range:16", priced(100, 116, 117))
    assert (first.low, first.high, first.close) == (100, 116, 116)
    assert (second.low, second.open, second.start_ns) == (117, 117, TEN + 2)


def test_a_range_bar_is_confirmed_by_the_trade_that_does_not_fit():
    builder = BarBuilder(bar_rule("range:2"), simulated=False)
    assert builder.add(priced(100, 102)) == []
    (bar,) = builder.add(make_trades([(TEN + 77, 99, "S", 1)]))
    assert (bar.end_ns, bar.trades) == (TEN + 78, 2)


def test_a_gap_in_price_makes_no_phantom_bars():
    bars = bars_of("range:2", priced(100, 500))
    assert [(bar.low, bar.high) for bar in bars] == [(100, 100), (500, 500)]


def test_a_range_bar_longer_than_its_first_window_goes_on():
    prices = [100] * (5 * WINDOW_TRADES) + [102, 103]
    first, second = bars_of("range:2", priced(*prices))
    assert (first.trades, first.high, second.open) == (5 * WINDOW_TRADES + 1, 102, 103)


def test_prices_at_both_ends_of_their_type_do_not_overflow():
    trades = make_trades([(TEN, -(2**31), "B", 1), (TEN + 1, 2**31 - 1, "B", 1)])
    cutter = cutter_of(parse_series("range:16"), split=True)
    assert [end.row for end in cutter.ends(trades)] == [1]


@pytest.mark.parametrize("series", ["tick:9", "volume:99", "range:99"])
@pytest.mark.parametrize("clock", ["09:30", "16:00", "17:00", "18:00"])
def test_every_kind_is_ended_early_at_a_session_boundary_and_begins_anew(series, clock):
    boundary = at(clock)
    rows = [(boundary - 5, 100, "B", 8), (boundary - 1, 100, "B", 1), (boundary + 7, 101, "B", 1)]
    first, second = bars_of(series, make_trades(rows))
    assert (first.end_ns, first.volume) == (boundary, 9)
    assert (second.start_ns, second.volume) == (boundary + 7, 1)


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize(("series", "trades"), [("tick:3", 3), ("volume:12", 3), ("range:3", 1)])
def test_what_stood_before_a_boundary_does_not_count_behind_it(series, trades, split):
    boundary = at("16:00")
    before = [(boundary - 5, 100, "B", 4), (boundary - 4, 97, "B", 4)]
    after = [(boundary, 98, "B", 4), (boundary + 1, 102, "B", 4), (boundary + 2, 102, "B", 4)]
    bars = bars_of(series, make_trades([*before, *after]), split)
    assert [bar.trades for bar in bars][:2] == [2, trades]


def test_a_bar_left_open_over_the_weekend_ended_on_friday_at_17():
    friday, sunday = at("16:30", "2025-12-05"), at("18:00", "2025-12-07")
    rows = [(friday, 100, "B", 1), (sunday, 100, "B", 1)]
    first, _ = bars_of("tick:2", make_trades(rows))
    assert first.end_ns == at("17:00", "2025-12-05")


@pytest.mark.parametrize("series", ["tick:9", "volume:99", "range:99"])
def test_the_clock_ends_a_bar_of_trades_at_the_boundary_only(series):
    builder = BarBuilder(bar_rule(series), simulated=False)
    builder.add(make_trades([(at("15:59"), 100, "B", 1)]))
    assert builder.close_at(at("16:00") - 1) == []
    (bar,) = builder.close_at(at("16:00"))
    assert bar.end_ns == at("16:00")
    assert builder.close_at(at("17:00")) == []


def test_the_end_of_the_tape_ends_a_bar_of_trades_behind_its_last_one():
    (bar,) = bars_of("tick:9", sized(1, 1))
    assert bar.end_ns == TEN + 2


def test_a_bar_ended_by_a_fallen_time_still_ends_after_the_latest_trade_in_it():
    rows = [(TEN, 100, "B", 1), (TEN + 50, 100, "B", 1), (TEN + 10, 100, "B", 1)]
    (bar,) = bars_of("tick:3", make_trades(rows))
    assert bar.end_ns == TEN + 51


def test_what_is_earlier_than_the_trade_that_ended_the_last_bar_is_late():
    builder = BarBuilder(bar_rule("tick:2"), simulated=False)
    builder.add(make_trades([(TEN, 100, "B", 1), (TEN + 5, 100, "B", 1)]))
    builder.add(make_trades([(TEN + 4, 90, "B", 1), (TEN + 5, 101, "B", 1)]))
    (bar,) = builder.close_now(2**62)
    assert (builder.late, bar.trades, bar.low) == (1, 1, 101)


def test_splitting_leaves_rows_alone_where_nothing_is_split():
    trades = sized(1, 2)
    ends = cutter_of(parse_series("tick:2"), split=True).ends(trades)
    assert split(trades, ends) == (trades, ends)


def test_the_parts_of_a_split_trade_are_alike_but_for_their_size():
    trades = make_trades([(TEN, 100, "B", 4), (TEN + 1, 101, "S", 17)])
    ends = cutter_of(parse_series("volume:10"), split=True).ends(trades)
    parts, shifted = split(trades, ends)
    assert parts.size.tolist() == [4, 6, 10, 1]
    assert parts.price.tolist() == [100, 101, 101, 101]
    assert parts.aggressor.tolist() == [1, 2, 2, 2]
    assert [end.row for end in shifted] == [2, 3]
    assert np.all(parts.size > 0)
