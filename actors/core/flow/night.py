"""The night session, 18:00 to 08:00 New York, for entries by night alone (domain 3).

By the clock of New York: fixed hours of UTC are an hour off for two thirds of the year.
"""

from actors.core.session.calendar import clock_ns, trading_day

NIGHT_END = 8 * 60  # Minutes after midnight.


def is_night(ts_ns: int) -> bool:
    """Return whether `ts_ns` lies in the night of its trading day; 18:00 does, 08:00 does not."""
    day = trading_day(ts_ns)
    return day.open_ns <= ts_ns < clock_ns(day.date, NIGHT_END)
