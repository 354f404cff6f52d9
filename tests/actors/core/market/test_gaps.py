"""What is missing, and what was only closed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.market.gaps import QUIET_NS, is_gap
from actors.core.session.calendar import Phase, clock_ns, phase

S = 1_000_000_000
FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2025, 12, day) for day in (5, 6, 7, 8))


def at(day: date, clock: str, seconds: int = 0) -> int:
    return clock_ns(day, int(clock[:2]) * 60 + int(clock[3:])) + seconds * S


@pytest.mark.parametrize(("since", "until", "missing"), [
    (at(FRIDAY, "16:59", 58), at(SUNDAY, "18:00", 3), False),  # 2 and 3 seconds of market.
    (at(FRIDAY, "16:59", 58), at(SUNDAY, "18:00", 4), True),
    (at(FRIDAY, "16:00"), at(SUNDAY, "18:00"), True),
    (at(FRIDAY, "17:30"), at(SATURDAY, "12:00"), False),
    (at(SUNDAY, "12:00"), at(MONDAY, "09:30"), True),
    (at(MONDAY, "16:59", 59), at(MONDAY, "18:00", 1), False),  # The hour's halt.
    (at(date(2024, 1, 2), "12:00"), at(MONDAY, "12:00"), True),
    (at(MONDAY, "12:00"), at(MONDAY, "12:00"), False),
])  # fmt: skip
def test_a_stretch_is_a_gap_where_the_market_was_open_in_it(since, until, missing):
    assert is_gap(since, until) == missing


@given(st.integers(0, 8 * 24 * 60), st.integers(0, 8 * 24 * 60))
def test_it_agrees_with_a_look_at_every_minute(start, length):
    since = at(date(2025, 11, 28), "10:00") + start * 60 * S
    minutes = range(since, since + length * 60 * S, 60 * S)
    was_open = any(phase(ns) not in (Phase.HALT, Phase.WEEKEND) for ns in minutes)
    assert is_gap(since, since + length * 60 * S) == (was_open and 60 * S > QUIET_NS)
