"""The peers of the bench answer the same question: same bars, same patterns, same indicators."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pytest

from actors.core.columns import Trades, batch_of
from actors.core.patterns.detectors import DetectorSet
from actors.core.regime.classify import RegimeState
from actors.core.regime.indicators import (
    mean,
    percentile,
    range_bound,
    slope,
    structure,
)
from actors.core.rules import regime_rule
from ops.bench import patterns, peers
from ops.bench.beside import PEERS, Peer
from ops.bench.patterns import CONTRACT, DETECTORS, Found
from ops.bench.run import RECORDING
from ops.bench.tables import bar_columns, ready, rows_of
from protocol.instruments import instrument
from protocol.market import BarClosed
from protocol.patterns import Pattern
from protocol.settings import Settings
from protocol.signals import SignalRaised
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.recordings import real
from tests.makers import at

# What becomes of a level in later bars is no question to the peers.
NOT_ASKED = Pattern.UNFINISHED_REVISITED
FLOW = {Pattern.FLOW_BUYING, Pattern.FLOW_SELLING}


class Day(NamedTuple):
    """Trades and the bars made of them."""

    trades: Trades
    found: Found

    def bars(self) -> list[BarClosed]:
        return [message for message in self.found if isinstance(message, BarClosed)]


def walk() -> Trades:
    """Four days at night and by day, some sides unknown, with hours of little and of much."""
    dice = np.random.default_rng(1)
    count = 80_000
    ts = at("18:00", "2025-12-01") + np.sort(dice.integers(0, 4 * 86_400 * NANOS_PER_S, count))
    hours = dice.choice([1, 1, 2, 6], 4 * 24)[(ts - ts[0]) // (3_600 * NANOS_PER_S)]
    calm = 2_000 + np.cumsum(dice.choice([-1, 0, 0, 0, 0, 1], count))
    side = dice.choice([0, 1, 1, 1, 1, 2, 2, 2, 2], count).astype(np.uint8)
    return Trades(
        ts.astype(np.int64),
        calm.astype(np.int32),
        (dice.integers(1, 12, count) * hours).astype(np.int32),
        side,
        (side > 0).astype(np.uint8),
        np.zeros(count, np.uint8),
    )


@pytest.fixture(scope="module", params=["simulated", "recorded"])
def day(request: pytest.FixtureRequest) -> Day:
    if request.param == "simulated":
        trades = walk()
    else:
        trades = patterns.trades_of_file(real(RECORDING))
    return Day(trades, patterns.bars_of(trades, Settings()))


@pytest.fixture(params=PEERS, ids=[peer.name for peer in PEERS])
def peer(request: pytest.FixtureRequest) -> Peer:
    found: Peer = request.param
    return found


def raised(day: Day, settings: Settings) -> set[tuple[int, str, int]]:
    """What our detectors of bars raise, by the number of the bar."""
    detectors, number, found = DetectorSet(settings, instrument("ES")), -1, set()
    for message in day.found:
        if not isinstance(message, BarClosed):
            detectors.value(message)
            continue
        number += 1
        for signal in detectors.add(message):
            if isinstance(signal, SignalRaised) and signal.pattern is not NOT_ASKED:
                found.add((number, str(signal.pattern), int(signal.ref_price)))
    return found


def raised_on_the_tape(day: Day) -> set[tuple[int, str, int]]:
    """What our absorption on the tape raises, by time."""
    settings = Settings()
    chosen = dataclasses.replace(
        patterns.only(settings, ()), tape_absorption=settings.tape_absorption
    )
    signals = DetectorSet(chosen, instrument("ES")).add_trades(
        batch_of(day.trades, CONTRACT, False)
    )
    return {(int(s.ts_ns), str(s.pattern), int(s.ref_price)) for s in signals}


@pytest.mark.parametrize("name", DETECTORS)
def test_a_peer_given_the_same_bars_finds_the_same_patterns_at_the_same_prices(name, peer, day):
    ours = raised(day, patterns.only(Settings(), (name,)))
    assert ours
    answer = peer.detector(name)(peer.finished(ready(day.found)))
    assert rows_of(answer) == ours


def test_a_peer_given_the_same_trades_finds_the_same_absorption_on_the_tape(peer, day):
    ours = raised_on_the_tape(day)
    assert ours
    assert rows_of(peer.levels.tape_absorption(*peer.trades(day.trades))) == ours


def test_a_peer_given_the_same_trades_without_sides_finds_the_same_sides(peer, day):
    ours = patterns.run_sides(day.trades).tolist()
    assert set(ours) == {0, 1, 2} and ours[0] == 0
    assert list(peer.chain.sides(*peer.trades(day.trades))) == ours


def test_a_peer_that_makes_the_whole_chain_from_trades_finds_all_the_same_patterns(peer, day):
    ours = raised(day, Settings()) | raised_on_the_tape(day)
    assert rows_of(peer.chain.chain(*peer.trades(day.trades))) == ours


def test_a_peer_makes_the_same_bars_of_the_same_trades(peer, day):
    columns = peer.trades(day.trades)
    given = peer.chain.finished(columns if peer.name == "plain loop" else columns[0])
    ours = bar_columns(ready(day.found).bars)
    theirs = bar_columns(given.bars) if peer.name == "plain loop" else given.bars
    for name, column in ours.items():
        assert list(theirs[name]) == list(column), name


def test_a_peer_given_the_same_bars_has_the_same_indicators_once_its_windows_are_full(peer, day):
    rows = our_indicators(day.bars())
    theirs = peer.chain.indicators(peer.finished(ready(day.found)))
    wanted_from = {"adx": 27, "adx_slope": 31, "atr": 13, "ema_slow": 20, "ema_fast": 8}
    for name in rows[0]:
        column = [None if empty(value) else float(value) for value in theirs[name]]
        assert len(column) == len(rows)
        warm = next(number for number, value in enumerate(column) if value is not None)
        assert warm == wanted_from.get(name, warm) <= 31
        ours = [float(row[name]) for row in rows[warm:]]
        assert column[warm:] == pytest.approx(ours, rel=1e-9, abs=1e-9), name


def our_indicators(bars: Iterable[BarClosed]) -> list[dict[str, Any]]:
    """What the regime is judged by, after each bar."""
    state, rows = RegimeState(regime_rule(Settings(), instrument("ES"), CONTRACT)), []
    for bar in bars:
        atrs = list(state.atrs)
        state.judge(bar)
        highs, lows, atr = list(state.highs), list(state.lows), state.atr_now
        flags = structure((highs * 5)[-5:], (lows * 5)[-5:])
        rows.append(
            {
                "ema_fast": state.fast.value,
                "ema_slow": state.slow.value,
                "atr": atr,
                "atr_percentile": 50.0 if atr is None else percentile(atrs, atr),
                "adx": state.adxs[-1] if state.adxs else None,
                "adx_slope": slope(state.adxs),
                "vwap": state.vwap.running.mean(),
                "higher_high": flags.higher_high,
                "lower_low": flags.lower_low,
                "higher_low": flags.higher_low,
                "lower_high": flags.lower_high,
                "average_range": (sum(highs[-5:]) - sum(lows[-5:])) / 5,
                "range_bound": range_bound(highs, lows),
                "delta_slope": slope(state.deltas),
                "volume_ratio": bar.volume / mean(state.volumes),
            }
        )
    return rows


def empty(value: float | None) -> bool:
    return value is None or math.isnan(value)


def test_the_simulated_tape_asks_for_every_pattern():
    trades = walk()
    day = Day(trades, patterns.bars_of(trades, Settings()))
    every = raised(day, patterns.only(Settings(), DETECTORS)) | raised_on_the_tape(day)
    assert {name for _, name, _ in every} == set(Pattern) - FLOW - {NOT_ASKED}


def test_the_peers_of_the_bare_footprint_agree_with_each_other_and_with_the_volume(day):
    answers = [make(day.trades)[1] for make in peers.PEERS.values()]
    assert answers[0] == answers[1] == answers[2]
    assert sum(answers[0].values()) == day.trades.size.sum()
