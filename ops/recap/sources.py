"""What a run left behind, read beside whoever still writes it.

The books have one writer. A recap never stands in its way: of an SQLite file it takes a copy in
one go, which a write-ahead log allows at any time, and reads that; so a store of an older program
is brought up to date in the copy alone. On a server it reads under a name of its own, in
transactions that only read. The run's directory says which of the two it is.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from actors.adapters.address import SCHEMA_FILE
from actors.adapters.books import STREAMS, Books, MemoryBooks
from actors.adapters.day_files import DAYS
from actors.adapters.day_parquet import DayFileError, read_day
from actors.adapters.frames import FrameLog, FrameLogError
from actors.adapters.segments import segments_in
from actors.books import SETTLING
from actors.core.orders.excursions import Excursions, Extremes
from actors.core.session.calendar import day_of, trading_date
from ops.look import NotRunning, latest_run
from ops.round_trips import extremes_over
from protocol.codec import decode, kind_of
from protocol.market import Cut, CutReason, TradeBatch
from protocol.message import Message
from protocol.orders import PositionClosed
from protocol.settings import Settings
from protocol.system import Alarm
from protocol.units import NANOS_PER_S, Nanos
from supervision.report import ALARMS_FILE
from supervision.runfile import TREE_FILE
from supervision.status import read_documents

BOOKS_FILE = "books.sqlite"
TAPE = "tape.frames"  # What a run replays; a live one has none.
PAPER_BROKER = "PaperBroker"  # Within the name of its class.


@dataclass(frozen=True, slots=True)
class Away:
    """The last time a process of the run was away, as its supervisor wrote it down."""

    id: str
    restarts: int  # In all.
    died_ns: int
    back_ns: int | None  # None: it stayed down.
    reason: str


def run_of(settings: Settings) -> Path | None:
    """Return the running floor, else the run whose books were written last; None without any."""
    try:
        return latest_run(settings)
    except NotRunning:
        base = Path(settings.run.directory).resolve()
        kept = [*base.glob(f"*/data/{BOOKS_FILE}"), *base.glob(f"*/data/{SCHEMA_FILE}")]
        newest = max(kept, key=lambda path: path.stat().st_mtime_ns, default=None)
        return None if newest is None else newest.parent.parent


@contextmanager
def books_of_run(run_dir: Path | None, settings: Settings) -> Iterator[Books]:
    """Open the books of a run for reading alone; empty ones where it kept none."""
    data = Path() if run_dir is None else run_dir / "data"
    if run_dir is not None and (data / SCHEMA_FILE).exists():
        with closing(_on_server(data, settings)) as books:
            yield books
    elif run_dir is not None and (data / BOOKS_FILE).exists():
        with TemporaryDirectory() as aside, closing(_copy(data / BOOKS_FILE, aside)) as books:
            yield books
    else:
        yield MemoryBooks()


def is_settled(books: Books, on: date) -> bool:
    """Say whether books have kept every stream up to the end of a trading date, or of the tape."""
    return all(_passed(books, stream, day_of(on).end_ns) for stream in STREAMS)


def _passed(books: Books, stream: str, end_ns: int) -> bool:
    cuts: set[int] = set()
    for mark in books.marks(stream):
        if isinstance(mark, Cut):
            if mark.ts_ns >= end_ns or mark.reason is CutReason.END:
                cuts.add(mark.number)
        elif mark.number in cuts:
            return True
    return stream not in SETTLING and bool(cuts)


def _on_server(data: Path, settings: Settings) -> Books:
    from actors.adapters.store import SqlBooks, database_for

    database = database_for(settings.store.url, str(data), "recap")

    def reading() -> Any:
        driver = database.connect()
        driver.read_only = True
        return driver

    return SqlBooks(dataclasses.replace(database, connect=reading))


def _copy(path: Path, aside: str) -> Books:
    from actors.adapters.sqlite import fault_of
    from actors.adapters.store import SqlBooks, database_for

    try:
        with (
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as found,
            closing(sqlite3.connect(Path(aside) / BOOKS_FILE)) as copy,
        ):
            found.backup(copy)
    except sqlite3.Error as error:
        raise fault_of(error, path) from None
    return SqlBooks(database_for("", aside, "books"))


def alarms_of(run_dir: Path | None) -> list[Alarm]:
    """Return the alarms of a run in order; a last line that is still being written is left."""
    path = None if run_dir is None else run_dir / ALARMS_FILE
    if path is None or not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    rows = [json.loads(line) for line in lines if line]
    return [Alarm(**{**row, "ts_ns": Nanos(row["ts_ns"])}) for row in rows]


def away_of(run_dir: Path | None) -> list[Away]:
    """Return the last absence of every process that was ever away, from the status documents."""
    if run_dir is None:
        return []
    children = [child for told in read_documents(run_dir).values() for child in told["children"]]
    found = [_away(child) for child in children if child["failure"] is not None]
    return sorted(found, key=lambda away: away.died_ns)


def _away(child: dict[str, Any]) -> Away:
    died_ns, started_ns = int(child["failure"]["ts_ns"]), child["started_ns"]
    back_ns = int(started_ns) if started_ns is not None and started_ns >= died_ns else None
    return Away(child["id"], child["restarts"], died_ns, back_ns, child["failure"]["reason"])


def downtime_s(aways: Sequence[Away]) -> float:
    """Return how long processes were away in all, those that came back, in seconds."""
    return sum((one.back_ns - one.died_ns) / NANOS_PER_S for one in aways if one.back_ns)


def heartbeat_of(run_dir: Path | None) -> dict[str, Any]:
    """Return what the run's heartbeat says (domain 8.4); nothing where there is none."""
    path = None if run_dir is None else run_dir / "data" / "heartbeat.json"
    if path is None or not path.exists():
        return {}
    told = json.loads(path.read_text(encoding="utf-8"))
    return told if isinstance(told, dict) else {}


def is_replay(run_dir: Path | None) -> bool:
    """Say whether the run plays a tape: then its processes live by another clock than its bars."""
    return run_dir is not None and (run_dir / "data" / TAPE).exists()


def mode_of(run_dir: Path | None) -> str:
    """Return "paper" or "live", by the broker of the run's tree; "" where there was no run."""
    path = None if run_dir is None else run_dir / TREE_FILE
    if path is None or not path.exists():
        return ""
    return "paper" if PAPER_BROKER in path.read_text(encoding="utf-8") else "live"


def extremes_of(
    run_dir: Path | None, trips: Sequence[PositionClosed]
) -> dict[str, Extremes | None]:
    """Return how far the market went during round trips; None where no trade is at hand.

    Trades are at hand as frames, and once those are gone in the day files made of them.
    """
    if run_dir is None or not trips:
        return {}
    data = run_dir / "data"
    far = extremes_over(_recorded(data), trips)
    left: dict[date, list[PositionClosed]] = {}
    for trip in trips:
        if far.get(trip.bracket_id) is None:
            left.setdefault(trading_date(trip.ts_ns), []).append(trip)
    for on, those in left.items():
        far |= _in_day_file(data, on, those)
    return far


def _recorded(data: Path) -> Iterator[Message]:
    """Yield trades and cuts of a replayed tape, else of what was recorded, as far as it is whole.

    What is damaged or removed meanwhile is nobody's reason to have no recap.
    """
    tape = data / TAPE
    paths = [tape] if tape.exists() else [segment.path for segment in segments_in(data)]
    for path in paths:
        with suppress(FileNotFoundError, FrameLogError), closing(FrameLog.read_only(path)) as log:
            yield from (decode(frame) for frame in log.frames() if kind_of(frame) in _OF_TRADES)


def _in_day_file(
    data: Path, on: date, trips: Sequence[PositionClosed]
) -> dict[str, Extremes | None]:
    watched = Excursions()
    for path in sorted((data / DAYS).glob(f"*/{on}.parquet"))[:1]:  # A floor has one market.
        with suppress(DayFileError):
            _, rows = read_day(path)
            watched.trades(rows["ts_event"], rows["ticks"])
    for trip in trips:
        watched.opened(trip.bracket_id, trip.opened_ns)
        watched.closed(trip.bracket_id, trip.ts_ns)
    return watched.done


_OF_TRADES = (TradeBatch, Cut, None)  # None: unknown by its first bytes.
