"""The ten best levels of Databento files on a tape: the venue's book, and trades as without it."""

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from actors.adapters.feeds.dbn import opened
from actors.adapters.feeds.dbn_book import order_records
from actors.adapters.feeds.depth_dbn import dbn_depth
from actors.adapters.feeds.ingest import Recording, ingest, open_depth
from actors.adapters.feeds.port import Reason, Refusals
from actors.adapters.feeds.tape import TapeRule, tape
from actors.adapters.frames import FrameLog
from actors.core.book.changes import LevelBook, changes_in
from actors.core.book.orders import OrderBook
from actors.core.book.records import LAST, NO_PRICE, TenLevels
from protocol.codec import decode
from protocol.market import Cut, DepthBatch, TradeBatch
from protocol.settings import BarSettings, FeedSettings
from tests.actors.adapters.feeds.dbn_files import (
    ES_H4,
    START,
    Trade,
    dbn_bytes,
    header_bytes,
    record,
)
from tests.actors.adapters.feeds.recordings import all_trades, csv_file, line, real
from tests.actors.adapters.feeds.test_dbn_book import ESH4, ESM4, TICK

PRICE = 4_800 * 10**9


def played(path: Path, directory: Path, symbol: str = "ES", **feed):
    """Return the messages of the tape of a file, and what was refused."""
    settings = FeedSettings(**feed)
    rule = TapeRule.of(settings, BarSettings())
    source = Recording([path], symbol, Refusals(directory), settings)
    return list(source.with_depth(tape(source, rule), rule)), source.refusals.counts


@cache
def esh4(directory: Path, depth: str):
    return played(real(ESH4), directory, depth=depth)[0]


@pytest.fixture(scope="module")
def aside(tmp_path_factory):
    return tmp_path_factory.mktemp("aside")


def depths(messages):
    return [message for message in messages if isinstance(message, DepthBatch)]


def test_trades_and_cuts_of_the_esh4_file_are_the_same_with_its_book_and_without(aside):
    without, with_it = esh4(aside, "none"), esh4(aside, "ten")
    assert not depths(without)
    assert sum(map(len, depths(with_it))) > 40_000
    one, other = all_trades(without), all_trades(with_it)
    for field in dataclasses.fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        assert np.array_equal(left, right)
    cuts = [[m for m in messages if isinstance(m, Cut)] for messages in (without, with_it)]
    assert cuts[0] == cuts[1]


def test_at_every_cut_the_esh4_tape_has_told_the_ten_best_of_all_orders_before_it(aside):
    orders, told, checked = OrderBook(), LevelBook(), 0
    parts = [order_records(run.data, TICK) for run in opened(real(ESH4)).runs()]
    for message in esh4(aside, "ten"):
        if isinstance(message, DepthBatch):
            told.apply(changes_in(message))
        elif isinstance(message, Cut):
            while parts:
                part = parts.pop(0)
                before = int(np.searchsorted(part.ts_event, message.ts_ns))
                if (np.diff(part.ts_event) < 0).any():  # The snapshot, far before any cut.
                    before = int(np.flatnonzero(part.ts_event < message.ts_ns)[-1]) + 1
                orders.apply(part.slice(0, before))
                if before < len(part):
                    parts.insert(0, part.slice(before, len(part)))
                    break
            assert told.bids.best(11) == orders.bids.best(10)
            assert told.asks.best(11) == orders.asks.best(10)
            checked += 1
    assert checked == 12


def test_the_pre_open_is_not_told_but_as_the_book_of_the_first_trade(aside):
    messages = esh4(aside, "ten")
    first_ns = int(all_trades(messages).ts_event[0])
    assert not isinstance(messages[0], DepthBatch)
    assert changes_in(depths(messages)[0]).ts_event[0] == first_ns


def as_ten_levels(levels, trades) -> bytes:
    """A file of schema mbp-10 with these books and trades; at an instant the trades come first."""
    times = np.concatenate((trades.ts_event, levels.ts_event))
    order = np.argsort(times, kind="stable")
    level = [("price", "<i8", 2), ("size", "<u4", 2), ("orders", "<u4", 2)]
    rows = np.zeros(len(times), [
        ("length", "u1"), ("rtype", "u1"), ("publisher", "<u2"), ("instrument_id", "<u4"),
        ("ts_event", "<u8"), ("price", "<i8"), ("size", "<u4"), ("action", "u1"),
        ("side", "u1"), ("flags", "u1"), ("depth", "u1"), ("ts_recv", "<u8"),
        ("delta", "<i4"), ("sequence", "<u4"), ("levels", level, 10),
    ])  # fmt: skip
    rows["length"], rows["rtype"], rows["instrument_id"] = 368 // 4, 10, ES_H4
    rows["ts_event"] = times
    count = len(trades)
    rows["action"][:count], rows["action"][count:] = ord("T"), ord("A")
    rows["price"][:count], rows["size"][:count] = trades.price.astype(np.int64) * TICK, trades.size
    rows["side"][:count] = np.array([ord(side) for side in "NBA"], np.uint8)[trades.aggressor]
    held = levels.price != NO_PRICE
    price = np.where(held, levels.price * TICK, 2**63 - 1)
    rows["levels"]["price"][count:] = price.transpose(0, 2, 1)
    rows["levels"]["size"][count:] = levels.size.transpose(0, 2, 1)
    rows["levels"]["orders"][count:] = levels.orders.transpose(0, 2, 1)
    rows["flags"][count:] = LAST
    return header_bytes("mbp-10") + rows[order].tobytes()


def test_a_file_of_ten_levels_tells_what_a_file_of_orders_does(aside, tmp_path):
    messages = esh4(aside, "ten")
    parts = list(dbn_depth(real(ESH4), "ESH4", START))
    levels = TenLevels(**{
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in dataclasses.fields(TenLevels)
    })  # fmt: skip
    path = tmp_path / "ten.dbn"
    path.write_bytes(as_ten_levels(levels, all_trades(messages)))
    found, refused = played(path, tmp_path)
    assert not refused
    first_ns = int(all_trades(messages).ts_event[0])
    assert told_after(found, first_ns) == told_after(messages, first_ns)


def told_after(messages, ts_ns):
    """Every change behind `ts_ns`: how many steps lead to the book there is the reader's."""
    found = []
    for batch in depths(messages):
        part = changes_in(batch)
        columns = (part.ts_event, part.side, part.price, part.size, part.orders)
        found += [row for row in zip(*(c.tolist() for c in columns), strict=True) if row[0] > ts_ns]
    return found


@pytest.mark.parametrize("schema", ["trades", "tbbo", "mbp-1"])
def test_a_file_without_a_book_tells_none(tmp_path, schema):
    path = tmp_path / "a.dbn"
    path.write_bytes(dbn_bytes([Trade(START, PRICE)], schema))
    assert open_depth(path, "ESH4", START) is None
    messages, _ = played(path, tmp_path)
    assert len(messages) == 2


def test_a_file_that_is_no_dbn_tells_none(tmp_path):
    path = csv_file(tmp_path / "a.csv", [line(number) for number in range(3)])
    assert open_depth(path, "ESU3", START) is None


def order(action, ts, price=PRICE, **fields):
    return Trade(ts, price, action=action, flags=128, **fields)


def test_damage_ends_trades_and_book_and_is_reported_once(tmp_path):
    path = tmp_path / "cut.dbn"
    rows = [order("A", START), order("T", START + 1), order("A", START + 2)]
    whole = dbn_bytes(rows, "mbo")
    path.write_bytes(whole + record(rows[0], 160)[:-1])
    messages, refused = played(path, tmp_path)
    assert [len(batch) for batch in depths(messages)] == [1]
    assert refused == {Reason.DAMAGED: 1}


def test_with_none_no_book_is_read(aside):
    messages, _ = played(real(ESM4), aside, symbol="ESM4", depth="none")
    assert not depths(messages)
    messages, _ = played(real(ESM4), aside, symbol="ESM4", depth="ten")
    assert depths(messages)


@pytest.mark.parametrize(("depth", "kinds"), [
    ("none", [TradeBatch, Cut]), ("ten", [TradeBatch, DepthBatch, Cut]),
])  # fmt: skip
def test_the_tape_on_disk_has_the_book_where_it_is_wanted(tmp_path, depth, kinds):
    path, out = tmp_path / "a.dbn", tmp_path / "tape.frames"
    path.write_bytes(dbn_bytes([order("A", START), order("T", START + 1)], "mbo"))
    summary = ingest([path], "ES", out, tmp_path, FeedSettings(depth=depth))
    log = FrameLog.read_only(out)
    assert [type(decode(frame)) for frame in log.frames()] == kinds
    log.close()
    assert (summary.trades, summary.cuts) == (1, 1)
