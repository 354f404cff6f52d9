"""Journals and books in SQL: all or nothing, in order, and there again for the next owner."""

import os
import signal

import pytest

from actors.adapters.store import SqlBooks, SqlJournal, engine_for
from protocol.market import Cut, CutReason, Settled

NORMAL, FULL = 1, 2  # SQLite's own numbers.


def cut(number: int) -> Cut:
    return Cut(number=number, ts_ns=2**62 + number, reason=CutReason.BAR)


@pytest.fixture
def journal_of(tmp_path):
    opened = []

    def open_journal(actor: str = "desk") -> SqlJournal:
        opened.append(SqlJournal(engine_for("", str(tmp_path), actor), actor))
        return opened[-1]

    yield open_journal
    for journal in opened:
        journal.close()


@pytest.fixture
def books_of(tmp_path):
    opened = []

    def open_books() -> SqlBooks:
        opened.append(SqlBooks(engine_for("", str(tmp_path), "books")))
        return opened[-1]

    yield open_books
    for books in opened:
        books.close()


def test_a_new_journal_is_empty_and_has_read_nothing(journal_of):
    journal = journal_of()
    assert (list(journal.load()), journal.positions()) == ([], {})


def test_facts_are_there_for_the_next_owner_in_the_order_of_their_decision(journal_of):
    journal_of().append([cut(1), Settled(number=1)], {"risk": 3, "broker": 5})
    journal_of().append([cut(2)], {"risk": 4, "broker": 9})
    again = journal_of()
    assert list(again.load()) == [cut(1), Settled(number=1), cut(2)]
    assert again.positions() == {"risk": 4, "broker": 9}


def test_notes_stand_among_the_facts_in_the_order_of_their_decision(journal_of):
    journal = journal_of()
    journal.append([cut(1)], {"risk": 1})
    journal.note([Settled(number=1), cut(2)], {"risk": 2})
    journal.append([cut(3)], {"risk": 3})
    again = journal_of()
    assert list(again.load()) == [cut(1), Settled(number=1), cut(2), cut(3)]
    assert again.positions() == {"risk": 3}


def test_a_fact_waits_for_the_disk_whatever_was_noted_before(journal_of):
    journal = journal_of()
    found = []
    for write in (journal.append, journal.note, journal.note, journal.append):
        write([cut(len(found) + 1)], {})
        pragma = journal._connection.exec_driver_sql("PRAGMA synchronous")
        found.append(pragma.scalar())
        journal._connection.rollback()
    assert found == [FULL, NORMAL, NORMAL, FULL]


def test_a_note_outlives_the_process_that_wrote_it(tmp_path):
    journal = SqlJournal(engine_for("", str(tmp_path), "desk"), "desk")
    journal.close()
    pid = os.fork()
    if pid == 0:
        child = SqlJournal(engine_for("", str(tmp_path), "desk"), "desk")
        child.note([cut(1)], {"risk": 4})
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    again = SqlJournal(engine_for("", str(tmp_path), "desk"), "desk")
    assert (list(again.load()), again.positions()) == ([cut(1)], {"risk": 4})
    again.close()


def test_facts_that_cannot_be_written_leave_nothing_behind(journal_of):
    first, second = journal_of(), journal_of()
    first.append([cut(1)], {"risk": 1})
    # The second owner does not know of the first one's fact: the number is taken.
    with pytest.raises(Exception, match="UNIQUE"):
        second.append([cut(8), cut(9)], {"risk": 7})
    assert list(journal_of().load()) == [cut(1)]


def test_two_actors_keep_two_journals(journal_of):
    journal_of("desk").append([cut(1)], {})
    assert list(journal_of("broker").load()) == []


def test_what_the_books_have_not_committed_is_not_there_for_the_next_owner(books_of):
    books = books_of()
    books.add("bars", 1, cut(1))
    assert books_of().positions() == {}
    books.commit()
    assert books_of().positions() == {"bars": 1}
    assert list(books_of().entries("bars")) == [cut(1)]


def test_a_number_that_brings_nothing_to_keep_still_moves_the_books_on(books_of):
    books = books_of()
    books.add("bars", 1, cut(1))
    books.add("bars", 2, None)
    books.add("desk", 7, None)
    books.commit()
    again = books_of()
    assert again.positions() == {"bars": 2, "desk": 7}
    assert list(again.entries("bars")) == [cut(1)]


def test_the_journal_is_written_through_to_the_disk(journal_of):
    journal = journal_of()
    pragma = journal._connection.exec_driver_sql
    assert pragma("PRAGMA journal_mode").scalar() == "wal"
    assert pragma("PRAGMA synchronous").scalar() == 2
