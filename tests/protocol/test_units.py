"""The border where a price is a float: on the grid or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.instruments import INSTRUMENTS
from protocol.units import OffGrid, ticks_from_price


@pytest.mark.parametrize("symbol", INSTRUMENTS)
@given(ticks=st.integers(-(2**31), 2**31))
def test_ticks_survive_the_way_through_a_decimal_price(symbol, ticks):
    tick = INSTRUMENTS[symbol].tick_size
    assert ticks_from_price(ticks * tick, tick) == ticks


@pytest.mark.parametrize("price", [5765.01, 5765.125, 5765.249999, -0.1])
def test_a_price_between_two_ticks_is_refused_and_named(price):
    with pytest.raises(OffGrid, match=f"price {price} is not a multiple of the tick size 0.25"):
        ticks_from_price(price, 0.25)


@pytest.mark.parametrize("price", [float("nan"), float("inf"), float("-inf"), 1e12])
def test_what_is_no_finite_price_is_refused(price):
    with pytest.raises(OffGrid, match="wanted a finite number"):
        ticks_from_price(price, 0.25)


def test_a_price_a_millionth_of_a_tick_off_is_on_the_grid():
    assert ticks_from_price(100.25 + 0.25e-7, 0.25) == 401
