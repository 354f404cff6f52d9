"""What follows from one round trip."""

from actors.core.orders.excursions import Extremes
from tests.actors.core.analytics.outcomes import make_outcome
from tests.makers import make_closed


def test_t9_ex_3_excursions_and_efficiency_of_a_long():
    trip = make_closed(entry_sum=23_061, exit_sum=23_085)  # 5765.25 to 5771.25.
    far = Extremes(low=23_052, high=23_086)  # 5763.00 and 5771.50.
    assert (abs(far.mae_ticks(trip)), far.mfe_ticks(trip)) == (9, 25)
    assert make_outcome(ticks=24.0, mfe_ticks=25.0).efficiency == 0.96


def test_without_an_excursion_in_favour_there_is_no_efficiency():
    assert make_outcome(mfe_ticks=0.0).efficiency is None
    assert make_outcome(mfe_ticks=None).efficiency is None


def test_a_trip_whose_opening_was_never_told_was_held_for_nothing():
    assert make_outcome(opened_ns=0).held_ns == 0
    assert make_outcome(opened_ns=5, closed_ns=9).held_ns == 4


def test_the_family_is_that_of_the_pattern():
    assert make_outcome().family == "imbalance"
    assert make_outcome(pattern=None).family == ""
