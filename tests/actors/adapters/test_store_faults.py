"""What goes wrong with a store: one typed error, nothing half written, and the truth afterwards."""

import contextlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters import postgres, sqlite
from actors.adapters.fault import StoreFault
from protocol.account import BalanceReported
from protocol.message import Message
from protocol.settings import Settings, StoreSettings
from supervision.cell import Cell
from supervision.journal import Journal
from supervision.shell import JournaledShell, handles
from tests.actors.adapters.stores import StorePlace, cut, fault, in_child, run
from tests.venues.postgres import DATABASE, PASSWORD, Line, PostgresServer, line_to

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65_534


def many(count: int, first: int = 1) -> list[Message]:
    return [cut(number) for number in range(first, first + count)]


def refuses_what_follows(journal: Journal) -> None:
    with fault("an earlier write failed", "nothing to be written behind it"):
        journal.append([cut(99)], {})
    with fault("an earlier write failed"):
        journal.note([cut(99)], {})


# Files.


def test_a_full_file_keeps_what_it_had_and_goes_on_when_there_is_room(files):
    journal = files.journal()
    journal.append(many(2), {"risk": 1})
    journal._connection.run("PRAGMA max_page_count = 1")  # The least: what it has.
    with fault("the disk is full", "SQLITE_FULL", "room", "Free some space"):
        journal.append(many(1_000, 3), {"risk": 2})
    refuses_what_follows(journal)
    again = files.journal()
    assert (list(again.load()), again.positions()) == (many(2), {"risk": 1})
    again.append(many(1_000, 3), {"risk": 2})
    assert list(files.journal().load()) == many(1_002)


def test_a_file_that_may_not_grow_keeps_what_was_recorded(files):
    files.journal().append(many(1), {})
    files.close()

    def fill() -> tuple[int, str]:
        journal = files.journal()
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, resource.RLIM_INFINITY))
        written = 1
        while True:
            try:
                journal.append(many(10, written + 1), {"risk": written})
            except StoreFault as error:
                return written, str(error)
            written += 10

    written, said = in_child(fill)
    assert "the disk fails (SQLITE_IOERR_WRITE" in said
    assert list(files.journal().load()) == many(written)


def test_a_full_file_system_keeps_what_was_recorded(tmp_path):
    program = (
        "from pathlib import Path; from tests.actors.adapters.test_store_faults import fill_up;"
        f"fill_up(Path({str(tmp_path)!r}))"
    )
    mount = f"mount -t tmpfs -o size=400k floorwatch {tmp_path} && exec "
    command = ["unshare", "-rm", "sh", "-c", mount + '"$0" -c "$1"', sys.executable, program]
    if shutil.which("unshare") is None or subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"mount -t tmpfs x {tmp_path}"],
        capture_output=True, check=False,
    ).returncode:  # fmt: skip
        pytest.skip("no file system of its own may be mounted here")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the disk is full" in done.stdout


def fill_up(directory: Path) -> None:
    """Fill a small file system with facts, make room, and see that they are all there."""
    ballast = directory / "ballast"
    ballast.write_bytes(bytes(100_000))
    place = StorePlace("", directory)
    journal = place.journal()
    written = 0
    try:
        while True:
            journal.append(many(5, written + 1), {"risk": written})
            written += 5
    except StoreFault as error:
        print(error)
    place.close()
    ballast.unlink()
    assert list(place.journal().load()) == many(written)
    place.close()


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_file_that_another_program_locks_is_a_fault_and_later_none(files, begin):
    journal = files.journal(wait_s=0.05)
    journal.append(many(1), {})
    other = sqlite3.connect(files.file())
    other.execute(begin)
    with fault("another program has locked it", "SQLITE_BUSY", "End that program"):
        journal.append([cut(2)], {})
    refuses_what_follows(journal)
    other.close()
    assert list(files.journal().load()) == many(1)


def without_rights(work: Callable[[], Any]) -> Any:
    """Return what `work` returns to somebody whom file modes hold back."""

    def as_nobody() -> Any:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        return work()

    return in_child(as_nobody)


@pytest.mark.parametrize("exists", [False, True])
def test_a_directory_that_may_not_be_written_is_a_fault(exists):
    def attempt() -> str:
        try:
            place.journal()
        except StoreFault as error:
            return str(error)
        return "opened"

    with tempfile.TemporaryDirectory() as directory:
        place = StorePlace("", Path(directory))
        if exists:
            place.journal().append(many(1), {})
            place.close()
            for path in place.directory.iterdir():
                path.chmod(0o444)
        place.directory.chmod(0o555)
        said = without_rights(attempt)
        place.directory.chmod(0o755)
    assert "cannot be opened" in said
    assert "Give the user of the floor the right" in said


@cache
def written() -> bytes:
    """The file of a journal of 300 facts, all of it in the file itself."""
    with tempfile.TemporaryDirectory() as directory:
        place = StorePlace("", Path(directory))
        for first in range(1, 301, 10):
            place.journal().append(many(10, first), {"risk": first})
        place.close()
        return place.file().read_bytes()


def opens_whole_or_is_refused(content: bytes) -> bool:
    """Say whether a damaged file was refused; what opens must be what was written."""
    with tempfile.TemporaryDirectory() as directory:
        place = StorePlace("", Path(directory))
        place.file().write_bytes(content)
        try:
            journal = place.journal()
            assert (list(journal.load()), journal.positions()) == (many(300), {"risk": 291})
            return False
        except StoreFault as error:
            assert "backup" in error.remedy
            return True
        finally:
            place.close()


@given(
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=20
    )
)
@settings(max_examples=60)
def test_a_file_with_flipped_bytes_is_refused_or_whole(flips):
    content = bytearray(written())
    for place, bits in flips:
        content[int(place * len(content))] ^= bits
    opens_whole_or_is_refused(bytes(content))


def test_a_flipped_bit_is_noticed_unless_nobody_reads_it():
    dice = random.Random(5)
    refused = 0
    for _ in range(60):
        content = bytearray(written())
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        refused += opens_whole_or_is_refused(bytes(content))
    assert refused >= 20


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(share):
    assert opens_whole_or_is_refused(written()[: int(len(written()) * share)])


def test_what_is_no_database_is_refused_by_name(files):
    files.file().write_bytes(b"These are not the facts you are looking for." * 100)
    with fault("desk.sqlite", "no SQLite file", "SQLITE_NOTADB", "backup"):
        files.journal()


def test_a_check_that_takes_too_long_is_left_at_that(files, monkeypatch):
    files.file().write_bytes(written())
    monkeypatch.setattr(sqlite, "CHECK_S_MAX", 0.0)
    monkeypatch.setattr(sqlite, "CHECK_STEPS", 1)
    assert list(files.journal().load()) == many(300)


def test_a_run_is_kept_in_files_or_on_a_server_and_never_in_both(files):
    files.journal().append(many(1), {})
    files.close()
    moved = StorePlace(f"postgresql://floor:{PASSWORD}@127.0.0.1/orders", files.directory)
    with fault("journals in files", "one or the other"):
        moved.journal()
    (files.directory / "store.schema").write_text("fw_run_1\n")
    with fault("on a server", "store.url to name it"):
        files.journal()


# Either kind.


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("UPDATE desk_facts SET body = X'81A66E756D62657207' WHERE seq = 2", "row 2"),
        ("UPDATE desk_facts SET positions = '{}' WHERE seq = 3", "row 3"),
        ("UPDATE desk_facts SET kind = 'market.settled' WHERE seq = 1", "row 1"),
        ("DELETE FROM desk_facts WHERE seq = 2", "2 rows numbered 1 to 3"),
    ],
)
def test_a_row_that_somebody_changed_or_took_is_found_when_it_is_read(place, damage, word):
    place.journal().append(many(3), {"risk": 1})
    place.close()
    run(place, "desk", damage)
    with fault("desk_facts", word, "what was written", "backup"):
        list(place.journal().load())


def test_an_entry_that_somebody_changed_is_found_when_it_is_read(place):
    books = place.books()
    books.add("bars", 1, cut(1))
    place.close()
    run(place, "books", "UPDATE books_entries SET stream = 'desk'")
    with fault("books_entries", "row 1"):
        list(place.books().entries("desk"))


def test_facts_that_are_there_already_leave_nothing_behind(place):
    journal = place.journal()
    journal.append(many(1), {"risk": 1})
    stolen = "INSERT INTO desk_facts SELECT 3, kind, version, positions, body, 0 FROM desk_facts"
    run(place, "desk", stolen)
    with fault("there already", "the only writer"):
        journal.append(many(3, 2), {"risk": 7})  # Numbers 2, 3 and 4; somebody took 3.
    refuses_what_follows(journal)
    assert run(place, "desk", "SELECT seq FROM desk_facts ORDER BY seq") == [(1,), (3,)]


def test_books_that_failed_keep_nothing_of_it_when_they_are_closed(place):
    books = place.books()
    books.add("bars", 1, cut(1))
    books.commit()
    run(place, "books", "UPDATE books_entries SET seq = 3")
    books.add("bars", 2, cut(2))
    books.add("bars", 3, cut(3))
    with fault("there already"):
        books.commit()
    with fault("an earlier write failed"):
        books.commit()
    again = place.books()
    assert again.positions() == {"bars": 1}


# A server.


@pytest.fixture
def line(postgres_server: PostgresServer) -> Iterable[Line]:
    with line_to(postgres_server) as line:
        yield line


@pytest.fixture
def far(server: StorePlace, postgres_server: PostgresServer, line: Line) -> Iterable[StorePlace]:
    """Return the same run, reached by a line that a test can cut."""
    far = StorePlace(postgres_server.url(line.port), server.directory)
    yield far
    far.close()


def test_a_server_that_loses_power_keeps_what_it_confirmed(server, postgres_server):
    journal = server.journal()
    journal.append(many(2), {"risk": 1})
    postgres_server.stop(signal.SIGQUIT)
    try:
        with fault("gone", "an answer"):
            journal.append(many(1, 3), {"risk": 2})
        refuses_what_follows(journal)
        server.close()
    finally:
        postgres_server.start()
    again = server.journal()
    assert (list(again.load()), again.positions()) == (many(2), {"risk": 1})
    again.append(many(1, 3), {"risk": 2})
    assert list(server.journal().load()) == many(3)


def test_a_server_that_is_not_there_is_a_fault(server, postgres_server, monkeypatch):
    monkeypatch.setattr(postgres, "PATIENCE_S", 0.2)
    postgres_server.stop()
    try:
        with fault("store of desk on the server", "gone", "tries again"):
            server.journal()
    finally:
        postgres_server.start()


def test_a_write_whose_answer_was_lost_is_there_and_is_not_written_twice(far, server, line):
    journal = far.journal()
    journal.append(many(1), {"risk": 1})
    line.deaf_after = b"market.cut"
    with fault("gone", "an answer"):
        journal.append(many(2, 2), {"risk": 2})
    refuses_what_follows(journal)
    again = server.journal(wait_s=2.0)  # A server notices in a moment that the line was cut.
    assert (list(again.load()), again.positions()) == (many(3), {"risk": 2})


def test_a_line_cut_before_the_write_leaves_nothing(far, server, line):
    journal = far.journal()
    journal.append(many(1), {"risk": 1})
    line.cut()
    with fault("gone"):
        journal.append(many(2, 2), {"risk": 2})
    refuses_what_follows(journal)
    assert list(server.journal(wait_s=2.0).load()) == many(1)


def test_books_whose_answer_was_lost_are_all_there_or_not_at_all(far, server, line):
    books = far.books()
    line.deaf_after = b"COMMIT"
    for seq in range(1, 6):
        books.add("bars", seq, cut(seq))
    with fault("gone"):
        books.commit()
    line.deaf_after = None
    again = server.books()
    assert again.positions() == {"bars": 5}
    assert list(again.entries("bars")) == many(5)


def test_a_server_that_does_not_answer_is_a_fault_in_time(far, line):
    journal = far.journal(wait_s=0.2)
    journal.append(many(1), {})
    line.silent.set()
    began = monotonic()
    with fault("does not answer", "timeout"):
        journal.append(many(1, 2), {})
    refuses_what_follows(journal)
    far.close()
    assert monotonic() - began < 3.0
    line.silent.clear()


def test_a_table_that_somebody_locks_is_a_fault_in_time(server, postgres_server):
    journal = server.journal(wait_s=0.2)
    journal.append(many(1), {})
    with psycopg.connect(postgres_server.url()) as other:
        other.execute(f"LOCK TABLE {server.schema}.desk_facts IN ACCESS EXCLUSIVE MODE")
        with fault("too slow", "57014"):
            journal.append(many(1, 2), {})
        other.rollback()
    assert list(server.journal().load()) == many(1)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("53100", ("no room", "53100", "Free disk")),
        ("25006", ("only reads", "primary")),
        ("58030", ("disk fails",)),
        ("XX001", ("damaged", "backup")),
        ("0A000", ("the server refuses", "Look the reason up")),
    ],
)
def test_what_a_server_says_is_said_in_our_words(server, state, words):
    journal = server.journal()
    run(
        server,
        "desk",
        f"CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'as you wish'"
        f" USING ERRCODE = '{state}'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER refuse BEFORE INSERT ON desk_facts FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    with fault("as you wish", *words):
        journal.append(many(2), {})
    refuses_what_follows(journal)


def test_a_server_that_may_forget_is_refused(server, postgres_server):
    postgres_server.run("ALTER SYSTEM SET full_page_writes = off")
    postgres_server.run("SELECT pg_reload_conf()")
    try:
        for _ in range(100):  # It takes a moment, and no longer than a journey or two.
            if postgres_server.run("SHOW full_page_writes") == [("off",)]:
                break
        with fault("full_page_writes = off", "power cut", "postgresql.conf"):
            server.journal()
    finally:
        postgres_server.run("ALTER SYSTEM RESET full_page_writes")
        postgres_server.run("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (PASSWORD, f"x{PASSWORD}", ("does not let us in", "user and password")),
        (f"/{DATABASE}", "/nowhere", ("no such database", "Make it")),
        (f":{PASSWORD}", f":{PASSWORD}@{PASSWORD}", ("address cannot be used", "%40")),
        (f":{PASSWORD}", f":{PASSWORD}/{PASSWORD}", ("address cannot be used", "%2F")),
        ("127.0.0.1", f"127.0.0.1:{PASSWORD}", ("address cannot be used",)),
        (f"/{DATABASE}", f"/{DATABASE}?password={PASSWORD}", ("address cannot be used",)),
        ("postgresql", "mysql", ("address cannot be used", "postgresql://")),
    ],
)
def test_an_address_that_leads_nowhere_is_said_and_not_shown(server, old, new, words):
    wrong = StorePlace(server.url.replace(old, new, 1), server.directory)
    with fault("store of desk on the server", *words):
        wrong.journal()


def test_a_run_whose_schema_is_not_on_the_server_does_not_begin_anew(server):
    (server.directory / "store.schema").write_text("fw_run_elsewhere\n")
    with fault("fw_run_elsewhere is not on it", "store.schema", "broker flat"):
        server.journal()


def test_whoever_may_not_make_a_schema_is_told_which_right_is_missing(server, postgres_server):
    postgres_server.run("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    try:
        guest = server.url.replace(f"floor:{PASSWORD}", "guest:guest")
        with fault("a right is missing", "42501", "GRANT CREATE"):
            StorePlace(guest, server.directory).journal()
        assert list(server.directory.iterdir()) == []
    finally:
        postgres_server.run("DROP ROLE guest")


def test_an_address_is_in_no_printed_record():
    shown = repr(Settings(store=StoreSettings(url=f"postgresql://a:{PASSWORD}@b/c")))
    assert PASSWORD not in shown


# A shell whose store fails.


class Counter(JournaledShell):
    """Decides that what it is told is so; its state is their sum."""

    def __init__(self) -> None:
        self.total = 0

    def apply(self, fact: Message) -> None:
        assert isinstance(fact, BalanceReported)
        self.total += fact.balance_cents

    @handles(BalanceReported)
    def on_balance(self, message: BalanceReported) -> Iterable[Message]:
        return (message,)


def told(value: int) -> BalanceReported:
    return BalanceReported(ts_ns=value, balance_cents=value, day_pnl_cents=0)


def cell_on(journal: Journal, sent: list[Message]) -> tuple[Cell, Counter]:
    shell = Counter()
    return Cell(shell, ("desk",), sent.extend, journal), shell


def offer(cell: Cell, *values: int) -> None:
    for value in values:
        cell.offer("desk", value, told(value))
    cell.release()


@pytest.mark.parametrize("lost", [False, True])
def test_a_shell_publishes_nothing_on_guesswork_and_its_next_life_knows_the_truth(
    far, server, line, lost
):
    sent: list[Message] = []
    cell, shell = cell_on(far.journal(), sent)
    offer(cell, 1, 2)
    if lost:  # It is done, and nobody hears of it.
        line.deaf_after = b"account."
    else:  # It is not done.
        line.cut()
    with fault("gone"):
        offer(cell, 3, 4)
    assert sent == [told(1), told(2)]
    with contextlib.suppress(StoreFault):
        offer(cell, 5)  # Nobody would; and nothing would come of it.
    assert sent == [told(1), told(2)]

    again: list[Message] = []
    cell, shell = cell_on(server.journal(wait_s=2.0), again)
    known = 4 if lost else 2
    assert cell.recover() == {"desk": known}
    assert again == [told(value) for value in range(1, known + 1)]
    offer(cell, *range(known + 1, 6))
    assert again == [told(value) for value in range(1, 6)]
    assert shell.total == 15


def test_a_shell_on_a_full_disk_publishes_nothing_and_goes_on_when_there_is_room(files):
    sent: list[Message] = []
    journal = files.journal()
    cell, _ = cell_on(journal, sent)
    offer(cell, 1)
    journal._connection.run("PRAGMA max_page_count = 1")
    with fault("the disk is full"):
        offer(cell, *range(2, 900))
    assert sent == [told(1)]
    cell, shell = cell_on(files.journal(), sent := [])
    assert cell.recover() == {"desk": 1}
    offer(cell, *range(2, 900))
    assert sent == [told(value) for value in range(1, 900)]
