"""Measures the calculations alone: bars of every kind, each pattern, indicators, the whole chain.

All work on the same trades: the recorded day where it is there, else a simulated one. Patterns are
measured on the bars of that tape, so bars a second times the trades of a bar are trades a second.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.core.columns import Trades, batch_of, concat
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.orderflow.footprint import BarBuilder
from actors.core.orderflow.sides import SideInference, SideRule
from actors.core.patterns.detectors import DetectorSet
from actors.core.regime.classify import RegimeState
from actors.core.regime.flow import FlowRegimeRule
from actors.core.regime.market import MarketState
from actors.core.rules import bar_rules, regime_rule
from protocol.instruments import instrument
from protocol.market import BarClosed, ValueJudged
from protocol.pattern_settings import TapeAbsorptionSettings
from protocol.settings import Settings

CONTRACT = "ESU3"
STEP = 65_536  # Trades handed over at a time: a bar's worth and more.
LIVE_BATCH = 50
ROUNDS = 3
DETECTORS = (
    "imbalance", "horizontal", "exhaustion", "trend_exhaustion", "absorption", "level_absorption",
    "effort", "divergence", "participation", "unfinished", "trapped", "initiative",
)  # fmt: skip
Found = list[BarClosed | ValueJudged]


def trades_of_file(path: Path) -> Trades:
    """Return all trades of a recording, their sides inferred."""
    with TemporaryDirectory() as aside:
        chunks = [chunk.trades for chunk in Recording([path], "ES", Refusals(Path(aside)))]
    return SideInference(SideRule()).infer(concat(chunks))


def bars_of(trades: Trades, settings: Settings) -> Found:
    """Return the bars decided on, each followed by its value area."""
    built = ContractBars(bar_rules(settings.bars, CONTRACT), False)
    return [found for part in _parts(trades, STEP) for found in built.add(part)]


def series_rate(trades: Trades, series: str) -> float:
    """Return trades per second of the bars of one series."""
    bars = dataclasses.replace(Settings().bars, series=(series,))

    def build() -> None:
        builder = BarBuilder(bar_rules(bars, CONTRACT)[0], False)
        for part in _parts(trades, STEP):
            builder.add(part)

    return len(trades) / best(build)


def live_batch_us(trades: Trades) -> tuple[float, float]:
    """Return median and 99th percentile, microseconds, of a live batch through the aggregator."""
    built = ContractBars(bar_rules(Settings().bars, CONTRACT), False)
    times = []
    for part in _parts(trades, LIVE_BATCH):
        began = time.perf_counter()
        built.add(part)
        times.append((time.perf_counter() - began) * 1e6)
    p50, p99 = np.percentile(np.array(times), (50, 99)).tolist()
    return p50, p99


def detectors_rate(found: Found, settings: Settings) -> float:
    """Return bars per second of all detectors of bars together."""
    bars = sum(isinstance(message, BarClosed) for message in found)
    every = only(settings, DETECTORS)
    return bars / best(lambda: run_detectors(every, found))


def tape_rate(trades: Trades, settings: Settings) -> float:
    """Return trades per second of absorption on the tape."""
    chosen = dataclasses.replace(only(settings, ()), tape_absorption=TapeAbsorptionSettings())
    batches = [batch_of(part, CONTRACT, False) for part in _parts(trades, STEP)]

    def detect() -> None:
        detectors = DetectorSet(chosen, instrument("ES"))
        for batch in batches:
            detectors.add_trades(batch)

    return len(trades) / best(detect)


def run_sides(trades: Trades) -> NDArray[np.uint8]:
    """Return the sides of trades that came without one, batch by batch."""
    blank = np.zeros(len(trades), np.uint8)
    bare = dataclasses.replace(trades, aggressor=blank, source=blank, bid=None, ask=None)
    inference = SideInference(SideRule())
    return np.concatenate([inference.infer(part).aggressor for part in _parts(bare, STEP)])


def regime_rate(found: Found, settings: Settings) -> float:
    """Return bars per second of indicators, regime and condition."""
    bars = sum(isinstance(message, BarClosed) for message in found)
    return bars / best(lambda: run_regime(settings, found))


def chain_rate(trades: Trades, settings: Settings) -> float:
    """Return trades per second from columns to bars, all patterns, regime and condition."""

    def calculate() -> None:
        found = bars_of(trades, settings)
        detectors = DetectorSet(settings, instrument("ES"))
        for part in _parts(trades, STEP):
            detectors.add_trades(batch_of(part, CONTRACT, False))
        run_detectors(settings, found)
        run_regime(settings, found)

    return len(trades) / best(calculate)


def run_detectors(settings: Settings, found: Found) -> None:
    """Let a fresh detector set look at bars and value areas."""
    detectors = DetectorSet(settings, instrument("ES"))
    for message in found:
        if isinstance(message, BarClosed):
            detectors.add(message)
        else:
            detectors.value(message)


def run_indicators(settings: Settings, bars: list[BarClosed]) -> None:
    """Let a fresh state carry the indicators on and judge the regime."""
    state = RegimeState(regime_rule(settings, instrument("ES"), CONTRACT))
    for bar in bars:
        state.judge(bar)


def run_regime(settings: Settings, found: Found) -> None:
    """Let a fresh state judge bars and value areas."""
    own = instrument("ES")
    state = MarketState(
        regime_rule(settings, own, CONTRACT), FlowRegimeRule.of(settings.condition, own)
    )
    for message in found:
        if isinstance(message, BarClosed):
            state.add(message)
        else:
            state.add_value(message)


def only(settings: Settings, names: Iterable[str]) -> Settings:
    """Return `settings` with just the detectors `names` enabled."""
    chosen = set(names)
    return dataclasses.replace(
        settings,
        **{
            name: dataclasses.replace(getattr(settings, name), enabled=name in chosen)
            for name in (*DETECTORS, "tape_absorption", "flow")
        },
    )


def best(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of a few runs: the others were disturbed."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def _parts(trades: Trades, step: int) -> Iterator[Trades]:
    for start in range(0, len(trades), step):
        yield trades.slice(start, min(start + step, len(trades)))
