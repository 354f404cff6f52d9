"""Numbers for a screen: without the noise of floats, whole ones whole."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.api.prices import plain, price


@pytest.mark.parametrize(
    ("value", "written"),
    [(-17.0, "-17"), (0.0, "0"), (-0.0, "0"), (20_000.5, "20000.5"), (1 / 3, "0.333333"),
     (2.9999999, "3"), (7, "7")],
)  # fmt: skip
def test_a_value_is_written_as_a_person_would(value: float, written: str) -> None:
    assert json.dumps(plain(value)) == written


@given(st.floats(-1e9, 1e9))
def test_a_value_stays_itself_to_a_millionth_and_is_whole_where_it_can_be(value: float) -> None:
    found = plain(value)
    assert math.isclose(found, value, abs_tol=1e-6)
    assert isinstance(found, int) == (round(value, 6) % 1 == 0)


def test_the_price_of_an_unknown_contract_is_its_ticks() -> None:
    assert price(7, "XXZ5") == 7
    assert price(20_001, "ESZ5") == 5000.25
