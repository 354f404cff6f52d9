"""What is at stake, domain 7.7."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orders.money import TickValue
from actors.core.risk.exposure import (
    bracket_risk_cents,
    day_total_cents,
    limit_cents,
    traded,
    unrealised_cents,
    worst_cents,
)
from actors.core.risk.ledger import apply
from actors.core.risk.state import RiskState
from protocol.patterns import Direction
from tests.actors.core.risk.accounts import fold, make_changed, make_rule
from tests.makers import at, make_bar, make_bracket, make_closed, make_opened

RULE = make_rule()
TERMS = RULE.terms["ES"]
SHORT = {"direction": Direction.SHORT, "stop_price": 20_016}


def test_the_risk_of_a_bracket_is_stop_slippage_and_both_commissions():
    assert bracket_risk_cents(16, 1, TERMS, RULE) == 21_700
    assert bracket_risk_cents(16, 3, TERMS, RULE) == 65_100
    assert bracket_risk_cents(16, 1, RULE.terms["MES"], RULE) == 2_249  # Domain 7.2: 22.49.
    half = dataclasses.replace(TERMS, tick=TickValue(3125, 2), commission_cents=0)
    assert bracket_risk_cents(16, 1, half, RULE) == 26_563  # Never understated.


def test_open_positions_count_by_the_last_close():
    assert unrealised_cents(fold(make_opened(), price=20_001), RULE) == 1_250
    assert unrealised_cents(fold(make_opened(**SHORT), price=20_001), RULE) == -1_250
    two = make_opened(quantity=2, entry_sum=40_001)
    assert unrealised_cents(fold(two, price=20_001), RULE) == 1_250
    state = fold(make_closed(pnl_cents=-70), make_opened(bracket_id="2"), price=20_001)
    assert day_total_cents(state, at("12:00"), RULE) == -70 - 225 + 1_250


def test_without_a_price_a_position_counts_as_stopped():
    assert unrealised_cents(fold(make_opened(), price=None), RULE) == -20_000
    state = fold(make_opened())
    apply(state, make_bar(contract="ESH6"))
    assert unrealised_cents(state, RULE) == -20_000
    assert unrealised_cents(fold(make_opened(contract="SPY")), RULE) == 0  # Nothing is known.


def test_a_micro_is_marked_by_the_prices_of_the_full_sized_with_its_own_tick():
    assert unrealised_cents(fold(make_opened(contract="MESZ5"), price=20_001), RULE) == 125
    assert unrealised_cents(fold(make_opened(contract="MESH6"), price=20_001), RULE) == -2_000


@pytest.mark.parametrize(
    ("facts", "price", "wanted"),
    [
        ([], 20_000, 0),
        ([make_bracket()], 20_000, -21_700),
        # Entered: its commission is booked, the stop is 16 and a tick away.
        ([make_bracket(), make_opened()], 20_000, -21_700),
        ([make_bracket(), make_opened()], 20_010, -21_700),
        # The market is through the stop: what it is worth, and a tick.
        ([make_bracket(), make_opened()], 19_980, -225 - 21 * 1_250 - 225),
        ([make_bracket(), make_opened()], None, -21_700),
        # One of three filled: the others may still be.
        ([make_bracket(quantity=3), make_opened()], 20_000, -65_100),
        # A stop beyond the entry leaves a result that is not at stake.
        ([make_opened(stop_price=20_004)], 20_010, -225 + 3 * 1_250 - 225),
        ([make_opened(**SHORT)], 20_000, -21_700),
        ([make_opened(contract="SPY")], 20_000, -225),
    ],
)
def test_the_worst_is_the_day_with_all_that_is_open_stopped_out(facts, price, wanted):
    assert worst_cents(fold(*facts, price=price), at("12:00"), RULE) == wanted


@given(st.integers(1, 3), st.integers(1, 3), st.integers(19_900, 20_100))
def test_the_worst_of_a_bracket_is_its_risk_however_far_it_is_filled(quantity, filled, price):
    filled = min(filled, quantity)
    state = fold(make_bracket(quantity=quantity), price=max(price, 19_984))
    apply(
        state,
        make_opened(quantity=filled, entry_sum=20_000 * filled, commission_cents=225 * filled),
    )
    risk = bracket_risk_cents(16, quantity, TERMS, RULE)
    assert worst_cents(state, at("12:00"), RULE) == -risk
    assert worst_cents(state, at("12:00"), RULE) <= day_total_cents(state, at("12:00"), RULE)


def test_the_tightest_limit_stands():
    tiered = make_rule(tiers=True)
    state = RiskState()
    assert limit_cents(state, RULE) == limit_cents(state, tiered) == 40_000
    state.tier = 1
    assert limit_cents(state, RULE) == 40_000
    assert limit_cents(state, tiered) == 10_000
    state.tier = 5
    assert limit_cents(state, tiered) == 40_000


def test_the_feed_says_what_is_traded_and_the_tier_which_size_of_it():
    state = fold()
    assert traded(state, RULE) == "ESZ5"
    tiered = make_rule(tiers=True)
    assert traded(state, tiered) is None
    state.instrument = "MES"
    assert traded(state, tiered) == "MESZ5"
    state.instrument = "MNQ"
    assert traded(state, tiered) is None
    assert traded(RiskState(), RULE) is None


def test_a_changed_position_is_marked_by_what_is_left_of_it():
    state = fold(make_opened(), make_changed(quantity=2, entry_sum=40_001), price=20_002)
    assert unrealised_cents(state, RULE) == 3 * 1_250
