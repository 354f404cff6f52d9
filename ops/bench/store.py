"""What a journal costs: facts that wait for the disk, notes that do not, an order behind one.

The peer is a commit of the same bytes through the bare driver of SQLite, on the same disk and in
the same minute: what a disk does with a synchronisation differs by a factor of a hundred.
"""

import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from actors.adapters.store import SqlJournal, database_for
from actors.desk import DeskShell
from ops.bench.floor import CONTRACT, OPEN_NS
from ops.bench.row import Row, percentile
from protocol.codec import encode_fields
from protocol.orders import BracketApproved, EntryKind, Leg
from protocol.patterns import Direction
from protocol.reports import OrderFilled
from protocol.settings import Settings
from protocol.units import NANOS_PER_S, Cents, Contracts, Nanos, Ticks
from supervision.cell import Cell

GROUP = 10
ROUNDS = 15
NO_SERVER = "not measured: give the address of a server as store.url"
FILL = OrderFilled(
    exec_id="0" * 24, corrects="", client_id="0" * 24, contract=CONTRACT, ts_ns=Nanos(OPEN_NS),
    leg=Leg.ENTRY, direction=Direction.LONG, quantity=Contracts(1), left=Contracts(0),
    price=Ticks(27_000), commission_cents=Cents(225), stop_price=Ticks(26_984),
    target_price=Ticks(27_024),
)  # fmt: skip


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
        journal = SqlJournal(database_for(url, str(run), "bench"), "bench")
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


def store_rows(url: str, directory: Path, *, quick: bool) -> Iterator[Row]:
    """Compare journals with bare commits on the same disk, and time an order through the desk."""
    count = 300 if quick else 3_000
    for where, place in (("SQLite", ""), ("PostgreSQL", url)):
        if where == "PostgreSQL" and not place:
            yield Row("journal on PostgreSQL", NO_SERVER, "")
            continue
        rates = journal_rates(directory, FILL, count, place)
        yield Row(
            f"journal on {where}: facts that wait for the disk",
            f"{rates.appends_per_s:,.0f}/s, in groups of ten {rates.grouped_facts_per_s:,.0f}/s;"
            f" notes {rates.notes_per_s:,.0f}/s",
            f"bare SQLite commits {rates.bare_per_s:,.0f}/s (ratio {rates.ratio:.2f})",
        )
    times = approval_times_us(directory, count)
    p50, p99 = percentile(times, 50), percentile(times, 99)
    yield Row(
        "an approval through the desk to its durable order, SQLite",
        f"p50 {p50:.0f} us, p99 {p99:.0f} us",
        f"a bare commit {1e6 / rates.bare_per_s:.0f} us",
    )


def approval_times_us(directory: Path, count: int) -> list[float]:
    """Return the microseconds of each of `count` approvals, from the desk's inlet to its stream."""
    with tempfile.TemporaryDirectory(dir=directory) as home:
        data = Path(home) / "bench" / "data"
        data.mkdir(parents=True)
        shell = DeskShell()
        shell.configure(Settings(), str(data))
        journal = shell.open_journal(Settings(), str(data))
        cell = Cell(shell, ("risk", "broker"), lambda _: None, journal)
        cell.recover()
        times = []
        for number in range(1, count + 1):
            approved = approval(number)
            began = perf_counter()
            cell.offer("risk", number, approved)
            cell.release()
            times.append((perf_counter() - began) * 1e6)
        cell.close()
    return times


def approval(number: int) -> BracketApproved:
    """Return one of many brackets that nothing speaks against."""
    return BracketApproved(
        bracket_id=f"bracket-{number}", signal_id=f"signal-{number}", contract=CONTRACT,
        ts_ns=Nanos(OPEN_NS), direction=Direction.LONG, quantity=Contracts(1),
        entry=EntryKind.MARKET, limit_price=None, expires_ns=None, stop_ticks=16, target_ticks=24,
        breakeven_ticks=0, breakeven_offset_ticks=0, trail_start_ticks=0, trail_ticks=0,
        risk_cents=Cents(21_700),
    )  # fmt: skip


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
