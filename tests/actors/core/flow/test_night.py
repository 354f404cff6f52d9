"""The session filter of domain 3: 18:00 to 08:00 New York, summer and winter."""

import pytest

from actors.core.flow.night import is_night
from tests.makers import at


@pytest.mark.parametrize("day", ["2025-12-02", "2025-07-01"])
@pytest.mark.parametrize(
    ("clock", "wanted"),
    [("18:00", True), ("23:59", True), ("00:00", True), ("07:59:59.999", True), ("08:00", False),
     ("12:00", False), ("16:59", False), ("17:00", False), ("17:59:59.999", False)],
)  # fmt: skip
def test_night_runs_from_18_to_8_by_the_clock_of_new_york(day, clock, wanted):
    assert is_night(at(clock, day)) is wanted


def test_fixed_hours_of_utc_would_be_an_hour_off_in_summer():
    # 08:00 New York is 13:00 UTC in winter and 12:00 in summer.
    assert not is_night(at("08:30", "2025-07-01"))
    assert is_night(at("18:30", "2025-07-01"))


def test_the_night_of_the_change_of_clocks_ends_at_8_of_the_new_time():
    assert is_night(at("07:59", "2025-03-10")) and not is_night(at("08:00", "2025-03-10"))
    assert is_night(at("18:00", "2025-11-02")) and not is_night(at("08:00", "2025-11-03"))


def test_the_weekend_has_no_night_until_sunday_18_00():
    assert not is_night(at("20:00", "2025-12-05"))
    assert not is_night(at("03:00", "2025-12-06"))
    assert not is_night(at("17:59", "2025-12-07"))
    assert is_night(at("18:00", "2025-12-07"))
