"""Changes from the ten best levels: the differences, and rows that are none of a book."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.book.changes import LevelBook
from actors.core.book.records import INT32_MAX, LAST, LEVELS, MAYBE_BAD, NO_PRICE, TenLevels
from actors.core.book.ten import TenBook

Side = list[tuple[int, int, int]]


def ten(*rows, flags=LAST, sequence=0, ts=1_000):
    """Rows of (bids, asks), each a list of (price, contracts, orders)."""
    table = np.zeros((len(rows), 2, LEVELS, 3), np.int64)
    table[..., 0] = NO_PRICE
    for number, sides in enumerate(rows):
        for side, levels in enumerate(sides):
            for level, found in enumerate(levels):
                table[number, side, level] = found
    return TenLevels(
        ts_event=np.arange(ts, ts + len(rows), dtype=np.int64),
        flags=np.full(len(rows), flags, np.uint8),
        sequence=np.full(len(rows), sequence, np.int64),
        price=table[..., 0],
        size=table[..., 1],
        orders=table[..., 2],
    )


def rows(changes):
    columns = (changes.side, changes.price, changes.size, changes.orders)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def wrong(book):
    found = dataclasses.asdict(book.checks)
    return {k: v for k, v in found.items() if v and k not in ("records", "events")}


BOOK = ([(100, 5, 2), (99, 8, 3)], [(101, 7, 1)])


def test_no_rows_change_nothing_and_the_first_row_tells_every_level():
    book = TenBook()
    assert rows(book.apply(ten())) == []
    changes = book.apply(ten(BOOK))
    assert rows(changes) == [(1, 100, 5, 2), (1, 99, 8, 3), (2, 101, 7, 1)]
    assert (changes.ends.tolist(), changes.ts_event.tolist()) == ([3], [1_000] * 3)
    assert wrong(book) == {}


def test_the_same_row_again_tells_nothing_also_in_a_later_batch():
    book = TenBook()
    assert len(book.apply(ten(BOOK, BOOK))) == 3
    changes = book.apply(ten(BOOK))
    assert (rows(changes), changes.ends.tolist()) == ([], [])


def test_a_best_bid_gone_is_told_before_the_level_that_moved_up_from_behind():
    deep = ([(p, 1, 1) for p in range(100, 90, -1)], [(101, 7, 1)])
    moved = ([(p, 1, 1) for p in range(99, 89, -1)], [(100, 3, 1), (101, 7, 1)])
    book = TenBook()
    book.apply(ten(deep))
    assert rows(book.apply(ten(moved))) == [(1, 100, 0, 0), (1, 90, 1, 1), (2, 100, 3, 1)]


def test_another_count_of_orders_is_a_change():
    book = TenBook()
    book.apply(ten(BOOK))
    assert rows(book.apply(ten((BOOK[0], [(101, 7, 2)])))) == [(2, 101, 7, 2)]


def test_rows_before_the_end_of_an_event_are_left_out():
    book = TenBook()
    assert rows(book.apply(ten(BOOK, flags=0))) == []
    assert (book.checks.records, book.checks.events) == (1, 0)


@pytest.mark.parametrize("bad", [
    ([(100, 5, 1), (100, 5, 1)], []),  # Twice.
    ([(100, 5, 1), (101, 5, 1)], []),  # Rising bids.
    ([], [(101, 5, 1), (100, 5, 1)]),  # Falling asks.
    ([(100, 5, 1), (NO_PRICE, 0, 0), (98, 5, 1)], []),  # A hole.
    ([(NO_PRICE, 5, 1)], []),
    ([(INT32_MAX + 1, 5, 1)], []),
    ([(100, INT32_MAX + 1, 1)], []),
    ([(100, -1, 1)], []),
])  # fmt: skip
def test_levels_that_do_not_stand_one_behind_the_other_are_counted_and_left_out(bad):
    book = TenBook()
    changes = book.apply(ten(BOOK, bad, BOOK))
    assert len(changes) == 3
    assert wrong(book) == {"malformed": 1}


@pytest.mark.parametrize(("ask", "found"), [(101, {}), (100, {"crossed": 1}), (99, {"crossed": 1})])
def test_a_bid_at_the_ask_or_above_is_crossed(ask, found):
    book = TenBook()
    book.apply(ten((BOOK[0], [(ask, 1, 1)])))
    assert wrong(book) == found


def test_an_empty_side_crosses_nothing_and_prices_below_zero_are_prices():
    book = TenBook()
    book.apply(ten(([], [(-5, 1, 1)]), ([(-6, 1, 1)], [(-5, 1, 1)])))
    assert wrong(book) == {}


@pytest.mark.parametrize(("second", "found"), [(5, {}), (6, {}), (4, {"backwards": 1})])
def test_a_sequence_never_falls(second, found):
    book = TenBook()
    book.apply(ten(BOOK, sequence=5))
    book.apply(ten(BOOK, sequence=second))
    assert wrong(book) == found


def test_what_the_feed_itself_doubts_is_counted():
    book = TenBook()
    book.apply(ten(BOOK, flags=LAST | MAYBE_BAD))
    assert wrong(book) == {"doubtful": 1}


def test_time_that_falls_does_not_fall_in_what_is_told():
    book = TenBook()
    book.apply(ten(BOOK, ts=2_000))
    assert book.apply(ten((BOOK[0], []), ts=1_000)).ts_event.tolist() == [2_000]


@st.composite
def ladders(draw):
    """A sound side of at most ten levels: distances from the touch, sizes, orders."""
    prices = draw(st.lists(st.integers(1, 15), unique=True, max_size=LEVELS))
    return [(p, draw(st.integers(1, 3)), draw(st.integers(1, 2))) for p in sorted(prices)]


@given(st.lists(st.tuples(ladders(), ladders()), max_size=8), st.integers(1, 4))
def test_whoever_applies_the_changes_has_exactly_the_ten_after_every_event(ladder_pairs, width):
    rows_ = [([(-p, s, o) for p, s, o in bids], asks) for bids, asks in ladder_pairs]
    book, reader = TenBook(), LevelBook()
    for start in range(0, len(rows_), width):
        part = rows_[start : start + width]
        reader.apply(book.apply(ten(*part)))
        assert (reader.bids.best(99), reader.asks.best(99)) == part[-1]
    assert wrong(book) == {}
