"""Journals and books in SQL: SQLite files by default, a server by address.

Every table is written by one actor. A write is durable when the call returns, but for the notes
of a journal: SQLite runs with a write-ahead log and full synchronisation, a server confirms what
is on its disk.

A write that failed may have been done all the same: the answer can get lost behind it. So the
first `StoreFault` of a write is the last word of a store; it refuses everything behind it, its
actor ends, and the next one reads what is there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from actors.adapters.fault import StoreFault
from actors.adapters.sql import POSTGRESQL, SQLITE, Connection, Database, Rows, database_for
from actors.adapters.tables import BOOKS, Tables, tables_of
from actors.adapters.upgrade import bring_up
from protocol.codec import decode_fields, decode_kept, encode, encode_fields, layout_of
from protocol.kept import checksum, has_names
from protocol.market import MARKS, Cut, Settled
from protocol.message import Message
from supervision.journal import Positions

__all__ = ["SqlBooks", "SqlJournal", "database_for"]

READ_ROWS = 10_000  # At once: no read is so long that it counts as unanswered.

# What makes a commit wait for the disk, or not.
WAITING = {
    (SQLITE, True): "PRAGMA synchronous=FULL",
    (SQLITE, False): "PRAGMA synchronous=NORMAL",
    (POSTGRESQL, True): "SET SESSION synchronous_commit = on",
    (POSTGRESQL, False): "SET SESSION synchronous_commit = off",
}

PLACE = {SQLITE: "?", POSTGRESQL: "%s"}  # Where a value stands in a statement.

MOVE_ON = (
    "INSERT INTO books_marks (stream, seq) VALUES ({0}, {0})"
    " ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq"
)
ENTRIES = (
    "SELECT seq, kind, version, stream, body, checksum FROM books_entries"
    " WHERE stream = {0} AND seq > {0}{1} ORDER BY seq LIMIT {0}"
)
ONLY_MARKS = f" AND kind IN ({', '.join(repr(mark.KIND) for mark in MARKS)})"


class SqlStore:
    """The connection of an actor's only writer, sound until a write on it fails."""

    def __init__(self, database: Database, tables: Tables) -> None:
        self._dialect = database.dialect
        self._tables = tables
        self._connection = Connection(database)
        self._writing = False
        try:
            bring_up(self._connection, tables)
        except BaseException:
            self._release()
            raise
        self._insert = tables.inserts[tables.rows]

    def _begin(self) -> None:
        """Note that a write begins; refuse it behind one that did not end."""
        if self._writing:
            raise StoreFault(
                self._tables.rows,
                "an earlier write failed, and may have been done",
                "nothing to be written behind it",
                "Open the store anew and read what is there",
            )
        self._writing = True

    def _end(self) -> None:
        self._connection.commit()
        self._writing = False

    def _checked(self, rows: Iterable[Any], first: str) -> Iterator[Message]:
        """Yield the messages of rows; refuse one that is not as it was written."""
        for seq, kind, version, head, body, found in rows:
            row = {"seq": seq, "kind": kind, "version": version, first: head, "body": body}
            if found != checksum(row):
                raise self._damaged(f"row {seq} does not match its checksum")
            yield self._read(kind, version, body)

    def _read(self, kind: str, version: int, body: bytes) -> Message:
        return decode_fields(kind, version, body)

    def _read_rows(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        rows = self._connection.rows(statement, values)
        self._connection.rollback()
        return rows

    def _damaged(self, found: str) -> StoreFault:
        return StoreFault(
            self._tables.rows, found, "what was written", "Restore the store from a backup"
        )

    def _release(self) -> None:
        self._connection.close()


class SqlJournal(SqlStore):
    """The journal of one actor (the port is `supervision.journal.Journal`)."""

    def __init__(self, database: Database, actor: str) -> None:
        super().__init__(database, tables_of(actor, database.dialect))
        if self._dialect == POSTGRESQL:
            # Each write is one statement: alone it is all or nothing, and one journey.
            self._connection.driver.autocommit = True
        self._table = f'"{self._tables.rows}"'
        ((last,),) = self._read_rows(f"SELECT max(seq) FROM {self._table}")
        self._last = last or 0
        self._waits = True

    def load(self) -> Iterable[Message]:
        columns = f"SELECT seq, kind, version, positions, body, checksum FROM {self._table}"
        for after in range(0, self._last, READ_ROWS):
            until = min(after + READ_ROWS, self._last)
            rows = self._read_rows(
                f"{columns} WHERE seq > {after} AND seq <= {until} ORDER BY seq"
            )
            if len(rows) != until - after:
                raise self._damaged(f"{len(rows)} rows numbered {after + 1} to {until}")
            yield from self._checked(rows, "positions")

    def positions(self) -> Positions:
        rows = self._read_rows(f"SELECT positions FROM {self._table} WHERE seq = {self._last}")
        return json.loads(rows[0][0]) if rows else {}

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._write(facts, positions, waits=True)

    def note(self, marks: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._write(marks, positions, waits=False)

    def _write(
        self, facts: Sequence[Message], positions: Mapping[str, int], *, waits: bool
    ) -> None:
        read = json.dumps(dict(positions))
        rows = [
            {
                "seq": self._last + 1 + index,
                "kind": fact.KIND,
                "version": fact.VERSION,
                "positions": read,
                "body": encode_fields(fact),
            }
            for index, fact in enumerate(facts)
        ]
        for row in rows:
            row["checksum"] = checksum(row)
        self._begin()
        if waits is not self._waits:
            self._connection.run(WAITING[self._dialect, waits])
            self._connection.commit()  # Both kinds of store change it between transactions only.
            self._waits = waits
        self._insert(self._connection, rows)
        self._end()
        self._last += len(rows)

    def close(self) -> None:
        self._release()


class SqlBooks(SqlStore):
    """Every decision message of every stream, in the order of its stream."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, tables_of(BOOKS, database.dialect))
        self._rows: list[dict[str, Any]] = []
        self._layouts = self._known_layouts()
        self._move_on = MOVE_ON.format(PLACE[self._dialect])
        self._new_layouts: list[dict[str, Any]] = []
        self._taken: Positions = self.positions()
        self._dirty = False

    def positions(self) -> Positions:
        """Return the last number of each stream that is safely kept."""
        return dict(self._read_rows("SELECT stream, seq FROM books_marks"))

    def _known_layouts(self) -> dict[tuple[str, int], list[str]]:
        rows = self._read_rows("SELECT kind, version, names FROM books_layouts")
        return {(kind, version): names.split() for kind, version, names in rows}

    def add(self, stream: str, seq: int, message: Message | None) -> None:
        """Note that a stream was read up to `seq`, and keep `message` if there is one."""
        self._taken[stream] = seq
        self._dirty = True
        if message is not None:
            self.add_frame(stream, seq, type(message), encode(message))

    def add_frame(self, stream: str, seq: int, kind: type[Message], frame: bytes) -> None:
        """Keep the message of `kind` in `frame`, up to which a stream was read."""
        self._taken[stream] = seq
        self._dirty = True
        if (kind.KIND, kind.VERSION) not in self._layouts:
            self._note_layout(kind)
        row = {
            "stream": stream,
            "seq": seq,
            "kind": kind.KIND,
            "version": kind.VERSION,
            "body": frame,
        }
        row["checksum"] = checksum(row)
        self._rows.append(row)

    def _note_layout(self, kind: type[Message]) -> None:
        names = layout_of(kind)
        self._layouts[kind.KIND, kind.VERSION] = list(names)
        layout = {"kind": kind.KIND, "version": kind.VERSION, "names": " ".join(names)}
        self._new_layouts.append(layout)

    def commit(self) -> None:
        """Make everything added durable, all or none."""
        if not self._dirty:
            return
        self._begin()
        if self._new_layouts:
            self._tables.inserts["books_layouts"](self._connection, self._new_layouts)
        if self._rows:
            self._insert(self._connection, self._rows)
        self._connection.run_many(self._move_on, list(self._taken.items()))
        self._end()
        self._rows.clear()
        self._new_layouts.clear()
        self._dirty = False

    def entries(self, stream: str) -> Iterable[Message]:
        """Yield what is kept of a stream, in order."""
        return self._entries(stream)

    def marks(self, stream: str) -> Iterable[Cut | Settled]:
        """Yield the cuts and settlements among them."""
        for mark in self._entries(stream, ONLY_MARKS):
            assert isinstance(mark, MARKS)
            yield mark

    def _read(self, kind: str, version: int, body: bytes) -> Message:
        if has_names(body):
            return decode_fields(kind, version, body)
        return decode_kept(body, self._layouts.get((kind, version)))

    def _entries(self, stream: str, condition: str = "") -> Iterator[Message]:
        statement = ENTRIES.format(PLACE[self._dialect], condition)
        after: int | None = 0
        while after is not None:
            rows = self._read_rows(statement, (stream, after, READ_ROWS))
            yield from self._checked(rows, "stream")
            after = rows[-1][0] if len(rows) == READ_ROWS else None

    def close(self) -> None:
        """Keep what was added, unless an earlier write failed, and release the store."""
        try:
            if not self._writing:
                self.commit()
        finally:
            self._release()
