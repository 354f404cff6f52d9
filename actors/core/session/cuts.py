"""Where decisions may fall on a tape of trades.

A cut is an instant with the promise that everything before it has been seen. Between consecutive
trades a and b there is a cut where the bar of a ends, if b is not in that bar, and one at every
session boundary passed: the forced ends of bars at 09:30, 16:00, 17:00 and 18:00 New York (domain
1.3), the last entry at 15:45 and the flatten at 15:55.

Every day is cut alike, weekends and holidays too: a cut where nothing happens costs nothing, a
missing one would cost a flatten.
"""

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from actors.core.session.calendar import BAR_BREAKS, clock_ns, segment, trading_date
from protocol.market import CutReason

LAST_ENTRY, FLATTEN = 15 * 60 + 45, 15 * 60 + 55  # Minutes after midnight.
BOUNDARIES = tuple(sorted((*BAR_BREAKS, LAST_ENTRY, FLATTEN)))
CutPoint = tuple[int, int, CutReason]


def cut_points(
    ts_event: NDArray[np.int64], bar_ns: int, prev_ts: int | None
) -> list[CutPoint]:
    """Return the cuts of consecutive trades as (index, instant, reason), in order, each once.

    The cut at an instant comes before every trade at or after it: before `ts_event[index]`.
    `prev_ts` is the time of the trade before the first one here, None at the start of a tape.
    Where a bar ends at a session boundary the reason is the session.
    """
    if len(ts_event) == 0:
        return []
    first = int(ts_event[0]) if prev_ts is None else prev_ts
    last = int(ts_event[-1])
    instants = dict.fromkeys(_bar_ends(ts_event, bar_ns, first), CutReason.BAR)
    instants.update(dict.fromkeys(_boundaries(first, last), CutReason.SESSION))
    if not instants:
        return []
    ordered = sorted(instants)
    before = np.searchsorted(ts_event, np.array(ordered, np.int64), side="left")
    return [
        (index, instant, instants[instant])
        for index, instant in zip(before.tolist(), ordered, strict=True)
    ]


def _bar_ends(ts_event: NDArray[np.int64], bar_ns: int, first: int) -> list[int]:
    """Return the ends of all bars that a later trade has left behind."""
    last = int(ts_event[-1])
    ends = [_bar_end(first, bar_ns)]
    if last < ends[0]:
        return []  # The usual live batch: all within one bar.
    start = 0
    while start < len(ts_event):  # Once per stretch between forced ends, four of them a day.
        stretch = segment(int(ts_event[start]))
        stop = int(np.searchsorted(ts_event, stretch.end_ns, side="left"))
        numbers = (ts_event[start:stop] - stretch.anchor_ns) // bar_ns
        closing = numbers[np.flatnonzero(np.diff(numbers, append=numbers[-1] + 1))]
        full = stretch.anchor_ns + (closing + 1) * bar_ns
        ends += np.minimum(full, stretch.end_ns).tolist()
        start = stop
    return [end for end in ends if first < end <= last]


def _bar_end(ts: int, bar_ns: int) -> int:
    stretch = segment(ts)
    full = stretch.anchor_ns + ((ts - stretch.anchor_ns) // bar_ns + 1) * bar_ns
    return min(full, stretch.end_ns)


def _boundaries(first: int, last: int) -> list[int]:
    """Return the session boundaries in (first, last], in order."""
    # A trading date lies at most three days behind the calendar days it begins on, the weekend.
    day, stop = trading_date(first) - timedelta(days=3), trading_date(last)
    instants: list[int] = []
    while day <= stop:
        instants += _instants_of(day)
        day += timedelta(days=1)
    return [instant for instant in instants if first < instant <= last]


@lru_cache(maxsize=4096)
def _instants_of(day: date) -> tuple[int, ...]:
    return tuple(clock_ns(day, minute) for minute in BOUNDARIES)
