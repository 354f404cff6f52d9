"""Groups of round trips: by the clock of the market, none lost, unknown named as such."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.analytics.breakdown import DIMENSIONS, breakdown, bucket, mean, results
from protocol.patterns import Direction
from tests.actors.core.analytics.outcomes import make_outcome
from tests.makers import at


def values(outcomes, dimension):
    return {group.value: group.results.n for group in breakdown(outcomes, dimension)}


def test_the_hour_is_that_of_the_market_in_new_york_and_not_of_whoever_computes():
    # The seed told every trade of a back-test at the hour of the run.
    trips = [make_outcome(opened_ns=at("09:59:59.999")), make_outcome(opened_ns=at("10:00"))]
    assert values(trips, "hour_et") == {"09:00": 1, "10:00": 1}


def test_in_summer_the_hour_is_that_of_the_clock_then():
    assert values([make_outcome(opened_ns=at("09:30", "2025-07-01"))], "hour_et") == {"09:00": 1}


@pytest.mark.parametrize(
    ("clock", "session"), [("09:29:59.999", "eth"), ("09:30", "rth"), ("16:00", "eth")]
)
def test_the_session_is_that_of_the_entry(clock, session):
    assert values([make_outcome(opened_ns=at(clock))], "session") == {session: 1}


def test_weekday_and_month_are_those_of_the_entry():
    trips = [make_outcome(), make_outcome(opened_ns=at("10:00", "2025-11-28"))]
    assert values(trips, "weekday") == {"tuesday": 1, "friday": 1}
    assert values(trips, "month") == {"2025-12": 1, "2025-11": 1}


@pytest.mark.parametrize(
    ("ppm", "wanted"),
    [(0, "0.0-0.1"), (99_999, "0.0-0.1"), (100_000, "0.1-0.2"), (1_000_000, "0.9-1.0"), (None, "")],
)
def test_a_tenth_holds_its_lower_bound(ppm, wanted):
    assert bucket(ppm) == wanted


@pytest.mark.parametrize("ppm", [-1, 1_000_001])
def test_a_share_beyond_the_whole_is_refused(ppm):
    with pytest.raises(ValueError, match="wanted 0 to 1000000"):
        bucket(ppm)


def test_what_was_not_told_is_unknown_and_not_left_out():
    trip = make_outcome(pattern=None, regime="", strength_ppm=None, tier=0)
    assert values([trip], "pattern") == {"unknown": 1}
    assert values([trip], "family") == {"unknown": 1}
    assert values([trip], "strength") == {"unknown": 1}
    assert values([trip], "tier") == {"none": 1}


def test_a_group_has_the_results_and_the_mean_excursions_of_its_members():
    trips = [
        make_outcome(), make_outcome(net_cents=-2_499, mae_ticks=17.0, mfe_ticks=None),
        make_outcome(direction=Direction.SHORT),
    ]  # fmt: skip
    long, short = breakdown(trips, "direction")
    assert (long.value, long.results.n, long.results.net_cents) == ("long", 2, 377)
    assert long.results.commission_cents == 248
    assert (long.mae_ticks, long.mfe_ticks) == (13.0, 25.0)
    assert short.results.low_n


def test_an_unknown_dimension_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="wanted one of pattern"):
        breakdown([], "moon")


def test_a_mean_of_nothing_known_is_unknown():
    assert mean([]) is mean([None]) is None
    assert mean([None, 2.0]) == 2.0


@given(
    st.lists(st.tuples(st.integers(-500, 500), st.integers(0, 23), st.integers(1, 3)), max_size=20),
    st.sampled_from(sorted(DIMENSIONS)),
)
def test_the_groups_of_any_dimension_add_up_to_the_whole(rows, dimension):
    trips = [
        make_outcome(net_cents=net, opened_ns=at(f"{hour:02d}:30"), quantity=size)
        for net, hour, size in rows
    ]
    found = breakdown(trips, dimension)
    whole = results(trips)
    for name in ("n", "wins", "losses", "breakeven", "net_cents", "commission_cents"):
        assert sum(getattr(g.results, name) for g in found) == getattr(whole, name)
