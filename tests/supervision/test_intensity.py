"""How often, and how soon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.intensity import PAUSE_MAX_NS, may_restart, pause_ns, within
from supervision.spec import Intensity

S = 10**9
MS = 10**6


@pytest.mark.parametrize(
    ("stamps", "allowed"),
    [
        ((), True),
        ((98 * S,), True),
        ((98 * S, 99 * S), False),
        ((90 * S, 99 * S), False),  # Exactly one period ago still counts.
        ((90 * S - 1, 99 * S), True),  # A nanosecond longer ago does not.
    ],
)
def test_two_restarts_in_ten_seconds_are_allowed_and_a_third_is_not(
    stamps: tuple[int, ...], allowed: bool
) -> None:
    assert may_restart(Intensity(2, 10.0), stamps, 100 * S) is allowed


def test_no_restart_is_allowed_where_none_is_wanted() -> None:
    assert not may_restart(Intensity(0, 10.0), (), 100 * S)


def test_only_the_stamps_of_the_period_are_kept() -> None:
    assert within((89 * S, 90 * S, 95 * S), 10.0, 100 * S) == (90 * S, 95 * S)


@pytest.mark.parametrize(
    ("deaths", "least_ms", "most_ms"),
    [(0, 20, 50), (1, 20, 50), (2, 40, 100), (3, 80, 200), (8, 2000, 5000), (999, 2000, 5000)],
)
def test_the_pause_doubles_with_every_recent_death_up_to_its_limit(
    deaths: int, least_ms: int, most_ms: int
) -> None:
    assert pause_ns(deaths, 0.0) == least_ms * MS
    assert pause_ns(deaths, 1.0) == most_ms * MS


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_no_pause_is_zero_or_above_the_limit(deaths: int, random: float) -> None:
    assert 0 < pause_ns(deaths, random) <= PAUSE_MAX_NS
