"""The book in real Databento files: exact, sound, and the same by orders and by ten levels."""

from functools import cache

import numpy as np
import pytest

from actors.adapters.feeds.dbn import opened
from actors.adapters.feeds.dbn_book import DamagedBook, DbnBook, order_records, ten_levels
from actors.adapters.feeds.port import FeedError
from actors.core.book.changes import LevelBook
from actors.core.book.orders import OrderBook
from actors.core.book.records import NO_PRICE, OrderRecords
from actors.core.book.ten import TenBook
from tests.actors.adapters.feeds.dbn_files import (
    ES_M4,
    START,
    Trade,
    dbn_bytes,
    header_bytes,
    mapping,
    mapping_record,
    packed,
    record,
)
from tests.actors.adapters.feeds.recordings import real

ESH4 = "es-mbo-20231225/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
ESM4 = "es-mbo-20231225/orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst"
FIXTURES = "databento-fixtures/tests/data/GLBX.MDP3/test_data"
TICK = 250_000_000
OPEN_NS = 1_703_545_200_000_000_000  # 18:00 New York: before it orders gather and may cross.
SPREAD = "ESH4-ESM4"


@cache
def esh4() -> OrderRecords:
    parts = [order_records(run.data, TICK) for run in opened(real(ESH4)).runs()]
    names = OrderRecords.__dataclass_fields__
    return OrderRecords(**{
        name: np.concatenate([getattr(part, name) for part in parts]) for name in names
    })  # fmt: skip


def by_the_library(path):
    import databento

    return databento.DBNStore.from_bytes(path.read_bytes()).to_ndarray()  # Closes nothing itself.


def test_the_esh4_file_has_no_unknown_order_and_every_trade_is_at_or_through_the_touch():
    book = OrderBook()
    book.apply(esh4())
    found = book.checks
    assert found.records == 68_792
    assert (found.unknown, found.repeated, found.oversized, found.malformed) == (0, 0, 0, 0)
    assert (found.inside, found.backwards, found.doubtful) == (0, 0, 0)


def test_the_esh4_book_is_never_crossed_at_an_events_end_once_the_market_is_open():
    records, book = esh4(), OrderBook()
    opening = int((records.ts_event < OPEN_NS).sum())
    book.apply(records.slice(0, opening))
    gathered = book.checks.crossed, book.checks.events
    book.apply(records.slice(opening, len(records)))
    assert gathered[0] > 0
    assert book.checks.events - gathered[1] > 45_000
    assert book.checks.crossed - gathered[0] == 0


def test_the_esh4_book_ends_at_4810_00_x_22_and_4810_25_x_28():
    book = OrderBook()
    book.apply(esh4())
    (bid, bid_size, _), (ask, ask_size, _) = book.bids.best(1)[0], book.asks.best(1)[0]
    assert (bid * 0.25, bid_size, ask * 0.25, ask_size) == (4810.00, 22, 4810.25, 28)
    assert len(book.orders) == 11_217


def test_a_trade_not_at_the_touch_of_the_esh4_book_would_be_found():
    records, book = esh4(), OrderBook()
    price = records.price.copy()
    trades = np.flatnonzero((records.action == ord("T")) & (records.side == 1))
    price[trades] -= 2  # A buyer two ticks below what he paid.
    book.apply(OrderRecords(**{
        name: price if name == "price" else getattr(records, name)
        for name in OrderRecords.__dataclass_fields__
    }))  # fmt: skip
    assert book.checks.inside > 1_000


def test_ten_levels_derived_from_the_esh4_orders_are_the_books_own_at_every_tenth_part():
    records, book, reader, ten = esh4(), OrderBook(), LevelBook(), TenBook()
    copy, step = LevelBook(), len(records) // 10
    for start in range(0, len(records), step):
        changes = book.apply(records.slice(start, start + step))
        copy.apply(ten.apply(reader.ten_levels(changes)))
        # The slice may end within an event; the reader stands where the last one ended.
        assert copy.bids.best(11) == reader.bids.best(10)
        assert copy.asks.best(11) == reader.asks.best(10)
    assert reader.bids.best(10) == book.bids.best(10)
    assert reader.asks.best(10) == book.asks.best(10)
    assert (ten.checks.malformed, ten.checks.backwards) == (0, 0)


def test_the_official_ten_levels_are_read_level_by_level():
    book = DbnBook(real(f"{FIXTURES}.mbp-10.dbn.zst"), "ES")
    (changes,) = book.changes()
    assert book.contract == "ESH1"
    assert changes.ends.tolist() == [20, 21, 22, 23]
    # The first two levels of the first record: 3702.25 19 x 11, 3702.00 20 x 14.
    assert changes.price[:2].tolist() == [14_809, 14_808]
    assert changes.size[:2].tolist() == [19, 20]
    assert changes.orders[:2].tolist() == [11, 14]
    assert (book.checks.malformed, book.checks.crossed) == (0, 0)


def test_ten_levels_are_those_that_the_library_reads():
    path = real(f"{FIXTURES}.mbp-10.dbn.zst")
    theirs = by_the_library(path)
    (run,) = opened(path).runs()
    ours = ten_levels(run.data, TICK)
    for level in range(10):
        for side, name in enumerate(("bid", "ask")):
            price = theirs[f"{name}_px_{level:02}"] // TICK
            assert ours.price[:, side, level].tolist() == price.tolist()
            assert ours.size[:, side, level].tolist() == theirs[f"{name}_sz_{level:02}"].tolist()
            assert ours.orders[:, side, level].tolist() == theirs[f"{name}_ct_{level:02}"].tolist()
    assert ours.sequence.tolist() == theirs["sequence"].tolist()


def test_orders_are_those_that_the_library_reads():
    path = real(ESM4)
    theirs = by_the_library(path)
    (run,) = opened(path).runs()
    ours = order_records(run.data, TICK)
    assert ours.order_id.tolist() == theirs["order_id"].tolist()
    assert ours.sequence.tolist() == theirs["sequence"].tolist()
    assert ours.size.tolist() == theirs["size"].tolist()


def order(action, price=4_800 * 10**9, **fields):
    return Trade(START, price, action=action, flags=128, **fields)


def test_of_two_contracts_the_other_one_is_left_out(tmp_path):
    path = tmp_path / "two.dbn"
    other = order("A", 4_900 * 10**9, instrument_id=ES_M4)
    path.write_bytes(dbn_bytes([order("A"), other], "mbo"))
    book = DbnBook(path, "ESH4")
    assert [changes.price.tolist() for changes in book.changes()] == [[19_200]]
    assert (book.contract, book.checks.records) == ("ESH4", 1)


def test_a_live_recording_names_its_contract_by_a_mapping_record(tmp_path):
    path = tmp_path / "live.dbn"
    body = mapping_record(17077, "ESH4") + record(order("A"), 160)
    path.write_bytes(packed(header_bytes(None, mappings=()) + body))
    assert [len(changes) for changes in DbnBook(path, "ES").changes()] == [1]


@pytest.mark.parametrize(("kinds", "records"), [((160, 10), 2), ((10, 160), 1), ((10,), 1)])
def test_of_a_live_recording_of_both_kinds_the_first_is_used(kinds, records, tmp_path):
    path = tmp_path / "live.dbn"
    rows = {160: record(order("A"), 160) * 2, 10: record(order("A"), 10)}
    body = mapping_record(17077, "ESH4") + b"".join(rows[kind] for kind in kinds)
    path.write_bytes(header_bytes(None, mappings=()) + body)
    book = DbnBook(path, "ES")
    assert len(list(book.changes())) == 1
    assert book.checks.records == records


@pytest.mark.parametrize("price", [2**63 - 1, -(2**63), 4_800 * 10**9 + 1, 2**62])
def test_an_undefined_price_or_one_off_the_grid_is_no_price(tmp_path, price):
    path = tmp_path / "odd.dbn"
    path.write_bytes(dbn_bytes([order("A", price)], "mbo"))
    (run,) = opened(path).runs()
    assert order_records(run.data, TICK).price.tolist() == [NO_PRICE]
    book = DbnBook(path, "ES")
    assert sum(map(len, book.changes())) == 0
    assert book.checks.malformed == 1


def test_a_file_of_another_schema_or_contract_is_refused_by_name(tmp_path):
    path = tmp_path / "a.dbn"
    path.write_bytes(dbn_bytes([order("T")], "trades"))
    with pytest.raises(FeedError, match="holds trades, wanted one of mbo, mbp-10"):
        list(DbnBook(path, "ES").changes())
    path.write_bytes(dbn_bytes([order("A")], "mbo", mappings=(mapping(SPREAD, 17077),)))
    with pytest.raises(FeedError, match=f"holds {SPREAD}; wanted a contract of ES"):
        list(DbnBook(path, "ES").changes())


def test_a_damaged_file_is_refused_since_a_book_with_a_hole_is_none(tmp_path):
    path = tmp_path / "cut.dbn"
    path.write_bytes(dbn_bytes([order("A"), order("C")], "mbo")[:-1])
    with pytest.raises(DamagedBook, match="55 bytes that are no whole record"):
        list(DbnBook(path, "ES").changes())
    assert issubclass(DamagedBook, FeedError)


def test_of_a_root_the_month_in_front_at_the_instant_given_is_taken(tmp_path):
    path = tmp_path / "two.dbn"
    other = order("A", 4_900 * 10**9, instrument_id=ES_M4)
    months = (mapping("ESH4", 17077), mapping("ESM4", ES_M4))
    path.write_bytes(dbn_bytes([order("A"), other], "mbo", mappings=months))
    in_april_ns = START + 100 * 86_400 * 10**9
    book = DbnBook(path, "ES", in_april_ns)
    assert [records.price.tolist() for records in book.records()] == [[19_600]]
    assert book.contract == "ESM4"


def test_a_book_that_was_not_read_yet_has_nothing_wrong():
    assert DbnBook(real(ESH4), "ES").checks.records == 0
