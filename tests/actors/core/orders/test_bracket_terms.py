"""Where stop and target rest, and when the bracket's own terms move the stop."""

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orders.bracket_terms import (
    HIGHEST,
    LOWEST,
    Terms,
    anchor,
    moved_stop,
    moving_price,
    refusal,
    stop_at,
    target_at,
    tighter,
)
from protocol.orders import StopCause
from protocol.patterns import Direction

LONG, SHORT = Direction.LONG, Direction.SHORT
TERMS = Terms(stop_ticks=16, target_ticks=24)


@pytest.mark.parametrize(
    ("entry_sum", "quantity", "long", "short"),
    [(300, 3, 100, 100), (301, 3, 101, 100), (302, 3, 101, 100), (-301, 3, -100, -101)],
)
def test_the_average_is_rounded_towards_the_target(entry_sum, quantity, long, short):
    assert anchor(LONG, entry_sum, quantity) == long
    assert anchor(SHORT, entry_sum, quantity) == short


def test_a_stop_and_a_target_lie_at_their_distances():
    assert (stop_at(LONG, 100, TERMS), target_at(LONG, 100, TERMS)) == (84, 124)
    assert (stop_at(SHORT, 100, TERMS), target_at(SHORT, 100, TERMS)) == (116, 76)
    assert (tighter(LONG, 84, 90), tighter(SHORT, 116, 110)) == (90, 110)


@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(1, 5)), min_size=1, max_size=6))
def test_no_stop_is_farther_from_the_average_than_the_bracket_allows(fills):
    quantity = sum(count for _, count in fills)
    entry_sum = sum(price * count for price, count in fills)
    average = Fraction(entry_sum, quantity)
    for direction, sign in ((LONG, 1), (SHORT, -1)):
        risk = sign * (average - stop_at(direction, anchor(direction, entry_sum, quantity), TERMS))
        assert 15 < risk <= 16
    assert anchor(LONG, entry_sum, quantity) == math.ceil(average)


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"stop_ticks": 0}, False),
        ({"target_ticks": 0}, False),
        ({"stop_ticks": -1}, False),
        ({"breakeven_ticks": 2, "breakeven_offset_ticks": 1}, True),
        ({"breakeven_ticks": 2, "breakeven_offset_ticks": 2}, False),
        ({"breakeven_ticks": -1}, False),
        ({"breakeven_offset_ticks": 5}, True),  # Never used: break-even is off.
        ({"trail_start_ticks": 1, "trail_ticks": 1}, True),
        ({"trail_start_ticks": 1, "trail_ticks": 0}, False),
        ({"trail_start_ticks": -1, "trail_ticks": 1}, False),
    ],
)
def test_distances_that_make_no_bracket_are_refused_with_their_numbers(fields, fits):
    found = refusal(dataclasses.replace(TERMS, **fields))
    assert (found is None) == fits
    assert fits or any(str(value) in found for value in fields.values())


def test_the_stop_moves_at_its_trigger_and_not_one_tick_before():
    terms = dataclasses.replace(TERMS, breakeven_ticks=8, breakeven_offset_ticks=1)
    assert moved_stop(LONG, 100, 84, terms, 107) is None
    assert moved_stop(LONG, 100, 84, terms, 108) == (101, StopCause.BREAKEVEN)
    assert moved_stop(LONG, 100, 101, terms, 120) is None
    assert moved_stop(SHORT, 100, 116, terms, 92) == (99, StopCause.BREAKEVEN)
    assert moving_price(LONG, 100, 84, terms) == 108
    assert moving_price(LONG, 100, 101, terms) == HIGHEST
    assert moving_price(SHORT, 100, 99, terms) == LOWEST


@given(
    direction=st.sampled_from([LONG, SHORT]),
    stop=st.integers(80, 120),
    breakeven=st.integers(0, 12),
    offset=st.integers(-5, 5),
    start=st.integers(0, 12),
    trail=st.integers(1, 12),
)
def test_the_moving_price_is_the_first_that_moves_the_stop(
    direction, stop, breakeven, offset, start, trail
):
    terms = Terms(
        stop_ticks=16,
        target_ticks=24,
        breakeven_ticks=breakeven,
        breakeven_offset_ticks=offset,
        trail_start_ticks=start,
        trail_ticks=trail,
    )
    prices = range(60, 141) if direction is LONG else range(140, 59, -1)
    moving = [p for p in prices if moved_stop(direction, 100, stop, terms, p) is not None]
    found = moving_price(direction, 100, stop, terms)
    assert found == moving[0] if moving else not 60 <= found <= 140
    # From there on every price moves it: the search may stop at the first.
    assert moving == ([p for p in prices if (p >= found) == (direction is LONG) or p == found]
                      if moving else [])  # fmt: skip
