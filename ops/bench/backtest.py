"""The whole floor beside NautilusTrader on the same trades.

Ours is the back-test from feed to books, in one thread, with all bars, patterns, regime and
orders. NautilusTrader's makes bars and a footprint only, in a strategy in Python, since nothing
more is built in. Both start with the trades in memory, and both times begin with the run. They
take turns, since a machine's speed changes by the minute, and the median of the ratios counts.

Much of the cost is that of a bar, so the rate depends on how many trades a bar has: few at night,
many in a regular session. Of a recording both are measured, that session and all of it.
"""

import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades
from actors.core.session.calendar import trading_day
from ops.bench import floor, patterns
from ops.bench.floor import Walk
from ops.bench.program import NoAnswer, answer
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


@dataclass(frozen=True, slots=True)
class Turns:
    """The rates of both engines on the same trades, turn by turn."""

    ours: Sequence[float]  # Trades per second.
    rivals: Sequence[Rival]

    @property
    def ratios(self) -> list[float]:
        """How many times as fast as the rival we were, the slowest turn first."""
        pairs = zip(self.ours, self.rivals, strict=True)
        return sorted(ours / rival.rate for ours, rival in pairs)


def tapes(walk: Walk, recording: Path | None) -> dict[str, Tape]:
    """Return the simulated trades, and of a recording all and the last regular session."""
    found = {"simulated trades": Tape(walk.trades(), floor.CONTRACT, simulated=True)}
    if recording is not None:
        trades = patterns.trades_of_file(recording)
        if len(session := regular_session(trades)):
            found["recorded trades of a regular session"] = Tape(session, patterns.CONTRACT, False)
        found["recorded trades, nights included"] = Tape(trades, patterns.CONTRACT, False)
    return found


def regular_session(trades: Trades) -> Trades:
    """Return the trades of the regular session of the last trading date."""
    day = trading_day(int(trades.ts_event[-1]))
    start, stop = np.searchsorted(trades.ts_event, (day.rth_open_ns, day.rth_close_ns))
    return trades.slice(int(start), int(stop))


def in_turns(settings: Settings, python: Path, given: Tape, count: int) -> Turns:
    """Let both engines run `count` times, one after the other.

    Ours once before, uncounted: a process does much for the first time only, the rival's is new
    for every run.
    """
    floor_rate(settings, given)
    turns = [
        (floor_rate(settings, given), nautilus(python, given.trades)) for _ in range(count)
    ]  # fmt: skip
    return Turns([ours for ours, _ in turns], [rival for _, rival in turns])


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
        said = answer([python, SCRIPT, path], RUN_MAX_S)
    found = json.loads(said.splitlines()[-1])
    wanted = int(trades.size.sum(dtype=np.int64))
    if (found["trades"], found["volume"]) != (len(trades), wanted):
        raise NoAnswer(
            f"has {found['trades']} trades and {found['volume']} contracts in its footprint,"
            f" wanted {len(trades)} and {wanted}"
        )
    return Rival(f"NautilusTrader {found['version']}", len(trades) / float(found["seconds"]))
