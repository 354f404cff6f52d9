"""A backup of a floor at work, restored elsewhere: the day ends there as it does here."""

import dataclasses
import json
import tempfile
from pathlib import Path
from time import time_ns

import pytest

from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from actors.adapters.segments import recorded_frames
from ops.backup import backup
from ops.live import later
from ops.replay import result_of
from ops.restore import restore
from protocol.settings import Settings
from tests.simulation.floor import busy_settings
from tests.system.running import Running, floor_in, until
from tests.system.test_floor import ask_cut, check_orders, complete, ended_books, stop

SPEED = 6_000.0  # The day from 08:45 on passes in five seconds.
CUTS = (20, 60, 100)  # At each of them a backup is made.
HELD = 35  # So many cuts later the market waits until it is made.

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


def day() -> Settings:
    busy = busy_settings()
    return dataclasses.replace(
        busy,
        bars=dataclasses.replace(busy.bars, series=("time:120",)),
        feed=dataclasses.replace(busy.feed, speed=SPEED, batch_trades_max=64),
        web=dataclasses.replace(busy.web, port=0),
    )


def end_of(run: Running, settings: Settings) -> tuple[str, int, list[bytes]]:
    """Return the digest of the whole day, its orders and what was recorded of it."""
    until(lambda: complete(run), "the end of the day", 60)
    stop(run)
    books = ended_books(run, settings)
    check_orders(books)
    result = result_of(books, 0.0)
    books.close()
    return result.digest, result.orders, recorded_frames(run.run_dir / "data")


def test_a_backup_of_a_floor_at_work_ends_the_day_as_the_floor_itself_does():
    settings = day()
    fast = dataclasses.replace(settings, feed=dataclasses.replace(settings.feed, speed=0.0))
    with tempfile.TemporaryDirectory(prefix="fw-") as name:
        here = Path(name) / "a"
        (here / "data").mkdir(mode=0o700, parents=True)
        session = later(SimulatedSession("ES", 11, 6_000), "08:45")
        write_tape(
            here / "data/tape.frames", tape(session, TapeRule.of(settings.feed, settings.bars))
        )
        made = []
        with floor_in(here, settings, cuts=0) as run:
            for cut in CUTS:
                run.let(cut + HELD)
                until(lambda c=cut: ask_cut(run) >= c, f"cut {cut}", 60)
                made.append(backup(here, Path(name) / f"b{cut}", time_ns()))
            run.let(None)
            wanted = end_of(run, settings)
            assert wanted[1] >= 5 and not run.alarms()
        reached = [manifest.reached["desk"] for _, manifest in made]
        assert 0 < reached[0] < reached[1] < reached[2]
        for number, (kept, _) in enumerate(made):
            there = restore(kept, Path(name) / f"r{number}").run_dir
            with floor_in(there, fast) as again:
                assert end_of(again, fast) == wanted, json.dumps(reached)
