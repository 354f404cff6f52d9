"""One trading date of one symbol as a Parquet file that any reader of Parquet understands.

zstd, delta encoding where it pays, a checksum on every page. `price` is plain; `ticks` times the
tick size of the metadata is the same exactly. Side and source are words. Where the feed had no
quotes `bid_ticks` and `ask_ticks` are null. `seq` and `row` say where the row stood in the
recording.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actors.core.export.days import DEPTH, TRADES, Columns, prices, same
from protocol.market import Aggressor, SideSource

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "1"
GROUP_ROWS = 262_144
WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("trades", "side"): tuple(side.name.lower() for side in Aggressor),
    ("trades", "source"): tuple(source.name.lower() for source in SideSource),
    ("depth", "side"): ("unknown", "bid", "ask"),
}
COLUMNS = {"trades": TRADES, "depth": DEPTH}
_SAID = ("floorwatch_day", "kind", "symbol", "trading_date", "simulated", "tick_billionths")
_WORDED = ("side", "source", "symbol")
_DELTA = ("ts_event", "ticks", "size", "seq", "row", "bid_ticks", "ask_ticks", "orders")


class DayFileError(Exception):
    """Not a day file, or a damaged one: says what was found and what was wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMark:
    """What a day file says about itself."""

    kind: str  # "trades" or "depth".
    symbol: str
    date: date
    simulated: bool
    tick_billionths: int


def write_day(path: Path, mark: DayMark, rows: Columns) -> None:
    """Write `rows` to `path` and return when they are on the disk; it is not read back here."""
    from pyarrow import parquet

    names = _names(mark.kind)
    with parquet.ParquetWriter(
        path,
        _schema(mark.kind),
        compression="zstd",
        compression_level=9,
        use_dictionary=[name for name in names if name not in _DELTA],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in names if name in _DELTA},
        write_page_checksum=True,
    ) as writer:
        count = len(rows["ts_event"])
        for start in range(0, max(count, 1), GROUP_ROWS):
            part = {name: column[start : start + GROUP_ROWS] for name, column in rows.items()}
            writer.write_table(_table(part, mark))
        writer.add_key_value_metadata(_metadata(mark))
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def read_mark(path: Path) -> DayMark:
    """Return what the day file at `path` says about itself."""
    return _mark(_opened(path), path)


def is_day_file(path: Path) -> bool:
    """Say whether a Parquet file is one of ours by date."""
    return b"floorwatch_day" in (_opened(path).metadata.metadata or {})


def read_day(path: Path) -> tuple[DayMark, dict[str, NDArray[Any]]]:
    """Return the whole day file at `path`, every page checked."""
    file = _opened(path)
    mark = _mark(file, path)
    groups = list(_groups(file, mark, path))
    return mark, {
        name: np.concatenate([group[name] for group in groups]) for name in COLUMNS[mark.kind]
    }


def read_groups(path: Path) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the rows of the day file at `path` group by group, every page checked."""
    file = _opened(path)
    return _groups(file, _mark(file, path), path)


def holds(path: Path, rows: Columns) -> bool:
    """Say whether the day file at `path` has just these rows, reading it group by group."""
    at = 0
    for group in read_groups(path):
        count = len(group["seq"])
        if not same(group, {name: column[at : at + count] for name, column in rows.items()}):
            return False
        at += count
    return at == len(rows["seq"])


def _names(kind: str) -> list[str]:
    tail = ["orders"] if kind == "depth" else ["flags", "source", "bid_ticks", "ask_ticks"]
    return ["ts_event", "symbol", "price", "ticks", "size", "side", *tail, "seq", "row"]


def _schema(kind: str) -> "pa.Schema":
    import pyarrow as pa

    words = pa.dictionary(pa.int32(), pa.string())
    types = {
        "ts_event": pa.timestamp("ns", "UTC"), "symbol": words, "price": pa.float64(),
        "side": words, "source": words, "flags": pa.uint8(), "seq": pa.int64(),
    }  # fmt: skip
    return pa.schema([(name, types.get(name, pa.int32())) for name in _names(kind)])


def _table(rows: Columns, mark: DayMark) -> "pa.Table":
    import pyarrow as pa

    schema = _schema(mark.kind)
    columns = {name: pa.array(rows[name]) for name in schema.names if name in rows}
    for (kind, name), known in WORDS.items():
        if kind == mark.kind:
            codes = pa.array(rows[name].astype(np.int32))
            columns[name] = pa.DictionaryArray.from_arrays(codes, list(known))
    symbols, found = np.unique(rows["symbol"], return_inverse=True)
    columns["symbol"] = pa.DictionaryArray.from_arrays(
        pa.array(found.astype(np.int32)), [symbol.decode() for symbol in symbols.tolist()]
    )
    columns["ts_event"] = columns["ts_event"].cast(pa.timestamp("ns", "UTC"))
    columns["price"] = pa.array(prices(rows["ticks"], mark.tick_billionths))
    if mark.kind == "trades":
        for side in ("bid", "ask"):
            columns[f"{side}_ticks"] = pa.array(rows[side], mask=~rows["quoted"])
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _metadata(mark: DayMark) -> dict[str, str]:
    return {
        "floorwatch_day": FORMAT,
        "kind": mark.kind,
        "symbol": mark.symbol,
        "trading_date": mark.date.isoformat(),
        "simulated": str(int(mark.simulated)),
        "tick_billionths": str(mark.tick_billionths),
    }


def _opened(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:  # Names that are no words, too.
        raise DayFileError(f"{path}: a Parquet file that cannot be opened: {error}") from None


def _mark(file: Any, path: Path) -> DayMark:
    metadata = file.metadata.metadata or {}
    try:
        found = {name: metadata.get(name.encode(), b"").decode() for name in _SAID}
        if found["floorwatch_day"] != FORMAT or found["kind"] not in COLUMNS:
            raise ValueError(f"it says {found}, wanted a day file of format {FORMAT}")
        if not file.schema_arrow.equals(_schema(found["kind"])):
            raise ValueError(f"columns {file.schema_arrow}, wanted {_schema(found['kind'])}")
        return DayMark(
            kind=found["kind"],
            symbol=found["symbol"],
            date=date.fromisoformat(found["trading_date"]),
            simulated=bool(int(found["simulated"])),
            tick_billionths=int(found["tick_billionths"]),
        )
    except ValueError as error:  # The words at the end of a file have no checksum of their own.
        raise DayFileError(f"{path}: {error}") from None


def _groups(file: Any, mark: DayMark, path: Path) -> Iterator[dict[str, NDArray[Any]]]:
    import pyarrow as pa

    for number in range(file.num_row_groups):
        try:
            table = file.read_row_group(number)
            yield _rows(table, mark)
        except (pa.ArrowException, OSError, ValueError, IndexError) as error:
            raise DayFileError(f"{path}: row group {number} cannot be read: {error}") from None


def _rows(table: "pa.Table", mark: DayMark) -> dict[str, NDArray[Any]]:
    import pyarrow.compute as pc

    rows: dict[str, NDArray[Any]] = {}
    for name, kind in COLUMNS[mark.kind].items():
        if name in ("bid", "ask"):
            rows[name] = pc.fill_null(table.column(f"{name}_ticks"), 0).to_numpy()
        elif name == "quoted":
            rows[name] = table.column("bid_ticks").is_valid().to_numpy()
        elif name in _WORDED:
            rows[name] = _unworded(table.column(name), WORDS.get((mark.kind, name)))
        elif name == "ts_event":
            rows[name] = table.column(name).to_numpy().astype(np.int64)
        else:
            rows[name] = table.column(name).to_numpy()
        if name not in ("bid", "ask", "quoted") and table.column(name).null_count:
            raise ValueError(f"column {name} has empty values, wanted none")
        if name != "symbol":
            rows[name] = rows[name].astype(kind, copy=False)
    if not np.array_equal(table.column("price").to_numpy(),
                          prices(rows["ticks"], mark.tick_billionths)):  # fmt: skip
        raise ValueError("prices differ from ticks times tick size")
    return rows


def _unworded(column: "pa.ChunkedArray", known: tuple[str, ...] | None) -> NDArray[Any]:
    """Return the codes of a column of words; of symbols, which nobody has numbered, the bytes."""
    import pyarrow as pa

    chunk = column.combine_chunks()
    chunk = chunk.chunk(0) if isinstance(chunk, pa.ChunkedArray) else chunk
    words = chunk.dictionary.to_pylist()
    values = [word.encode() for word in words] if known is None else list(map(known.index, words))
    table = np.array(values) if values else np.empty(0, "S1" if known is None else "u1")
    taken: NDArray[Any] = table[chunk.indices.to_numpy()]
    return taken
