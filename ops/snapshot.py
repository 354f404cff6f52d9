"""One moment of several SQLite stores, while their actors go on writing them.

A read transaction in each holds what it sees; a writer is not kept waiting. But the transactions
begin one after another, and then one store may have read of another what that one's snapshot does
not have yet: restored, it would be ahead of its source. So the snapshots are compared by what they
say of each other, and a source that is behind its reader is looked at again. It only gets newer by
that, and facts are rare, so after a few looks no store is ahead of any other.
"""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

LOOKS_MAX = 200
FACTS, MARKS = "_facts", "books_marks"  # As `actors.adapters.schema` names the tables.


class NeverOneMoment(RuntimeError):
    """The stores did not agree within so many looks."""


class Held:
    """A store, held at one moment: how far it reaches and how far it has read its sources."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Not read-only: the last connection to a store that nobody else has open tidies it up.
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        self._connection.execute("PRAGMA query_only=ON")
        self.hold()

    def hold(self) -> None:
        """Take the present moment instead."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN")
        rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        self.reached: dict[str, int] = {}
        self.read: dict[str, int] = {}
        for (table,) in rows.fetchall():
            if table.endswith(FACTS):
                self._look_at_facts(table)
            elif table == MARKS:
                self.read.update(self._connection.execute(f"SELECT stream, seq FROM {MARKS}"))

    def _look_at_facts(self, table: str) -> None:
        found = self._connection.execute(
            f'SELECT seq, positions FROM "{table}" ORDER BY seq DESC LIMIT 1'
        ).fetchone()
        self.reached[table.removesuffix(FACTS)] = found[0] if found else 0
        self.read.update(json.loads(found[1]) if found else {})

    def copy(self, target: Path) -> None:
        """Write what is held to a new file, durably."""
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(target)) as other:
            self._connection.backup(other)
        descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(descriptor)
        os.close(descriptor)

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


def line_up(stores: list[Held]) -> dict[str, int]:
    """Hold the stores so that none is ahead of another; return how far each journal reaches."""
    for _ in range(LOOKS_MAX):
        behind = {
            id(source): source
            for reader in stores
            for stream, seq in reader.read.items()
            for source in stores
            if source.reached.get(stream, seq) < seq
        }
        if not behind:
            return {stream: seq for store in stores for stream, seq in store.reached.items()}
        for source in behind.values():
            source.hold()
    names = ", ".join(store.path.name for store in stores)
    raise NeverOneMoment(f"{names} were never at one moment in {LOOKS_MAX} looks; try again")
