"""A random walk gives no edge, however orders are filled (domain 13).

Any rule by which a walk without drift earns is a rule that fills at prices the market had left.
The walk moves one tick at a time; a bracket of 16 and 24 ticks bought at p + 1 ends at p - 15 or, a
tick beyond its target, at p + 26: it wins 15 times of 41.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import pytest

from actors.core.columns import Trades
from actors.core.orders.fills import PaperRule
from actors.core.orders.paper import PaperExchange
from protocol.orders import EntryKind, Leg
from protocol.patterns import Direction
from protocol.reports import OrderFilled, OrderModified
from protocol.units import NANOS_PER_S
from tests.actors.core.orders.paper_market import QUEUE, RULE, T0, TOUCH
from tests.makers import make_submitted

BRACKETS = 2_500
SIGMAS = 4
SHORT_QUEUE = dataclasses.replace(QUEUE, displayed=2)


@dataclass(frozen=True)
class Result:
    """What the brackets that were filled came to."""

    trips: int
    wins: int
    mean: float  # Ticks a trip, commissions aside.
    error: float  # Standard error of the mean.
    moves: int


def walk(seed: int, count: int = 3_500_000) -> Trades:
    random = np.random.default_rng(seed)
    price = 100_000 + np.cumsum(random.integers(0, 2, count, np.int8).astype(np.int32) * 2 - 1)
    ones = np.ones(count, np.uint8)
    ts = T0 + np.arange(count) * NANOS_PER_S
    return Trades(ts, price.astype(np.int32), np.ones(count, np.int32), ones, ones, ones)


@pytest.fixture(scope="module")
def tape() -> Trades:
    return walk(20_251_202)


def play(tape: Trades, rule: PaperRule, limit_ticks: int | None = None, **terms: int) -> Result:
    """Send one bracket after the other, long and short in turn; a limit lies behind the market."""
    exchange, row, results, moves = PaperExchange(rule), 0, [], 0
    for number in range(BRACKETS):
        sign = 1 if number % 2 else -1
        price = int(tape.price[row])
        limited = limit_ticks is not None
        bracket = make_submitted(
            client_id=str(number),
            ts_ns=int(tape.ts_event[row]),
            direction=Direction.LONG if sign > 0 else Direction.SHORT,
            entry=EntryKind.LIMIT if limited else EntryKind.MARKET,
            limit_price=price - sign * limit_ticks if limited else None,
            expires_ns=int(tape.ts_event[row]) + 60 * NANOS_PER_S if limited else None,
            **terms,
        )
        exchange.send(bracket)
        fills = []
        while exchange.state.entries or exchange.state.positions:
            told = exchange.trade(tape.slice(row, row + 256))
            fills += [fact for fact in told if isinstance(fact, OrderFilled)]
            moves += sum(isinstance(fact, OrderModified) for fact in told)
            row += 256
        if fills:
            entry, leave = fills
            results.append((leave.leg, sign * (leave.price - entry.price)))
        assert row + 60_000 < len(tape), "the walk is too short"
    ticks = np.array([ticks for _, ticks in results])
    wins = sum(leg is Leg.TARGET for leg, _ in results)
    error = float(ticks.std() / math.sqrt(len(ticks)))
    return Result(len(ticks), wins, float(ticks.mean()), error, moves)


def check_rate(result: Result, expected: float) -> None:
    sigma = math.sqrt(expected * (1 - expected) / result.trips)
    assert abs(result.wins / result.trips - expected) < SIGMAS * sigma


def test_market_entries_win_as_often_as_theory_says_and_lose_what_they_pay(tape):
    result = play(tape, RULE)
    assert result.trips == BRACKETS
    check_rate(result, 15 / 41)
    # What is lost is what was paid: slippage in and out, and the tick left at the target.
    assert abs(result.mean - (15 / 41 * 24 - 26 / 41 * 17)) < SIGMAS * result.error


@pytest.mark.parametrize("rule", [RULE, SHORT_QUEUE], ids=["through", "queue"])
def test_limit_entries_that_wait_their_turn_show_no_edge(tape, rule):
    """Filled at p with the market at p - 1: the stop is 15 away, a tick beyond the target 26."""
    result = play(tape, rule, limit_ticks=3)
    assert result.trips > BRACKETS / 2
    assert result.mean < SIGMAS * result.error
    if rule is RULE:
        check_rate(result, 15 / 41)


def test_limits_that_fill_at_a_touch_are_kind_and_still_pay_for_their_stops(tape):
    """Touched at p with the market there: 16 away from the stop, 24 from the target.

    A touch gives what a market never gives to the last in the queue: 16 of 40 at no cost. So touch
    is better than through by what through pays, and its results must not be taken for evidence.
    """
    touch, through = play(tape, TOUCH, limit_ticks=3), play(tape, RULE, limit_ticks=3)
    check_rate(touch, 16 / 40)
    assert abs(touch.mean - (16 / 40 * 24 - 24 / 40 * 17)) < SIGMAS * touch.error
    assert touch.mean > through.mean


@pytest.mark.parametrize(
    "terms",
    [
        {"breakeven_ticks": 8, "breakeven_offset_ticks": 1},
        {"trail_start_ticks": 8, "trail_ticks": 6},
        {"trail_start_ticks": 1, "trail_ticks": 1},
        {
            "breakeven_ticks": 4,
            "breakeven_offset_ticks": 3,
            "trail_start_ticks": 6,
            "trail_ticks": 3,
        },
    ],
    ids=["breakeven", "trail", "close trail", "both"],
)
def test_a_stop_that_moves_earns_nothing_either(tape, terms):
    result = play(tape, RULE, **terms)
    assert result.moves > BRACKETS / 4
    # Every trip pays a tick of slippage at its entry and another at its stop.
    assert abs(result.mean) > 1 - SIGMAS * result.error
    assert result.mean < -1 + SIGMAS * result.error


def test_without_slippage_and_at_a_touch_nothing_is_won_or_lost(tape):
    """The walk is fair: a fill rule without any cost comes out at zero, so the measure is true."""
    free = dataclasses.replace(TOUCH, slippage_ticks=0, stop_slippage_ticks=0)
    for terms in ({}, {"trail_start_ticks": 4, "trail_ticks": 4}):
        result = play(tape, free, **terms)
        assert abs(result.mean) < SIGMAS * result.error
