"""Columns of trades: no copies, no lost rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.columns import batch_of, concat, falls, grouped, trades_of
from tests.makers import CONTRACT, make_trades

ROWS = [(10, 100, "B", 1), (10, 101, "S", 2), (30, 99, "U", 3)]


def test_an_empty_batch_has_no_trades():
    trades = trades_of(batch_of(make_trades(), CONTRACT, False))
    assert len(trades) == 0
    assert len(trades.slice(0, 5)) == 0
    assert len(falls(trades.ts_event)) == 0


def test_trades_go_into_a_batch_and_come_back():
    batch = batch_of(make_trades(ROWS, quotes=[(99, 100), (100, 101), (0, 0)]), CONTRACT, True)
    back = trades_of(batch)
    assert batch.contract == CONTRACT and batch.simulated
    assert batch_of(back, CONTRACT, True) == batch
    assert back.price.tolist() == [100, 101, 99]
    assert back.ask.tolist() == [100, 101, 0]


def test_a_feed_without_quotes_has_none():
    back = trades_of(batch_of(make_trades(ROWS), CONTRACT, False))
    assert back.bid is None and back.ask is None


def test_the_columns_of_a_batch_are_views_and_cannot_be_changed():
    back = trades_of(batch_of(make_trades(ROWS), CONTRACT, False))
    with pytest.raises(ValueError, match="read-only"):
        back.price[0] = 1


def test_slices_join_to_the_whole():
    trades = make_trades(ROWS, quotes=[(99, 100), (100, 101), (98, 99)])
    joined = concat([trades.slice(0, 1), trades.slice(1, 1), trades.slice(1, 3)])
    assert batch_of(joined, CONTRACT, False) == batch_of(trades, CONTRACT, False)


def test_rows_without_a_quote_get_an_invalid_one_when_joined_to_rows_with_one():
    joined = concat([make_trades(ROWS[:1]), make_trades(ROWS[1:2], quotes=[(100, 101)])])
    assert joined.bid.tolist() == [0, 100]
    assert joined.ask.tolist() == [0, 101]


def test_who_needs_no_quotes_gets_the_same_rows_without_them():
    trades = make_trades(ROWS, quotes=[(99, 100), (100, 101), (98, 99)])
    joined = concat([trades.slice(0, 2), trades.slice(2, 3)], quotes=False)
    assert joined.bid is None and joined.ask is None
    assert batch_of(joined, CONTRACT, False) == batch_of(make_trades(ROWS), CONTRACT, False)


@given(st.lists(st.integers(0, 5)), st.integers(1, 12))
def test_parts_are_grouped_in_order_and_no_group_could_take_the_next_part(counts, most):
    whole = make_trades([ROWS[0]] * 5)
    parts = [whole.slice(0, count) for count in counts]
    groups = list(grouped(parts, most))
    assert [part for group in groups for part in group] == parts
    sizes = [sum(map(len, group)) for group in groups]
    assert all(size <= most or len(group) == 1 for size, group in zip(sizes, groups, strict=True))
    following = [len(group[0]) for group in groups[1:]]
    assert all(size + more > most for size, more in zip(sizes, following, strict=False))


def test_nothing_joined_is_empty():
    assert len(concat([])) == 0


def test_falling_times_are_found_and_equal_ones_are_not():
    assert falls(np.array([1, 1, 5, 4, 4, 3])).tolist() == [3, 5]
