"""Trades from archives of LEAN: a zip of one product's day, in it one text file per contract.

An archive is known by the names of its entries, 20131007_gc_tick_trade_201312.csv: the day, the
product, the resolution and the contract month. Its own name and place decide nothing. Lines have
no header: by tick they are milliseconds, price, size, exchange, condition, suspicious; by minute
milliseconds, open, high, low, close, volume, and of such bars trades are simulated (domain 1.9).

Milliseconds count from midnight UTC, whatever clock the exchange keeps. The recordings prove it:
the break of 17:15 to 18:00 New York time lies at 21:15 in October and at 22:15 in December.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.lean_lines import Lines
from actors.adapters.feeds.minute_bars import simulated_rows
from actors.adapters.feeds.port import REASON_CODES, FeedError, Reason, Refusals, Rows
from actors.core.session.calendar import trading_date
from protocol.instruments import Contract, front_month, instrument, parse_contract, root_of
from protocol.units import NANOS_PER_S

WANTED = "LEAN trades by tick or minute in entries like 20131007_gc_tick_trade_201312.csv"
TICK, MINUTE = "tick", "minute"
BLOCK_BYTES = {TICK: 4 * 1024 * 1024, MINUTE: 16 * 1024}  # A bar becomes dozens of rows.
LINE_BYTES_MAX = 64 * 1024
NAMES_MAX = 5  # Of entries or contracts in the text of an error.
COLUMNS = 6  # Of a line, by tick and by minute.
PRICE_DECIMALS = 9  # Billionths, as the ticks of the instruments are given.
TIME_DECIMALS = 6  # Of a millisecond: nanoseconds.
_BITE_BYTES = 16 * 1024  # What is lost at most before a damage.
_DAY_NS = 24 * 3_600 * NANOS_PER_S
_NAME = re.compile(
    rf"(?:.*/)?((?:19|20)\d{{6}})_(\w+)_({TICK}|{MINUTE})_trade"
    r"_((?:19|20)\d\d)(0[1-9]|1[0-2])(?:_\d{8})?\.csv",  # Newer ones add the day of expiry.
    re.ASCII,
)
# All that zipfile raises, on opening or on the way, when an archive is not what it should be.
_BROKEN = (
    BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One text file of an archive: the trades of one contract on one day."""

    info: ZipInfo
    date: date
    contract: Contract
    resolution: str


class LeanReader:
    """One archive: of a root the front month of its day, or the contract that is named."""

    def __init__(self, path: Path, symbol: str, refusals: Refusals) -> None:
        self.path = path
        self.refusals = refusals
        self.tick_billionths = instrument(root_of(symbol)).tick_billionths
        entries = _of_root(path, symbol, _entries(path))
        self.contract = _chosen(path, symbol, entries)
        self.simulated = entries[0].resolution == MINUTE
        self._mine = [entry for entry in entries if entry.contract == self.contract]
        self._others = [entry for entry in entries if entry.contract != self.contract]

    def rows(self) -> Iterator[Rows]:
        """Yield the rows block by block; damage ends an entry and is reported."""
        with ZipFile(self.path) as archive:
            for entry in self._mine:
                first_line = 1
                for block in self._blocks(archive, entry):
                    lines = Lines(block, COLUMNS, first_line)
                    yield self._rows(entry, lines)
                    first_line += len(lines)
            for entry in self._others:
                count = sum(map(_line_count, self._blocks(archive, entry)))
                if count:
                    text = f"{count} rows of {entry.contract.raw_symbol} in {entry.info.filename}"
                    self.refusals.add(self.path, 1, Reason.SYMBOL_MISMATCH, text, count)

    def _blocks(self, archive: ZipFile, entry: Entry) -> Iterator[bytes]:
        """Yield blocks of whole lines of an entry."""
        info, block_bytes = entry.info, BLOCK_BYTES[entry.resolution]
        ready, before = bytearray(), 0
        try:
            for bite in _bites(archive, info):
                ready += bite
                if len(ready) < block_bytes:
                    continue
                whole = ready.rfind(b"\n") + 1
                if whole:
                    yield bytes(ready[:whole])
                    before += whole
                    del ready[:whole]
                elif len(ready) > block_bytes + LINE_BYTES_MAX:
                    raise FeedError(
                        f"{self.path}: a line of more than {len(ready)} bytes in {info.filename},"
                        f" wanted lines of {COLUMNS} columns"
                    )
        except _BROKEN as error:
            text = f"{info.filename}: damaged from byte {before + len(ready)} on: {error}"
            self.refusals.add(self.path, before + len(ready), Reason.DAMAGED, text)
            # What is left of a line cannot be told from a whole one.
            del ready[ready.rfind(b"\n") + 1 :]
        if ready:
            yield bytes(ready)

    def _rows(self, entry: Entry, lines: Lines) -> Rows:
        """Return the rows of a block of lines."""
        since_midnight, good = lines.numbers(0, TIME_DECIMALS)
        good &= (since_midnight >= 0) & (since_midnight < _DAY_NS)
        ts = _midnight_ns(entry.date) + since_midnight
        if entry.resolution == MINUTE:
            return self._minute_rows(ts, good, lines)
        price, priced = lines.numbers(1, PRICE_DECIMALS)
        size, sized = lines.numbers(2, 0)
        suspicious, flagged = lines.numbers(5, 0)
        good &= priced & sized & flagged & (suspicious >= 0) & (suspicious <= 1)
        ticks, rest = np.divmod(price, self.tick_billionths)
        refused = np.zeros(len(lines), np.uint8)
        refused[rest != 0] = REASON_CODES[Reason.OFF_GRID]
        # What the source itself does not believe is no trade, whatever its price.
        refused[suspicious == 1] = REASON_CODES[Reason.SUSPICIOUS]
        refused[~good] = REASON_CODES[Reason.MALFORMED]
        return Rows(
            contract=self.contract.raw_symbol,
            ts=ts,
            ticks=ticks,
            size=size,
            aggressor=np.zeros(len(lines), np.uint8),
            source=np.zeros(len(lines), np.uint8),
            flags=np.zeros(len(lines), np.uint8),
            bid=None,
            ask=None,
            refused=refused,
            where=lines.where,
        )

    def _minute_rows(
        self, start_ns: NDArray[np.int64], good: NDArray[np.bool_], lines: Lines
    ) -> Rows:
        """Return the simulated trades of a block of minute bars."""
        volume, counted = lines.numbers(5, 0)
        refused = np.zeros(len(lines), np.uint8)
        ticks = []
        for column in (1, 2, 3, 4):
            price, priced = lines.numbers(column, PRICE_DECIMALS)
            whole, rest = np.divmod(price, self.tick_billionths)
            refused[rest != 0] = REASON_CODES[Reason.OFF_GRID]
            good &= priced
            ticks.append(whole)
        refused[~(good & counted)] = REASON_CODES[Reason.MALFORMED]
        return simulated_rows(
            self.contract.raw_symbol, start_ns, np.column_stack(ticks), volume, refused, lines.where
        )


def _entries(path: Path) -> list[Entry]:
    """Return the entries that hold trades, in the order of their days."""
    try:
        with ZipFile(path) as archive:
            infos = archive.infolist()
    except _BROKEN as error:
        with path.open("rb") as stream:
            head = stream.read(16)
        raise FeedError(
            f"{path} begins with {head!r} and is no zip archive that can be opened: {error};"
            f" wanted {WANTED}"
        ) from None
    found = [entry for info in infos if (entry := _entry(info)) is not None]
    resolutions = {entry.resolution for entry in found}
    if len(resolutions) != 1:
        held = _listed(info.filename for info in infos)
        raise FeedError(f"{path} holds {held}; wanted {WANTED}, one resolution to an archive")
    return sorted(found, key=lambda entry: entry.date)


def _entry(info: ZipInfo) -> Entry | None:
    match = _NAME.fullmatch(info.filename)
    if match is None:
        return None
    day, product, resolution, year, month = match.groups()
    try:
        on = datetime.strptime(day, "%Y%m%d").date()
    except ValueError:
        return None
    contract = Contract(root=product.upper(), year=int(year), month=int(month))
    return Entry(info, on, contract, resolution)


def _of_root(path: Path, symbol: str, entries: list[Entry]) -> list[Entry]:
    root = root_of(symbol)
    found = [entry for entry in entries if entry.contract.root == root]
    if not found:
        held = _listed({entry.contract.root for entry in entries})
        raise FeedError(f"{path} holds trades of {held}; wanted a contract of {symbol}")
    return found


def _chosen(path: Path, symbol: str, entries: list[Entry]) -> Contract:
    """Return the contract that `symbol` means here; of a root the front month of the first day.

    If that is not here, the next later one that is.
    """
    day = trading_date(_midnight_ns(entries[0].date))  # Then it has begun in New York.
    root = root_of(symbol)
    wanted = parse_contract(front_month(root, day) if symbol == root else symbol, day)
    held = sorted({entry.contract for entry in entries})
    if wanted in held:
        return wanted
    if symbol != root:
        names = _listed(contract.raw_symbol for contract in held)
        raise FeedError(f"{path} holds {names}; wanted {symbol}")
    return min((contract for contract in held if contract > wanted), default=held[-1])


def _line_count(block: bytes) -> int:
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _bites(archive: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    """Yield an entry unpacked, a little at a time."""
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadZipFile(f"packed by method {info.compress_type}, wanted 0 or 8")
    with archive.open(info) as stream:
        yield from iter(lambda: stream.read(_BITE_BYTES), b"")


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - NAMES_MAX} more" if len(found) > NAMES_MAX else ""
    return ", ".join(found[:NAMES_MAX]) + more if found else "nothing"


def _midnight_ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * NANOS_PER_S
