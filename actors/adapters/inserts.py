"""How rows get into a store: a statement made once for each table, in the dialect of the store.

The statements of each start and each write are plain text: what SQLAlchemy makes of its own
expressions costs every owner of a store four megabytes of pages that it shared before.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine

Insert = Callable[[Connection, list[dict[str, Any]]], None]


def insert_of(engine: Engine, table: Any) -> Insert:
    """Return what inserts rows with a statement made once: making it costs more than running it."""
    if engine.dialect.name == "postgresql":
        return _insert_arrays(engine, table)
    names = [column.name for column in table.__table__.columns]
    places = ", ".join("?" for _ in names)
    statement = f'INSERT INTO "{table.__tablename__}" ({", ".join(names)}) VALUES ({places})'

    def run(connection: Connection, rows: list[dict[str, Any]]) -> None:
        connection.exec_driver_sql(statement, [tuple(row[name] for name in names) for row in rows])

    return run


def _insert_arrays(engine: Engine, table: Any) -> Insert:
    """Return an insert of any number of rows in one statement, column by column."""
    columns = {
        column.name: column.type.compile(engine.dialect) for column in table.__table__.columns
    }
    given = ", ".join(f"%b::{kind}[]" for kind in columns.values())
    statement = (
        f'INSERT INTO "{table.__tablename__}" ({", ".join(columns)})'
        f" SELECT * FROM unnest({given})"
    )

    def run(connection: Connection, rows: list[dict[str, Any]]) -> None:
        arrays = tuple([row[name] for row in rows] for name in columns)
        connection.exec_driver_sql(statement, arrays)

    return run
