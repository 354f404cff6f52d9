"""The books on disk, read beside the actor that writes them.

Each look opens a connection of its own that can only read, and closes it: nothing is held between
two looks, and a write-ahead log lets the writer go on meanwhile, as a server does. What is read at
once is bounded, so no look keeps the log from being cleared. Streams are in order of their numbers,
and so, but for bars of several series that end together, of their times: an instant is found by
halving.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from protocol.codec import BadFrame, decode_fields, decode_kept
from protocol.kept import checksum, has_names
from protocol.market import BarClosed
from protocol.message import Message

BOOKS_FILE = "books.sqlite"
SERVER_FILE = "store.schema"  # There: the books are on a server.
WAIT_S = 1.0
CACHE_KB = 256
SCAN_MAX = 20_000  # Rows that one look may read, if nothing else is said ...
READ_ROWS = 256  # ... and at once.
LOOK_LIMIT_S = 10.0  # For whoever looks into the same server before us.
NO_TABLE = "42P01"  # What PostgreSQL calls it (appendix A of its manual).
Read = Callable[[str, Sequence[object]], list[Any]]
HOLDING, HOLDING_ON_SERVER = "instr(body, ?)", "position(?::bytea IN body) > 0"


class Unreadable(Exception):
    """The books cannot be read; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of a stream, and its number there."""

    seq: int
    message: Message


class ServerConnection(Protocol):
    """A connection to a server that can only read."""

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query; its values stand at `%s`."""

    def rollback(self) -> None:
        """End a query that failed."""

    def close(self) -> None:
        """Close it."""


@dataclass(frozen=True, slots=True)
class BooksServer:
    """Books that are on a server: how one look is opened, and what it may raise."""

    connect: Callable[[], ServerConnection]
    error: type[Exception]
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def look(self) -> Iterator[Read]:
        """Open one look, one at a time: a server lends a name to one connection alone."""
        if not self._lock.acquire(timeout=LOOK_LIMIT_S):
            raise Unreadable(f"the server of the books was not free within {LOOK_LIMIT_S:g} s")
        try:
            with closing(self.connect()) as connection:
                yield lambda statement, values: self._rows(connection, statement, values)
        except self.error as error:
            raise Unreadable(f"the books cannot be read: {error}") from None
        finally:
            self._lock.release()

    def _rows(
        self, connection: ServerConnection, statement: str, values: Sequence[object]
    ) -> list[Any]:
        try:
            return connection.rows(statement.replace("?", "%s"), values)
        except self.error as error:
            if NO_TABLE not in str(error):
                raise
            connection.rollback()
            return []  # Its writer has not begun.


class Books:
    """One look into the books of a run; `rows` of none are none."""

    def __init__(self, read: Read, holding: str = HOLDING) -> None:
        self._read = read
        self._holding = holding
        self._layouts: dict[tuple[str, int], list[str]] = {}

    def rows(
        self,
        stream: str,
        kinds: Sequence[type[Message]],
        *,
        after: int = 0,
        before: int | None = None,
        most: int | None = None,
        newest_first: bool = False,
        holding: bytes = b"",
    ) -> Iterator[Entry]:
        """Yield messages of a stream between two numbers; those whose bytes hold `holding`."""
        marks = ",".join("?" * len(kinds))
        values: list[object] = [stream, *(kind.KIND for kind in kinds), after]
        where = f"stream = ? AND kind IN ({marks}) AND seq > ?"
        if before is not None:
            where, values = f"{where} AND seq < ?", [*values, before]
        if holding:
            where, values = f"{where} AND {self._holding}", [*values, holding]
        columns = "SELECT seq, kind, version, stream, body, checksum FROM books_entries"
        order = "DESC" if newest_first else "ASC"
        left = SCAN_MAX if most is None else most
        edge, begun = (" AND seq < ?" if newest_first else " AND seq > ?"), False
        while left > 0:
            part = self._read(
                f"{columns} WHERE {where}{edge if begun else ''} ORDER BY seq {order}"
                f" LIMIT {min(left, READ_ROWS):d}", values
            )
            yield from map(self._entry, part)
            if len(part) < READ_ROWS:
                return
            values = [*(values[:-1] if begun else values), part[-1][0]]
            begun, left = True, left - len(part)

    def number_at(self, stream: str, kind: type[Message], ts_ns: int) -> int:
        """Return the number of the first message of `kind` at `ts_ns` or later, else the next."""
        last = self._read("SELECT max(seq) FROM books_entries WHERE stream = ? AND kind = ?",
                          [stream, kind.KIND])  # fmt: skip
        low, high = 1, (last[0][0] if last and last[0][0] else 0) + 1
        while low < high:
            middle = (low + high) // 2
            entry = next(self.rows(stream, [kind], after=middle - 1, most=1), None)
            if entry is None or instant(entry.message) >= ts_ns:
                high = middle
            else:
                low = entry.seq + 1
        return low

    def between(
        self, stream: str, kind: type[Message], from_ns: int, to_ns: int, holding: bytes = b""
    ) -> Iterator[Message]:
        """Yield the messages of `kind` from an instant to another, both included."""
        first = self.number_at(stream, kind, from_ns)
        for entry in self.rows(stream, [kind], after=first - 1, holding=holding):
            if instant(entry.message) > to_ns:
                return
            yield entry.message

    def _entry(self, row: Any) -> Entry:
        seq, kind, version, stream, body, found = row
        named = {"seq": seq, "kind": kind, "version": version, "stream": stream, "body": body}
        if found != checksum(named):
            raise Unreadable(f"row {seq} of {stream} in the books does not match its checksum")
        try:
            if has_names(body):
                return Entry(seq, decode_fields(kind, version, body))
            return Entry(seq, decode_kept(body, self._layout(kind, version)))
        except BadFrame as error:
            raise Unreadable(f"row {seq} of {stream} in the books: {error}") from None

    def _layout(self, kind: str, version: int) -> list[str] | None:
        if not self._layouts:
            rows = self._read("SELECT kind, version, names FROM books_layouts", [])
            self._layouts = {(str(k), int(v)): str(names).split() for k, v, names in rows}
        return self._layouts.get((kind, version))


@contextmanager
def books_of(run_dir: Path, server: BooksServer | None = None) -> Iterator[Books]:
    """Open the books of a run for one look; empty ones where there are none yet."""
    path = run_dir / "data" / BOOKS_FILE
    if path.with_name(SERVER_FILE).exists():
        if server is None:
            raise Unreadable("the books of this run are on a server; only what is new can be shown")
        with server.look() as read:
            yield Books(read, HOLDING_ON_SERVER)
    elif path.exists():
        with closing(_opened(path)) as connection:
            yield Books(lambda statement, values: _rows(connection, statement, values))
    else:
        yield Books(lambda statement, values: [])


def _opened(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=WAIT_S
        )
        connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")
    except sqlite3.Error as error:
        raise Unreadable(f"the books cannot be opened: {error}") from None
    return connection


def _rows(
    connection: sqlite3.Connection, statement: str, values: Sequence[object]
) -> list[Any]:
    try:
        return connection.execute(statement, values).fetchall()
    except sqlite3.Error as error:
        if "no such table" in str(error):  # Its writer has not begun.
            return []
        raise Unreadable(f"the books cannot be read: {error}") from None


def instant(message: Message) -> int:
    """Return when a message happened, in UTC ns: of a bar its end."""
    if isinstance(message, BarClosed):
        return message.end_ns
    return int(message.ts_ns)  # type: ignore[attr-defined]
