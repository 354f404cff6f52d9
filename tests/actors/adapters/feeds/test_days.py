"""Day files as a recording: what was recorded is replayed, of the contract that was asked for."""

import numpy as np
import pytest

from actors.adapters.day_files import roll
from actors.adapters.feeds import ingest
from actors.adapters.feeds.days import DayReader, parquet_reader
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.parquet import ParquetReader, write_parquet
from actors.adapters.feeds.port import FeedError, Reason, Refusals
from actors.adapters.segments import SegmentedLog
from actors.core.columns import batch_of
from protocol.codec import encode
from protocol.market import DepthBatch, TradeBatch
from tests.actors.adapters.feeds.recordings import all_trades
from tests.actors.adapters.recorded_day import NAMES, messages, record
from tests.makers import at, make_trades

LATER = at("18:00", "2026-01-02")


def trades(clock, contract="ESZ5", count=3, quotes=None, simulated=False):
    rows = [(at(clock) + n, 20_000 + n, "BSU"[n % 3], n + 1) for n in range(count)]
    return batch_of(make_trades(rows, quotes), contract, simulated)


def day_of(data, *batches, name="ES/2025-12-02.parquet"):
    log = SegmentedLog.open(data)
    for batch in batches:
        log.append(encode(batch))
    log.close()
    roll(data, depth=True, now_ns=LATER)
    return data / "days" / name


def replayed(files, symbol, scratch, monkeypatch):
    """Read as `replay` does, each Parquet file by what it is."""
    opened = ingest.open_reader

    def by_content(path, symbol, refusals, zone):
        if path.read_bytes()[:4] == b"PAR1":
            return parquet_reader(path, symbol, refusals)
        return opened(path, symbol, refusals, zone)

    monkeypatch.setattr(ingest, "open_reader", by_content)
    refusals = Refusals(scratch)
    return list(Recording(files, symbol, refusals)), refusals


def test_the_real_recording_is_replayed_from_its_day_files_row_by_row(tmp_path, monkeypatch):
    wanted = record(tmp_path)
    files = [tmp_path / "days" / name for name in NAMES]
    chunks, refusals = replayed(files, "ES", tmp_path, monkeypatch)
    for name in ("ts_event", "price", "size", "aggressor", "source", "flags"):
        found = np.concatenate([getattr(chunk.trades, name) for chunk in chunks])
        assert np.array_equal(found, getattr(wanted, name)), name
    assert not refusals.counts
    assert {(chunk.contract, chunk.simulated) for chunk in chunks} == {("ESU3", False)}
    batches = [found for found in messages(tmp_path) if isinstance(found, TradeBatch)]
    assert len(all_trades(batches)) == len(wanted) == 500_000


@pytest.mark.parametrize("quotes", [None, [(1, 2), (0, 0), (3, 4)]])
def test_quotes_come_back_and_their_absence_too(tmp_path, quotes):
    path = day_of(tmp_path, trades("10:00", quotes=quotes))
    (rows,) = DayReader(path, "ES", Refusals(tmp_path)).rows()
    assert rows.bid is None if quotes is None else rows.bid.tolist() == [1, 0, 3]
    assert rows.aggressor.tolist() == [1, 2, 0]
    assert rows.where(1) == (2, f"ts_event={at('10:00') + 1} ticks=20001 size=2")


def test_of_a_root_the_front_month_is_taken_and_the_others_are_counted(tmp_path):
    path = day_of(tmp_path, trades("10:00", "ESH6", count=9), trades("10:01"))
    for symbol, wanted, others in (("ES", "ESZ5", 9), ("ESZ5", "ESZ5", 9), ("ESH6", "ESH6", 3)):
        refusals = Refusals(tmp_path)
        (rows,) = DayReader(path, symbol, refusals).rows()
        assert (rows.contract, len(rows)) == (wanted, 12 - others)
        assert refusals.counts == {Reason.SYMBOL_MISMATCH: others}


def test_of_a_root_without_its_front_month_the_busiest_contract_is_taken(tmp_path):
    path = day_of(tmp_path, trades("10:00", "ESM6", count=2), trades("10:01", "ESH6", count=5))
    (rows,) = DayReader(path, "ES", Refusals(tmp_path)).rows()
    assert (rows.contract, len(rows)) == ("ESH6", 5)


def test_of_another_symbol_there_is_nothing_and_all_is_counted(tmp_path):
    refusals = Refusals(tmp_path)
    assert list(DayReader(day_of(tmp_path, trades("10:00")), "NQ", refusals).rows()) == []
    assert refusals.counts == {Reason.SYMBOL_MISMATCH: 3}


def test_made_up_trades_stay_marked_as_such(tmp_path):
    name = "ES-simulated/2025-12-02.parquet"
    path = day_of(tmp_path, trades("10:00", simulated=True), name=name)
    assert DayReader(path, "ES", Refusals(tmp_path)).simulated


def test_damage_ends_the_rows_and_is_reported(tmp_path):
    path = day_of(tmp_path, trades("10:00", count=2_000))
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    refusals = Refusals(tmp_path)
    assert list(DayReader(path, "ESZ5", refusals).rows()) == []
    assert refusals.counts == {Reason.DAMAGED: 1}


def test_the_book_is_no_recording_of_trades(tmp_path):
    depth = DepthBatch(
        contract="ESZ5", simulated=False, ts_event=at("10:00").to_bytes(8, "little"), side=b"\1",
        price=bytes(4), size=bytes(4), orders=bytes(4),
    )  # fmt: skip
    path = day_of(tmp_path, depth, name="ES/2025-12-02.depth.parquet")
    with pytest.raises(FeedError, match="holds depth, wanted trades"):
        DayReader(path, "ES", Refusals(tmp_path))


def test_each_parquet_file_gets_the_reader_of_its_make(tmp_path):
    day = day_of(tmp_path, trades("10:00"))
    write_parquet(tmp_path / "tape.parquet", [trades("10:00")])
    refusals = Refusals(tmp_path)
    assert isinstance(parquet_reader(day, "ES", refusals), DayReader)
    assert isinstance(parquet_reader(tmp_path / "tape.parquet", "ES", refusals), ParquetReader)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(FeedError, match="cannot be opened"):
        parquet_reader(tmp_path / "bad.parquet", "ES", refusals)
