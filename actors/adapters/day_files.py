"""From frames to day files: `days/<symbol>/<date>.parquet`, written once, verified, then trusted.

A roll reads every frame that is held and brings each finished day up to date: rows that its file
has already are not written again, rows that came late are added. A file is written beside, read
back and compared row by row with the frames, moved into place, and noted in a ledger; only then
may frames go, whole segments of dates before the newest one, the oldest first. Killed at any
instruction it leaves the frames or the verified file, and the next roll does the rest.

It runs in a short-lived process of its own: Parquet is too heavy for the recorder to carry.
"""

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from actors.adapters.day_writer import Day, DayKey, Refused, Told
from actors.adapters.feeds.live_log import STEM as LIVE_STEM
from actors.adapters.frames import FrameLog, FrameLogError, sync_directory
from actors.adapters.ledger import Fact, Ledger
from actors.adapters.segments import Segment, segments_in
from actors.core.export.days import Columns, columns_of, date_runs, stacked
from actors.core.session.calendar import day_of
from protocol.codec import BadFrame, decode, kind_of
from protocol.instruments import UnknownSymbol, root_of
from protocol.market import DepthBatch, TradeBatch

DAYS = "days"
LEDGER = "days.jsonl"
SMALL_PARTS_MAX = 1024


class Busy(Exception):
    """Another process is at work on the same day files."""


@dataclass(slots=True)
class Rolled:
    """What a roll did: names of files written, segments removed, and texts about what could not."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Recorded:
    """All rows that are held as frames, by day file, and which files a segment has rows of."""

    parts: dict[DayKey, list[Columns]] = field(default_factory=lambda: defaultdict(list))
    small: dict[DayKey, list[Columns]] = field(default_factory=lambda: defaultdict(list))
    of_segment: dict[Segment, set[DayKey]] = field(default_factory=dict)
    unread: set[Segment] = field(default_factory=set)

    @property
    def newest(self) -> date:
        """The current trading date of the stream: its frames are what readers recover from."""
        return max((key.date for key in self.parts), default=date.min)

    def add(self, key: DayKey, part: Columns) -> None:
        """Take rows; many small parts would take far more memory than what is in them."""
        self.small[key].append(part)
        if len(self.small[key]) == SMALL_PARTS_MAX:
            self.stack(key)

    def stack(self, key: DayKey) -> None:
        """Make one part of the small ones that wait."""
        self.parts[key].append(stacked(self.small.pop(key)))


def quiet(_: str) -> None:
    """Tell nobody."""


def roll(data: Path, *, depth: bool, now_ns: int, told: Told = quiet) -> Rolled:
    """Bring the day files of the recording in `data` up to date and remove frames that may go.

    `told` hears every step just before it is taken. Finished is a date that is over by `now_ns`,
    or behind which the stream has moved on, whatever the clock says.
    """
    days = data / DAYS
    days.mkdir(mode=0o700, exist_ok=True)
    with alone(days / ".lock"):
        for left in days.glob("*/*.part"):
            left.unlink()
        done = Rolled()
        ledger = Ledger(data / LEDGER)
        known = {fact["name"]: fact for fact in ledger.facts()}
        recorded = _read(data, depth, done, told)
        kept: set[DayKey] = set()
        for key in sorted(recorded.parts):
            if key.date < recorded.newest or day_of(key.date).end_ns <= now_ns:
                day = Day(days, key, ledger, known.get(key.name), told)
                try:
                    if day.bring(recorded.parts[key]):
                        done.written.append(key.name)
                    kept.add(key)
                except (Refused, OSError) as error:
                    done.refused.append(f"{key.name}: {error}")
        _remove(data, recorded, kept, done, told)
        return done


def day_facts(data: Path) -> dict[str, Fact]:
    """Return what the ledger says of each day file, by name: the last word counts."""
    return {fact["name"]: fact for fact in Ledger(data / LEDGER).facts()}


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock file against every other process; it dies with its holder."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"{path} is held by another process: wait until it has ended") from None
        yield
    finally:
        os.close(descriptor)


def _read(data: Path, depth: bool, done: Rolled, told: Told) -> _Recorded:
    recorded = _Recorded()
    for segment in segments_in(data):
        told(f"read {segment.path.name}")
        recorded.of_segment[segment] = set()
        try:
            log = FrameLog.read_only(segment.path)
        except FrameLogError as error:
            recorded.unread.add(segment)
            done.refused.append(str(error))
            continue
        try:
            for seq, frame in enumerate(log.frames(), segment.first):
                kind = kind_of(frame)
                if kind is TradeBatch or (depth and kind is DepthBatch):
                    _sort(recorded, segment, decode(frame), seq)
        except BadFrame as error:
            recorded.unread.add(segment)
            done.refused.append(f"{segment.path}: frame {seq}: {error}")
        finally:
            log.close()
    for key in list(recorded.small):
        recorded.stack(key)
    done.refused += [
        f"{path}: damaged frames that were set aside; bring their days back from elsewhere"
        for path in sorted(data.glob("*.frames.damaged-*"))
    ]
    return recorded


def _sort(recorded: _Recorded, segment: Segment, batch: object, seq: int) -> None:
    assert isinstance(batch, TradeBatch | DepthBatch)
    kind = "trades" if isinstance(batch, TradeBatch) else "depth"
    try:
        symbol = root_of(batch.contract)
    except UnknownSymbol:
        symbol = batch.contract
    columns = columns_of(batch, seq)
    for run in date_runs(columns["ts_event"]):
        key = DayKey(run.date, symbol, kind, batch.simulated)
        part = {name: column[run.start : run.stop] for name, column in columns.items()}
        recorded.add(key, part)
        recorded.of_segment[segment].add(key)


def _remove(
    data: Path, recorded: _Recorded, kept: Iterable[DayKey], done: Rolled, told: Told
) -> None:
    """Remove old segments all of whose rows are in verified files, from the oldest on.

    Those of a live market stay as long as their run: they are the only copy of the feed's stream,
    and whoever is restarted reads it from its first number.
    """
    if segments_in(data, LIVE_STEM):
        return
    safe = set(kept)
    for segment in list(recorded.of_segment)[:-1]:  # The last is the recorder's own.
        keys = recorded.of_segment[segment]
        old = all(key.date < recorded.newest for key in keys)
        if segment in recorded.unread or not (old and keys <= safe):
            return
        told(f"remove {segment.path.name}")
        segment.path.unlink()
        sync_directory(data)
        done.removed.append(segment.path.name)
