"""The book kept from changes, against one that is sorted anew each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.flow.book import LEVELS_MAX, NO_MID, NOTHING, Book, Touch

BID, ASK = 1, 2


def book_of(*changes: tuple[int, int, int]) -> Book:
    book = Book()
    for side, price, size in changes:
        book.change(side, price, size)
    return book


def slow_touch(levels: dict[tuple[int, int], int]) -> Touch:
    """The touch from all levels, sorted each time: levels by (side, price)."""
    bids = sorted((price for side, price in levels if side == BID), reverse=True)
    asks = sorted(price for side, price in levels if side == ASK)
    if bids and asks and bids[0] >= asks[0]:
        return NOTHING
    return Touch(
        levels[BID, bids[0]] if bids else 0,
        levels[ASK, asks[0]] if asks else 0,
        sum(levels[BID, price] for price in bids[:5]),
        sum(levels[ASK, price] for price in asks[:5]),
        bids[0] + asks[0] if bids and asks else NO_MID,
    )


def test_an_empty_book_knows_nothing():
    assert Book().touch == NOTHING


def test_the_touch_and_five_levels_of_each_side():
    book = book_of(
        *((BID, 100 - level, 10 + level) for level in range(7)),
        *((ASK, 101 + level, 20 + level) for level in range(7)),
    )
    assert book.touch == (10, 20, 10 + 11 + 12 + 13 + 14, 20 + 21 + 22 + 23 + 24, 201)


def test_levels_are_those_that_hold_something_not_five_ticks():
    book = book_of((BID, 100, 1), (BID, 90, 2), (BID, 80, 4), (BID, 70, 8), (BID, 60, 16))
    assert book.touch.bid_depth == 31


def test_a_level_that_is_removed_gives_way_to_the_sixth():
    book = book_of(*((ASK, 101 + level, 2**level) for level in range(6)))
    assert book.touch.ask_depth == 31
    assert book.change(ASK, 103, 0)
    assert book.touch.ask_depth == 31 - 4 + 32


def test_a_one_sided_book_counts_what_it_has_and_has_no_mid():
    assert book_of((BID, 100, 7)).touch == (7, 0, 7, 0, NO_MID)


@pytest.mark.parametrize("ask", [99, 100])
def test_a_crossed_or_locked_book_is_refused_as_long_as_it_lasts(ask):
    book = book_of((BID, 100, 7), (ASK, ask, 5))
    assert (book.touch, book.crossed) == (NOTHING, 1)
    book.change(BID, 100, 0)
    assert book.touch == (0, 5, 0, 5, NO_MID)
    book.change(BID, 98, 3)
    assert (book.touch, book.crossed) == ((3, 5, 3, 5, 98 + ask), 1)


@pytest.mark.parametrize(("side", "size"), [(BID, -1), (ASK, -1), (0, 5), (3, 5)])
def test_a_negative_size_or_no_side_is_refused_and_counted(side, size):
    book = book_of((BID, 100, 7), (ASK, 101, 5))
    before = book.touch
    assert not book.change(side, 100, size)
    assert (book.touch, book.refused) == (before, 1)


def test_the_same_change_again_changes_nothing():
    book = book_of((BID, 100, 7), (ASK, 101, 5))
    assert not book.change(BID, 100, 7)
    assert not book.change(ASK, 105, 0)
    assert book.touch == (7, 5, 7, 5, 201)


def test_a_change_beyond_level_five_moves_nothing():
    book = book_of(*((BID, 100 - level, 10) for level in range(5)))
    assert not book.change(BID, 90, 500)
    assert book.change(BID, 96, 11)


def test_the_furthest_level_is_forgotten_when_there_are_too_many():
    book = book_of(*((BID, -level, 1) for level in range(LEVELS_MAX + 3)))
    assert len(book.bids.keys) == len(book.bids.sizes) == LEVELS_MAX
    assert book.touch.bid_size == 1


CHANGES = st.lists(
    st.tuples(st.sampled_from([BID, ASK]), st.integers(90, 110), st.integers(0, 5)), max_size=80
)


@given(CHANGES)
def test_the_book_equals_one_sorted_anew_after_each_change(changes):
    book, levels, crossed = Book(), {}, 0
    for side, price, size in changes:
        levels[side, price] = size
        levels = {level: size for level, size in levels.items() if size}
        before = book.touch
        changed = book.change(side, price, size)
        assert book.touch == slow_touch(levels)
        assert changed is (book.touch != before)
        sides = [[price for found, price in levels if found == side] for side in (BID, ASK)]
        crossed += all(sides) and max(sides[0]) >= min(sides[1])
    assert book.crossed == crossed


def test_prices_below_zero_are_prices():
    book = book_of((BID, -3_764, 2), (ASK, -3_763, 4))
    assert book.touch == (2, 4, 2, 4, -7_527)
