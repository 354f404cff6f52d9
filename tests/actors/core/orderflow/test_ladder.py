"""A ladder that grows: volume stays at its price, whatever comes beside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orderflow.ladder import LEVELS_MAX, Ladder


def levels(*volumes: int) -> np.ndarray:
    return np.array([volumes, [0] * len(volumes), [1] * len(volumes)], np.int64)


def test_a_new_ladder_holds_nothing():
    ladder = Ladder(100)
    assert (ladder.high, ladder.levels.shape) == (99, (3, 0))


def test_a_gap_between_two_additions_is_filled_with_zeros():
    ladder = Ladder(100)
    ladder.add(100, levels(5))
    ladder.add(103, levels(7))
    assert (ladder.low, ladder.high) == (100, 103)
    assert ladder.levels.tolist() == [[5, 0, 0, 7], [0, 0, 0, 0], [1, 0, 0, 1]]


def test_what_is_added_inside_widens_nothing():
    ladder = Ladder(100)
    ladder.add(98, levels(1, 1, 1))
    ladder.add(99, levels(4))
    assert (ladder.low, ladder.levels[0].tolist()) == (98, [1, 5, 1])


def test_a_price_from_another_world_is_refused_and_the_last_level_is_not():
    ladder = Ladder(0)
    ladder.add(0, levels(1))
    ladder.add(LEVELS_MAX - 1, levels(1))
    for beyond in (LEVELS_MAX, -1):
        with pytest.raises(ValueError, match="wanted at most 1000000 levels"):
            ladder.add(beyond, levels(1))


PIECES = st.lists(st.tuples(st.integers(-20, 20), st.lists(st.integers(0, 9), min_size=1)))


@given(st.integers(-20, 20), PIECES)
def test_it_equals_a_dict_of_prices(low, pieces):
    ladder, slow = Ladder(low), {}
    for start, volumes in pieces:
        ladder.add(start, levels(*volumes))
        for price, volume in enumerate(volumes, start):
            slow[price] = slow.get(price, 0) + volume
    found = dict(enumerate(ladder.levels[0].tolist(), ladder.low))
    assert found == {price: slow.get(price, 0) for price in range(ladder.low, ladder.high + 1)}
    assert set(slow) <= set(found)
