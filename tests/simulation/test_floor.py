"""The acceptance of the design in play: whatever is killed, lost, late or doubled, the books agree.

FLOORWATCH_SEEDS sets how many seeds are played; every failure names its seed.
"""

import dataclasses
import os
from collections import Counter

import pytest

from protocol.orders import BracketSubmitted, Leg, PositionOpened
from protocol.reports import OrderAccepted, OrderFilled
from supervision.simulator import Faults
from tests.simulation.floor import Floor, frames

SEEDS = int(os.environ.get("FLOORWATCH_SEEDS", "1000"))
PART = 50
STORM = Faults(crash=0.01, loss=0.01, duplicate=0.02, delay=0.02, crashes_max=30)


@pytest.fixture(scope="module")
def calm() -> Floor:
    floor = Floor(0, Faults())
    floor.run()
    return floor


def test_the_tape_makes_the_floor_trade(calm):
    kinds = Counter(type(m) for s in ("desk", "broker") for m in calm.books.entries(s))
    assert kinds[BracketSubmitted] >= 10
    assert kinds[OrderFilled] >= 15


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_a_storm_of_faults_leaves_no_trace_in_the_books(calm, first):
    for seed in range(first, min(first + PART, SEEDS)):
        floor = Floor(seed, STORM)
        floor.run()
        assert floor.digest == calm.digest, f"seed {seed}: another digest"
        assert tuple(floor.recorded.all()) == frames(), f"seed {seed}: recorded otherwise"
        check_orders(floor, seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS // 5, PART))
def test_power_cuts_among_the_faults_leave_no_trace_in_the_books(calm, first):
    cuts = 0
    for seed in range(first, min(first + PART, SEEDS // 5)):
        floor = Floor(seed, dataclasses.replace(STORM, power=0.002))
        cuts += floor.run().power_cuts
        assert floor.digest == calm.digest, f"seed {seed}: another digest"
        assert tuple(floor.recorded.all()) == frames(), f"seed {seed}: recorded otherwise"
        check_orders(floor, seed)
    assert cuts > 0


def check_orders(floor: Floor, seed: int) -> None:
    """No order twice at the broker, no position without a stop that rests there."""
    broker = list(floor.books.entries("broker"))
    accepted = Counter(m.client_id for m in broker if isinstance(m, OrderAccepted))
    assert set(accepted.values()) <= {1}, f"seed {seed}: an order was taken twice"
    fills = Counter((m.client_id, m.leg) for m in broker if isinstance(m, OrderFilled))
    assert set(fills.values()) <= {1}, f"seed {seed}: a fill was repeated"
    for fill in broker:
        if isinstance(fill, OrderFilled) and fill.leg is Leg.ENTRY:
            assert fill.stop_price is not None, f"seed {seed}: {fill} has no stop"
    opened = [m for m in floor.books.entries("desk") if isinstance(m, PositionOpened)]
    assert len({m.bracket_id for m in opened}) == len(opened), f"seed {seed}: opened twice"
