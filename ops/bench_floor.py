"""Measures the floor: replays in both runtimes, decisions under load, kills, memory, start."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.ingest import ingest
from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from actors.core.columns import Trades
from actors.core.orderflow.footprint import BarBuilder, BarRule
from ops.config import settings_json
from ops.live import data_directory, play
from ops.replay import LOCAL_BATCH_TRADES_MAX, local_floor, replay_local
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision import bodies
from supervision.inspection import NoAnswer, ask
from supervision.runfile import read_run
from supervision.status import Node, all_green, fold, read_documents

OPEN_NS = 1_764_686_400 * NANOS_PER_S  # 2025-12-02 09:40 in New York: entries are allowed.
CONTRACT = "ESZ5"
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Walk:
    """A steady random walk: `rate` trades a second for `seconds`; it has no edge and no pause."""

    rate: int
    seconds: int
    seed: int

    @property
    def count(self) -> int:
        return self.rate * self.seconds

    def trades(self) -> Trades:
        """Return the whole walk in columns."""
        dice = np.random.default_rng(self.seed)
        count = self.count
        ts = OPEN_NS + np.arange(count, dtype=np.int64) * (NANOS_PER_S // self.rate)
        steps = dice.choice(np.array([-1, 0, 0, 0, 0, 0, 0, 1], np.int32), count)
        return Trades(
            ts,
            (27_000 + np.cumsum(steps)).astype(np.int32),
            dice.integers(1, 20, count).astype(np.int32),
            dice.integers(1, 3, count).astype(np.uint8),
            np.ones(count, np.uint8),
            np.zeros(count, np.uint8),
            None,
            None,
        )

    def __iter__(self) -> Iterator[Chunk]:
        yield Chunk(self.trades(), CONTRACT, simulated=True)


def bars_from_columns(trades: Trades) -> float:
    """Return trades per second of our bars, fed a bar's worth at a time."""
    rule = BarRule(contract=CONTRACT, period_ns=300 * NANOS_PER_S, value_area_ppm=700_000)
    builder = BarBuilder(rule, simulated=True)
    step = 65_536
    began = time.perf_counter()
    for start in range(0, len(trades), step):
        builder.add(trades.slice(start, min(start + step, len(trades))))
    return len(trades) / (time.perf_counter() - began)


def bars_from_a_dict(trades: Trades) -> float:
    """Return trades per second of the plain way: a dict of levels, trade by trade."""
    columns = (trades.ts_event.tolist(), trades.price.tolist(), trades.size.tolist())
    sides = trades.aggressor.tolist()
    bars: dict[int, dict[int, list[int]]] = {}
    began = time.perf_counter()
    for ts, price, size, side in zip(*columns, sides, strict=True):
        levels = bars.setdefault(ts // (300 * NANOS_PER_S), defaultdict(lambda: [0, 0, 0]))
        levels[price][side] += size
    return len(trades) / (time.perf_counter() - began)


def replay_local_walk(settings: Settings, walk: Walk) -> float:
    """Return trades per second of the whole floor in one thread; the tape is in memory."""
    rule = TapeRule(
        bar_ns=settings.bars.seconds * NANOS_PER_S, batch_trades_max=LOCAL_BATCH_TRADES_MAX
    )
    messages = list(tape(walk, rule))
    with TemporaryDirectory() as directory:
        run = local_floor(settings, MemoryBooks(), directory)
        began = time.perf_counter()
        run.run(messages)
        return walk.count / (time.perf_counter() - began)


def replay_local_file(settings: Settings, path: Path) -> float:
    """Return trades per second from the file to the digest."""
    with TemporaryDirectory() as directory:
        summary, result = replay_local([path], settings, Path(directory))
    return summary.trades / result.seconds


def replay_live_file(settings: Settings, path: Path, directory: Path) -> float:
    """Return trades per second of all processes, from green to the last entry in the books."""
    with fresh_run(directory) as run_dir:
        feed = dataclasses.replace(settings.feed, speed=0.0)
        data = data_directory(run_dir)
        summary = ingest([path], "ES", data / "tape.frames", data, feed, settings.bars)
        return summary.trades / _played(dataclasses.replace(settings, feed=feed), run_dir)


def replay_live_walk(settings: Settings, walk: Walk, directory: Path) -> float:
    """Return trades per second of all processes on a simulated tape."""
    with fresh_run(directory) as run_dir:
        feed = dataclasses.replace(settings.feed, speed=0.0, batch_trades_max=16_384)
        rule = TapeRule.of(feed, settings.bars)
        write_tape(data_directory(run_dir) / "tape.frames", tape(walk, rule))
        return walk.count / _played(dataclasses.replace(settings, feed=feed), run_dir)


def _played(settings: Settings, run_dir: Path) -> float:
    web = dataclasses.replace(settings.web, port=0)
    code, seconds = play(dataclasses.replace(settings, web=web), run_dir)
    if code != 0:
        raise RuntimeError(f"the run in {run_dir} ended with {code}")
    return seconds


@contextmanager
def fresh_run(directory: Path) -> Iterator[Path]:
    """Give a directory for one run and remove it afterwards."""
    path = directory / f"run-{time.monotonic_ns()}"
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def eager(settings: Settings, speed: float) -> Settings:
    """Return settings under which nearly every second brings an order."""
    pairs = tuple(
        f"{pattern}:{regime}"
        for pattern in ("buy_imbalance", "sell_imbalance", "stacked_buy", "stacked_sell")
        for regime in ("trending_up", "trending_down", "ranging", "volatile")
    )
    return dataclasses.replace(
        settings,
        feed=dataclasses.replace(settings.feed, speed=speed),
        bars=dataclasses.replace(settings.bars, seconds=1),
        imbalance=dataclasses.replace(settings.imbalance, volume_min=5, ratio=1.2),
        regime=dataclasses.replace(settings.regime, bars_min=1, volume_ratio_min=0.0),
        router=dataclasses.replace(
            settings.router,
            enabled=pairs,
            strength_min=0.0,
            confidence_min=0.0,
            synthetic="allow",
        ),
        risk=dataclasses.replace(
            settings.risk,
            stop_ticks=1,
            target_ticks=1,
            daily_loss_dollars=1e9,
            daily_profit_dollars=1e9,
        ),
        web=dataclasses.replace(settings.web, port=0),
    )


def settle_times_ms(settings: Settings, rate: int, seconds: int, directory: Path) -> list[float]:
    """Return how long each decision took from the feed to the broker and back, under load.

    The tape plays at ten times its own pace, so `rate` trades a second are a tenth of that on it
    and ten bars end every second.
    """
    speed = 10
    chosen = eager(settings, speed)
    walk = Walk(rate // speed, seconds * speed, seed=9)
    times: list[float] = []
    with fresh_run(directory) as run_dir:
        rule = TapeRule.of(chosen.feed, chosen.bars)
        write_tape(data_directory(run_dir) / "tape.frames", tape(walk, rule))

        def done() -> bool:
            try:
                state = ask(run_dir, "feed", 1.0)["state"]
            except NoAnswer:
                return False
            times[:] = [ns / 1e6 for ns in state["settle_ns"]]
            return bool(state["settled"] == state["cuts"])

        play(chosen, run_dir, done)
    return times[10:]  # The first decisions fall while the floor is still connecting.


@dataclass
class Served:
    """A running floor of its own process, and what can be measured on it."""

    run_dir: Path
    host: subprocess.Popen[bytes]
    green_s: float

    def look(self) -> Node | None:
        return fold(read_documents(self.run_dir), "root", time.monotonic_ns())

    def workers(self) -> list[Node]:
        """Return the actors, supervisors left out."""
        return [node for node in _all(self.look()) if node.kind != "supervisor"]

    def kill_times_s(self, count: int) -> list[float]:
        """Kill actors in turn; return how long each took to be back where it was."""
        names = [node.id for node in self.workers() if node.id != "web"]
        return [self._back_s(names[n % len(names)], "kill") for n in range(count)]

    def hang_times_s(self, count: int) -> list[float]:
        """Stop actors in turn; return how long each took to be found, killed and back."""
        names = [node.id for node in self.workers() if node.id != "web"]
        return [self._back_s(names[n % len(names)], "stop") for n in range(count)]

    def _back_s(self, id: str, how: str) -> float:
        _until(lambda: all_green(self.look()), f"all green before {id} is hit")
        before = next(node for node in self.workers() if node.id == id)
        cut = int(ask(self.run_dir, id)["cut"])
        began = time.perf_counter()
        os.kill(before.pid, 9 if how == "kill" else 19)
        _until(lambda: self._is_back(id, before.incarnation, cut), f"{id} is back")
        return time.perf_counter() - began

    def _is_back(self, id: str, incarnation: int, cut: int) -> bool:
        try:
            state = ask(self.run_dir, id, 0.2)
        except NoAnswer:
            return False
        return bool(state["incarnation"] > incarnation and state["cut"] >= cut)

    def _bodies(self) -> list[bodies.Body]:
        run = read_run(self.run_dir)
        return [] if run is None else [*bodies.group(run.group), run.host]

    @property
    def processes(self) -> int:
        return len(self._bodies())

    def pss_mb(self) -> float:
        """Return the proportional memory of every process of the run."""
        total = 0
        for one in self._bodies():
            for line in Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1000


def _all(node: Node | None) -> Iterator[Node]:
    if node is not None:
        yield node
        for child in node.children:
            yield from _all(child)


def _until(condition: Any, what: str) -> None:
    limit = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"not within {LIMIT_S:.0f} s: {what}")
        time.sleep(0.001)


@contextmanager
def served(settings: Settings, directory: Path) -> Iterator[Served]:
    """Start the floor as `start.py run` does, on a simulated session, and stop it afterwards."""
    chosen = dataclasses.replace(
        settings,
        run=dataclasses.replace(settings.run, directory=str(directory)),
        feed=dataclasses.replace(settings.feed, speed=60.0),
        web=dataclasses.replace(settings.web, port=0),
        supervision=dataclasses.replace(settings.supervision, restarts_max=100_000),
    )
    run_dir = directory / "floor"
    feed = chosen.feed
    session = SimulatedSession(feed.symbol, feed.seed, feed.session_trades)
    rule = TapeRule.of(feed, chosen.bars)
    write_tape(data_directory(run_dir) / "tape.frames", tape(session, rule))
    (directory / "settings.json").write_text(settings_json(chosen))
    began = time.perf_counter()
    command = [sys.executable, "-m", "ops.bench_serve", str(directory / "settings.json")]
    root = Path(__file__).resolve().parents[1]
    host = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL)
    floor = Served(run_dir, host, 0.0)
    try:
        _until(lambda: all_green(floor.look()), "all green")
        floor.green_s = time.perf_counter() - began
        yield floor
    finally:
        host.terminate()
        host.wait(LIMIT_S)
        shutil.rmtree(run_dir)


def served_settings(path: Path) -> dict[str, Any]:
    """Read the settings that `served` wrote."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found
