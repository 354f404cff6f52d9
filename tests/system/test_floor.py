"""The acceptance of the design on the live runtime: a real day, and every actor killed in turn."""

import dataclasses
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic

import pytest

from actors.adapters.books import STREAMS, Books
from actors.adapters.feeds.ingest import ingest
from actors.adapters.frames import FrameLog
from actors.adapters.segments import recorded_frames
from actors.adapters.store import SqlBooks, database_for
from ops.config import read_settings
from ops.replay import Result, replay_local, result_of
from protocol.orders import BracketSubmitted, Leg
from protocol.reports import OrderAccepted, OrderFilled
from protocol.settings import Settings
from supervision import bodies
from supervision.inspection import NoAnswer, ask
from supervision.status import Node, read_documents
from tests.actors.adapters.feeds.recordings import real
from tests.simulation.floor import ENABLED
from tests.system.hosting import GREEN
from tests.system.running import Running, floor_in, until

KILLS = 34
PAUSE_S = (0.05, 0.6)
RESUMING = ("bars", "detector", "regime", "router", "risk")
SPEED = 6_000.0  # The two days pass in about half a minute.
HELD = 440  # Of 467 cuts: the market waits there until all kills are done.

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]


def busy() -> Settings:
    """Settings under which the day trades often; its own limits are tested elsewhere."""
    chosen = {
        "feed": {"symbol": "ES", "batch_trades_max": 512},
        "router": {"enabled": list(ENABLED), "strength_min": 0.3, "confidence_min": 0.5},
        "risk": {
            "low_quality_entries": "allow",
            "stop_ticks": 3,
            "target_ticks": 3,
            "daily_loss_dollars": 1e5,
            "daily_profit_dollars": 1e5,
        },
        "web": {"port": 0},
        # Thirty kills a minute are the test, not an illness. Copies of a state are kept so often
        # that a life which begins with one is the rule.
        "supervision": {"restarts_max": 1_000, "checkpoint_ms": 5},
    }
    return read_settings(None, chosen, {}, Path("none"))


@cache
def replayed() -> Result:
    """Replay the day once for all modules that compare theirs with it."""
    with tempfile.TemporaryDirectory(prefix="fw-") as quarantine:
        files = [real("es-ticks-2013/tick_data.csv.gz")]
        _, result = replay_local(files, busy(), Path(quarantine))
    assert (result.bars, result.orders >= 40, result.fills >= 80) == (461, True, True)
    return result


@pytest.fixture(scope="module")
def undisturbed() -> Result:
    """The same day in the local runtime."""
    return replayed()


@contextmanager
def floor_on_the_day(
    speed: float, url: str = "", cuts: int | None = None
) -> Iterator[tuple[Running, Settings]]:
    settings = busy()
    settings = dataclasses.replace(
        settings,
        feed=dataclasses.replace(settings.feed, speed=speed),
        store=dataclasses.replace(settings.store, url=url),
    )
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        data = Path(directory) / "data"
        data.mkdir(mode=0o700)
        files = [real("es-ticks-2013/tick_data.csv.gz")]
        ingest(files, "ES", data / "tape.frames", data, settings.feed, settings.bars)
        with floor_in(Path(directory), settings, cuts=cuts) as run:
            yield run, settings


def complete(run: Running) -> bool:
    try:
        return bool(ask(run.run_dir, "books", 0.5)["state"]["complete"])
    except NoAnswer:
        return False


def victims(run: Running) -> list[Node]:
    """Everybody below the root, supervisors included."""

    def below(node: Node) -> Iterator[Node]:
        for child in node.children:
            yield child
            yield from below(child)

    return [node for node in below(run.look()) if node.pid]


def kill_at_random(run: Running, seed: int) -> Counter[str]:
    """Kill -9 somebody at random moments, everybody at least once; return who and how often."""
    dice = random.Random(seed)
    killed: Counter[str] = Counter()
    order = [node.id for node in victims(run)]
    dice.shuffle(order)
    while killed.total() < KILLS:
        next_s = monotonic() + dice.uniform(*PAUSE_S)
        wanted = order[killed.total()] if killed.total() < len(order) else dice.choice(order)
        until(lambda t=next_s: monotonic() >= t, "the next moment")
        victim = next((node for node in victims(run) if node.id == wanted), None)
        body = None if victim is None else bodies.body(victim.pid)
        if body is not None:
            bodies.kill(body)
            killed[wanted] += 1
    return killed


def ended_books(run: Running, settings: Settings) -> Books:
    assert run.wait_end() == 0, run.output()
    return SqlBooks(database_for(settings.store.url, str(run.run_dir / "data"), "books"))


def stop(run: Running) -> None:
    run.host.terminate()


def taped(run: Running) -> list[bytes]:
    log = FrameLog.read_only(run.run_dir / "data" / "tape.frames")
    frames = list(log.frames())
    log.close()
    return frames


def check_orders(books: Books) -> None:
    """No order twice, no fill twice, every position with its stop from its first instant."""
    broker = list(books.entries("broker"))
    submitted = [m.client_id for m in books.entries("desk") if isinstance(m, BracketSubmitted)]
    accepted = Counter(m.client_id for m in broker if isinstance(m, OrderAccepted))
    assert len(submitted) == len(set(submitted))
    assert set(accepted.values()) == {1}
    fills = [m for m in broker if isinstance(m, OrderFilled)]
    assert len({m.exec_id for m in fills}) == len(fills)
    assert all(m.stop_price is not None for m in fills if m.leg is Leg.ENTRY)


def test_the_live_runtime_comes_to_the_same_digest_as_the_local_one(undisturbed):
    with floor_on_the_day(speed=0.0) as (run, settings):
        until(lambda: complete(run), "the end of the day", 120)
        stop(run)
        books = ended_books(run, settings)
        result = result_of(books, 0.0)
        books.close()
        assert result.digest == undisturbed.digest
        assert recorded_frames(run.run_dir / "data") == taped(run)


def test_with_its_journals_on_a_server_and_their_owners_killed_the_day_is_the_same(
    undisturbed, postgres_server
):
    with floor_on_the_day(0.0, postgres_server.url()) as (run, settings):
        for owner in ("desk", "broker", "books"):
            until(lambda: ask_cut(run) > 20, "some of the day has passed", 60)
            victim = next(node for node in victims(run) if node.id == owner)
            bodies.kill(bodies.body(victim.pid))
        until(lambda: complete(run), "the end of the day", 120)
        stop(run)
        books = ended_books(run, settings)
        result = result_of(books, 0.0)
        check_orders(books)
        books.close()
        assert result.digest == undisturbed.digest


@pytest.mark.alone
@pytest.mark.parametrize("seed", [1])
def test_thirty_kills_of_actors_and_supervisors_change_nothing(undisturbed, seed):
    with floor_on_the_day(SPEED, cuts=HELD) as (run, settings):
        killed = kill_at_random(run, seed)
        run.let(None)
        until(lambda: complete(run), "the end of the day", 150)
        assert read_documents(run.run_dir)
        resumed = [ask(run.run_dir, id)["resumed"] for id in RESUMING]
        stop(run)
        books = ended_books(run, settings)
        result = result_of(books, 0.0)
        check_orders(books)
        same = {s: len(list(books.entries(s))) for s in STREAMS}
        books.close()
        assert result.digest == undisturbed.digest, f"seed {seed}: {same} after {killed}"
        assert recorded_frames(run.run_dir / "data") == taped(run)
        assert len(killed) >= 12 and killed.total() >= 30, killed
        assert sum(cut > 0 for cut in resumed) > len(resumed) / 2, resumed


def test_a_run_that_was_lost_goes_on_where_it_was_when_it_is_started_again(undisturbed):
    with floor_on_the_day(SPEED) as (run, settings):
        until(lambda: ask_cut(run) > 60, "some of the day has passed", 60)
        root = bodies.body(run.look().pid)
        assert root is not None
        bodies.kill(root)
        assert run.wait_end() != 0
        (run.run_dir / GREEN).unlink()
        # At any speed the rest of the day is the same.
        fast = dataclasses.replace(settings, feed=dataclasses.replace(settings.feed, speed=0.0))
        again = Running(run.tree, "fork", dataclasses.asdict(fast), 0, run.run_dir)
        try:
            again.wait_green()
            until(lambda: complete(again), "the end of the day", 120)
            stop(again)
            books = ended_books(again, fast)
            result = result_of(books, 0.0)
            check_orders(books)
            books.close()
        finally:
            left = again.end()
        assert not left
        assert result.digest == undisturbed.digest
        assert recorded_frames(run.run_dir / "data") == taped(run)


def ask_cut(run: Running) -> int:
    try:
        return int(ask(run.run_dir, "books", 0.5)["cut"])
    except NoAnswer:
        return 0
