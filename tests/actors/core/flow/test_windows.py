"""What a window keeps of tape and book, and what remains of what it has left behind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.flow import windows
from actors.core.flow.windows import BookWindow, TradeWindow, tape_of
from protocol.market import SideSource
from tests.actors.core.flow.books import ASK, BID, make_depth
from tests.makers import make_trades


def book_window(*rows: tuple[int, int, int, int]) -> BookWindow:
    window = BookWindow()
    window.add(make_depth(rows), np.array([row[0] for row in rows], np.int64))
    return window


def test_an_empty_window_knows_no_price_and_no_mid():
    assert TradeWindow().join().last_price(10) is None
    assert BookWindow().join().mid(10) is None
    window = TradeWindow()
    window.forget(10, 0)
    assert window.join().carried_price is None


def test_sizes_stand_in_the_column_of_their_side():
    tape = tape_of(make_trades([(1, 400, "B", 5), (2, 401, "S", 7), (3, 401, "U", 9)]))
    assert tape.sizes.tolist() == [5, 7, 9]
    assert tape.buys.tolist() == [5, 0, 0]
    assert tape.sells.tolist() == [0, 7, 0]
    assert tape.inferred.tolist() == [0, 0, 9]


@pytest.mark.parametrize(
    ("source", "weak"),
    [(SideSource.NONE, 5), (SideSource.FEED, 0), (SideSource.QUOTE, 0), (SideSource.TICKRULE, 5)],
)
def test_sides_from_the_tick_rule_or_from_nothing_are_inferred(source, weak):
    assert tape_of(make_trades([(1, 400, "B", 5)], source=source)).inferred.tolist() == [weak]


def test_the_last_price_is_that_of_a_trade_before_and_not_at_the_instant():
    window = TradeWindow()
    window.add(make_trades([(5, 400, "B", 1), (5, 401, "B", 1), (9, 402, "B", 1)]))
    tape = window.join()
    assert [tape.last_price(ts) for ts in (5, 6, 9, 10)] == [None, 401, 401, 402]
    window.forget(8, 0)
    assert [window.join().last_price(ts) for ts in (8, 10)] == [401, 402]
    window.forget(20, 0)
    assert window.join().last_price(20) == 402


def test_trades_out_of_order_are_sorted_in_after_those_of_the_same_time():
    window = TradeWindow()
    window.add(make_trades([(5, 400, "B", 1), (9, 402, "B", 1)]))
    window.add(make_trades([(5, 401, "B", 1)]))
    assert window.join().price.tolist() == [400, 401, 402]
    crowd = TradeWindow()
    crowd.add(make_trades([(5, price, "B", 1) for price in range(100)]))
    crowd.add(make_trades([(4, 100, "B", 1), (5, 101, "B", 1)]))
    assert crowd.join().price.tolist() == [100, *range(100), 101]


def test_a_mid_needs_both_sides_and_stands_until_the_next():
    steps = book_window((1, BID, 400, 5), (3, ASK, 401, 5), (7, ASK, 401, 0)).join()
    assert [steps.mid(ts) for ts in (1, 3, 4, 7, 8)] == [None, None, 801, 801, None]


def test_the_state_that_stands_when_the_window_begins_is_kept():
    window = book_window((1, BID, 400, 5), (3, ASK, 401, 5), (7, BID, 400, 9))
    window.forget(7)
    assert window.join().ts.tolist() == [3, 7]
    window.forget(8)
    assert window.join().ts.tolist() == [7]
    window.forget(1_000)
    assert window.join().ts.tolist() == [7]


def test_a_lost_book_has_no_mid_and_nothing_rests_until_it_is_told_again():
    window = book_window((1, BID, 400, 5), (1, ASK, 401, 5))
    window.lose(4)
    window.add(make_depth([(6, BID, 300, 7), (7, ASK, 301, 9)]), np.array([6, 7]))
    steps = window.join()
    assert [steps.lost(ts) for ts in (1, 4, 5, 6, 7)] == [False, False, True, True, False]
    assert [steps.mid(ts) for ts in (4, 5, 6, 7, 8)] == [801, None, None, None, 601]
    assert [column.tolist()[-3:] for column in (steps.bid_size, steps.ask_depth)] == [
        [0, 7, 7], [0, 0, 9],
    ]  # fmt: skip


def test_that_the_book_is_lost_is_known_as_long_as_it_stands():
    window = book_window((1, BID, 400, 5))
    window.lose(1)
    window.forget(1_000)
    assert window.join().lost(1_000)
    assert not book_window((1, BID, 400, 5)).join().lost(1_000)
    assert not BookWindow().join().lost(5)


def test_the_delta_carried_is_that_of_one_session():
    window = TradeWindow()
    window.add(make_trades([(ts, 400, "B", 2**ts) for ts in range(6)]))
    window.forget(3, 1)
    tape = window.join()
    assert (tape.carried_delta, tape.carried_since_ns, tape.ts.tolist()) == (2 + 4, 1, [3, 4, 5])
    window.forget(5, 1)
    assert window.join().carried_delta == 2 + 4 + 8 + 16
    window.forget(6, 5)
    assert (window.join().carried_delta, window.join().carried_since_ns) == (32, 5)


TRADES = st.lists(
    st.tuples(st.integers(0, 60), st.just(400), st.sampled_from("BSU"), st.integers(1, 9)),
    max_size=30,
).map(sorted)


@given(TRADES, st.lists(st.integers(0, 60), max_size=6).map(sorted))
def test_forgetting_bit_by_bit_loses_no_delta(rows, instants):
    window, done = TradeWindow(), 0
    signs = {"B": 1, "S": -1, "U": 0}
    for instant in instants:
        until = sum(row[0] < instant for row in rows)
        window.add(make_trades(rows[done:until]))
        done = until
        window.forget(instant - 5, 0)
    tape = window.join()
    kept = int(tape.buys.sum() - tape.sells.sum())
    assert kept + tape.carried_delta == sum(signs[side] * n for _, _, side, n in rows[:done])


def test_a_clock_that_stands_still_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(windows, "ROWS_MAX", 3)
    window = TradeWindow()
    window.add(make_trades([(1, 400, "B", 1)] * 3))
    with pytest.raises(ValueError, match="4 rows within one window, wanted at most 3"):
        window.add(make_trades([(1, 400, "B", 1)]))
    with pytest.raises(ValueError, match="4 rows within one window"):
        book_window(*((1, BID, 400, size) for size in range(1, 5)))
