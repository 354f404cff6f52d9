"""A place for stores that tests open, leave and open again, and a child that may die in it."""

import os
import pickle
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actors.adapters.fault import StoreFault
from actors.adapters.store import SqlBooks, SqlJournal, database_for
from protocol.market import Cut, CutReason
from protocol.message import Message
from supervision.journal import Journal
from tests.venues.postgres import PASSWORD

WAIT_S = 0.3


def cut(number: int) -> Cut:
    return Cut(number=number, ts_ns=2**62 + number, reason=CutReason.BAR)


def many(count: int, first: int = 1) -> list[Message]:
    return [cut(number) for number in range(first, first + count)]


class StorePlace:
    """The stores of one run; whoever opens one is its next owner."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        self._open: dict[str, SqlJournal | SqlBooks] = {}

    @property
    def schema(self) -> str:
        """The name of the run's schema on the server."""
        return (self.directory / "store.schema").read_text().strip()

    def file(self, actor: str = "desk") -> Path:
        return self.directory / f"{actor}.sqlite"

    def database(self, actor: str, wait_s: float = WAIT_S) -> Any:
        return database_for(self.url, str(self.directory), actor, wait_s)

    def journal(self, actor: str = "desk", wait_s: float = WAIT_S) -> SqlJournal:
        self.leave(actor)
        journal = SqlJournal(self.database(actor, wait_s), actor)
        self._open[actor] = journal
        return journal

    def books(self) -> SqlBooks:
        self.leave("books")
        books = SqlBooks(self.database("books"))
        self._open["books"] = books
        return books

    def leave(self, actor: str) -> None:
        if actor in self._open:
            self._open.pop(actor).close()

    def close(self) -> None:
        for actor in tuple(self._open):
            self.leave(actor)


def run(place: StorePlace, actor: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements on an actor's tables as somebody else; return the rows of the last."""
    if place.url:
        with psycopg.connect(place.url, autocommit=True) as connection:
            connection.execute(f"SET search_path TO {place.schema}")
            for statement in statements:
                statement = statement.replace(" BLOB ", " BYTEA ").replace("X'", r"'\x")
                cursor = connection.execute(statement)
            return [] if cursor.description is None else cursor.fetchall()
    connection = sqlite3.connect(place.file(actor))
    for statement in statements:
        rows = connection.execute(statement).fetchall()
    connection.commit()
    connection.close()
    return rows


def in_child(work: Callable[[], Any]) -> Any:
    """Return what `work` returns in a process of its own; its death is returned as an int."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, pickle.dumps(work()))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return pickle.loads(said) if ended == 0 else ended


@contextmanager
def fault(*words: str) -> Any:
    """Expect a fault whose text has `words`, and neither it nor its traceback a password."""
    with pytest.raises(StoreFault) as found:
        yield
    text = str(found.value)
    assert [word for word in words if word not in text] == [], text
    assert found.value.wanted and found.value.remedy
    assert PASSWORD not in "".join(traceback.format_exception(found.value))


def refuses_what_follows(journal: Journal) -> None:
    with fault("an earlier write failed", "nothing to be written behind it"):
        journal.append([cut(99)], {})
    with fault("an earlier write failed"):
        journal.note([cut(99)], {})
