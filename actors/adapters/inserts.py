"""How rows get into a store: a statement made once for each table, in the dialect of the store."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, insert

Insert = Callable[[Connection, list[dict[str, Any]]], None]


def insert_of(engine: Engine, table: Any) -> Insert:
    """Return what inserts rows with a statement made once: making it costs more than running it."""
    if engine.dialect.name == "postgresql":
        return _insert_arrays(engine, table)
    compiled = insert(table).compile(dialect=engine.dialect)
    statement, names = str(compiled), compiled.positiontup
    assert names is not None, "SQLite's parameters go by their place"

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
