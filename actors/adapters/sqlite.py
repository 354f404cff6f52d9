"""A store in an SQLite file: opened by one writer, looked through, written through to the disk.

The writer holds a lock on a file beside it. SQLite's own locks last for a transaction only, and
its exclusive mode would shut out whoever just reads.
"""

import fcntl
import os
import sqlite3
from pathlib import Path
from time import monotonic, sleep

from actors.adapters.fault import StoreFault

CHECK_S_MAX = 0.25  # About 300 MB. A restart must be quick; each row is checked when it is read.
CHECK_STEPS = 10_000  # Of SQLite's machine, between two looks at the clock.
LOCK_LOOK_S = 0.02
CACHE_KB = 256  # Rows are appended, and read once: two megabytes, as it comes, would lie idle.
RESTORE = "Restore the file from a backup, or move it away to begin anew with empty books"
RIGHTS = "Give the user of the floor the right to write the directory and its files"

# What SQLite's primary result codes mean to a person: found, wanted, what to do.
MEANINGS = {
    sqlite3.SQLITE_FULL: ("the disk is full", "room for what is recorded", "Free some space"),
    sqlite3.SQLITE_IOERR: ("the disk fails", "a disk that can be written", "Look at the disk"),
    sqlite3.SQLITE_BUSY: ("another program has locked it", "it for ourselves", "End that program"),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", "a sound file", RESTORE),
    sqlite3.SQLITE_NOTADB: ("this is no SQLite file", "a sound file", RESTORE),
    sqlite3.SQLITE_READONLY: ("it may only be read", "to write it", RIGHTS),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened or made", "to write it", RIGHTS),
    sqlite3.SQLITE_CONSTRAINT: (
        "what is to be recorded is there already or breaks a rule of its table",
        "to be the only writer",
        "End whatever else writes it",
    ),
}


class OwnedFile(sqlite3.Connection):
    """A connection that gives up the writer's lock when it is closed."""

    def __init__(self, path: str, *, lock: int, wait_s: float) -> None:
        self._lock = lock
        super().__init__(path, timeout=wait_s)

    def close(self) -> None:
        super().close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def connect(path: Path, wait_s: float) -> OwnedFile:
    """Return the connection of the only writer of the file at `path`; make it where needed."""
    lock = _locked(path, wait_s)
    try:
        connection = OwnedFile(str(path), lock=lock, wait_s=wait_s)
    except BaseException as error:
        os.close(lock)
        if isinstance(error, sqlite3.Error):
            raise fault_of(error, path) from None
        raise
    try:
        _begin(connection, path)
    except BaseException as error:
        connection.close()
        # What SQLite says of a damaged name may be no text at all.
        if isinstance(error, sqlite3.Error | UnicodeDecodeError):
            raise fault_of(error, path) from None
        raise
    return connection


def _locked(path: Path, wait_s: float) -> int:
    """Return a descriptor that holds the writer's lock; it is gone with its process."""
    until = monotonic() + wait_s
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        found, wanted, remedy = MEANINGS[sqlite3.SQLITE_CANTOPEN]
        raise StoreFault(str(path), f"{found}: {error.strerror}", wanted, remedy) from None
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if monotonic() > until:
                os.close(lock)
                raise StoreFault(
                    str(path),
                    "another actor writes it",
                    "to be its only writer",
                    "End the other floor of this directory; `fuser` names its process",
                ) from None
            sleep(LOCK_LOOK_S)


def _begin(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise StoreFault(
            str(path),
            f"its file system allows the journal mode {mode} only",
            "a write-ahead log",
            "Put the directory of the run on a local disk",
        )
    connection.execute("PRAGMA synchronous=FULL")
    _quick_check(connection, path)
    connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file whose structure is damaged, as far as can be seen in `CHECK_S_MAX`."""
    until = monotonic() + CHECK_S_MAX
    connection.set_progress_handler(lambda: monotonic() > until, CHECK_STEPS)
    try:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        said = "ok"
    finally:
        connection.set_progress_handler(None, 0)
    if said != "ok":
        found, wanted, remedy = MEANINGS[sqlite3.SQLITE_CORRUPT]
        raise StoreFault(str(path), f"{found} ({' '.join(said.split())})", wanted, remedy)


def fault_of(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> StoreFault:
    """Return the fault that an error of SQLite's, or a text that is none, means."""
    code, name = sqlite3.SQLITE_CORRUPT, "in a text"
    if isinstance(error, sqlite3.Error) and _has_code(error):
        code, name = error.sqlite_errorcode & 0xFF, error.sqlite_errorname
    found, wanted, remedy = MEANINGS.get(code, ("SQLite refuses", "an answer", RESTORE))
    return StoreFault(str(path), f"{found} ({name}: {error})", wanted, remedy)


def is_of_store(error: sqlite3.Error) -> bool:
    """Say whether an error is the store's: what is wrong with its caller has no code."""
    # But neither has a text that cannot be decoded, because it is damaged.
    return _has_code(error) or type(error) is sqlite3.OperationalError


def _has_code(error: sqlite3.Error) -> bool:
    return "sqlite_errorcode" in vars(error)
