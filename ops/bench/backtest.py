"""The whole floor beside NautilusTrader on the same trades.

Ours is the back-test from feed to books, in one thread, with all bars, patterns, regime and
orders. NautilusTrader's makes bars and a footprint only, in a strategy in Python, since nothing
more is built in. Both start with the trades in memory, and both times begin with the run.
"""

import dataclasses
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades
from ops.bench import floor, patterns
from ops.bench.floor import Walk
from ops.replay import LOCAL_BATCH_TRADES_MAX, local_floor
from protocol.settings import Settings

SCRIPT = Path(__file__).with_name("nautilus.py")
RUN_MAX_S = 300.0


@dataclass(frozen=True, slots=True)
class Tape:
    """Trades of one contract in memory."""

    trades: Trades
    contract: str
    simulated: bool

    def __iter__(self) -> Iterator[Chunk]:
        yield Chunk(self.trades, self.contract, simulated=self.simulated)


class Rival(NamedTuple):
    """What the other engine is and how fast."""

    name: str
    rate: float  # Trades per second.


def tapes(walk: Walk, day: Path | None) -> dict[str, Tape]:
    """Return the simulated trades, and those of the recorded day if it is there."""
    found = {"simulated": Tape(walk.trades(), floor.CONTRACT, simulated=True)}
    if day is not None:
        trades = patterns.trades_of_file(day)
        found["recorded"] = Tape(trades, patterns.CONTRACT, simulated=False)
    return found


def floor_rate(settings: Settings, given: Tape) -> float:
    """Return trades per second of our back-test."""
    own = TapeRule.of(settings.feed, settings.bars)
    rule = dataclasses.replace(own, batch_trades_max=LOCAL_BATCH_TRADES_MAX, batch_ns=0)
    messages = list(tape(given, rule))
    with TemporaryDirectory() as directory:
        run = local_floor(settings, MemoryBooks(), directory)
        began = time.perf_counter()
        run.run(messages)
        return len(given.trades) / (time.perf_counter() - began)


def nautilus(python: Path, trades: Trades) -> Rival:
    """Return how fast the engine is that the interpreter `python` has.

    Its footprint must hold every contract of the trades: else it did not do the same.
    """
    with TemporaryDirectory() as directory:
        path = Path(directory) / "trades.npz"
        np.savez(
            path,
            ts=trades.ts_event,
            price=trades.price,
            size=trades.size,
            aggressor=trades.aggressor,
        )
        done = subprocess.run(
            [python, SCRIPT, path], capture_output=True, text=True, timeout=RUN_MAX_S
        )
    if done.returncode != 0:
        raise RuntimeError(f"{python} {SCRIPT.name} ended with {done.returncode}: {done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    wanted = int(trades.size.sum(dtype=np.int64))
    if (found["trades"], found["volume"]) != (len(trades), wanted):
        raise RuntimeError(
            f"{found['trades']} trades and {found['volume']} contracts in its footprint,"
            f" wanted {len(trades)} and {wanted}"
        )
    return Rival(f"NautilusTrader {found['version']}", len(trades) / float(found["seconds"]))
