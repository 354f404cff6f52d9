"""Trades from a text file: a header and lines of DateTime,Price,Volume, plain or gzipped.

The file is read in blocks of whole lines, never as a whole. A block that the fast parser accepts
at once is done; one that it refuses is taken line by line, so that each bad line is named. The
same parser decides in both cases, so what counts as bad does not depend on a line's neighbours.

Times are naive and local to `zone`. In the hour that a clock change repeats the earlier reading
is taken, in the hour it skips the clock before the change; both fall on a Sunday morning, when
no market of ours is open.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.port import REASON_CODES, FeedError, Reason, Refusals, Rows
from actors.adapters.feeds.unpack import GZIP, Damaged, blocks_of, unpacked
from actors.core.session.calendar import trading_date
from protocol.instruments import front_month, instrument, root_of
from protocol.units import GRID_TOLERANCE, NANOS_PER_S

COLUMNS = ("DateTime", "Price", "Volume")
BLOCK_BYTES = 4 * 1024 * 1024
LINE_BYTES_MAX = 64 * 1024
_HOUR_NS = 3_600 * NANOS_PER_S
Columns = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]


class CsvReader:
    """One text file of one contract: `symbol` itself, or the front month at its first trade."""

    simulated = False

    def __init__(
        self, path: Path, symbol: str, refusals: Refusals, zone: str = "America/Chicago"
    ) -> None:
        self.path = path
        self.instrument = instrument(root_of(symbol))
        self.refusals = refusals
        self.zone = ZoneInfo(zone)
        self._contract = "" if symbol == self.instrument.symbol else symbol
        self._order: tuple[int, ...] = ()

    def rows(self) -> Iterator[Rows]:
        """Yield the rows block by block."""
        lines_before = 1
        for block in self._blocks():
            if not self._order:
                header, _, block = block.partition(b"\n")
                self._order = self._columns(header)
            lines = block.count(b"\n") + (not block.endswith(b"\n") if block else 0)
            if lines:
                yield self._parsed(block, lines, lines_before)
            lines_before += lines

    def _blocks(self) -> Iterator[bytes]:
        """Yield blocks of whole lines; damage of the file ends them and is reported."""
        rest = b""
        try:
            for data in self._data():
                whole, newline, rest = (rest + data).rpartition(b"\n")
                if newline:
                    yield whole + newline
                elif len(rest) > LINE_BYTES_MAX + BLOCK_BYTES:
                    raise FeedError(
                        f"{self.path}: a line of more than {len(rest)} bytes,"
                        f" wanted lines of {', '.join(COLUMNS)}"
                    )
        except Damaged as error:
            self.refusals.add(self.path, error.offset, Reason.DAMAGED, str(error))
            return  # What is left of a line cannot be told from a whole one.
        if rest:
            yield rest

    def _data(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            packed = stream.read(len(GZIP)) == GZIP
        if packed:
            return unpacked(self.path, partial(zlib.decompressobj, 31), zlib.error, BLOCK_BYTES)
        return blocks_of(self.path, BLOCK_BYTES)

    def _columns(self, header: bytes) -> tuple[int, ...]:
        names = header.decode("utf-8-sig", "replace").strip().split(",")
        try:
            return tuple(names.index(name) for name in COLUMNS) + (len(names),)
        except ValueError:
            raise FeedError(
                f"{self.path}: the first line is {header[:80]!r},"
                f" wanted a header with the columns {', '.join(COLUMNS)}"
            ) from None

    def _parsed(self, block: bytes, lines: int, lines_before: int) -> Rows:
        columns = self._parse(block)
        bad = np.zeros(lines, np.bool_)
        if columns is None or len(columns[0]) != lines:
            columns, bad = self._line_by_line(_lines(block))
        local, price, size = columns
        ticks, refused = _ticks(price, self.instrument.tick_size)
        refused[bad] = REASON_CODES[Reason.MALFORMED]
        ts = _utc(local, self.zone)
        if not self._contract and not bad.all():
            day = trading_date(int(ts[np.argmin(bad)]))
            self._contract = front_month(self.instrument.symbol, day)
        return Rows(
            contract=self._contract,
            ts=ts,
            ticks=ticks,
            size=size,
            aggressor=np.zeros(lines, np.uint8),
            source=np.zeros(lines, np.uint8),
            flags=np.zeros(lines, np.uint8),
            bid=None,
            ask=None,
            refused=refused,
            where=_Places(block, lines_before + 1),
        )

    def _parse(self, block: bytes) -> Columns | None:
        """Return the columns of a block, or None when any of its lines cannot be read."""
        import pyarrow as pa  # Here, not above: only who reads such a file pays for the library.
        from pyarrow import csv

        *_, count = self._order
        names = [f"c{number}" for number in range(count)]
        types = (pa.timestamp("ns"), pa.float64(), pa.int64())
        wanted = [names[place] for place in self._order[:3]]
        try:
            table = csv.read_csv(
                pa.BufferReader(block),
                read_options=csv.ReadOptions(
                    column_names=names, use_threads=False, block_size=2 * len(block) + 1
                ),
                parse_options=csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
                convert_options=csv.ConvertOptions(
                    column_types=dict(zip(wanted, types, strict=True)),
                    include_columns=wanted,
                    null_values=[],
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            return None
        if any(column.null_count for column in table.columns):
            return None
        local, price, size = (column.to_numpy() for column in table.columns)
        return local.astype(np.int64), price, size

    def _line_by_line(self, lines: list[bytes]) -> tuple[Columns, NDArray[np.bool_]]:
        """Return the columns of `lines`, zeros where a line is bad, and which ones are."""
        local = np.zeros(len(lines), np.int64)
        price = np.zeros(len(lines), np.float64)
        size = np.zeros(len(lines), np.int64)
        bad = np.zeros(len(lines), np.bool_)
        pending = [(0, len(lines))]
        while pending:  # Halve what is refused until single lines are left.
            start, stop = pending.pop()
            part = lines[start:stop]
            found = self._parse(b"".join(part))
            if found is not None and len(found[0]) == len(part):
                local[start:stop], price[start:stop], size[start:stop] = found
            elif len(part) == 1:
                bad[start] = True
            else:
                middle = (start + stop) // 2
                pending += ((start, middle), (middle, stop))
        return (local, price, size), bad


class _Places:
    """Finds the line number and the text of a row; splits its block only when asked."""

    def __init__(self, block: bytes, first_line: int) -> None:
        self.block = block
        self.first_line = first_line
        self.lines: list[bytes] = []

    def __call__(self, index: int) -> tuple[int, str]:
        self.lines = self.lines or self.block.split(b"\n")
        return self.first_line + index, self.lines[index].decode("utf-8", "replace").rstrip("\r")


def _lines(block: bytes) -> list[bytes]:
    """Return the lines with their ends; only a newline ends one, as for who counts them."""
    lines = [line + b"\n" for line in block.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _ticks(
    price: NDArray[np.float64], tick_size: float
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return prices in ticks, and the code of the refusal where there is none."""
    refused = np.zeros(len(price), np.uint8)
    exact = price / tick_size
    strange = ~(np.abs(price) < 1e12)  # Also true of NaN.
    exact[strange] = 0.0
    nearest = np.rint(exact)
    tolerance = GRID_TOLERANCE * np.maximum(1.0, np.abs(exact) * 1e-6)
    refused[np.abs(exact - nearest) > tolerance] = REASON_CODES[Reason.OFF_GRID]
    refused[strange] = REASON_CODES[Reason.NOT_A_NUMBER]
    return nearest.astype(np.int64), refused


def _utc(local: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Return local nanoseconds as UTC: one look-up for each hour, as offsets change on hours."""
    hours = local // _HOUR_NS
    starts = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
    offsets = [_offset_ns(hour, zone) for hour in hours[starts].tolist()]
    return local - np.repeat(np.array(offsets, np.int64), np.diff(starts, append=len(local)))


def _offset_ns(hour: int, zone: ZoneInfo) -> int:
    naive = datetime.fromtimestamp(hour * 3_600, UTC).replace(tzinfo=zone)
    offset = naive.utcoffset()
    assert offset is not None  # A ZoneInfo always knows.
    return int(offset.total_seconds()) * NANOS_PER_S
