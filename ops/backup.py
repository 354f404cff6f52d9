"""`start.py backup`: a run as it is at one moment, copied while it goes on.

Whoever reads is copied before what it reads, so that nobody in the backup is ahead of a source:
first the small files in which watchers keep how far they have read, then the stores, held at one
moment (`ops.snapshot`), then the day files, and the frames of the feed last, up to their last whole
frame. What is behind catches up by reading again, as after any restart.

The backup is a plain directory, so that one file of it can be had, and tools that copy what has
changed find it. Day files never change and are linked where the file system can; a restore copies.
It gets its name when all of it is on the disk.
"""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path

from actors.adapters.address import SCHEMA_FILE
from actors.adapters.day_files import DAYS, Busy, alone
from actors.adapters.frames import FrameLog, FrameLogError, sync_directory
from actors.adapters.segments import segments_in
from ops.manifest import Manifest, describe, write_manifest
from ops.snapshot import Held, NeverOneMoment, line_up

FEED = "feed"
TAPE = "tape.frames"
# What only a living run has: it is made anew by the next start.
LIVING_DIRECTORIES = ("sockets", "streams", "status", "faults", "orders")
# The key of the page's logins is a secret; a run that was brought back makes a new one.
LIVING_FILES = ("run.json", "web.json", "web.key", "web-logouts.json")
LIVING_SUFFIXES = (".lock", ".tmp", ".part", ".sqlite-wal", ".sqlite-shm")
FEED_LIMIT_S = 5.0  # For the recorder to write what the broker has read already.
LOOK_S = 0.05


class NotBackedUp(RuntimeError):
    """No backup was made; the text says why and what to do. Nothing is left of the attempt."""


def backup(
    run_dir: Path, into: Path, now_ns: int, feed_limit_s: float = FEED_LIMIT_S
) -> tuple[Path, Manifest]:
    """Make a backup of a run, living or not, in a new directory below `into`."""
    run_dir, into = run_dir.resolve(), into.resolve()
    _check(run_dir, into)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_ns // 1_000_000_000))
    target = into / f"{run_dir.name}-{stamp}"
    draft = into / f".{target.name}.part"
    if target.exists():
        raise NotBackedUp(f"{target} is there already: a backup was made in this second")
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        reached = _copy(run_dir, draft, feed_limit_s)
        manifest = Manifest(run_dir.name, now_ns, reached, describe(draft))
        write_manifest(draft, manifest)
        for directory in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            sync_directory(directory)
        draft.rename(target)
        sync_directory(into)
    except (OSError, FrameLogError, NeverOneMoment, Busy) as error:
        raise NotBackedUp(f"no backup of {run_dir} was made: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target, manifest


def _check(run_dir: Path, into: Path) -> None:
    data = run_dir / "data"
    if not data.is_dir():
        raise NotBackedUp(f"{run_dir} has no data, wanted the directory of a run")
    if into.is_relative_to(run_dir):
        raise NotBackedUp(f"{into} lies in the run itself, wanted a place outside {run_dir}")
    schema = data / SCHEMA_FILE
    if schema.exists():
        name = schema.read_text(encoding="utf-8").strip()
        raise NotBackedUp(
            f"the journals of {run_dir} are on a server. Its own program makes a backup of them at"
            f' one moment: pg_dump --format=custom --schema={name} --file={name}.dump "$ADDRESS",'
            " where ADDRESS is store.url; copy the directory of the run after that"
        )


def _copy(run_dir: Path, draft: Path, feed_limit_s: float) -> dict[str, int]:
    """Copy everything in its order; return how far each journal and the feed reach."""
    data = run_dir / "data"
    with ExitStack() as held:
        # Frames may leave only while day files are made: so nobody makes any for now.
        days = data / DAYS
        held.enter_context(alone(days / ".lock") if days.is_dir() else nullcontext())
        for path in _plain(run_dir):
            _copy_plain(path, _place(path, run_dir, draft))
        stores = [Held(path) for path in sorted(data.glob("*.sqlite"))]
        for store in stores:
            held.callback(store.close)
        reached = line_up(stores)
        for store in stores:
            store.copy(_place(store.path, run_dir, draft))
        for path in sorted(days.glob("*/*.parquet")):
            _link(path, _place(path, run_dir, draft))
        wanted = max((store.read.get(FEED, 0) for store in stores), default=0)
        _await_feed(data, wanted, feed_limit_s)
        for path in sorted(data.glob("*.frames")):
            _copy_frames(path, _place(path, run_dir, draft))
    return {**reached, FEED: _feed_reaches(draft / "data")}


def _plain(run_dir: Path) -> Iterator[Path]:
    """Yield the small files of a run: those that are replaced as a whole or only ever grow."""
    for path in sorted(run_dir.rglob("*")):
        inside = path.relative_to(run_dir)
        living = inside.parts[0] in LIVING_DIRECTORIES or inside.name in LIVING_FILES
        own = inside.name.endswith((".sqlite", ".frames", ".parquet", *LIVING_SUFFIXES))
        try:
            if not living and not own and stat.S_ISREG(path.lstat().st_mode):
                yield path
        except FileNotFoundError:  # A draft that has got its name meanwhile.
            continue


def _place(path: Path, run_dir: Path, draft: Path) -> Path:
    place = draft / path.relative_to(run_dir)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _copy_plain(path: Path, target: Path) -> None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    if path.suffix == ".jsonl":
        content = content[: content.rfind(b"\n") + 1]  # The last line may still be growing.
    _write(target, content)


def _write(target: Path, content: bytes) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except FileNotFoundError:  # It was old enough to go.
        return
    except OSError:  # Another file system.
        shutil.copyfile(path, target)
        target.chmod(0o600)


def _copy_frames(path: Path, target: Path) -> None:
    log = FrameLog.read_only(path)
    size = log.size_bytes
    log.close()
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    copy = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        done = 0
        while done < size:
            sent = os.sendfile(copy, source, done, size - done)
            if not sent:
                raise OSError(f"{path} has {done} bytes, wanted {size}")
            done += sent
        os.fsync(copy)
    finally:
        os.close(copy)
        os.close(source)


def _await_feed(data: Path, wanted: int, limit_s: float) -> None:
    """Wait until the frames hold what a store has read of the feed."""
    until = time.monotonic() + limit_s
    while (found := _feed_reaches(data)) < wanted:
        if time.monotonic() > until:
            raise NotBackedUp(
                f"the recorder has {found} frames of the feed, and the broker has read {wanted}:"
                " look whether it runs and the disk takes what it writes, then try again"
            )
        time.sleep(LOOK_S)


def _feed_reaches(data: Path) -> int:
    """Return the last number of the feed that is on the disk, as a tape or recorded."""
    last = 0
    newest = [(segment.first, segment.path) for segment in segments_in(data)[-1:]]
    for first, path in (*newest, (1, data / TAPE)):
        if path.exists():
            log = FrameLog.read_only(path)
            last = max(last, first + log.last - 1)
            log.close()
    return last
