"""The tables of a store as they are today, and as plain statements for whoever uses them.

Making a statement costs more than running it, and what makes them touches so much memory that it
is done once, before the actors are forked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import Field, SQLModel

from actors.adapters.inserts import Insert
from actors.adapters.sql import POSTGRESQL

_NUMBER: Any = BigInteger().with_variant(Integer(), "sqlite")  # There INTEGER has 64 bits.
_KEY = {"autoincrement": False}


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
    """The tables of one store, by name, all written by one actor."""

    rows: str  # The one of its facts or entries.
    versions: str
    makes: Mapping[str, tuple[str, ...]]  # What makes each, with its indexes.
    indexes: Mapping[str, tuple[str, ...]]
    inserts: Mapping[str, Insert]


@cache
def journal_tables(actor: str, dialect: str) -> Tables:
    """Return the tables of an actor's journal."""
    return _tables(dialect, _fact_tables(actor))


@cache
def books_tables(dialect: str) -> Tables:
    """Return the tables of the books."""
    return _tables(dialect, _entry_tables())


@cache
def _fact_tables(actor: str) -> tuple[Any, ...]:
    """Return the tables of a journal; a class is mapped only once in a process."""
    return _table(f"{actor}_facts", FactRow), _table(f"{actor}_versions", VersionRow)


@cache
def _entry_tables() -> tuple[Any, ...]:
    entries = _table("books_entries", EntryRow)
    Index("books_entries_by_kind", entries.c.stream, entries.c.kind, entries.c.seq)
    marks, layouts = _table("books_marks", MarkRow), _table("books_layouts", LayoutRow)
    return entries, marks, layouts, _table("books_versions", VersionRow)


def _table(name: str, columns: type[SQLModel]) -> Any:
    made: Any = type(
        name, (columns,), {"__tablename__": name, "__module__": __name__}, table=True
    )
    return made.__table__


def _tables(dialect: str, tables: tuple[Any, ...]) -> Tables:
    spoken = registry.load(dialect)()
    makes = {table.name: (CreateTable(table), *map(CreateIndex, table.indexes)) for table in tables}
    return Tables(
        rows=tables[0].name,
        versions=tables[-1].name,
        makes={
            name: tuple(str(make.compile(dialect=spoken)) for make in made)
            for name, made in makes.items()
        },
        indexes={table.name: tuple(str(one.name) for one in table.indexes) for table in tables},
        inserts={table.name: _insert(table, spoken) for table in tables},
    )


def _insert(table: Any, dialect: Any) -> Insert:
    names = tuple(column.name for column in table.columns)
    into = f'INSERT INTO "{table.name}" ({", ".join(names)})'
    if dialect.name == POSTGRESQL:
        kinds = [column.type.compile(dialect) for column in table.columns]
        given = ", ".join(f"%b::{kind}[]" for kind in kinds)
        return Insert(f"{into} SELECT * FROM unnest({given})", names, by_column=True)
    places = ", ".join("?" for _ in names)
    return Insert(f"{into} VALUES ({places})", names, by_column=False)


def checksum(row: Mapping[str, Any]) -> int:
    """Return the CRC-32 of everything else in a row of facts or entries."""
    first = row["positions"] if "positions" in row else row["stream"]
    head = f"{row['seq']} {row['kind']} {row['version']} {first} ".encode()
    return crc32(row["body"], crc32(head))
