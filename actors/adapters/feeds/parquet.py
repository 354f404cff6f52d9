"""A day's trades in one Parquet file: delta encoding and zstd, about four bytes a trade.

Written beside and moved into place only after it was read back and found equal, column by column.
The instrument, the contract and whether the trades are simulated stand in the file's own metadata;
sides are stored with their sources and come back as they were.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.adapters.feeds.port import FeedError, Reason, Refusals, Rows
from actors.adapters.frames import sync_directory
from actors.core.columns import Trades, concat, grouped, trades_of
from protocol.instruments import root_of
from protocol.market import TradeBatch

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_TRADES = 262_144
FORMAT = "1"
_COLUMNS = {
    "ts_event": np.int64, "price": np.int32, "size": np.int32, "aggressor": np.uint8,
    "source": np.uint8, "flags": np.uint8, "bid": np.int32, "ask": np.int32,
}
_DELTA = ("ts_event", "price", "size", "bid", "ask")


@dataclass(frozen=True, slots=True)
class Written:
    """What a Parquet file holds."""

    contract: str
    trades: int
    volume: int
    bytes: int


def write_parquet(path: str | Path, batches: Iterable[TradeBatch]) -> Written:
    """Write the trades of one contract to `path`, read them back, and return what is in it."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        contract, digest, trades, volume = _written(part, batches)
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        found = _Digest()
        for group in _groups(_opened(part), part):
            found.add(group)
        if found.value() != digest:
            raise FeedError(f"{part} reads back different from what was written; it is not kept")
        size = part.stat().st_size
        part.replace(path)
        sync_directory(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return Written(contract, trades, volume, size)


class ParquetReader:
    """One Parquet file written by `write_parquet`."""

    def __init__(self, path: Path, symbol: str, refusals: Refusals) -> None:
        self.path = path
        self.refusals = refusals
        self._file = _opened(path)
        metadata = _metadata(self._file, path)
        self.contract = metadata["contract"]
        self.simulated = metadata["simulated"] == "1"
        self._quoted = metadata["quoted"] == "1"
        self._wanted = symbol in (self.contract, root_of(self.contract))

    def rows(self) -> Iterator[Rows]:
        """Yield the trades group by group; damage ends them and is reported."""
        if not self._wanted:
            count = self._file.metadata.num_rows
            text = f"{count} trades of {self.contract}"
            self.refusals.add(self.path, 1, Reason.SYMBOL_MISMATCH, text, count)
            return
        row = 1
        try:
            for group in _groups(self._file, self.path):
                yield self._rows(group, row)
                row += len(group)
        except FeedError as error:
            self.refusals.add(self.path, row, Reason.DAMAGED, str(error))

    def _rows(self, trades: Trades, first: int) -> Rows:
        return Rows(
            contract=self.contract,
            ts=trades.ts_event,
            ticks=trades.price.astype(np.int64),
            size=trades.size.astype(np.int64),
            aggressor=trades.aggressor,
            source=trades.source,
            flags=trades.flags,
            bid=trades.bid if self._quoted else None,
            ask=trades.ask if self._quoted else None,
            refused=None,
            where=lambda index: (
                first + index,
                f"ts_event={trades.ts_event[index]} ticks={trades.price[index]}"
                f" size={trades.size[index]}",
            ),
        )


class _Digest:
    """A checksum per column that does not depend on how the rows are grouped."""

    def __init__(self) -> None:
        self._hashes = {name: hashlib.blake2b() for name in _COLUMNS}

    def add(self, trades: Trades) -> None:
        for name, kind in _COLUMNS.items():
            column = getattr(trades, name)
            column = np.zeros(len(trades), kind) if column is None else column
            self._hashes[name].update(np.ascontiguousarray(column, kind).data)

    def value(self) -> dict[str, bytes]:
        return {name: digest.digest() for name, digest in self._hashes.items()}


def _written(
    part: Path, batches: Iterable[TradeBatch]
) -> tuple[str, dict[str, bytes], int, int]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.from_numpy_dtype(kind)) for name, kind in _COLUMNS.items()])
    digest, trades, volume, quoted = _Digest(), 0, 0, False
    months = _OneContract()
    with parquet.ParquetWriter(
        part,
        schema,
        compression="zstd",
        compression_level=9,
        use_dictionary=[name for name in _COLUMNS if name not in _DELTA],
        column_encoding=dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED"),
        write_page_checksum=True,
    ) as writer:
        checked = map(trades_of, months.checked(batches))
        for group in map(concat, grouped(checked, GROUP_TRADES)):
            digest.add(group)
            trades, volume = trades + len(group), volume + int(group.size.sum(dtype=np.int64))
            quoted = quoted or group.bid is not None
            writer.write_table(_table(pa, group, schema))
        if months.first is None:
            raise FeedError(f"{part}: found no batch of trades, wanted at least one")
        writer.add_key_value_metadata(
            {
                "floorwatch": FORMAT,
                "contract": months.first.contract,
                "simulated": str(int(months.first.simulated)),
                "quoted": str(int(quoted)),
            }
        )
    return months.first.contract, digest.value(), trades, volume


class _OneContract:
    """Passes batches on and refuses a second contract: their prices do not compare."""

    first: TradeBatch | None = None

    def checked(self, batches: Iterable[TradeBatch]) -> Iterator[TradeBatch]:
        for batch in batches:
            if self.first is None:
                self.first = batch
            if (batch.contract, batch.simulated) != (self.first.contract, self.first.simulated):
                raise FeedError(
                    f"trades of {batch.contract} (simulated: {batch.simulated}) after those of"
                    f" {self.first.contract} (simulated: {self.first.simulated}),"
                    " wanted one contract per file"
                )
            yield batch


def _table(pa: Any, trades: Trades, schema: "pa.Schema") -> "pa.Table":
    columns = []
    for name, kind in _COLUMNS.items():
        column = getattr(trades, name)
        columns.append(np.zeros(len(trades), kind) if column is None else column)
    return pa.table([pa.array(column) for column in columns], schema=schema)


def _opened(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise FeedError(f"{path}: a Parquet file that cannot be opened: {error}") from None


def _metadata(file: Any, path: Path) -> dict[str, str]:
    found = {
        key.decode(): value.decode() for key, value in (file.metadata.metadata or {}).items()
        if not key.startswith(b"ARROW")
    }
    if found.get("floorwatch") != FORMAT or file.schema_arrow.names != list(_COLUMNS):
        raise FeedError(
            f"{path}: a Parquet file with columns {', '.join(file.schema_arrow.names)},"
            f" wanted one written by Floorwatch (format {FORMAT}) with {', '.join(_COLUMNS)}"
        )
    return found


def _groups(file: Any, path: Path) -> Iterator[Trades]:
    import pyarrow as pa

    for number in range(file.num_row_groups):
        try:
            table = file.read_row_group(number)
        except (pa.ArrowException, OSError) as error:
            raise FeedError(f"{path}: row group {number} cannot be read: {error}") from None
        columns = {name: table.column(name).to_numpy() for name in _COLUMNS}
        if any(table.column(name).null_count for name in _COLUMNS):
            raise FeedError(f"{path}: row group {number} has empty values, wanted none")
        yield Trades(**columns)
