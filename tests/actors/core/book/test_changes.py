"""Changes by price level: on the wire and back, and the ten best that they make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.book import changes
from actors.core.book.changes import (
    LevelBook,
    changes_in,
    changes_of,
    depth_batch,
    joined,
    of_batch_size,
)
from actors.core.book.records import ASK, BID, LEVELS, NO_PRICE

ROWS = [(10, BID, 100, 5, 2), (10, ASK, 101, 7, 1), (20, BID, 100, 0, 0)]
ENDS = [2, 3]


def book_of(rows, ends):
    book = LevelBook()
    book.apply(changes_of(rows, ends))
    return book


def test_no_rows_are_no_changes_and_no_batch():
    changes = changes_of([], [])
    assert len(changes) == len(depth_batch(changes, "ESH4", False)) == 0
    assert len(changes_in(depth_batch(changes, "ESH4", False)).ends) == 0


def test_an_event_that_changed_nothing_is_none():
    assert changes_of(ROWS, [0, 2, 2, 3]).ends.tolist() == ENDS


def test_a_batch_carries_every_row_there_and_back():
    changes = changes_of(ROWS, ENDS)
    batch = depth_batch(changes, "ESH4", True)
    assert (batch.contract, batch.simulated, len(batch)) == ("ESH4", True, 3)
    back = changes_in(batch)
    for name in ("ts_event", "side", "price", "size", "orders"):
        assert getattr(back, name).tolist() == getattr(changes, name).tolist(), name
    assert back.ends.tolist() == [3]


def told(found):
    columns = (found.ts_event, found.side, found.price, found.size, found.orders)
    return list(zip(*(column.tolist() for column in columns), strict=True)), found.ends.tolist()


@pytest.mark.parametrize(("start", "stop", "ends"), [
    (0, 0, []), (0, 2, [2]), (2, 3, [1]), (0, 3, [2, 3]), (3, 3, []),
])  # fmt: skip
def test_a_part_has_its_rows_and_the_ends_of_its_own_events(start, stop, ends):
    assert told(changes_of(ROWS, ENDS).part(start, stop)) == (ROWS[start:stop], ends)


@given(st.lists(st.integers(1, 4), max_size=8), st.integers(1, 9), st.integers(1, 5))
def test_parts_make_the_whole_again_and_an_event_is_never_divided(sizes, most, width):
    ends = np.cumsum(sizes).tolist()
    rows = [(n, BID, n, 1, 1) for n in range(sum(sizes))]
    whole = changes_of(rows, ends)
    bounds = [0, *ends[width - 1 : -1 : width], len(whole)] if sizes else [0, 0]
    parts = [whole.part(*pair) for pair in zip(bounds, bounds[1:], strict=False)]
    assert told(joined(parts)) == (rows, ends)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "CHANGES_MAX", most)
        batches = list(of_batch_size(whole))
    assert [row for one in batches for row in told(one)[0]] == rows
    for one in batches:
        assert one.ends[-1] == len(one)
        assert len(one) <= most or len(one.ends) == 1


def test_the_same_changes_again_change_nothing():
    book = book_of(ROWS, ENDS)
    before = book.best()
    book.apply(changes_of(ROWS[1:], [2]))
    assert book.best() == before


def test_a_level_that_goes_without_having_been_there_is_nothing():
    assert book_of([(1, BID, 5, 0, 0)], [1]).best() == LevelBook().best()


def test_missing_levels_have_no_price_and_no_size():
    bids, asks = book_of(ROWS[:2], [2]).best()
    assert bids == [(100, 5, 2)] + [(NO_PRICE, 0, 0)] * 9
    assert asks == [(101, 7, 1)] + [(NO_PRICE, 0, 0)] * 9


@pytest.mark.parametrize(("price", "told"), [(90, 0), (91, 1), (92, 1)])
def test_ten_levels_are_told_when_an_event_reached_into_them(price, told):
    book = book_of([(1, BID, p, 1, 1) for p in range(91, 101)], [10])
    book.apply(changes_of([(1, BID, 80, 1, 1)], [1]))  # An eleventh, so that ten are full.
    assert len(book.ten_levels(changes_of([(2, BID, price, 9, 9)], [1]))) == told


def test_a_level_that_leaves_the_ten_is_told_with_the_one_that_moved_up():
    book = book_of([(1, ASK, p, p, 1) for p in range(100, 111)], [11])
    ten = book.ten_levels(changes_of([(2, ASK, 100, 0, 0)], [1]))
    assert ten.price[0, 1].tolist() == list(range(101, 111))
    assert ten.size[0, 1].tolist() == list(range(101, 111))
    assert (ten.ts_event.tolist(), ten.size[0, 0].tolist()) == ([2], [0] * LEVELS)


EVENTS = st.lists(
    st.lists(
        st.tuples(st.sampled_from([BID, ASK]), st.integers(-20, 20), st.integers(0, 3)),
        min_size=1,
        max_size=4,
    ),
    max_size=40,
)


@given(EVENTS)
def test_ten_levels_are_the_ten_best_of_a_plain_dict(events):
    rows, ends, plain, wanted = [], [], {}, [[(NO_PRICE, 0, 0)] * LEVELS] * 2
    seen = []
    for number, event in enumerate(events):
        for side, price, size in event:
            rows.append((number, side, price, size, size))
            plain[side, price] = size
        ends.append(len(rows))
        best = [plain_best(plain, BID), plain_best(plain, ASK)]
        if best != wanted:
            seen.append((number, best))
        wanted = best
    ten = LevelBook().ten_levels(changes_of(rows, ends))
    told = [
        (ts, [list(map(tuple, side)) for side in np.stack(columns, -1).tolist()])
        for ts, *columns in zip(
            ten.ts_event.tolist(), ten.price, ten.size, ten.orders, strict=True
        )
    ]
    # An event may reach into the ten and leave them as they were; none may be missing.
    assert [found for found in told if found in seen] == seen
    assert {ts for ts, _ in told} >= {ts for ts, _ in seen}
    assert all(best == last_before(seen, ts) for ts, best in told)


def plain_best(plain, side):
    prices = sorted((p for s, p in plain if s == side and plain[s, p]), reverse=side == BID)
    best = [(price, plain[side, price], plain[side, price]) for price in prices[:LEVELS]]
    return best + [(NO_PRICE, 0, 0)] * (LEVELS - len(best))


def last_before(seen, ts):
    nothing = [[(NO_PRICE, 0, 0)] * LEVELS] * 2
    return next((best for found, best in reversed(seen) if found <= ts), nothing)
