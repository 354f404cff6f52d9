"""What a journal costs: facts that wait for the disk, and notes that do not.

The peer is a commit of the same bytes through the bare driver of SQLite, on the same disk and in
the same minute: what a disk does with a synchronisation differs by a factor of a hundred.
"""

import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from actors.adapters.store import SqlJournal, engine_for
from protocol.codec import encode_fields
from protocol.reports import OrderFilled
from protocol.units import NANOS_PER_S

GROUP = 10
ROUNDS = 15
NO_SERVER = "not measured: no server"


@dataclass(frozen=True, slots=True)
class JournalRates:
    """Calls and facts in a second; the bare driver's commits were measured in between."""

    appends_per_s: float  # One fact each.
    grouped_facts_per_s: float  # Facts in groups of ten.
    notes_per_s: float
    bare_per_s: float

    @property
    def ratio(self) -> float:
        """How many bare commits an append of one fact takes the place of."""
        return self.appends_per_s / self.bare_per_s


def journal_rates(directory: Path, fact: OrderFilled, count: int, url: str = "") -> JournalRates:
    """Measure `count` calls of each kind, in files below `directory` or on the server at `url`."""
    with tempfile.TemporaryDirectory(dir=directory) as home:
        run = Path(home) / "bench" / "data"
        run.mkdir(parents=True)
        journal = SqlJournal(engine_for(url, str(run), "bench"), "bench")
        bare = bare_commit(Path(home) / "bare.sqlite", fact)
        positions = {"risk": NANOS_PER_S, "broker": NANOS_PER_S}
        works: tuple[Callable[[], object], ...] = (
            lambda: journal.append((fact,), positions),
            lambda: journal.append((fact,) * GROUP, positions),
            lambda: journal.note((fact,), positions),
            bare,
        )
        # By turns, since others use the disk as well.
        rounds = [[rate(work, count // ROUNDS) for work in works] for _ in range(ROUNDS)]
        journal.close()
    appends, groups, notes, commits = map(statistics.median, zip(*rounds, strict=True))
    return JournalRates(appends, groups * GROUP, notes, commits)


def server_rates(directory: Path, fact: OrderFilled, count: int, url: str) -> JournalRates | str:
    """Measure the journal on the server at `url`, or say that there is none."""
    return journal_rates(directory, fact, count, url) if url else NO_SERVER


def bare_commit(path: Path, fact: OrderFilled) -> Callable[[], None]:
    """Return a commit of one row of the same bytes, waiting for the disk, with nothing around."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE facts (seq INTEGER PRIMARY KEY, body BLOB)")
    body = encode_fields(fact)

    def commit() -> None:
        connection.execute("INSERT INTO facts (body) VALUES (?)", (body,))
        connection.commit()

    return commit


def rate(work: Callable[[], object], count: int) -> float:
    """Return how often a second `work` can be done."""
    began = perf_counter()
    for _ in range(count):
        work()
    return count / (perf_counter() - began)
