"""A day in one Parquet file: back as it was, small, and damage named."""

import dataclasses

import numpy as np
import pytest

from actors.adapters.feeds import parquet as module
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.parquet import write_parquet
from actors.adapters.feeds.port import FeedError, Reason, Refusals
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades, batch_of
from protocol.market import TradeBatch
from protocol.settings import BarSettings, FeedSettings
from tests.actors.adapters.feeds.recordings import Chunks, all_trades, real, trades_from

RULE = TapeRule.of(FeedSettings(), BarSettings())


def batches(source):
    return [found for found in tape(source, RULE) if isinstance(found, TradeBatch)]


def same(one: Trades, other: Trades) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        if getattr(one, field.name) is not None
        else getattr(other, field.name) is None
        for field in dataclasses.fields(Trades)
    )


@pytest.mark.parametrize("trades", [1, 5_000])
def test_a_session_comes_back_as_it_was(tmp_path, trades):
    session = SimulatedSession("GC", seed=1, trades=trades)
    path = tmp_path / "day.parquet"
    written = write_parquet(path, batches(session))
    refusals = Refusals(tmp_path)
    chunks = list(Recording([path], "GC", refusals))
    assert {(chunk.contract, chunk.simulated) for chunk in chunks} == {(session.contract, True)}
    again = Recording([path], "GC", refusals)
    assert same(all_trades(batches(session)), all_trades(batches(again)))
    assert (written.trades, written.contract) == (trades, session.contract)
    assert written.volume == sum(chunk.trades.size.sum() for chunk in chunks)
    assert not refusals.counts


def test_trades_without_quotes_come_back_without(tmp_path):
    path = tmp_path / "day.parquet"
    write_parquet(path, batches(Chunks(trades_from([1, 2, 3], [100, 101, 99]))))
    (chunk,) = Recording([path], "ESU3", Refusals(tmp_path))
    assert chunk.trades.bid is None is chunk.trades.ask


def test_real_trades_take_less_than_four_and_a_half_bytes_each(tmp_path):
    source = Recording([real("es-ticks-2013/tick_data.csv.gz")], "ES", Refusals(tmp_path))
    found = batches(source)
    written = write_parquet(tmp_path / "day.parquet", found)
    print(f"{written.bytes / written.trades:.2f} bytes a trade")
    assert written.bytes < 4.5 * written.trades
    again = batches(Recording([tmp_path / "day.parquet"], "ES", Refusals(tmp_path)))
    assert again == found


def test_a_second_contract_in_one_file_is_refused(tmp_path):
    rows = trades_from([1, 2], [100, 101])
    found = [batch_of(rows, "ESU3", False), batch_of(rows, "ESZ3", False)]
    with pytest.raises(FeedError, match=r"trades of ESZ3 .* after those of ESU3"):
        write_parquet(tmp_path / "day.parquet", found)
    assert list(tmp_path.iterdir()) == []


def test_no_trades_make_no_file(tmp_path):
    with pytest.raises(FeedError, match="found no batch of trades"):
        write_parquet(tmp_path / "day.parquet", [])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_reads_back_different_is_not_kept(tmp_path, monkeypatch):
    def bent(file, path):
        for group in groups(file, path):
            price = group.price.copy()
            price[-1] += 1
            yield dataclasses.replace(group, price=price)

    groups = module._groups
    monkeypatch.setattr(module, "_groups", bent)
    with pytest.raises(FeedError, match="reads back different"):
        write_parquet(tmp_path / "day.parquet", batches(Chunks(trades_from([1], [100]))))
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_contract_is_counted_and_left_out(tmp_path):
    path = tmp_path / "day.parquet"
    write_parquet(path, batches(Chunks(trades_from([1, 2, 3], [100, 101, 99]))))
    refusals = Refusals(tmp_path)
    assert list(Recording([path], "NQ", refusals)) == []
    assert refusals.counts == {Reason.SYMBOL_MISMATCH: 3}


def test_a_damaged_row_group_is_named_and_those_before_it_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "GROUP_TRADES", 1_000)
    path = tmp_path / "day.parquet"
    write_parquet(path, batches(SimulatedSession("ES", seed=1, trades=10_000)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    refusals = Refusals(tmp_path)
    kept = sum(len(chunk.trades) for chunk in Recording([path], "ES", refusals))
    assert 1_000 < kept < 10_000
    assert refusals.counts == {Reason.DAMAGED: 1}
    assert f",{kept + 1},damaged," in refusals.path.read_text()


def test_a_parquet_file_of_another_make_is_refused_with_its_columns(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "other.parquet")
    with pytest.raises(FeedError, match="with columns a, b, wanted one written by Floorwatch"):
        list(Recording([tmp_path / "other.parquet"], "ES", Refusals(tmp_path)))
