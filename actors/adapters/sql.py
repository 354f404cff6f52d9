"""The database of a store: an SQLite file by default, a PostgreSQL server by address.

One connection is opened, that of the only writer of an actor's tables; a second writer is refused.
Whatever the driver raises on it leaves as a `StoreFault`. The driver of a server is loaded only by
whoever has a server.

Stores speak to the driver itself. SQLAlchemy makes the statements of their tables and has no part
in a start or a write: there each owner of a store would pay for it with memory of his own.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from actors.adapters.address import SCHEMA_FILE, BadAddress, parse_address
from actors.adapters.fault import StoreFault

WAIT_S = 2.0  # For a lock or an answer; an actor silent for three seconds counts as hung.
SQLITE, POSTGRESQL = "sqlite", "postgresql"

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Database:
    """Where an actor's tables are, and what the errors there mean."""

    dialect: str  # Its name in SQLAlchemy.
    error: type[Exception]  # What its driver raises.
    connect: Callable[[], Any]
    fault_of: Callable[[Any], StoreFault | None]  # None: an error of ours, which stays itself.


class Connection:
    """The connection of the only writer: plain statements, and faults instead of errors."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.driver = database.connect()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        """Return the rows of a query."""
        try:
            found: Rows = self.driver.execute(statement, values).fetchall()
            return found
        except self.database.error as error:
            self._refuse(error)

    def pages(self, statement: str, count: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of a query by the names of their columns, `count` at a time."""
        # The driver of a server holds all rows, but for a cursor that stays there and has a name.
        named = ("pages",) if self.database.dialect == POSTGRESQL else ()
        try:
            with closing(self.driver.cursor(*named)) as cursor:
                cursor.execute(statement)
                while rows := cursor.fetchmany(count):
                    names = [column[0] for column in cursor.description]
                    yield [dict(zip(names, row, strict=True)) for row in rows]
        except self.database.error as error:
            self._refuse(error)

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement that changes something; it lasts from `commit` on."""
        try:
            self.driver.execute(statement, values)
        except self.database.error as error:
            self._refuse(error)

    def run_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each of `rows`."""
        try:
            self.driver.cursor().executemany(statement, rows)
        except self.database.error as error:
            self._refuse(error)

    def commit(self) -> None:
        """Make what was run last."""
        try:
            self.driver.commit()
        except self.database.error as error:
            self._refuse(error)

    def rollback(self) -> None:
        """Take back what was run and not committed; behind a query, just end it."""
        try:
            self.driver.rollback()
        except self.database.error as error:
            self._refuse(error)

    def close(self) -> None:
        """Close it; what was not committed is gone."""
        self.driver.close()

    def _refuse(self, error: Exception) -> NoReturn:
        fault = self.database.fault_of(error)
        if fault is None:
            raise error
        raise fault from None


def database_for(url: str, directory: str, actor: str, wait_s: float = WAIT_S) -> Database:
    """Return the database of an actor's tables: a file of its own, or the server at `url`."""
    path = Path(directory) / f"{actor}.sqlite"
    return _server(url, path, actor, wait_s) if url else _file(path, wait_s)


def onlooker(url: str, directory: str, actor: str) -> Callable[[], Connection]:
    """Return what opens a connection to the server at `url` that can read and nothing else."""
    database = database_for(url, directory, actor)

    def reading() -> Any:
        driver = database.connect()
        driver.read_only = True
        return driver

    return lambda: Connection(replace(database, connect=reading))


def _file(path: Path, wait_s: float) -> Database:
    from actors.adapters import sqlite

    if path.with_name(SCHEMA_FILE).exists():
        raise StoreFault(
            str(path.parent),
            f"the journals of this run are on a server ({SCHEMA_FILE})",
            "store.url to name it",
            "Set store.url; remove that file only to begin anew, with the broker flat",
        )
    return Database(
        SQLITE,
        sqlite3.Error,
        lambda: sqlite.connect(path, wait_s),
        lambda error: sqlite.fault_of(error, path) if sqlite.is_of_store(error) else None,
    )


def _server(url: str, path: Path, actor: str, wait_s: float) -> Database:
    place = f"store of {actor} on the server"
    try:
        address = parse_address(url)
    except BadAddress as error:
        raise StoreFault(
            place, "the address cannot be used", "one to be read", f"store.url: {error}"
        ) from None
    if path.exists():
        raise StoreFault(
            str(path),
            "this run has its journals in files, and store.url names a server",
            "one or the other",
            "Leave store.url empty, or begin a new run",
        )
    from actors.adapters import postgres

    return Database(
        POSTGRESQL,
        postgres.Error,
        lambda: postgres.connect(address, path.parent, actor, wait_s),
        lambda error: postgres.fault_of(error, place, address),
    )
