"""Money to the cent, prices to the tick, instants in New York."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.recap.figures import dollars, instant, instant_or_none, mean_dollars, price, ratio
from tests.makers import at


@given(st.integers(-(10**15), 10**15))
def test_dollars_are_the_very_cents_again_after_json(cents):
    assert Decimal(json.dumps(dollars(cents))) * 100 == cents


@pytest.mark.parametrize(
    ("ticks", "contract", "size", "wanted"),
    [(23_061, "MESZ5", 1, 5765.25), (40_001, "ESZ5", 2, 5000.125), (22_001, "6EZ5", 1, 1.10005),
     (-150, "CLK0", 1, -1.5), (7, "ESZ5", 0, 1.75)],
)  # fmt: skip
def test_a_price_is_its_ticks_and_an_average_exact(ticks, contract, size, wanted):
    assert price(ticks, contract, size) == wanted


def test_an_instant_has_new_yorks_clock_and_its_offset_in_winter_and_summer():
    assert instant(at("10:05:01.250")) == "2025-12-02T10:05:01.250000-05:00"
    assert instant(at("09:30", "2025-07-01")) == "2025-07-01T09:30:00.000000-04:00"
    assert instant_or_none(0) is instant_or_none(None) is None


def test_what_is_unknown_stays_unknown():
    assert mean_dollars(None) is ratio(None) is None
    assert mean_dollars(268.714285714) == 2.687143
