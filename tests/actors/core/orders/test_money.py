"""Ticks in cents, with tick values that are no whole number of cents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orders.money import TickValue, result_cents, risk_cents, tick_of
from protocol.instruments import UnknownSymbol

ES, ZN = TickValue(1250, 1), TickValue(3125, 2)


def test_halves_of_a_cent_are_rounded_away_from_zero_once():
    assert result_cents(1, 1, ZN) == 1563
    assert result_cents(-1, 1, ZN) == -1563
    assert result_cents(2, 1, ZN) == 3125
    assert result_cents(1, 3, ZN) == 4688
    assert result_cents(0, 1, ZN) == 0


def test_risk_is_never_rounded_down():
    assert risk_cents(1, 1, TickValue(1, 3)) == 1
    assert risk_cents(17, 1, ES) == 21_250


@pytest.mark.parametrize("value", [(0, 1), (1, 0), (-5, 1)])
def test_a_tick_is_worth_something(value):
    with pytest.raises(ValueError, match="above 0"):
        TickValue(*value)


@given(st.integers(-10_000, 10_000), st.integers(1, 9))
def test_gain_and_loss_mirror_each_other(ticks, quantity):
    assert result_cents(ticks, quantity, ZN) == -result_cents(-ticks, quantity, ZN)


def test_a_tick_is_worth_what_its_contract_says_whatever_the_feed():
    assert tick_of("ESZ5") == TickValue(1250, 1)
    assert tick_of("MESZ5") == TickValue(125, 1)
    with pytest.raises(UnknownSymbol):
        tick_of("??Z5")
