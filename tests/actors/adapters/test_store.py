"""Journals and books in SQL: all or nothing, in order, and there again for the next owner."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters import store
from actors.adapters.store import SqlJournal
from protocol.catalog import UPCASTERS
from protocol.codec import encode
from protocol.market import Settled
from tests.actors.adapters.stores import StorePlace, cut, fault, in_child

ROOT = Path(__file__).resolve().parents[3]
WAITING = {
    "sqlite": ("PRAGMA synchronous", 2, 1),
    "postgresql": ("SHOW synchronous_commit", "on", "off"),
}


def test_a_new_journal_is_empty_and_has_read_nothing(place):
    journal = place.journal()
    assert (list(journal.load()), journal.positions()) == ([], {})


def test_facts_are_there_for_the_next_owner_in_the_order_of_their_decision(place):
    place.journal().append([cut(1), Settled(number=1)], {"risk": 3, "broker": 5})
    place.journal().append([cut(2)], {"risk": 4, "broker": 9})
    again = place.journal()
    assert list(again.load()) == [cut(1), Settled(number=1), cut(2)]
    assert again.positions() == {"risk": 4, "broker": 9}


def test_notes_stand_among_the_facts_in_the_order_of_their_decision(place):
    journal = place.journal()
    journal.append([cut(1)], {"risk": 1})
    journal.note([Settled(number=1), cut(2)], {"risk": 2})
    journal.append([cut(3)], {"risk": 3})
    again = place.journal()
    assert list(again.load()) == [cut(1), Settled(number=1), cut(2), cut(3)]
    assert again.positions() == {"risk": 3}


def test_a_fact_waits_for_the_disk_whatever_was_noted_before(place):
    journal = place.journal()
    question, on, off = WAITING[journal._connection.database.dialect]
    found = []
    for write in (journal.append, journal.note, journal.note, journal.append):
        write([cut(len(found) + 1)], {})
        ((value,),) = journal._connection.rows(question)
        found.append(value)
        journal._connection.rollback()
    assert found == [on, off, off, on]


def test_a_note_outlives_the_process_that_wrote_it(place):
    place.journal()
    place.close()

    def note_and_die() -> None:
        place.journal().note([cut(1)], {"risk": 4})
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(note_and_die) == -signal.SIGKILL
    again = place.journal()
    assert (list(again.load()), again.positions()) == ([cut(1)], {"risk": 4})


def test_two_actors_keep_two_journals(place):
    place.journal("desk").append([cut(1)], {})
    assert list(place.journal("broker").load()) == []


def test_a_second_writer_is_refused_and_the_first_goes_on(place):
    first = place.journal()
    with fault("another actor writes it", "only writer"):
        SqlJournal(place.database("desk", wait_s=0.05), "desk")
    first.append([cut(1)], {})
    assert list(place.journal().load()) == [cut(1)]


def test_a_second_writer_in_another_process_is_refused_until_the_first_is_killed(place):
    place.journal()
    place.close()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        place.journal()
        os.write(writer, b"open")
        signal.pause()
    try:
        assert os.read(reader, 4) == b"open"
        with fault("another actor writes it"):
            place.journal(wait_s=0.05)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
        os.close(writer)
    place.journal(wait_s=2.0).append([cut(1)], {})  # A server may need a moment to notice.


def test_what_the_books_have_not_committed_is_not_there_for_the_next_owner(place):
    def add_and_die() -> None:
        place.books().add("bars", 1, cut(1))
        os.kill(os.getpid(), signal.SIGKILL)

    place.books()
    place.close()
    assert in_child(add_and_die) == -signal.SIGKILL
    books = place.books()
    assert (books.positions(), list(books.entries("bars"))) == ({}, [])
    books.add("bars", 1, cut(1))
    books.commit()
    again = place.books()
    assert again.positions() == {"bars": 1}
    assert list(again.entries("bars")) == [cut(1)]


def test_a_number_that_brings_nothing_to_keep_still_moves_the_books_on(place):
    books = place.books()
    books.add("bars", 1, cut(1))
    books.commit()
    books.add("bars", 2, None)
    books.add("desk", 7, None)
    books.commit()
    again = place.books()
    assert again.positions() == {"bars": 2, "desk": 7}
    assert list(again.entries("bars")) == [cut(1)]


def test_marks_are_the_cuts_and_settlements_of_their_stream_alone(place):
    books = place.books()
    for seq, message in enumerate((cut(1), Settled(number=1), cut(2)), 1):
        books.add("desk", seq, message)
        books.add("broker", seq, cut(9))
    books.commit()
    assert list(books.marks("desk")) == [cut(1), Settled(number=1), cut(2)]
    assert list(books.marks("risk")) == []


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7])
def test_what_is_read_in_parts_is_read_once_and_whole(files, monkeypatch, count):
    monkeypatch.setattr(store, "READ_ROWS", 3)
    facts = [cut(number) for number in range(1, count + 1)]
    journal, books = files.journal(), files.books()
    for seq, fact in enumerate(facts, 1):
        journal.append([fact], {})
        books.add("bars", 2 * seq, fact)  # Numbers have gaps where nothing was kept.
    books.commit()
    assert list(journal.load()) == facts
    assert list(books.entries("bars")) == facts


WRITES = st.lists(
    st.tuples(st.sampled_from(["append", "note", "leave"]), st.integers(1, 4)), max_size=12
)


def as_written(place: StorePlace, writes: list[tuple[str, int]]) -> None:
    wanted, read = [], {}
    journal = place.journal()
    for do, count in writes:
        if do == "leave":
            journal = place.journal()
            continue
        facts = [cut(len(wanted) + number) for number in range(count)]
        read = {"risk": len(wanted), "broker": count}
        getattr(journal, do)(facts, read)
        wanted += facts
    again = place.journal()
    assert (list(again.load()), again.positions()) == (wanted, read)


@given(WRITES)
@settings(max_examples=25)
def test_however_facts_are_cut_into_writes_and_owners_they_are_the_same_in_files(writes):
    with tempfile.TemporaryDirectory() as directory:
        place = StorePlace("", Path(directory))
        as_written(place, writes)
        place.close()


@given(writes=WRITES)
@settings(max_examples=15)
def test_however_facts_are_cut_into_writes_and_owners_they_are_the_same_on_a_server(
    postgres_server, writes
):
    with tempfile.TemporaryDirectory() as directory:
        place = StorePlace(postgres_server.url(), Path(directory))
        as_written(place, writes)
        place.close()


def test_two_runs_of_one_name_on_one_database_do_not_mix(server, tmp_path):
    other = StorePlace(server.url, tmp_path / "elsewhere" / "run" / "data")
    other.directory.mkdir(parents=True)
    server.journal().append([cut(1)], {})
    other.journal().append([cut(2)], {})
    assert (list(server.journal().load()), list(other.journal().load())) == ([cut(1)], [cut(2)])
    assert server.schema != other.schema
    assert server.schema.startswith("fw_run_")
    other.close()


def test_actors_that_start_together_agree_on_one_schema(server, postgres_server):
    def open_four(actor: str) -> bool:
        server.journal(actor).append([cut(1)], {})
        return True

    pids = []
    for actor in ("desk", "broker", "risk", "session"):
        pid = os.fork()
        if pid == 0:
            os._exit(0 if open_four(actor) else 1)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    assert [path.name for path in server.directory.iterdir()] == ["store.schema"]
    found = postgres_server.run(
        f"SELECT count(*) FROM pg_tables WHERE schemaname = '{server.schema}'"
    )
    assert found == [(8,)]


def test_a_store_in_files_loads_no_driver_of_a_server(tmp_path):
    program = (
        "import sys; from actors.adapters.store import SqlJournal, database_for;"
        f"SqlJournal(database_for('', {str(tmp_path)!r}, 'desk'), 'desk').close();"
        "sys.exit('psycopg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_a_file_is_written_through_to_the_disk(files):
    pragma = files.journal()._connection.rows
    assert pragma("PRAGMA journal_mode") == [("wal",)]
    assert pragma("PRAGMA synchronous") == [(2,)]


def test_books_keep_a_frame_as_it_came_and_read_it_again(place):
    books = place.books()
    books.add_frame("desk", 1, Settled, encode(Settled(number=3)))
    books.add("desk", 2, Settled(number=4))
    books.commit()
    assert list(place.books().entries("desk")) == [Settled(number=3), Settled(number=4)]


def test_books_know_after_a_restart_how_the_frames_of_a_kind_are_laid_out(place, monkeypatch):
    books = place.books()
    books.add("desk", 1, Settled(number=3))
    books.commit()
    again = place.books()
    # As a later program would see it: the kind has moved on, the frame has not.
    monkeypatch.setattr(Settled, "VERSION", 2)
    monkeypatch.setitem(UPCASTERS, ("market.settled", 1), lambda old: {"number": old["number"] + 1})
    assert list(again.entries("desk")) == [Settled(number=4)]
