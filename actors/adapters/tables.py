"""The tables of a store as plain statements, for whoever uses them.

What makes the statements is large and wanted once, so a tree learns them from a child before its
actors are forked; anybody else makes them at the first use.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.adapters.apart import apart
from actors.adapters.sql import SQLITE, Connection

BOOKS = "books"  # Whose tables are not those of a journal.


@dataclass(frozen=True, slots=True)
class Insert:
    """What puts rows into a table, all or none."""

    statement: str
    columns: tuple[str, ...]
    by_column: bool  # A server takes any number of rows in one journey, column by column.

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if self.by_column:
            connection.run(
                self.statement, tuple([row[name] for row in rows] for name in self.columns)
            )
        else:
            connection.run_many(
                self.statement, [tuple([row[name] for name in self.columns]) for row in rows]
            )


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one store, by name, all written by one actor."""

    rows: str  # The one of its facts or entries.
    versions: str
    makes: Mapping[str, tuple[str, ...]]  # What makes each, with its indexes.
    indexes: Mapping[str, tuple[str, ...]]
    inserts: Mapping[str, Insert]


_known: dict[tuple[str, str], Tables] = {}  # By owner and dialect.


def tables_of(owner: str, dialect: str) -> Tables:
    """Return the tables of an actor's journal, or of the books."""
    if (owner, dialect) not in _known:
        _known.update(_made([(owner, dialect)]))
    return _known[owner, dialect]


def learn(owners: Iterable[str]) -> None:
    """Have the tables of files made in a child; whoever is forked from here on knows them."""
    wanted = [(owner, SQLITE) for owner in owners]
    _known.update(apart(lambda: _made(wanted)))


def _made(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Tables]:
    from actors.adapters.schema import make_tables

    return {(owner, dialect): make_tables(owner, dialect) for owner, dialect in wanted}
