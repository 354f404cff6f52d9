"""Versions of a store: an older one becomes one of today, whole or not; a newer is refused."""

import os
import signal
import sqlite3

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, inspect

from actors.adapters import upgrade
from actors.adapters.tables import Tables, tables_of
from actors.adapters.upgrade import VERSION
from protocol.market import Settled
from tests.actors.adapters.stores import StorePlace, cut, fault, in_child, run

# What version 1 left behind: the desk's journal after an append and a note, and the books.
CUT_1 = "83A66E756D62657201A574735F6E73CF4000000000000001A6726561736F6EA3626172"
CUT_2 = "83A66E756D62657202A574735F6E73CF4000000000000002A6726561736F6EA3626172"
SETTLED = "81A66E756D62657201"
FIRST, SECOND = '{"risk": 3, "broker": 5}', '{"risk": 4, "broker": 9}'
DESK = (
    "CREATE TABLE desk_facts (seq INTEGER NOT NULL, kind VARCHAR NOT NULL,"
    " version INTEGER NOT NULL, positions VARCHAR NOT NULL, body BLOB NOT NULL, PRIMARY KEY (seq))",
    f"INSERT INTO desk_facts VALUES(1,'market.cut',1,'{FIRST}',X'{CUT_1}')",
    f"INSERT INTO desk_facts VALUES(2,'market.settled',1,'{FIRST}',X'{SETTLED}')",
    f"INSERT INTO desk_facts VALUES(3,'market.cut',1,'{SECOND}',X'{CUT_2}')",
)
BOOKS = (
    "CREATE TABLE books_entries (stream VARCHAR NOT NULL, seq INTEGER NOT NULL,"
    " kind VARCHAR NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (stream, seq))",
    f"INSERT INTO books_entries VALUES('bars',1,'market.cut',1,X'{CUT_1}')",
    f"INSERT INTO books_entries VALUES('desk',7,'market.settled',1,X'{SETTLED}')",
    "CREATE TABLE books_marks (stream VARCHAR NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY (stream))",
    "INSERT INTO books_marks VALUES('bars',2)",
    "INSERT INTO books_marks VALUES('desk',7)",
)


@pytest.fixture
def old(place) -> StorePlace:
    """Return a run whose stores version 1 has written."""
    place.journal("recap")  # So that there is a schema on the server.
    place.leave("recap")
    run(place, "desk", *DESK)
    run(place, "books", *BOOKS)
    return place


def shape(place: StorePlace, actor: str, tables: Tables) -> dict[str, object]:
    """Return what a database says of the tables of a store."""
    kind = "postgresql+psycopg" if place.url else "sqlite"
    engine = create_engine(
        f"{kind}://", creator=place.database(actor).connect, poolclass=NullPool
    )
    found = inspect(engine)
    return {
        name: (
            [{**column, "type": str(column["type"])} for column in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            found.get_indexes(name),
        )
        for name in tables.makes
    }


def test_an_old_journal_is_read_and_goes_on(old):
    journal = old.journal()
    assert list(journal.load()) == [cut(1), Settled(number=1), cut(2)]
    assert journal.positions() == {"risk": 4, "broker": 9}
    journal.append([cut(3)], {"risk": 5})
    assert list(old.journal().load()) == [cut(1), Settled(number=1), cut(2), cut(3)]


def test_old_books_are_read_and_go_on(old):
    books = old.books()
    assert books.positions() == {"bars": 2, "desk": 7}
    books.add("bars", 3, cut(2))
    books.commit()
    again = old.books()
    assert list(again.entries("bars")) == [cut(1), cut(2)]
    assert list(again.marks("desk")) == [Settled(number=1)]


def test_what_became_of_an_old_store_is_what_a_new_one_is(old, tmp_path):
    new = StorePlace(old.url, tmp_path / "new" / "data")
    new.directory.mkdir(parents=True)
    dialect = old.database("desk").dialect
    for actor in ("desk", "books"):
        tables = tables_of(actor, dialect)
        for place in (old, new):
            place.books() if actor == "books" else place.journal(actor)
            place.leave(actor)
        assert shape(old, actor, tables) == shape(new, actor, tables)


def test_nothing_of_the_old_tables_is_left(old):
    old.journal()
    old.leave("desk")
    for name in ("desk_facts_1", "desk_versions_1"):
        with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
            run(old, "desk", f"SELECT * FROM {name}")
    assert run(old, "desk", "SELECT version FROM desk_versions") == [(VERSION,)]


def test_a_death_in_the_middle_leaves_the_old_store_as_it_was(old, monkeypatch):
    def die(row):
        if row["seq"] == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return {**row, "checksum": 0}

    monkeypatch.setitem(upgrade.STEPS, 1, die)
    assert in_child(old.journal) == -signal.SIGKILL
    monkeypatch.undo()
    assert list(old.journal(wait_s=2.0).load()) == [cut(1), Settled(number=1), cut(2)]


def test_a_long_store_is_copied_in_parts_and_whole(old, monkeypatch):
    monkeypatch.setattr(upgrade, "COPY_ROWS", 2)
    assert list(old.journal().load()) == [cut(1), Settled(number=1), cut(2)]


def test_steps_follow_each_other_up_to_today(old, monkeypatch):
    """A version that does not exist yet takes the same way, from wherever it begins."""
    old.journal().append([cut(3)], {})
    old.books()
    old.close()
    taken = []
    monkeypatch.setattr(upgrade, "VERSION", VERSION + 1)
    monkeypatch.setitem(upgrade.STEPS, VERSION, lambda row: taken.append(row["seq"]) or row)
    facts = [cut(1), Settled(number=1), cut(2), cut(3)]
    assert list(old.journal().load()) == facts
    assert list(old.books().entries("bars")) == [cut(1)]
    assert taken == [1, 2, 3, 4, 1, 7]
    old.close()
    versions = run(old, "desk", "SELECT version FROM desk_versions ORDER BY version")
    assert versions == [(VERSION,), (VERSION + 1,)]


def test_a_newer_store_is_refused_and_left_alone(place):
    place.journal().append([cut(1)], {})
    place.close()
    run(place, "desk", f"INSERT INTO desk_versions VALUES ({VERSION + 1})")
    with fault("desk", f"version {VERSION + 1}", f"at most version {VERSION}", "newer program"):
        place.journal()
    run(place, "desk", f"DELETE FROM desk_versions WHERE version = {VERSION + 1}")
    assert list(place.journal().load()) == [cut(1)]


def test_marks_of_the_books_are_found_by_their_index(files):
    files.books().close()
    plan = run(
        files,
        "books",
        "EXPLAIN QUERY PLAN SELECT * FROM books_entries"
        " WHERE stream = 'bars' AND kind IN ('market.cut') ORDER BY seq",
    )
    assert "books_entries_by_kind" in str(plan)
