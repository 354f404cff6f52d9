"""What goes wrong with a store in files: no room, no right, a lock, a damaged file."""

import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters import sqlite
from actors.adapters.fault import StoreFault
from tests.actors.adapters.stores import (
    StorePlace,
    cut,
    fault,
    in_child,
    many,
    refuses_what_follows,
)
from tests.venues.postgres import PASSWORD

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65_534


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
        "from pathlib import Path;"
        "from tests.actors.adapters.test_store_faults_files import fill_up;"
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
