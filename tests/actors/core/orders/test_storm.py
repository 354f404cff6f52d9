"""A desk in front of a venue that misbehaves, ten thousand times: money and orders agree.

FLOORWATCH_SEEDS sets how many seeds are played; every failure names its seed.
"""

import os
from collections import Counter

import pytest

from actors.core.orders.desk_state import held
from actors.core.orders.faults import FaultRates
from protocol.fence import FenceClosed
from protocol.orders import Leg, PositionOpened
from protocol.reports import OrderAccepted
from tests.actors.core.orders.desk_floor import STORM, Run

SEEDS = int(os.environ.get("FLOORWATCH_SEEDS", "1000"))
PART = 250


def check(seed, rates=STORM):
    """Play one seed and hold what must hold at its end."""
    run = Run(seed, rates)
    run.play(80)
    exchange = run.venue.exchange.state
    assert not exchange.positions and not exchange.entries, f"seed {seed}: not left"
    assert held(run.state) == {} and run.state.open == {}, f"seed {seed}: the desk holds on"
    accepted = Counter(
        fact.client_id
        for said in exchange.orders.values()
        for fact in said
        if isinstance(fact, OrderAccepted) and fact.leg is Leg.ENTRY
    )
    assert set(accepted.values()) <= {1}, f"seed {seed}: an order was taken twice"
    entered = run.entered()
    beyond = [bracket for bracket in entered if entered[bracket] > run.approved[bracket]]
    assert not beyond, f"seed {seed}: more was entered than risk allows: {beyond}"
    told = sum(trip.pnl_cents for trip in run.closed().values())
    assert told == run.cash_cents(), f"seed {seed}: cash is not the sum of the fills"
    return run


@pytest.mark.parametrize("seed", range(20))
def test_after_a_storm_the_desk_and_the_exchange_hold_the_same_and_cash_is_the_sum(seed):
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_no_seed_of_many_leaves_a_duplicate_a_naked_position_or_a_wrong_sum(first):
    for seed in range(first, min(first + PART, SEEDS)):
        check(seed)


def test_the_storm_is_one():
    runs = [check(seed) for seed in range(10)]
    facts = Counter(type(fact).__name__ for run in runs for fact in run.journal)
    assert facts["PositionOpened"] > 50
    for kind in ("StatusAsked", "BooksDiffer", "FenceClosed", "BracketEnded", "CancelSubmitted"):
        assert facts[kind] > 0, kind
    attempts = {fact.attempt for run in runs for fact in run.journal if "submitted" in fact.KIND
                and "bracket" in fact.KIND}  # fmt: skip
    assert attempts >= {1, 2}


def test_before_a_venue_without_faults_the_fence_stays_open_and_nothing_is_asked():
    run = check(1, FaultRates())
    kinds = Counter(type(fact).__name__ for fact in run.journal)
    assert not any(isinstance(fact, FenceClosed) for fact in run.journal)
    assert (kinds["StatusAsked"], kinds["BooksDiffer"]) == (0, 0)
    assert sum(isinstance(fact, PositionOpened) for fact in run.journal) > 5
