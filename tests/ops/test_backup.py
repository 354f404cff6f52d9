"""A backup is made whole or not at all, and comes back byte for byte or not at all."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from actors.adapters.day_files import alone
from actors.adapters.frames import FrameLog
from actors.adapters.kill_file import NAME
from actors.adapters.store import SqlBooks, SqlJournal, database_for
from ops.backup import NotBackedUp, backup
from ops.manifest import MANIFEST, BadBackup, describe, read_manifest
from ops.restore import NotRestored, restore
from ops.snapshot import Held, NeverOneMoment, line_up
from protocol.market import Settled
from supervision.bodies import Body, body
from supervision.runfile import Run, write_run

NOW_NS = 1_764_720_000_000_000_000  # 2025-12-03 00:00 UTC.
NAMED = "floor-20251203-000000"


def make_run(tmp_path: Path, feed: int = 3) -> Path:
    """Return a run as a floor leaves it: journals, books, frames, a day and small files."""
    run = tmp_path / "floor"
    data = run / "data"
    for directory in ("days/ES", ".."):
        (data / directory).mkdir(parents=True, exist_ok=True)
    journal_of(data, "desk", 5, {"broker": 4})
    journal_of(data, "broker", 4, {"desk": 5, "feed": feed})
    books = SqlBooks(database_for("", str(data), "books"))
    for seq in (1, 2):
        books.add("desk", seq, Settled(number=seq))
    books.close()
    frames = FrameLog.open(data / "ticks-000000000001.frames")
    for number in range(3):
        frames.append(b"frame %d" % number)
    frames.close()
    (data / "days/ES/2025-12-01.parquet").write_bytes(b"a day")
    (data / "days.jsonl").write_bytes(b'{"name": 1}\n{"torn')
    (data / "watchdog.json").write_text("{}")
    (run / NAME).write_text("fire")
    (run / "status").mkdir()
    for living in ("run.lock", "web.json", "status/root.json", "data/desk.sqlite.tmp",
                   "data/web.key", "orders/bars.json"):  # fmt: skip
        (run / living).parent.mkdir(exist_ok=True)
        (run / living).write_text("living")
    os.mkfifo(run / "worker.fifo")
    return run


def journal_of(data: Path, actor: str, facts: int, read: dict[str, int]) -> None:
    journal = SqlJournal(database_for("", str(data), actor), actor)
    journal.append([Settled(number=n + 1) for n in range(facts)], read)
    journal.close()


def rows(path: Path, table: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as store:
        return store.execute(f"SELECT * FROM {table}").fetchall()


def test_a_backup_has_everything_but_what_only_a_living_run_has(tmp_path):
    run = make_run(tmp_path)
    target, manifest = backup(run, tmp_path / "backups", NOW_NS)
    assert target == tmp_path / "backups" / NAMED
    assert set(manifest.files) == {
        NAME, "data/books.sqlite", "data/broker.sqlite", "data/days.jsonl", "data/desk.sqlite",
        "data/days/ES/2025-12-01.parquet", "data/ticks-000000000001.frames", "data/watchdog.json",
    }  # fmt: skip
    assert manifest.reached == {"desk": 5, "broker": 4, "feed": 3}
    assert read_manifest(target) == manifest
    assert (target / "data/days.jsonl").read_bytes() == b'{"name": 1}\n'  # Without the torn line.
    desk = "data/desk.sqlite"
    assert rows(target / desk, "desk_facts") == rows(run / desk, "desk_facts") != []


def test_nobody_else_may_read_a_backup(tmp_path):
    target, manifest = backup(make_run(tmp_path), tmp_path / "backups", NOW_NS)
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    made = [name for name in manifest.files if not name.endswith(".parquet")]  # That is a link.
    assert {stat.S_IMODE((target / name).stat().st_mode) for name in made} == {0o600}


def test_a_torn_frame_is_left_out(tmp_path):
    run = make_run(tmp_path)
    path = run / "data/ticks-000000000001.frames"
    whole = path.read_bytes()
    path.write_bytes(whole + b"\x07\x00\x00\x00torn")
    target, _ = backup(run, tmp_path / "backups", NOW_NS)
    assert (target / "data/ticks-000000000001.frames").read_bytes() == whole


def test_a_writer_goes_on_while_its_store_is_held_and_the_copy_has_what_was_held(tmp_path):
    data = make_run(tmp_path) / "data"
    journal = SqlJournal(database_for("", str(data), "desk"), "desk")
    held = Held(data / "desk.sqlite")
    journal.append([Settled(number=6)], {"broker": 4})
    held.copy(tmp_path / "copy.sqlite")
    held.close()
    journal.close()
    assert (held.reached, held.read) == ({"desk": 5}, {"broker": 4})
    assert len(rows(tmp_path / "copy.sqlite", "desk_facts")) == 5
    assert len(rows(data / "desk.sqlite", "desk_facts")) == 6


def test_a_source_that_was_held_too_early_is_looked_at_again(tmp_path):
    data = make_run(tmp_path) / "data"
    desk = Held(data / "desk.sqlite")
    journal_of(data, "other", 1, {})
    for actor, fact, read in (("desk", 6, {"broker": 4}), ("broker", 5, {"desk": 6, "feed": 3})):
        journal = SqlJournal(database_for("", str(data), actor), actor)
        journal.append([Settled(number=fact)], read)
        journal.close()
    broker = Held(data / "broker.sqlite")
    assert (desk.reached["desk"], broker.read["desk"]) == (5, 6)
    assert line_up([desk, broker]) == {"desk": 6, "broker": 5}
    desk.close()
    broker.close()


def test_a_store_that_stays_ahead_of_its_source_is_refused(tmp_path):
    run = make_run(tmp_path)
    journal_of(run / "data", "risk", 1, {"desk": 6})
    with pytest.raises(NotBackedUp, match="never at one moment") as refusal:
        backup(run, tmp_path / "backups", NOW_NS)
    assert isinstance(refusal.value.__cause__, NeverOneMoment)
    assert list((tmp_path / "backups").iterdir()) == []


def test_frames_that_end_before_what_the_broker_has_read_are_refused(tmp_path):
    with pytest.raises(NotBackedUp, match="has 3 frames of the feed, and the broker has read 4"):
        backup(make_run(tmp_path, feed=4), tmp_path / "backups", NOW_NS, feed_limit_s=0.0)


def test_a_run_on_a_server_is_refused_with_the_command_for_it(tmp_path):
    run = make_run(tmp_path)
    (run / "data/store.schema").write_text("fw_floor_1\n")
    with pytest.raises(NotBackedUp, match="pg_dump --format=custom --schema=fw_floor_1"):
        backup(run, tmp_path / "backups", NOW_NS)


def test_a_place_in_the_run_no_run_and_the_same_second_are_refused(tmp_path):
    run = make_run(tmp_path)
    with pytest.raises(NotBackedUp, match="outside"):
        backup(run, run / "backups", NOW_NS)
    with pytest.raises(NotBackedUp, match="has no data"):
        backup(tmp_path, tmp_path / "backups", NOW_NS)
    backup(run, tmp_path / "backups", NOW_NS)
    with pytest.raises(NotBackedUp, match="in this second"):
        backup(run, tmp_path / "backups", NOW_NS)


def test_while_day_files_are_made_there_is_no_backup(tmp_path):
    run = make_run(tmp_path)
    with alone(run / "data/days/.lock"), pytest.raises(NotBackedUp, match="held by another"):
        backup(run, tmp_path / "backups", NOW_NS)


def test_a_restored_run_is_the_one_that_was_kept(tmp_path):
    target, manifest = backup(make_run(tmp_path), tmp_path / "backups", NOW_NS)
    done = restore(target, tmp_path / "else/floor")
    assert describe(done.run_dir) == manifest.files
    assert (done.aside, done.manifest) == (None, manifest)
    assert stat.S_IMODE(done.run_dir.stat().st_mode) == 0o700
    day = "data/days/ES/2025-12-01.parquet"
    assert not (done.run_dir / day).samefile(target / day)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda d: (d / "data/desk.sqlite").unlink(), "data/desk.sqlite is missing"),
        (lambda d: (d / "data/new").write_text(""), "data/new was not made with it"),
        (lambda d: (d / NAME).write_text("wire"), f"{NAME} has 4 bytes and another checksum"),
        (lambda d: (d / MANIFEST).unlink(), "wanted the manifest of a backup"),
        (lambda d: (d / MANIFEST).write_text("[1]"), "wanted a manifest of format 1"),
    ],
)
def test_a_damaged_backup_is_refused_and_changes_nothing(tmp_path, damage, said):
    target, _ = backup(make_run(tmp_path), tmp_path / "backups", NOW_NS)
    damage(target)
    with pytest.raises(BadBackup, match=said):
        restore(target, tmp_path / "else/floor")
    assert not (tmp_path / "else").exists()


def test_a_run_that_is_there_is_moved_aside_only_if_its_name_is_said(tmp_path):
    run = make_run(tmp_path)
    target, manifest = backup(run, tmp_path / "backups", NOW_NS)
    (run / "later").write_text("after the backup")
    for replace in ("", "flour"):
        with pytest.raises(NotRestored, match="--replace floor"):
            restore(target, run, replace)
    first = restore(target, run, "floor")
    second = restore(target, run, "floor")
    assert (first.aside / "later").exists() and not (run / "later").exists()
    assert second.aside != first.aside and describe(run) == manifest.files


def test_a_run_that_is_running_is_not_replaced(tmp_path):
    run = make_run(tmp_path)
    target, _ = backup(run, tmp_path / "backups", NOW_NS)
    me = body(os.getpid())
    living = Run(host=me, admin=Body(1, 1), port=1, group=1, method="fork", root="root",
                 started_ns=1)  # fmt: skip
    write_run(run, living)
    with pytest.raises(NotRestored, match=f"is running, process {os.getpid()}"):
        restore(target, run, "floor")
