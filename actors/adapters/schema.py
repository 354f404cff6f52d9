"""The tables of a store as they are today, and what makes plain statements of them.

It is large: `actors.adapters.tables` loads it where statements are not known, and nobody else.
"""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import Field, SQLModel

from actors.adapters.sql import POSTGRESQL
from actors.adapters.tables import BOOKS, Insert, Tables

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


def make_tables(owner: str, dialect: str) -> Tables:
    """Return the tables of an actor's journal, or of the books, in a dialect."""
    tables = _entry_tables() if owner == BOOKS else _fact_tables(owner)
    spoken = registry.load(dialect)()
    by_name = {str(table.name): table for table in tables}  # Theirs is a text of their own kind.
    names = list(by_name)
    return Tables(
        rows=names[0],
        versions=names[-1],
        makes={name: _makes(table, spoken) for name, table in by_name.items()},
        indexes={
            name: tuple(str(index.name) for index in table.indexes)
            for name, table in by_name.items()
        },
        inserts={name: _insert(table, spoken) for name, table in by_name.items()},
    )


def _makes(table: Any, dialect: Any) -> tuple[str, ...]:
    made: list[CreateTable | CreateIndex] = [CreateTable(table), *map(CreateIndex, table.indexes)]
    return tuple(str(statement.compile(dialect=dialect)) for statement in made)


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


def _insert(table: Any, dialect: Any) -> Insert:
    names = tuple(str(column.name) for column in table.columns)
    into = f'INSERT INTO "{table.name}" ({", ".join(names)})'
    if dialect.name == POSTGRESQL:
        kinds = [column.type.compile(dialect) for column in table.columns]
        given = ", ".join(f"%b::{kind}[]" for kind in kinds)
        return Insert(f"{into} SELECT * FROM unnest({given})", names, by_column=True)
    places = ", ".join("?" for _ in names)
    return Insert(f"{into} VALUES ({places})", names, by_column=False)
