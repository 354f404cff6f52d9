"""The tables of a store, their version, and how an older store becomes one of today.

A store is brought up to date when it is opened, in one transaction and forward only: today's
tables are made beside the old ones, each row is copied through a step per version, as messages
are upcast, and the old tables go. A store of a newer program is refused.

    1  Facts, entries and marks.
    2  Each row has a checksum, since neither SQLite nor a server notices every flipped bit of a
       value; entries can be found by their kind; numbers have 64 bits on a server, too.
    3  New entries are frames as they came, and a table names the fields of their kinds; older
       ones stay as they are, with names in each.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

from sqlalchemy import BigInteger, Connection, Index, Integer, func, inspect, select, text
from sqlmodel import Field, SQLModel

from actors.adapters.fault import StoreFault

VERSION = 3
COPY_ROWS = 10_000  # At once, when an older store is copied.
_NUMBER: Any = BigInteger().with_variant(Integer(), "sqlite")  # There INTEGER has 64 bits.
_KEY = {"autoincrement": False}

# Whether a table is there, by its name.
IS_THERE = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = '{}'",
    "postgresql": "SELECT count(to_regclass('\"{}\"'))",
}

Row = dict[str, Any]


class FactRow(SQLModel):
    """One fact of an actor's journal."""

    seq: int = Field(primary_key=True, sa_type=_NUMBER, sa_column_kwargs=_KEY)
    kind: str
    version: int
    positions: str
    body: bytes
    checksum: int = Field(sa_type=_NUMBER)


class EntryRow(SQLModel):
    """One message that the books keep of a stream."""

    stream: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=_NUMBER, sa_column_kwargs=_KEY)
    kind: str
    version: int
    body: bytes
    checksum: int = Field(sa_type=_NUMBER)


class MarkRow(SQLModel):
    """How far the books have read a stream."""

    stream: str = Field(primary_key=True)
    seq: int = Field(sa_type=_NUMBER)


class LayoutRow(SQLModel):
    """The fields of a version of a kind, in the order in which its frames hold them."""

    kind: str = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs=_KEY)
    names: str  # With blanks between.


class VersionRow(SQLModel):
    """A version that the tables of a store have reached."""

    version: int = Field(primary_key=True, sa_column_kwargs=_KEY)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one store, all written by one actor."""

    rows: Any
    versions: Any
    marks: Any = None
    layouts: Any = None

    def each(self) -> list[Any]:
        """Return them all."""
        every = (self.rows, self.marks, self.layouts, self.versions)
        return [table.__table__ for table in every if table]


@cache
def journal_tables(actor: str) -> Tables:
    """Return the tables of an actor's journal; a class is mapped only once in a process."""
    return Tables(_table(f"{actor}_facts", FactRow), _table(f"{actor}_versions", VersionRow))


@cache
def books_tables() -> Tables:
    """Return the tables of the books."""
    entries = _table("books_entries", EntryRow)
    Index("books_entries_by_kind", entries.stream, entries.kind, entries.seq)
    versions = _table("books_versions", VersionRow)
    marks, layouts = _table("books_marks", MarkRow), _table("books_layouts", LayoutRow)
    return Tables(entries, versions, marks, layouts)


def _table(name: str, columns: type[SQLModel]) -> Any:
    return type(name, (columns,), {"__tablename__": name, "__module__": __name__}, table=True)


def checksum(row: Mapping[str, Any]) -> int:
    """Return the CRC-32 of everything else in a row of facts or entries."""
    first = row["positions"] if "positions" in row else row["stream"]
    head = f"{row['seq']} {row['kind']} {row['version']} {first} ".encode()
    return crc32(row["body"], crc32(head))


def _with_checksum(row: Row) -> Row:
    return {**row, "checksum": checksum(row)}


def _as_it_was(row: Row) -> Row:
    return row


# From a version to the next: what becomes of a row of facts or entries. Marks never changed.
STEPS: dict[int, Callable[[Row], Row]] = {1: _with_checksum, 2: _as_it_was}


def bring_up(connection: Connection, tables: Tables) -> None:
    """Make the tables of a store, or bring older ones to today's version, all or nothing."""
    if _is_current(connection, tables):  # As good as always.
        return
    found = _version(connection, tables)
    if found == VERSION:
        return
    if found > VERSION:
        raise StoreFault(
            str(tables.rows.__tablename__),
            f"its schema has version {found}",
            f"at most version {VERSION}",
            "A newer program has written it: start that one, or restore a backup",
        )
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # Else its driver commits before each DDL.
    else:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    there = set(inspect(connection).get_table_names()) - {_name(tables.versions)}
    old = [table for table in tables.each() if found and table.name in there]
    for table in old:
        for index in table.indexes:  # Their names are wanted for today's.
            connection.execute(text(f'DROP INDEX IF EXISTS "{index.name}"'))
        connection.execute(text(f'ALTER TABLE "{table.name}" RENAME TO "{table.name}_{found}"'))
    tables.rows.metadata.create_all(connection, tables=tables.each(), checkfirst=bool(found))
    for table in old:
        changed = table.name == _name(tables.rows)
        _copy(connection, table, found, range(found, VERSION) if changed else ())
        connection.execute(text(f'DROP TABLE "{table.name}_{found}"'))
    connection.execute(tables.versions.__table__.insert(), {"version": VERSION})
    connection.commit()


def _name(table: Any) -> str:
    return str(table.__tablename__)


def _is_current(connection: Connection, tables: Tables) -> bool:
    versions = _name(tables.versions)
    known = connection.exec_driver_sql(IS_THERE[connection.dialect.name].format(versions)).scalar()
    if known:
        known = connection.exec_driver_sql(f'SELECT max(version) FROM "{versions}"').scalar()
    connection.rollback()
    return known == VERSION


def _version(connection: Connection, tables: Tables) -> int:
    """Return the version of the tables that are there, 0 if there are none."""
    names = set(inspect(connection).get_table_names())
    found = 0
    if _name(tables.versions) in names:
        found = connection.execute(select(func.max(tables.versions.version))).scalar() or 0
    elif _name(tables.rows) in names:
        found = 1  # It had no table of versions.
    connection.rollback()
    return found


def _copy(connection: Connection, table: Any, found: int, versions: Iterable[int]) -> None:
    """Copy what an old table has into today's, row by row through the steps from `versions`."""
    rows = connection.execute(
        text(f'SELECT * FROM "{table.name}_{found}"'),
        execution_options={"stream_results": True, "max_row_buffer": COPY_ROWS},
    ).mappings()
    for part in rows.partitions(COPY_ROWS):
        copies = [dict(row) for row in part]
        for version in versions:
            copies = [STEPS[version](row) for row in copies]
        connection.execute(table.insert(), copies)
