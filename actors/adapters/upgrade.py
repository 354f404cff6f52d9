"""The version of a store's tables, and how an older store becomes one of today.

A store is brought up to date when it is opened, in one transaction and forward only: today's
tables are made beside the old ones, each row is copied through a step per version, as messages
are upcast, and the old tables go. A store of a newer program is refused.

    1  Facts, entries and marks.
    2  Each row has a checksum, since neither SQLite nor a server notices every flipped bit of a
       value; entries can be found by their kind; numbers have 64 bits on a server, too.
    3  New entries are frames as they came, and a table names the fields of their kinds; older
       ones stay as they are, with names in each.
"""

from collections.abc import Callable, Container
from typing import Any

from actors.adapters.fault import StoreFault
from actors.adapters.sql import POSTGRESQL, SQLITE, Connection
from actors.adapters.tables import Tables
from protocol.kept import checksum

VERSION = 3
COPY_ROWS = 10_000  # At once, when an older store is copied.

# Whether a table is there, by its name.
IS_THERE = {
    SQLITE: "SELECT count(*) FROM sqlite_master WHERE name = '{}'",
    POSTGRESQL: "SELECT count(to_regclass('\"{}\"'))",
}
# What begins a change of tables. SQLite's driver would else commit before each of its steps.
BEGIN = {SQLITE: "BEGIN IMMEDIATE", POSTGRESQL: "SET LOCAL statement_timeout = 0"}

Row = dict[str, Any]


def _with_checksum(row: Row) -> Row:
    return {**row, "checksum": checksum(row)}


def _as_it_was(row: Row) -> Row:
    return row


# From a version to the next: what becomes of a row of facts or entries. Marks never changed.
STEPS: dict[int, Callable[[Row], Row]] = {1: _with_checksum, 2: _as_it_was}


def bring_up(connection: Connection, tables: Tables) -> None:
    """Make the tables of a store, or bring older ones to today's version, all or nothing."""
    found = _version(connection, tables)
    if found == VERSION:
        return
    if found > VERSION:
        raise StoreFault(
            tables.rows,
            f"its schema has version {found}",
            f"at most version {VERSION}",
            "A newer program has written it: start that one, or restore a backup",
        )
    connection.run(BEGIN[connection.database.dialect])
    if found:
        _move(connection, tables, found)
    else:
        _make(connection, tables)
    tables.inserts[tables.versions](connection, [{"version": VERSION}])
    connection.commit()


def _version(connection: Connection, tables: Tables) -> int:
    """Return the version of the tables that are there, 0 if there are none."""
    try:
        if not _is_in(connection, tables.versions):
            return int(_is_in(connection, tables.rows))  # The first had no table of versions.
        ((found,),) = connection.rows(f'SELECT max(version) FROM "{tables.versions}"')
        return found or 0
    finally:
        connection.rollback()


def _is_in(connection: Connection, name: str) -> bool:
    ((count,),) = connection.rows(IS_THERE[connection.database.dialect].format(name))
    return bool(count)


def _move(connection: Connection, tables: Tables, found: int) -> None:
    """Make today's tables beside those of version `found`, and copy what these hold."""
    there = [name for name in tables.makes if _is_in(connection, name)]
    old = [name for name in there if name != tables.versions]
    for name in old:
        for index in tables.indexes[name]:  # Their names are wanted for today's.
            connection.run(f'DROP INDEX IF EXISTS "{index}"')
        connection.run(f'ALTER TABLE "{name}" RENAME TO "{name}_{found}"')
    _make(connection, tables, without={tables.versions}.intersection(there))
    for name in old:
        _copy(connection, tables, name, found)
        connection.run(f'DROP TABLE "{name}_{found}"')


def _make(connection: Connection, tables: Tables, without: Container[str] = ()) -> None:
    for name, statements in tables.makes.items():
        if name not in without:
            for statement in statements:
                connection.run(statement)


def _copy(connection: Connection, tables: Tables, name: str, found: int) -> None:
    """Copy what an old table has into today's, row by row through the steps from its version."""
    versions = range(found, VERSION) if name == tables.rows else ()
    for rows in connection.pages(f'SELECT * FROM "{name}_{found}"', COPY_ROWS):
        for version in versions:
            rows = [STEPS[version](row) for row in rows]
        tables.inserts[name](connection, rows)
