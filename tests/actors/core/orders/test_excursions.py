"""How far a round trip went, against a slow look at every trade between its fills."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orders.excursions import Excursions, Extremes
from protocol.patterns import Direction
from tests.makers import make_closed


def columns(rows):
    """Return times and prices as columns."""
    return (
        np.array([ts_ns for ts_ns, _ in rows], np.int64),
        np.array([price for _, price in rows], np.int32),
    )


def told(parts, opened_ns, closed_ns):
    """Tell of a trip as its fills fall: behind the trades that made them, before the next cut."""
    watched = Excursions()
    opened = closed = False
    for rows in parts:
        watched.trades(*columns(rows))
        last_ns = rows[-1][0] if rows else -1
        if not opened and last_ns >= opened_ns:
            watched.opened("a", opened_ns)
            opened = True
        if not closed and last_ns >= closed_ns:
            watched.closed("a", closed_ns)
            closed = True
        watched.cut()
    return watched.done.get("a")


@pytest.mark.parametrize(
    ("direction", "mae", "mfe"), [(Direction.LONG, -5, 12), (Direction.SHORT, -12, 5)]
)
def test_excursions_are_measured_from_the_entry_in_the_direction_of_the_trip(direction, mae, mfe):
    trip = make_closed(direction=direction)
    extremes = Extremes(19_995, 20_012)
    assert (extremes.mae_ticks(trip), extremes.mfe_ticks(trip)) == (mae, mfe)


def test_an_average_entry_between_two_ticks_gives_parts_of_a_tick():
    trip = make_closed(quantity=2, entry_sum=40_001)
    assert Extremes(20_000, 20_003).mae_ticks(trip) == -0.5
    assert Extremes(20_000, 20_003).mfe_ticks(trip) == 2.5


def test_a_trip_that_never_went_one_way_has_none_of_it():
    assert Extremes(20_001, 20_003).mae_ticks(make_closed()) == 0
    assert Extremes(19_990, 19_991).mfe_ticks(make_closed()) == 0


@pytest.mark.parametrize("split", range(7))
def test_trades_count_from_the_entry_to_the_exit_both_included(split):
    rows = [(1, 90), (2, 100), (3, 97), (4, 103), (5, 101), (6, 120)]
    assert told([rows[:split], rows[split:]], 2, 5) == Extremes(97, 103)


def test_without_a_trade_between_the_fills_nothing_is_said():
    assert told([[(1, 90)], [(9, 95)]], 2, 5) is None


def test_a_trip_that_is_told_again_keeps_what_was_seen():
    watched = Excursions()
    watched.trades(*columns([(1, 90), (2, 91)]))
    for _ in range(2):
        watched.opened("a", 1)
        watched.closed("a", 2)
        watched.cut()
    assert watched.done == {"a": Extremes(90, 91)}


@given(
    st.lists(st.integers(-100, 100), min_size=2, max_size=40),
    st.lists(st.integers(0, 40), max_size=5),
    st.data(),
)
def test_wherever_the_tape_is_cut_the_extremes_are_those_of_every_trade(prices, splits, data):
    rows = list(enumerate(prices))
    opened_ns = data.draw(st.integers(0, len(rows) - 1))
    closed_ns = data.draw(st.integers(opened_ns, len(rows) - 1))
    edges = [0, *sorted(min(split, len(rows)) for split in splits), len(rows)]
    parts = [rows[start:stop] for start, stop in zip(edges, edges[1:], strict=False)]
    inside = [price for ts_ns, price in rows if opened_ns <= ts_ns <= closed_ns]
    assert told(parts, opened_ns, closed_ns) == Extremes(min(inside), max(inside))
