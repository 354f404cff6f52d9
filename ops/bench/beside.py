"""Each calculation beside the same one as a plain Python loop, in pandas and in polars.

Both sides get the same bars or trades and the default settings of ES, each side in the shape it
likes, made ready before the clock runs. Both find the same patterns; ours also makes the signals
that go to the other actors, and keeps what a live floor needs after each bar.
"""

from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

from actors.core.columns import Trades
from ops.bench import (
    loop_bars,
    loop_chain,
    loop_levels,
    pandas_bars,
    pandas_chain,
    pandas_levels,
    patterns,
    polars_bars,
    polars_chain,
    polars_levels,
)
from ops.bench.patterns import DETECTORS, Found
from ops.bench.tables import Answer, Ready, ready
from protocol.market import BarClosed
from protocol.settings import Settings

BY_LEVEL = frozenset(
    {"imbalance", "horizontal", "exhaustion", "absorption", "level_absorption", "unfinished"}
)


class Beside(NamedTuple):
    """How long a calculation takes us, and how long each peer."""

    what: str
    ours_s: float
    peers_s: dict[str, float]

    def ratios(self) -> str:
        """Return how many times as fast as each peer we are; below 1 the peer is faster."""
        return ", ".join(f"{s / self.ours_s:.2f} x {name}" for name, s in self.peers_s.items())


class Peer(NamedTuple):
    """One way of doing it: its calculations by name, and how it likes bars and trades."""

    name: str
    levels: ModuleType
    bars: ModuleType
    chain: ModuleType
    finished: Callable[[Ready], Any]
    trades: Callable[[Trades], tuple[Any, ...]]

    def detector(self, name: str) -> Callable[[Any], Answer]:
        """Return how this peer finds the patterns of the detector `name`."""
        found: Callable[[Any], Answer] = vars(self.levels if name in BY_LEVEL else self.bars)[name]
        return found


PEERS = (
    Peer(
        "plain loop",
        loop_levels,
        loop_bars,
        loop_chain,
        lambda given: given,
        loop_levels.columns,
    ),
    Peer(
        "pandas",
        pandas_levels,
        pandas_bars,
        pandas_chain,
        pandas_levels.frames,
        pandas_levels.columns,
    ),
    Peer(
        "polars, all cores",
        polars_levels,
        polars_bars,
        polars_chain,
        polars_levels.frames,
        polars_levels.columns,
    ),
)


def detectors(found: Found) -> Iterator[Beside]:
    """Yield each detector of bars, then the indicators."""
    given, settings = ready(found), Settings()
    shapes = [(peer, peer.finished(given)) for peer in PEERS]
    for name in DETECTORS:
        chosen = patterns.only(settings, (name,))
        ours = patterns.best(partial(patterns.run_detectors, chosen, found))
        yield Beside(name, ours, _seconds((p.name, p.detector(name), (g,)) for p, g in shapes))
    bars = [message for message in found if isinstance(message, BarClosed)]
    ours = patterns.best(lambda: patterns.run_indicators(settings, bars))
    peers = _seconds((p.name, p.chain.indicators, (g,)) for p, g in shapes)
    yield Beside("indicators, and the regime they make", ours, peers)


def tape(trades: Trades) -> Iterator[Beside]:
    """Yield sides, absorption on the tape, and all from trades to patterns and indicators."""
    settings = Settings()
    shapes = [(peer, peer.trades(trades)) for peer in PEERS]
    yield Beside(
        "sides by the tick rule",
        patterns.best(partial(patterns.run_sides, trades)),
        _seconds((p.name, p.chain.sides, columns) for p, columns in shapes),
    )
    yield Beside(
        "tape_absorption",
        len(trades) / patterns.tape_rate(trades, settings),
        _seconds((p.name, p.levels.tape_absorption, columns) for p, columns in shapes),
    )
    yield Beside(
        "bars, all patterns, regime: the whole chain",
        len(trades) / patterns.chain_rate(trades, settings),
        _seconds((p.name, p.chain.chain, columns) for p, columns in shapes),
    )


def _seconds(
    works: Iterator[tuple[str, Callable[..., object], tuple[Any, ...]]],
) -> dict[str, float]:
    return {name: patterns.best(partial(work, *given)) for name, work, given in works}
