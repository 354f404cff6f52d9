"""The chores of a day in a real tree: children of the session, at the market's hours, each once."""

import dataclasses
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from actors.adapters.day_parquet import read_day
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from actors.adapters.open import open_journal
from actors.core.columns import trades_of
from actors.core.session.calendar import day_of
from actors.core.session.chores import VERDICT_CODES
from ops.live import books_of
from ops.replay import result_of
from protocol.day import Chore, ChoreEnded, ChoreResult, Verdict
from protocol.fence import FenceCause
from protocol.market import TradeBatch
from protocol.settings import Settings
from supervision import bodies
from supervision.inspection import NoAnswer, ask
from tests.simulation.floor import busy_settings
from tests.system.running import ROOT, Running, floor_in, until

DAYS = (date(2025, 12, 2), date(2025, 12, 3))
SPEED = 15_000.0  # The second day lasts five seconds.
AT_ONCE = 0.0  # The tape has ended before the first chore has.

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


def two_days() -> list[SimulatedSession]:
    return [SimulatedSession("ES", seed, 6_000, day) for seed, day in enumerate(DAYS, 1)]


def chore_settings(outside: Path, speed: float) -> Settings:
    busy = busy_settings()
    return dataclasses.replace(
        busy,
        day=dataclasses.replace(busy.day, chores=("recap", "export"), backoff_s=1),
        feed=dataclasses.replace(busy.feed, speed=speed),
        export=dataclasses.replace(
            busy.export, to="directory", path=str(outside), simulated="allow"
        ),
        web=dataclasses.replace(busy.web, port=0),
        run=dataclasses.replace(busy.run, method="fork"),
    )


def state(run: Running, actor: str) -> dict[str, object]:
    try:
        return dict(ask(run.run_dir, actor, 0.5)["state"])
    except NoAnswer:
        return {}


@pytest.mark.parametrize(
    ("speed", "kills"),
    [(SPEED, False), (SPEED, True), (AT_ONCE, True)],
    ids=["undisturbed", "session-killed", "session-killed-at-the-end-of-the-tape"],
)
def test_recap_and_export_of_a_day_are_made_by_the_tree_and_arrive_once(tmp_path, speed, kills):
    outside, first = tmp_path / "outside", str(DAYS[0])
    outside.mkdir()
    told = outside / "recaps" / f"{first}_recap.json"
    settings = chore_settings(outside, speed)
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        data = Path(directory) / "data"
        data.mkdir(mode=0o700)
        rule = TapeRule.of(settings.feed, settings.bars)
        messages = list(tape((c for day in two_days() for c in day), rule))
        write_tape(data / "tape.frames", messages)
        with floor_in(Path(directory), settings) as run:
            if kills:
                until(lambda: state(run, "session").get("running"), "a chore that runs", 60)
                before = run.pid("session")
                body = bodies.body(before)
                assert body is not None
                bodies.kill(body)
                until(lambda: run.pid("session") not in (0, before), "the session's next life")
            until(told.exists, "the first day outside", 60)
            until(lambda: state(run, "session").get("waiting") == {}, "no chore left", 60)
            until(lambda: state(run, "books").get("complete"), "the end of the tape", 60)
        journal = open_journal(settings, str(data), "session")
        ended = [fact for fact in journal.load() if isinstance(fact, ChoreEnded)]
        journal.close()
        done = [(one.chore, one.trading_date) for one in ended if one.result is ChoreResult.DONE]
        assert done.count((Chore.RECAP, first)) == done.count((Chore.EXPORT, first)) == 1
        books = books_of(settings, Path(directory))
        trips = [trip.closed for trip in result_of(books, 0.0).trips]
        books.close()
    recap = json.loads(told.read_text())
    end_ns = day_of(DAYS[0]).end_ns
    of_day = [trip for trip in trips if trip.ts_ns < end_ns]
    assert recap["summary"]["trades"] == len(of_day) > 0
    assert round(recap["summary"]["net"] * 100) == sum(trip.pnl_cents for trip in of_day)
    _, rows = read_day(outside / "ES-simulated" / f"{first}.parquet")
    times = np.concatenate([trades_of(m).ts_event for m in messages if isinstance(m, TradeBatch)])
    assert np.array_equal(rows["ts_event"], times[times < end_ns])


def test_a_preflight_that_says_no_go_closes_the_fence_of_the_desk():
    settings = dataclasses.replace(
        Settings(),
        web=dataclasses.replace(Settings().web, port=0),
        watch=dataclasses.replace(Settings().watch, disk_free_mb=10**9),  # Nobody has as much.
    )
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        data = Path(directory) / "data"
        data.mkdir(mode=0o700)
        rule = TapeRule.of(settings.feed, settings.bars)
        write_tape(data / "tape.frames", tape(SimulatedSession("ES", 1, 1_000, DAYS[0]), rule))
        with floor_in(Path(directory), settings) as run:
            done = subprocess.run(
                [sys.executable, "-m", "ops.preflight", directory],
                cwd=ROOT, input=json.dumps(dataclasses.asdict(settings)), capture_output=True,
                text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == VERDICT_CODES[Verdict.NO_GO], done.stdout + done.stderr
            assert "disk: " in done.stdout
            closed = str(FenceCause.PREFLIGHT)
            until(lambda: closed in str(state(run, "desk").get("fence")), "a closed fence")
