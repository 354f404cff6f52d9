"""The recorder killed at random while a real day pours in: every trade once, in order."""

import dataclasses
import random
import tempfile
from pathlib import Path
from time import monotonic, time_ns

import numpy as np
import pytest

from actors.adapters.day_files import roll
from actors.adapters.day_parquet import read_day
from actors.adapters.feeds.tape import write_tape
from actors.core.columns import trades_of
from protocol.market import TradeBatch
from protocol.settings import Settings
from supervision import bodies
from supervision.inspection import NoAnswer, ask
from supervision.spec import ChildSpec, Intensity, SupervisorSpec
from tests.actors.adapters.recorded_day import NAMES, TRADES, messages
from tests.system.running import Running, until

KILLS = 5
SPEED = 16_000.0  # The two days pass in about ten seconds.
PAUSE_S = (0.3, 1.9)
HELD = 440  # Of 467 cuts: the market waits there until all kills are done.

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


def tree() -> SupervisorSpec:
    return SupervisorSpec(
        id="root",
        intensity=Intensity(1_000, 60.0),
        beat_s=0.5,
        children=(
            ChildSpec(id="recorder", start="actors.recorder.RecorderShell", reads=("feed",)),
            ChildSpec(id="feed", start="tests.system.feeds.PouringFeedShell"),
        ),
    )


def recorded(run: Running) -> int:
    try:
        return int(ask(run.run_dir, "recorder", 0.5)["state"]["frames"])
    except NoAnswer:  # It may be on its way back.
        return -1


def kill_at_random(run: Running, seed: int) -> list[int]:
    """Kill -9 the recorder; return how many frames it had each time."""
    dice, had = random.Random(seed), []
    while len(had) < KILLS:
        next_s = monotonic() + dice.uniform(*PAUSE_S)
        until(lambda t=next_s: monotonic() >= t, "the next moment")
        body = bodies.body(run.pid("recorder") or 0)
        if body is not None:
            had.append(recorded(run))
            bodies.kill(body)
    return had


@pytest.mark.parametrize("seed", [1])
def test_a_recorder_killed_at_random_has_every_trade_of_the_day_once_and_in_order(seed, tmp_path):
    found = messages(tmp_path)
    settings = Settings()
    feed = dataclasses.replace(settings.feed, speed=SPEED)
    plain = dataclasses.asdict(dataclasses.replace(settings, feed=feed))
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        data = Path(directory) / "data"
        data.mkdir(mode=0o700)
        write_tape(data / "tape.frames", found)
        run = Running(tree(), "fork", plain, 0, Path(directory))
        run.let(HELD)
        try:
            run.wait_green()
            had = kill_at_random(run, seed)
            run.let(None)
            early = roll(data, depth=False, now_ns=0)  # A day made while the next one comes in.
            until(lambda: recorded(run) == len(found), "the end of the day", 60)
            run.host.terminate()
            assert run.wait_end() == 0, run.output()
        finally:
            print(f"seed {seed}: killed at {had}, then {early.written}")
            left = run.end()
        assert not left, f"processes outlived the run: {left}"
        done = roll(data, depth=False, now_ns=time_ns())
        assert early.refused == done.refused == []
        check(data, found)


def check(data: Path, found) -> None:
    """Compare the day files with the tape, row by row."""
    days = [read_day(data / "days" / name)[1] for name in NAMES]
    batches = [trades_of(message) for message in found if isinstance(message, TradeBatch)]
    for name, column in {"ts_event": "ts_event", "ticks": "price", "size": "size"}.items():
        there = np.concatenate([day[name] for day in days])
        assert np.array_equal(there, np.concatenate([getattr(b, column) for b in batches])), name
        assert len(there) == TRADES
    seq = np.concatenate([day["seq"] for day in days])
    wanted = [n for n, message in enumerate(found, 1) if isinstance(message, TradeBatch)]
    counts = [len(batch) for batch in batches]
    assert np.array_equal(seq, np.repeat(wanted, counts))
