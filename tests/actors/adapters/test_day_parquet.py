"""Day files read by pandas, polars and DuckDB: the real recording, every row, in order, once."""

import dataclasses
from datetime import date

import numpy as np
import pytest

from actors.adapters import day_parquet
from actors.adapters.day_parquet import (
    DayFileError,
    DayMark,
    is_day_file,
    read_day,
    read_mark,
    write_day,
)
from actors.core.columns import batch_of
from actors.core.export.days import columns_of, same
from protocol.market import Aggressor, SideSource
from tests.actors.adapters.recorded_day import NAMES, TRADES, record
from tests.makers import make_trades

MARK = DayMark(
    kind="trades", symbol="ES", date=date(2025, 12, 2), simulated=False,
    tick_billionths=250_000_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    data = tmp_path_factory.mktemp("day")
    return data, record(data)


def check(trades, ns, price, size, side, source, seq, row):
    """Compare a reader's columns with the recording, row by row."""
    assert len(ns) == TRADES
    assert np.array_equal(ns, trades.ts_event)
    assert np.array_equal(price, trades.price * 0.25)
    assert np.array_equal(size, trades.size)
    assert list(side) == [Aggressor(s).name.lower() for s in trades.aggressor.tolist()]
    assert list(source) == [SideSource(s).name.lower() for s in trades.source.tolist()]
    assert int(np.sum(size)) == 1_844_058
    order = np.asarray(seq, np.int64) * 1_000_000 + np.asarray(row)
    assert (np.diff(order) > 0).all()


def test_pandas_reads_every_row_of_the_recording_in_order(recorded):
    import pandas as pd

    data, trades = recorded
    found = pd.concat([pd.read_parquet(data / "days" / name) for name in NAMES])
    assert str(found.dtypes["ts_event"]) == "datetime64[ns, UTC]"
    assert set(found["symbol"]) == {"ESU3"}
    names = ("price", "size", "side", "source", "seq", "row")
    columns = [found[name].to_numpy() for name in names]
    check(trades, found["ts_event"].astype("int64").to_numpy(), *columns)


def test_polars_reads_every_row_of_the_recording_in_order(recorded):
    import polars as pl

    data, trades = recorded
    found = pl.concat([pl.read_parquet(data / "days" / name) for name in NAMES])
    assert found.schema["ts_event"] == pl.Datetime("ns", "UTC")
    names = ("price", "size", "side", "source", "seq", "row")
    columns = [found[name].to_numpy() for name in names]
    check(trades, found["ts_event"].to_physical().to_numpy(), *columns)


def test_duckdb_reads_every_row_of_the_recording_in_order(recorded):
    import duckdb

    data, trades = recorded
    found = duckdb.sql(
        "select epoch_ns(ts_event) as ns, price, size, side::varchar as side,"
        " source::varchar as source, seq, row"
        f" from read_parquet('{data}/days/ES/*.parquet') order by seq, row"
    ).fetchnumpy()
    names = ("ns", "price", "size", "side", "source", "seq", "row")
    check(trades, *(found[name] for name in names))
    counted = duckdb.sql(
        f"select count(*), sum(size), min(price), max(price) from '{data}/days/ES/*.parquet'"
    ).fetchall()
    assert counted == [(TRADES, 1_844_058, 1630.75, 1650.0)]


def test_a_trade_of_the_real_day_takes_less_than_four_bytes(recorded):
    data, _ = recorded
    size = sum((data / "days" / name).stat().st_size for name in NAMES)
    print(f"{size / TRADES:.2f} bytes a trade")
    assert size < 4 * TRADES


def rows(quotes=None):
    found = make_trades([(5, 1, "B", 2), (6, -7, "S", 1), (6, 2, "U", 3)], quotes)
    return columns_of(batch_of(found, "ESZ5", False), 9)


@pytest.mark.parametrize("quotes", [None, [(1, 2), (0, 0), (-8, -7)]])
def test_what_was_written_comes_back_with_quotes_or_without(tmp_path, quotes):
    path = tmp_path / "day.parquet"
    write_day(path, MARK, rows(quotes))
    mark, found = read_day(path)
    assert mark == MARK == read_mark(path)
    assert same(found, rows(quotes)) and is_day_file(path)


def test_many_groups_come_back_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(day_parquet, "GROUP_ROWS", 2)
    write_day(tmp_path / "day.parquet", MARK, rows())
    assert same(read_day(tmp_path / "day.parquet")[1], rows())


def test_a_price_that_is_not_its_ticks_is_refused(tmp_path):
    path = tmp_path / "day.parquet"
    write_day(path, MARK, rows())
    bent = dataclasses.replace(MARK, tick_billionths=100_000_000)
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    kept = table.schema.with_metadata(
        {key: str(value) for key, value in {
            "floorwatch_day": "1", "kind": "trades", "symbol": "ES", "simulated": 0,
            "trading_date": bent.date, "tick_billionths": bent.tick_billionths,
        }.items()}
    )  # fmt: skip
    pq.write_table(table.cast(kept), path)
    with pytest.raises(DayFileError, match="prices differ from ticks times tick size"):
        read_day(path)


def test_every_flipped_byte_is_noticed_or_changes_nothing(tmp_path):
    path = tmp_path / "day.parquet"
    write_day(path, MARK, rows([(1, 2), (3, 4), (5, 6)]))
    whole = path.read_bytes()
    noticed = 0
    for at in range(0, len(whole), 11):
        content = bytearray(whole)
        content[at] ^= 0x55 if at % 2 else 0xFF
        path.write_bytes(content)
        try:
            _, found = read_day(path)
        except DayFileError:
            noticed += 1
        else:
            assert same(found, rows([(1, 2), (3, 4), (5, 6)])), at
    assert noticed > 200


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no Parquet at all"])
def test_what_is_no_parquet_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "day.parquet"
    path.write_bytes(content)
    with pytest.raises(DayFileError, match=r"day.parquet: a Parquet file that cannot be opened"):
        read_day(path)


def test_parquet_of_another_make_is_refused_with_what_it_has(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    assert not is_day_file(tmp_path / "other.parquet")
    with pytest.raises(DayFileError, match="wanted a day file of format 1"):
        read_mark(tmp_path / "other.parquet")
