"""A small account trades the micro on the prices of the full-sized contract, faults or not."""

import dataclasses

import pytest

from protocol.account import TierChanged
from protocol.orders import BracketSubmitted, PositionClosed
from protocol.reports import OrderFilled, OrderRejected
from protocol.settings import Settings
from supervision.simulator import Faults
from tests.simulation.floor import Floor, busy_settings

STORM = Faults(crash=0.01, loss=0.01, duplicate=0.02, delay=0.02, crashes_max=20)
CENTS_A_TICK, COMMISSION_CENTS = 125, 62  # MES (domain 0.1, 7.3).


def tiered() -> Settings:
    base = busy_settings()
    return dataclasses.replace(base, tiers=dataclasses.replace(base.tiers, enabled=True))


@pytest.fixture(scope="module")
def calm() -> Floor:
    floor = Floor(0, Faults(), tiered())
    floor.run()
    return floor


def of(floor: Floor, stream: str, kind: type) -> list:
    return [message for message in floor.books.entries(stream) if isinstance(message, kind)]


def test_the_balance_decides_for_the_micro_before_anything_is_sent(calm):
    (tier, *_) = of(calm, "risk", TierChanged)
    assert tier.instrument == "MES"
    sent = of(calm, "desk", BracketSubmitted)
    assert sent
    assert {order.contract[:3] for order in sent} == {"MES"}


def test_the_exchange_fills_the_micro_by_trades_of_the_full_sized_contract(calm):
    assert of(calm, "broker", OrderRejected) == []
    fills = of(calm, "broker", OrderFilled)
    assert fills
    assert all(fill.commission_cents == COMMISSION_CENTS * fill.quantity for fill in fills)


def test_results_are_those_of_the_micro(calm):
    trips = of(calm, "desk", PositionClosed)
    assert trips
    for trip in trips:
        sign = 1 if trip.direction == "long" else -1
        gross = sign * (trip.exit_sum - trip.entry_sum) * CENTS_A_TICK
        assert trip.commission_cents == 2 * COMMISSION_CENTS * trip.quantity
        assert trip.pnl_cents == gross - trip.commission_cents


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_storm_of_faults_leaves_no_trace_with_tiers(calm, seed):
    floor = Floor(seed, STORM, tiered())
    floor.run()
    assert floor.digest == calm.digest, f"seed {seed}: another digest"
