"""From recorded files to a tape: each file by what is in it, bad rows aside, sides and cuts.

A file is known by its first bytes; its name decides nothing. What cannot be used is counted by
reason and kept in a quarantine file; what stops the run is one `FeedError`.
"""

import contextlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from actors.adapters.feeds.depth import Depths, with_depth
from actors.adapters.feeds.gate import Gate
from actors.adapters.feeds.port import Chunk, FeedError, Reader, Refusals
from actors.adapters.feeds.tape import (
    Lead,
    OnTape,
    Progress,
    Summary,
    Tally,
    TapeRule,
    tape,
    write_tape,
)
from actors.adapters.feeds.unpack import GZIP, ZSTD
from actors.core.book.records import TenLevels
from protocol.instruments import UnknownSymbol, root_of
from protocol.market import Cut, TradeBatch
from protocol.pattern_settings import FlowSettings
from protocol.risk_settings import RiskSettings
from protocol.settings import BarSettings, CalendarSettings, FeedSettings

KNOWN = (
    "CSV ticks (plain or gzip), Databento DBN (plain or zstd), LEAN zip (ticks or minute bars),"
    " or Floorwatch Parquet"
)
_HEAD_BYTES = 256 * 1024  # A zstd block unpacks only as a whole, and may be half of this.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # The second has nothing in it.
_CONTROL = frozenset(range(32)) - set(b"\t\r\n")  # Never in a text file.


class Recording:
    """The trades of recorded files, one after the other, as a source.

    `symbol` is a root, "ES", of which each file's front month is taken, or a raw symbol, "ESH4".
    """

    def __init__(
        self,
        files: Sequence[str | Path],
        symbol: str,
        refusals: Refusals,
        feed: FeedSettings | None = None,
        zone: str = "America/Chicago",
    ) -> None:
        if not files:
            raise FeedError(f"no file was given, wanted at least one: {KNOWN}")
        try:
            root_of(symbol)
        except UnknownSymbol as error:
            raise FeedError(str(error)) from None
        self.files = [_checked(Path(file)) for file in files]
        self.symbol = symbol
        self.refusals = refusals
        self.feed = FeedSettings() if feed is None else feed
        self.zone = zone
        self._depths: Depths | None = None

    def with_depth(self, messages: Iterator[OnTape], rule: TapeRule) -> Iterator[OnTape]:
        """Return the tape that `messages` of this source are, with its books if they are wanted."""
        if self.feed.depth == "none":
            return messages
        self._depths = Depths(open_depth)
        return with_depth(messages, self._depths, rule)

    def __iter__(self) -> Iterator[Chunk]:
        gate = Gate(self.feed.jump_ticks_max, self.refusals)
        contract, simulated = "", False
        for file in self.files:
            reader = open_reader(file, self.symbol, self.refusals, self.zone)
            begun = self._depths is None
            for rows in reader.rows():
                if (rows.contract, reader.simulated) != (contract, simulated):
                    held = gate.finished()
                    if held is not None:
                        yield Chunk(held, contract, simulated)
                    contract, simulated = rows.contract, reader.simulated
                    gate.last_ticks = None  # Time goes on; prices of two months do not compare.
                trades = gate.passed(rows, str(file))
                if trades is None:
                    continue
                if not begun and self._depths is not None:
                    self._depths.add(file, contract, simulated, int(trades.ts_event[0]))
                    begun = True
                yield Chunk(trades, contract, simulated)
        held = gate.finished()
        if held is not None:
            yield Chunk(held, contract, simulated)


def ingest(
    files: Sequence[str | Path],
    symbol: str,
    out: str | Path,
    refusals_dir: str | Path,
    feed: FeedSettings | None = None,
    bars: BarSettings | None = None,
    flow: FlowSettings | None = None,
    risk: RiskSettings | None = None,
    calendar: CalendarSettings | None = None,
    zone: str = "America/Chicago",
    progress: Progress | None = None,
    lead: Lead = iter,
) -> Summary:
    """Write the tape of `files` to `out` and return what went into it and what did not.

    `lead` may put bars of the past before its first trade.
    """
    feed = FeedSettings() if feed is None else feed
    refusals = Refusals(Path(refusals_dir))
    source = Recording(files, symbol, refusals, feed, zone)
    tally = Tally()
    rule = TapeRule.of(
        feed,
        bars or BarSettings(),
        flow or FlowSettings(),
        risk or RiskSettings(),
        calendar or CalendarSettings(),
    )
    messages = lead(not_empty(tape(source, rule, tally), source))
    write_tape(out, source.with_depth(messages, rule), progress)
    return tally.summary(refusals.counts, refusals.path)


def not_empty(
    messages: Iterator[TradeBatch | Cut], source: Recording
) -> Iterator[TradeBatch | Cut]:
    """Yield `messages`; that there are none is an error that says what was refused."""
    empty = True
    for message in messages:
        empty = False
        yield message
    if empty:
        files = ", ".join(map(str, source.files))
        counts = ", ".join(f"{n} {reason}" for reason, n in source.refusals.counts.items())
        raise FeedError(
            f"{files}: found no trade of {source.symbol} that could be used, wanted at least one;"
            f" refused: {counts or 'nothing'}"
        )


def open_reader(path: Path, symbol: str, refusals: Refusals, zone: str) -> Reader:
    """Return the reader of the format that `path` turns out to have."""
    head, inner = _first_bytes(path)
    # Each format brings its own library, so its module is loaded when such a file comes.
    if inner.startswith(b"DBN"):
        from actors.adapters.feeds.dbn import DbnReader

        return DbnReader(path, symbol, refusals)
    if head.startswith(b"PAR1"):
        from actors.adapters.feeds.days import parquet_reader

        return parquet_reader(path, symbol, refusals)
    if head.startswith(_ZIP):
        from actors.adapters.feeds.lean import LeanReader

        return LeanReader(path, symbol, refusals)
    if inner and not _CONTROL.intersection(inner.partition(b"\n")[0]):
        from actors.adapters.feeds.csv_ticks import CsvReader

        return CsvReader(path, symbol, refusals, zone)
    raise FeedError(f"{path} begins with {inner[:16]!r}, wanted {KNOWN}")


def open_depth(path: Path, contract: str, at_ns: int) -> Iterator[TenLevels] | None:
    """Return the ten best levels of a contract where the file at `path` tells them, else None."""
    if not _first_bytes(path)[1].startswith(b"DBN"):
        return None
    from actors.adapters.feeds.depth_dbn import dbn_depth

    return dbn_depth(path, contract, at_ns)


def _checked(path: Path) -> Path:
    if not path.is_file():
        found = "a directory" if path.is_dir() else "nothing"
        raise FeedError(f"{path}: found {found}, wanted a file: {KNOWN}")
    if path.stat().st_size == 0:
        raise FeedError(f"{path}: found an empty file, wanted {KNOWN}")
    return path


def _first_bytes(path: Path) -> tuple[bytes, bytes]:
    """Return the first bytes of a file, and those behind its compression."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if head.startswith(GZIP):
        with contextlib.suppress(zlib.error):
            return head, zlib.decompressobj(wbits=31).decompress(head, _HEAD_BYTES) or head
    if head.startswith(ZSTD):
        import zstandard

        with contextlib.suppress(zstandard.ZstdError):
            return head, zstandard.ZstdDecompressor().decompressobj().decompress(head) or head
    return head, head
