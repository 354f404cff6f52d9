"""How much was traded, and what the fills cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.analytics.activity import activity_of, covered_ns
from protocol.units import NANOS_PER_S
from tests.actors.core.analytics.outcomes import make_outcome
from tests.makers import at


def test_the_activity_of_a_day_with_two_trips():
    trips = [
        make_outcome(opened_ns=at("10:00"), closed_ns=at("10:30"), quantity=2),
        make_outcome(
            opened_ns=at("11:00"), closed_ns=at("12:00"), ticks=-17.0, mfe_ticks=1.0,
            stop_slippage_ticks=1.0, slippage_ticks=None,
        ),
    ]  # fmt: skip
    found = activity_of(trips, 2, 6 * 3_600 * NANOS_PER_S)
    assert found.trades_per_day == 1.0
    assert found.held_s == 2_700
    assert found.exposure == 0.25
    assert found.sizes == ((1, 1), (2, 1))
    assert (found.slippage_ticks, found.stop_slippage_ticks) == (1.0, 1.0)


def test_the_efficiency_is_that_of_trips_left_in_favour():
    trips = [make_outcome(), make_outcome(ticks=-17.0, mfe_ticks=1.0)]
    assert activity_of(trips, 1, 1).efficiency == 0.96


def test_of_nothing_nothing_is_known_and_nothing_was_held():
    found = activity_of([], 0, 0)
    assert found.trades_per_day is found.held_s is found.exposure is found.mae_ticks is None
    assert activity_of([], 1, 100).exposure == 0


@pytest.mark.parametrize(("days", "market_ns"), [(-1, 0), (0, -1)])
def test_negative_days_or_hours_are_refused(days, market_ns):
    with pytest.raises(ValueError, match="wanted 0 or above"):
        activity_of([], days, market_ns)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8))
def test_what_overlaps_counts_once(pairs):
    spans = [(min(pair), max(pair)) for pair in pairs]
    slow = {instant for start, end in spans for instant in range(start, end)}
    assert covered_ns(spans) == len(slow)
