"""Point of control and value area, domain 1.5 and 1.6."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orderflow.profile import point_of_control, value_area

SEVENTY = 700_000
PROFILES = st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any)


def test_nothing_traded_has_no_point_of_control():
    assert point_of_control([]) is None
    assert point_of_control([0, 0]) is None


def test_one_price_is_its_own_value_area():
    assert point_of_control([7]) == 0
    assert value_area([7], 0, SEVENTY) == (0, 0)


@pytest.mark.parametrize(
    ("volumes", "wanted"),
    [
        ([50, 10, 50, 5, 5], 2),  # Nearest to the middle.
        ([5, 50, 1, 50, 6], 3),  # As near: the side with more volume, 56 over 55.
        ([5, 50, 1, 50, 5], 1),  # Sides equal: the lower.
        ([9, 9], 0),
        ([1, 9, 9, 2], 2),
        ([2, 9, 9, 1], 1),
    ],
)
def test_of_equal_levels_the_middle_then_the_heavier_side_then_the_lower_wins(volumes, wanted):
    """T1.5."""
    assert point_of_control(volumes) == wanted


def test_two_rows_are_added_at_a_time():
    """T1.6: 101 to 105, low 100."""
    assert value_area([10, 20, 40, 50, 30, 25, 5], 3, SEVENTY) == (1, 5)


def test_a_tie_goes_to_the_upper_pair():
    assert value_area([10, 10, 40, 10, 10], 2, SEVENTY) == (2, 4)


def test_the_area_stops_exactly_at_the_share():
    # 70 of 100 is enough; one contract less and the lower pair is needed too.
    assert value_area([15, 15, 70], 2, SEVENTY) == (2, 2)
    assert value_area([15, 16, 69], 2, SEVENTY) == (0, 2)


def test_an_exhausted_side_leaves_the_other_even_where_that_is_empty():
    assert value_area([30, 0, 0, 0, 40], 4, SEVENTY) == (0, 4)
    assert value_area([40, 0, 0, 0, 30], 0, SEVENTY) == (0, 4)


def slow_area(volumes, poc, share):
    rows = {level: volume for level, volume in enumerate(volumes)}
    inside = {poc}
    while sum(rows[level] for level in inside) * 1_000_000 < share * sum(volumes):
        above = [level for level in (max(inside) + 1, max(inside) + 2) if level in rows]
        below = [level for level in (min(inside) - 1, min(inside) - 2) if level in rows]
        higher = sum(rows[level] for level in above) >= sum(rows[level] for level in below)
        inside.update(above if above and (higher or not below) else below)
    return min(inside), max(inside)


@given(PROFILES, st.integers(500_000, 1_000_000))
def test_the_area_equals_the_slow_reference(volumes, share):
    poc = point_of_control(volumes)
    assert value_area(volumes, poc, share) == slow_area(volumes, poc, share)


def test_a_share_beyond_the_whole_ends_with_the_whole():
    assert value_area([1, 5, 1], 1, 1_500_000) == (0, 2)


@given(PROFILES, st.integers(500_000, 950_000))
def test_the_area_holds_the_point_of_control_and_the_share(volumes, share):
    poc = point_of_control(volumes)
    low, high = value_area(volumes, poc, share)
    assert 0 <= low <= poc <= high < len(volumes)
    assert sum(volumes[low : high + 1]) * 1_000_000 >= share * sum(volumes)
    assert volumes[poc] == max(volumes)
