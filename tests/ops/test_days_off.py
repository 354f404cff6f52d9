"""Days off: why, and when it opens next."""

import dataclasses

import pytest

from ops.days_off import closed_today
from protocol.settings import CalendarSettings, Settings
from tests.makers import at

CALENDAR = CalendarSettings(closed=("2025-12-25",), early=("2025-12-24 13:15",))
SETTINGS = dataclasses.replace(Settings(), calendar=CALENDAR)


@pytest.mark.parametrize(
    ("clock", "day", "words"),
    [
        ("12:00", "2025-12-02", None),
        ("17:30", "2025-12-02", None),
        ("14:00", "2025-12-24", None),  # Behind an early close: recap and export are to come.
        ("17:59:59", "2025-12-24", None),
        ("18:00", "2025-12-24", "the exchange is closed on 2025-12-25"),
        ("12:00", "2025-12-25", "it opens next on Thu 2025-12-25 18:00:00"),
        ("16:59:59", "2025-12-25", "2025-12-25"),
        ("17:00", "2025-12-25", None),
        ("17:59:59", "2025-12-05", None),
        ("18:00", "2025-12-05", "it is the weekend; it opens next on Sun 2025-12-07 18:00:00"),
        ("16:59:59", "2025-12-07", "it is the weekend"),
        ("17:00", "2025-12-07", None),
    ],
)
def test_weekends_and_closed_dates_are_days_off_but_for_an_hour_at_both_ends(clock, day, words):
    found = closed_today(SETTINGS, at(clock, day))
    assert (found is None) == (words is None)
    assert words is None or words in found
