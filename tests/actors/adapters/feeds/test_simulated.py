"""The simulated session: the same every time, honest about itself, and worth a demo."""

import hashlib
from datetime import date

import numpy as np
import pytest

from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades, concat
from actors.core.session.calendar import day_of
from protocol.codec import encode
from protocol.market import Aggressor, SideSource
from protocol.settings import BarSettings, FeedSettings
from protocol.units import NANOS_PER_S

RULE = TapeRule.of(FeedSettings(), BarSettings())


def trades_of(session) -> Trades:
    return concat([chunk.trades for chunk in session])


@pytest.fixture(scope="module")
def whole() -> Trades:
    return trades_of(SimulatedSession("ES", seed=7))


def digest(session) -> str:
    return hashlib.sha256(b"".join(map(encode, tape(session, RULE)))).hexdigest()


def test_the_same_seed_and_day_give_the_same_tape():
    assert digest(SimulatedSession("ES", 7)) == digest(SimulatedSession("ES", 7))


def test_another_seed_or_another_day_gives_another_tape():
    tapes = {
        digest(SimulatedSession("ES", 7)),
        digest(SimulatedSession("ES", 8)),
        digest(SimulatedSession("ES", 7, trading_date=date(2025, 11, 13))),
    }
    assert len(tapes) == 3


@pytest.mark.parametrize("trades", [1, 2, 1_000, 65_537])
def test_a_session_has_exactly_the_trades_asked_for(trades):
    assert len(trades_of(SimulatedSession("ES", 1, trades))) == trades


def test_a_session_without_trades_is_refused():
    with pytest.raises(ValueError, match="a session of 0 trades"):
        SimulatedSession("ES", 1, 0)


def test_every_chunk_says_that_it_is_simulated_and_names_the_front_month():
    chunks = list(SimulatedSession("CL", 1, trading_date=date(2026, 8, 18)))
    assert {(chunk.simulated, chunk.contract) for chunk in chunks} == {(True, "CLV6")}


def test_trades_lie_within_their_trading_day_and_in_order(whole):
    day = day_of(date(2025, 11, 12))
    assert day.open_ns <= whole.ts_event[0]
    assert whole.ts_event[-1] < day.end_ns
    assert np.all(np.diff(whole.ts_event) >= 0)


def test_sides_come_from_the_feed_and_each_trade_is_at_or_behind_its_touch(whole):
    assert set(whole.source.tolist()) == {SideSource.FEED}
    bought = whole.aggressor == Aggressor.BUY
    assert np.array_equal(whole.price[bought], whole.ask[bought])
    assert np.array_equal(whole.price[~bought], whole.bid[~bought])
    assert np.all(whole.bid < whole.ask)
    assert whole.size.min() >= 1


def test_the_regular_session_is_busier_than_the_night_and_its_ends_than_its_middle(whole):
    day = day_of(date(2025, 11, 12))
    opening = (whole.ts_event - day.rth_open_ns) // (30 * 60 * NANOS_PER_S)
    halves = np.bincount(opening[(opening >= 0) & (opening < 13)], minlength=13)
    assert halves.sum() > 0.6 * len(whole)
    assert min(halves[0], halves[-1]) > 1.5 * np.median(halves[4:9])


@pytest.mark.parametrize("seed", range(7, 12))
def test_every_session_has_calm_and_violent_bars_and_stacked_imbalances_on_both_sides(seed):
    trades = trades_of(SimulatedSession("ES", seed))
    day = day_of(date(2025, 11, 12))
    bar = (trades.ts_event - day.rth_open_ns) // (300 * NANOS_PER_S)
    ranges, buys, sells = [], 0, 0
    for number in range(78):
        part = np.flatnonzero(bar == number)
        price = trades.price[part] - trades.price[part].min()
        size = trades.size[part].astype(np.int64)
        bought = np.bincount(price, size * (trades.aggressor[part] == Aggressor.BUY))
        sold = np.bincount(price, size * (trades.aggressor[part] == Aggressor.SELL))
        ranges.append(len(bought))
        buys += longest_run((bought[1:] >= 20) & (bought[1:] >= 3 * np.maximum(sold[:-1], 1))) >= 3
        sells += longest_run((sold[:-1] >= 20) & (sold[:-1] >= 3 * np.maximum(bought[1:], 1))) >= 3
    assert buys >= 5
    assert sells >= 5
    assert np.percentile(ranges, 90) > 2.5 * np.percentile(ranges, 25)


def longest_run(flags) -> int:
    best = run = 0
    for flag in flags.tolist():
        run = run + 1 if flag else 0
        best = max(best, run)
    return best


@pytest.mark.parametrize("symbol", ["ES", "ZN", "6E", "PL"])
def test_no_step_between_trades_would_trip_the_jump_filter(symbol):
    trades = trades_of(SimulatedSession(symbol, seed=3))
    assert np.abs(np.diff(trades.price)).max() <= 20
    assert trades.price.min() > 10_000


def test_a_session_of_any_length_moves_about_as_far():
    day = day_of(date(2025, 11, 12))
    typical = []
    for count in (30_000, 120_000, 480_000):
        trades = trades_of(SimulatedSession("ES", 7, count))
        bar = (trades.ts_event - day.rth_open_ns) // (300 * NANOS_PER_S)
        ranges = [np.ptp(trades.price[bar == number]) for number in range(78)]
        typical.append(float(np.median(ranges)))
    print(typical)
    assert max(typical) < 1.6 * min(typical)
