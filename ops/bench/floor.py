"""Measures the floor at work: bars, replays in both runtimes, decisions under load."""

import dataclasses
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Chunk, Refusals
from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from actors.core.columns import Trades
from actors.core.orderflow.footprint import BarBuilder
from actors.core.rules import bar_rules
from ops.live import data_directory, is_complete, play
from ops.replay import LOCAL_BATCH_TRADES_MAX, local_floor, replay_local
from protocol.settings import BarSettings, Settings
from protocol.units import NANOS_PER_S
from supervision.inspection import NoAnswer, ask

OPEN_NS = 1_764_686_400 * NANOS_PER_S  # 2025-12-02 09:40 in New York: entries are allowed.
CONTRACT = "ESZ5"
WEEKS = 8  # A recording so many times: what the start of the floor takes then hardly counts.
WEEK_NS = 7 * 24 * 3_600 * NANOS_PER_S
ASK_S = 1.0  # Asking costs the actor that is asked a few milliseconds.


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


@dataclass(frozen=True, slots=True)
class Weekly:
    """A recording told again week after week: as it was, but for its dates."""

    chunks: tuple[Chunk, ...]
    weeks: int

    @classmethod
    def of(cls, path: Path, weeks: int, quarantine: Path) -> "Weekly":
        """Return the recording at `path`, `weeks` times."""
        return cls(tuple(Recording([path], "ES", Refusals(quarantine))), weeks)

    @property
    def count(self) -> int:
        return self.weeks * sum(len(chunk.trades) for chunk in self.chunks)

    def __iter__(self) -> Iterator[Chunk]:
        for week in range(self.weeks):
            for chunk in self.chunks:
                ts_event = chunk.trades.ts_event + week * WEEK_NS
                trades = dataclasses.replace(chunk.trades, ts_event=ts_event)
                yield dataclasses.replace(chunk, trades=trades)


def bars_from_columns(trades: Trades) -> float:
    """Return trades per second of our bars, fed a bar's worth at a time."""
    (rule,) = bar_rules(BarSettings(series=("time:300",)), CONTRACT)
    builder = BarBuilder(rule, simulated=True)
    step = 65_536
    began = time.perf_counter()
    for start in range(0, len(trades), step):
        builder.add(trades.slice(start, min(start + step, len(trades))))
    return len(trades) / (time.perf_counter() - began)


def replay_local_walk(settings: Settings, walk: Walk) -> float:
    """Return trades per second of the whole floor in one thread; the tape is in memory."""
    own = TapeRule.of(settings.feed, settings.bars)
    rule = dataclasses.replace(own, batch_trades_max=LOCAL_BATCH_TRADES_MAX, batch_ns=0)
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
    """Return trades per second of all processes, of a recording told week after week."""
    with fresh_run(directory) as run_dir:
        return _played(settings, Weekly.of(path, WEEKS, run_dir / "quarantine"), run_dir)


def replay_live_walk(settings: Settings, walk: Walk, directory: Path) -> float:
    """Return trades per second of all processes on a simulated tape."""
    feed = dataclasses.replace(settings.feed, batch_trades_max=16_384)
    with fresh_run(directory) as run_dir:
        return _played(dataclasses.replace(settings, feed=feed), walk, run_dir)


def _played(settings: Settings, source: Walk | Weekly, run_dir: Path) -> float:
    """Return trades per second from the first that can be read to the last entry in the books."""
    return source.count / play_through(settings, source, run_dir) * NANOS_PER_S


def play_through(
    settings: Settings,
    source: Walk | Weekly,
    run_dir: Path,
    at_the_end: Callable[[], None] = lambda: None,
) -> int:
    """Play a source through all processes; return how many nanoseconds it took.

    Time begins with the first trade that can be read: the feed does not wait until all is green,
    so what is left of the start counts, too. `at_the_end` finds the floor complete and at work.
    """
    feed = dataclasses.replace(settings.feed, speed=0.0)
    web = dataclasses.replace(settings.web, port=0)
    rule = TapeRule.of(feed, settings.bars)
    write_tape(data_directory(run_dir) / "tape.frames", tape(source, rule))
    began_ns = ended_ns = 0

    def done() -> bool:
        nonlocal began_ns, ended_ns
        began_ns = began_ns or ask(run_dir, "feed", ASK_S)["state"]["began_ns"]
        ended_ns = time.monotonic_ns()
        if not is_complete(run_dir):
            return False
        at_the_end()
        return True

    code, _ = play(dataclasses.replace(settings, feed=feed, web=web), run_dir, done)
    if code != 0:
        raise RuntimeError(f"the run in {run_dir} ended with {code}")
    return ended_ns - began_ns


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
        bars=dataclasses.replace(settings.bars, series=("time:1",)),
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
    asked_s = 0.0
    with fresh_run(directory) as run_dir:
        rule = TapeRule.of(chosen.feed, chosen.bars)
        write_tape(data_directory(run_dir) / "tape.frames", tape(walk, rule))

        def done() -> bool:
            nonlocal asked_s
            if time.monotonic() - asked_s < ASK_S:
                return False
            asked_s = time.monotonic()
            try:
                state = ask(run_dir, "feed", 1.0)["state"]
            except NoAnswer:
                return False
            times[:] = [ns / 1e6 for ns in state["settle_ns"]]
            return bool(state["settled"] == state["cuts"])

        play(chosen, run_dir, done)
    return times[10:]  # The first decisions fall while the floor is still connecting.
