"""Scales and ticks: round values within the range, labels that lie on nothing."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.recap.axes import (
    Hours,
    Labels,
    Scale,
    decimals_of,
    hours_between,
    padded,
    ticks_between,
)

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


@given(FLOATS, st.floats(0.01, 1e6), st.integers(2, 12))
def test_ticks_are_few_round_evenly_apart_and_within_the_range(low, wide, most):
    found = ticks_between(low, low + wide, most)
    assert 1 <= len(found) <= most
    assert all(low - 1e-6 * wide <= value <= low + wide * (1 + 1e-6) for value in found)
    steps = {round(b - a, 6) for a, b in zip(found, found[1:], strict=False)}
    assert len(steps) <= 1


def test_ticks_of_a_price_axis():
    assert ticks_between(1_628.4, 1_651.9, 8) == [1_630, 1_635, 1_640, 1_645, 1_650]
    assert ticks_between(5, 5, 8) == [5]


@pytest.mark.parametrize(
    ("values", "wanted"), [([], 0), ([1, 2], 0), ([1.5], 1), ([1.25, 2], 2), ([0.00005], 5)]
)
def test_decimals_are_as_many_as_tell_the_values(values, wanted):
    assert decimals_of(values) == wanted


def test_a_range_around_one_value_has_some_width():
    assert padded([5, 5]) == (4.5, 5.5)
    assert padded([]) == (0.0, 1.0)


def test_a_scale_maps_its_ends_and_one_of_no_width_does_not_divide_by_it():
    scale = Scale(0, 10, 100, 0)
    assert (scale(0), scale(5), scale(10)) == (100, 50, 0)
    assert Scale(3, 3, 10, 20)(3) == 10


def test_hours_are_drawn_as_wide_as_they_weigh_and_never_outside():
    hours = Hours([0, 10, 20], [1, 3], 0, 100)
    assert [hours(instant) for instant in (-5, 0, 10, 15, 20, 25)] == [0, 0, 25, 62.5, 100, 100]
    assert (hours.left, hours.right) == (0, 100)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=10))
def test_later_is_never_further_left(instants):
    hours = Hours([0, 30, 70, 100], [1, 3, 1], 10, 1_000)
    places = [hours(instant) for instant in sorted(instants)]
    assert places == sorted(places)


def test_hours_between_are_whole_ones():
    start = datetime(2025, 12, 2, 9, 30)
    found = hours_between(start, start + timedelta(hours=2, minutes=30))
    assert [hour.hour for hour in found] == [10, 11, 12]
    assert hours_between(start, start) == []


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 200)), max_size=25))
def test_no_label_lies_on_another_or_on_what_is_taken_or_outside(points):
    labels = Labels(0, 0, 300, 200)
    labels.block(100, 50, 150, 90)
    boxes = [(100, 50, 150, 90)]
    for x, y in points:
        place = labels.place(x, y, 60, 14)
        if place is not None:
            left, middle = place
            box = (left, middle - 7, left + 60, middle + 7)
            assert box[0] >= 0 and box[1] >= 0 and box[2] <= 300 and box[3] <= 200
            for other in boxes:
                apart = box[2] <= other[0] or box[0] >= other[2]
                assert apart or box[3] <= other[1] or box[1] >= other[3]
            boxes.append(box)


def test_where_everything_is_taken_there_is_no_label():
    labels = Labels(0, 0, 300, 200)
    labels.block(0, 0, 300, 200)
    assert labels.place(150, 100, 60, 14) is None
