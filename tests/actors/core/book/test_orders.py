"""The book order by order: against the plainest book there is, and what it counts as wrong."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.book.changes import LevelBook
from actors.core.book.orders import OrderBook
from actors.core.book.records import (
    ASK,
    BID,
    INT32_MAX,
    LAST,
    MAYBE_BAD,
    NO_PRICE,
    NONE,
    SNAPSHOT,
    TOP_ONLY,
)
from tests.actors.core.book.order_records import START, PlainBook, Record, columns

ADD = Record("A", BID, 1, 100, 5)
OFFER = Record("A", ASK, 2, 101, 7)
SOUND = {"records", "events"}


def applied(*records):
    book = OrderBook()
    return book, book.apply(columns(records))


def rows(changes):
    return list(
        zip(
            changes.side.tolist(),
            changes.price.tolist(),
            changes.size.tolist(),
            changes.orders.tolist(),
            strict=True,
        )
    )


def wrong(book):
    """What the checks found, without the numbers that every book has."""
    found = dataclasses.asdict(book.checks)
    return {name: count for name, count in found.items() if count and name not in SOUND}


def test_no_records_change_nothing():
    book, changes = applied()
    assert (rows(changes), changes.ends.tolist(), wrong(book)) == ([], [], {})
    assert book.bids.best(10) == []


def test_two_orders_at_a_price_are_one_level():
    book, changes = applied(ADD, ADD._replace(order_id=9, size=2))
    assert rows(changes) == [(BID, 100, 5, 1), (BID, 100, 7, 2)]
    assert changes.ends.tolist() == [1, 2]
    assert changes.ts_event.tolist() == [START, START + 1]


def test_a_part_cancelled_leaves_the_order_and_the_rest_removes_the_level():
    cancel = Record("C", BID, 1, 100, 2)
    book, changes = applied(ADD, cancel, cancel._replace(size=3))
    assert rows(changes) == [(BID, 100, 5, 1), (BID, 100, 3, 1), (BID, 100, 0, 0)]
    assert book.orders == {}


@pytest.mark.parametrize("action", ["T", "F", "N"])
def test_a_trade_a_fill_and_nothing_leave_the_book_as_it_is(action):
    book, changes = applied(OFFER, Record(action, BID, 2, 101, 7))
    assert rows(changes) == [(ASK, 101, 7, 1)]
    assert book.checks.events == 2


def test_a_modified_order_moves_and_what_is_gone_is_told_first():
    book, changes = applied(ADD, Record("M", BID, 1, 102, 4))
    assert rows(changes)[1:] == [(BID, 100, 0, 0), (BID, 102, 4, 1)]
    assert wrong(book) == {}


def test_a_cleared_book_is_empty_and_every_level_is_told_as_gone():
    book, changes = applied(ADD, OFFER, Record("R", NONE, 0, NO_PRICE, 0))
    assert rows(changes)[2:] == [(BID, 100, 0, 0), (ASK, 101, 0, 0)]
    assert (book.orders, wrong(book)) == ({}, {})


def test_an_event_is_told_at_its_end_also_in_a_later_batch_and_each_level_once():
    book, open_ = applied(ADD._replace(flags=0), ADD._replace(order_id=9, flags=0))
    assert (rows(open_), open_.ends.tolist(), book.checks.events) == ([], [], 0)
    closed = book.apply(columns([OFFER], START + 10))
    assert rows(closed) == [(BID, 100, 10, 2), (ASK, 101, 7, 1)]
    assert (closed.ends.tolist(), closed.ts_event.tolist()) == ([2], [START + 10] * 2)


def test_time_that_falls_or_is_undefined_does_not_fall_in_what_is_told():
    book, _ = applied(ADD)
    assert book.apply(columns([OFFER], START - 100)).ts_event.tolist() == [START]


def test_an_unknown_order_cancelled_is_counted_and_modified_is_added():
    book, changes = applied(Record("C", BID, 7), Record("M", ASK, 8, 105, 3))
    assert rows(changes) == [(ASK, 105, 3, 1)]
    assert wrong(book) == {"unknown": 2}


def test_an_order_added_again_takes_the_place_of_the_one_before():
    book, changes = applied(ADD, ADD._replace(price=99, size=1))
    assert book.bids.best(10) == [(99, 1, 1)]
    assert wrong(book) == {"repeated": 1}


@pytest.mark.parametrize(("size", "left", "found"), [
    (4, [(100, 1, 1)], {}), (5, [], {}), (6, [], {"oversized": 1}),
])  # fmt: skip
def test_more_than_there_is_cannot_be_cancelled(size, left, found):
    book, _ = applied(ADD, Record("C", BID, 1, 100, size))
    assert (book.bids.best(10), wrong(book)) == (left, found)


@pytest.mark.parametrize("bad", [
    ADD._replace(side=NONE),
    ADD._replace(size=0),
    ADD._replace(size=INT32_MAX + 1),
    ADD._replace(price=NO_PRICE),
    ADD._replace(price=INT32_MAX + 1),
    Record("M", BID, 1, NO_PRICE, 1),
    Record("C", BID, 1, 100, 0),
    Record("T", BID, 1, NO_PRICE, 1),
])  # fmt: skip
def test_a_record_without_side_tick_or_size_is_counted_and_its_event_still_ends(bad):
    book, changes = applied(ADD._replace(order_id=3, flags=0), bad)
    assert rows(changes) == [(BID, 100, 5, 1)]
    assert wrong(book) == {"malformed": 1}


def test_prices_below_zero_are_prices():
    book, _ = applied(ADD._replace(price=-3), OFFER._replace(price=-2))
    assert (book.bids.best(1), book.asks.best(1)) == ([(-3, 5, 1)], [(-2, 7, 1)])
    assert wrong(book) == {}


@pytest.mark.parametrize(("bid", "found"), [
    (100, {}), (101, {"crossed": 1}), (102, {"crossed": 1}),
])  # fmt: skip
def test_a_book_is_crossed_when_its_bid_reaches_its_ask_at_an_events_end(bid, found):
    book, _ = applied(OFFER, ADD._replace(price=bid))
    assert wrong(book) == found


def test_a_book_crossed_within_an_event_alone_is_not_crossed():
    over = ADD._replace(price=101, flags=0)
    book, changes = applied(OFFER, over, Record("C", ASK, 2, 101, 7))
    assert wrong(book) == {}
    # What is gone is told first, though it went last: a reader of rows sees nothing crossed.
    assert rows(changes)[1:] == [(ASK, 101, 0, 0), (BID, 101, 5, 1)]


@pytest.mark.parametrize(("side", "price", "found"), [
    (BID, 101, {}), (BID, 102, {}), (BID, 100, {"inside": 1}),
    (ASK, 99, {}), (ASK, 98, {}), (ASK, 100, {"inside": 1}), (NONE, 100, {}),
])  # fmt: skip
def test_a_trade_is_at_the_touch_or_through_it(side, price, found):
    bid = ADD._replace(price=99)
    book, _ = applied(bid, OFFER, Record("T", side, 0, price, 1))
    assert wrong(book) == found


def test_a_sweep_is_held_against_the_touch_before_its_event():
    book, _ = applied(
        OFFER,
        OFFER._replace(order_id=3, price=102),
        Record("T", BID, 0, 101, 7, flags=0),
        Record("C", ASK, 2, 101, 7, flags=0),
        Record("T", BID, 0, 102, 7, flags=0),
        Record("C", ASK, 3, 102, 7),
    )
    assert (book.asks.best(10), wrong(book)) == ([], {})


@pytest.mark.parametrize(("second", "found"), [(5, {}), (6, {}), (4, {"backwards": 1})])
def test_a_sequence_never_falls_also_from_batch_to_batch(second, found):
    book, _ = applied(ADD._replace(sequence=5))
    book.apply(columns([OFFER._replace(sequence=second)]))
    assert wrong(book) == found


def test_a_snapshot_has_the_numbers_of_its_orders_and_a_reset_begins_anew():
    book, _ = applied(
        ADD._replace(sequence=900, flags=SNAPSHOT), OFFER._replace(sequence=700, flags=SNAPSHOT)
    )
    book.apply(columns([ADD._replace(order_id=5, sequence=800)]))
    book.apply(columns([Record("R", sequence=0), ADD._replace(sequence=1)]))
    book.apply(columns([OFFER._replace(sequence=2)]))
    assert wrong(book) == {}


def test_what_the_feed_itself_doubts_is_counted():
    book, _ = applied(ADD._replace(flags=LAST | MAYBE_BAD))
    assert wrong(book) == {"doubtful": 1}


def test_records_of_the_touch_alone_are_refused():
    with pytest.raises(ValueError, match="wanted single orders"):
        applied(ADD._replace(flags=LAST | TOP_ONLY))


RECORDS = st.lists(
    st.builds(
        Record,
        st.sampled_from("AAAMMCCTFR" * 3 + "N"),
        st.sampled_from([BID, ASK]),
        st.integers(1, 8),
        st.integers(-3, 12),
        st.integers(1, 4),
        st.sampled_from([0, LAST]),
        st.just(0),
    ),
    max_size=60,
)


@given(RECORDS, st.integers(1, 20))
def test_levels_are_those_of_the_plainest_book_however_the_records_are_cut(records, width):
    book, plain, reader, crossed = OrderBook(), PlainBook(), LevelBook(), 0
    for record in records:
        plain.apply(record)
        crossed += bool(record.flags) and plain.crossed
    for start in range(0, len(records), width):
        reader.apply(book.apply(columns(records[start : start + width])))
    assert book.bids.best(99) == plain.levels(BID)
    assert book.asks.best(99) == plain.levels(ASK)
    assert book.checks.crossed == crossed
    reader.apply(book.apply(columns([Record("N")])))  # Ends the last event.
    assert reader.bids.best(99) == plain.levels(BID)
    assert reader.asks.best(99) == plain.levels(ASK)


@given(RECORDS)
def test_a_reader_of_row_after_row_never_sees_a_book_crossed_that_was_not(records):
    book, reader, before = OrderBook(), LevelBook(), False
    for record in records:
        changes = book.apply(columns([record]))
        after = book.bids.keys and book.asks.keys and book.bids.keys[-1] >= -book.asks.keys[-1]
        for row in range(len(changes)):
            reader.apply(one_row(changes, row))
            assert not reader.crossed or before or after
        if record.flags:
            before = bool(after)


def one_row(changes, row):
    picked = {
        name: getattr(changes, name)[row : row + 1]
        for name in ("ts_event", "side", "price", "size", "orders")
    }
    return dataclasses.replace(changes, **picked, ends=changes.ends[:1] * 0 + 1)
