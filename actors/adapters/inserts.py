"""How rows get into a table: a statement made once, and the order in which it takes the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.adapters.sql import Connection


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
