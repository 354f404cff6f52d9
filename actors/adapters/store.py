"""Journals and books in SQL, through SQLModel: SQLite files by default, any server by address.

Every table is written by one actor. A write is durable when the call returns, but for the notes
of a journal: SQLite runs with a write-ahead log and full synchronisation, a server confirms what
is on its disk.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, func
from sqlmodel import Field, SQLModel, create_engine, insert, select

from protocol.codec import decode_fields, encode_fields
from protocol.market import Cut, Settled
from protocol.message import Message
from supervision.journal import Positions


class FactRow(SQLModel):
    """One fact of an actor's journal."""

    seq: int = Field(primary_key=True)
    kind: str
    version: int
    positions: str
    body: bytes


class EntryRow(SQLModel):
    """One message that the books keep of a stream."""

    stream: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    version: int
    body: bytes


def engine_for(url: str, directory: str, actor: str) -> Engine:
    """Return the engine for an actor's tables: a file of its own, or the server at `url`."""
    engine = create_engine(url or f"sqlite:///{Path(directory) / actor}.sqlite")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(WAITING["sqlite", True])


# What makes a commit wait for the disk, or not.
WAITING = {
    ("sqlite", True): "PRAGMA synchronous=FULL",
    ("sqlite", False): "PRAGMA synchronous=NORMAL",
    ("postgresql", True): "SET SESSION synchronous_commit = on",
    ("postgresql", False): "SET SESSION synchronous_commit = off",
}


class SqlJournal:
    """The journal of one actor (the port is `supervision.journal.Journal`)."""

    def __init__(self, engine: Engine, actor: str) -> None:
        self._engine = engine
        self._row = _table(f"{actor}_facts", FactRow)
        self._row.metadata.create_all(engine, tables=[self._row.__table__])
        self._insert = _insert(engine, self._row)
        self._connection = engine.connect()
        self._last = self._connection.execute(select(func.max(self._row.seq))).scalar() or 0
        self._connection.rollback()
        self._waits = True

    def load(self) -> Iterable[Message]:
        columns = select(self._row.kind, self._row.version, self._row.body)
        rows = self._connection.execute(columns.order_by(self._row.seq)).all()
        self._connection.rollback()
        return [decode_fields(*row) for row in rows]

    def positions(self) -> Positions:
        row = self._connection.execute(
            select(self._row.positions).where(self._row.seq == self._last)
        ).first()
        self._connection.rollback()
        return {} if row is None else json.loads(row[0])

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._write(facts, positions, waits=True)

    def note(self, marks: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._write(marks, positions, waits=False)

    def _write(
        self, facts: Sequence[Message], positions: Mapping[str, int], *, waits: bool
    ) -> None:
        if waits is not self._waits:
            self._waits = waits
            self._connection.exec_driver_sql(WAITING[self._engine.dialect.name, waits])
            self._connection.commit()  # Both kinds of store change it between transactions only.
        text = json.dumps(dict(positions))
        rows = [
            {
                "seq": self._last + 1 + index,
                "kind": fact.KIND,
                "version": fact.VERSION,
                "positions": text,
                "body": encode_fields(fact),
            }
            for index, fact in enumerate(facts)
        ]
        self._insert(self._connection, rows)
        self._connection.commit()
        self._last += len(rows)

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()


class SqlBooks:
    """Every decision message of every stream, in the order of its stream."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._row = _table("books_entries", EntryRow)
        self._marks = _table("books_marks", MarkRow)
        tables = [self._row.__table__, self._marks.__table__]
        self._row.metadata.create_all(engine, tables=tables)
        self._connection = engine.connect()
        self._insert = _insert(engine, self._row)
        self._rows: list[dict[str, Any]] = []
        self._taken: Positions = self.positions()
        self._dirty = False

    def positions(self) -> Positions:
        """Return the last number of each stream that is safely kept."""
        rows = self._connection.execute(select(self._marks.stream, self._marks.seq)).all()
        self._connection.rollback()
        return {stream: seq for stream, seq in rows}

    def add(self, stream: str, seq: int, message: Message | None) -> None:
        """Note that a stream was read up to `seq`, and keep `message` if there is one."""
        self._taken[stream] = seq
        self._dirty = True
        if message is not None:
            self._rows.append(
                {
                    "stream": stream,
                    "seq": seq,
                    "kind": message.KIND,
                    "version": message.VERSION,
                    "body": encode_fields(message),
                }
            )

    def commit(self) -> None:
        """Make everything added durable, all or none."""
        if not self._dirty:
            return
        if self._rows:
            self._insert(self._connection, self._rows)
        for stream, seq in self._taken.items():
            mark = self._marks(stream=stream, seq=seq)
            self._connection.execute(_upsert(self._engine, self._marks, mark))
        self._connection.commit()
        self._rows.clear()
        self._dirty = False

    def entries(self, stream: str) -> Iterable[Message]:
        """Yield what is kept of a stream, in order."""
        for row in self._rows_of(stream):
            yield decode_fields(*row)

    def marks(self, stream: str) -> Iterable[Cut | Settled]:
        """Yield the cuts and settlements among them."""
        for row in self._rows_of(stream, self._row.kind.in_([Cut.KIND, Settled.KIND])):
            mark = decode_fields(*row)
            assert isinstance(mark, Cut | Settled)
            yield mark

    def _rows_of(self, stream: str, *conditions: Any) -> Sequence[Any]:
        columns = select(self._row.kind, self._row.version, self._row.body)
        chosen = columns.where(self._row.stream == stream, *conditions).order_by(self._row.seq)
        rows = self._connection.execute(chosen).all()
        self._connection.rollback()
        return rows

    def close(self) -> None:
        self.commit()
        self._connection.close()
        self._engine.dispose()


class MarkRow(SQLModel):
    """How far the books have read a stream."""

    stream: str = Field(primary_key=True)
    seq: int


def _insert(engine: Engine, table: Any) -> Callable[[Connection, list[dict[str, Any]]], None]:
    """Return what inserts rows with a statement made once: making it costs more than running it."""
    compiled = insert(table).compile(dialect=engine.dialect)
    text, names = str(compiled), compiled.positiontup

    def run(connection: Connection, rows: list[dict[str, Any]]) -> None:
        given = rows if names is None else [tuple(row[name] for name in names) for row in rows]
        connection.exec_driver_sql(text, given)

    return run


def _upsert(engine: Engine, table: Any, mark: Any) -> Any:
    if engine.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_update
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_update
    statement = insert_or_update(table).values(stream=mark.stream, seq=mark.seq)
    return statement.on_conflict_do_update(index_elements=["stream"], set_={"seq": mark.seq})


_TABLES: dict[str, Any] = {}


def _table(name: str, columns: type[SQLModel]) -> Any:
    """Return the mapped class of a table; mapping a name twice in one process is refused."""
    if name not in _TABLES:
        names = {"__tablename__": name, "__module__": __name__}
        _TABLES[name] = type(name, (columns,), names, table=True)
    return _TABLES[name]
