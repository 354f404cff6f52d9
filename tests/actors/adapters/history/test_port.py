"""A vendor's price in cents."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.history.port import HistoryError, cents_of


@pytest.mark.parametrize(("dollars", "cents"), [
    (0, 0), (0.0, 0), (1e-9, 1), (0.01, 1), (0.010001, 2), (0.29, 29), (1.1, 110), (1, 100),
])  # fmt: skip
def test_a_price_is_rounded_up_to_a_cent_and_29_cents_stay_29(dollars, cents):
    assert cents_of(dollars) == cents


@pytest.mark.parametrize("found", [float("nan"), float("inf"), -0.01, None, "1.0", True, {}])
def test_what_is_no_price_is_refused(found):
    with pytest.raises(HistoryError, match="as a cost"):
        cents_of(found)


@given(st.decimals(0, 10**6, places=5))
def test_no_price_is_rounded_down(price):
    assert cents_of(float(price)) == ceil(Fraction(str(float(price))) * 100)
