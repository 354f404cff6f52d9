"""Where decisions may fall on a tape of trades.

A cut is an instant with the promise that everything before it has been seen. Between consecutive
trades a and b there is a cut at the end of every bar that a leaves open or ends and b is not in,
of whatever series, and one at every session boundary passed: the forced ends of bars at 09:30,
16:00, 17:00 and 18:00 New York (domain 1.3), and the last entry, the flatten and the hard stop of
the day by the hours of risk, on a day that closes early those before that close (domain 7.8). No
bar is broken at these. With slices, as the metrics lay them (domain 3), there is one at the end
of the slice of a, too.

Where bars end is asked of the same cutters that the builder of the bars asks. A bar that a trade
ends has its cut a nanosecond after that trade, before the first trade at or after that instant:
all trades of the same nanosecond come first, whichever batch they are in.

Weekends and holidays are cut like any day: a cut where nothing happens costs nothing, a
missing one would cost a flatten.
"""

from datetime import timedelta

import numpy as np

from actors.core.columns import Trades, falls
from actors.core.orderflow.cutters import cutter_of
from actors.core.risk.windows import Hours, stops_ns
from actors.core.session.calendar import BAR_BREAKS, clock_ns, trading_date
from protocol.market import CutReason
from protocol.series import Series
from protocol.units import NANOS_PER_S

BOUNDARY_GRID_NS = 30 * NANOS_PER_S  # Every boundary lies on it, in UTC too.
CutPoint = tuple[int, int, CutReason]


class Cuts:
    """Finds the cuts of one tape, batch after batch; how it was cut into batches does not matter.

    Keeps the open bars of every series, and the ends that no trade has passed yet.
    """

    def __init__(
        self, series: tuple[Series, ...], split: bool, hours: Hours, step_ns: int = 0
    ) -> None:
        self.series = series
        self.split = split
        self.hours = hours
        self.step_ns = step_ns  # Of the slices, multiples of it since 1970; 0 for none.
        self._cutters = [cutter_of(one, split) for one in series]
        self._ahead: set[int] = set()  # Ends of bars that are known and not yet cut.
        self._slices: set[int] = set()  # Ends of slices, the same.
        self._done_ns: int | None = None  # No cut at or before it is outstanding; None at first.
        self._last_ns = 0  # Of the latest trade.

    def renew(self) -> None:
        """Begin all bars anew, for another contract; those open end where their time is over."""
        self._ahead.update(c.due_ns for c in self._cutters if c.due_ns is not None)
        self._cutters = [cutter_of(one, self.split) for one in self.series]

    def add(self, trades: Trades) -> list[CutPoint]:
        """Return the cuts of the next trades as (index, instant, reason), in order, each once.

        The cut at an instant comes before every trade at or after it: before `trades` row
        `index`. Where a bar ends at a session boundary the reason is the session, and where a
        slice ends with either it is the other.
        """
        ts_event = trades.ts_event
        if len(ts_event) == 0:
            return []
        fallen = falls(ts_event)
        if len(fallen) or ts_event[0] < self._last_ns:
            row = int(fallen[0]) if len(fallen) else 0
            raise ValueError(f"row {row} at {ts_event[row]} ns, wanted times that never fall")
        last = int(ts_event[-1])
        for cutter in self._cutters:
            late = cutter.late(ts_event)
            if late < len(ts_event):
                timely = trades.slice(late, len(trades)) if late else trades
                self._ahead.update(end.end_ns for end in cutter.ends(timely))
        if self.step_ns:
            numbers = ts_event // self.step_ns
            traded = numbers[np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))]
            self._slices.update(((traded + 1) * self.step_ns).tolist())
        done_ns = int(ts_event[0]) if self._done_ns is None else self._done_ns
        self._done_ns, self._last_ns = max(done_ns, last), last
        found = self._passed(done_ns, last)
        if not found:
            return []
        before = np.searchsorted(ts_event, np.array([ts for ts, _ in found], np.int64))
        return [(row, ts, reason) for row, (ts, reason) in zip(before.tolist(), found, strict=True)]

    def due_cuts(self, now_ns: int, grace_ns: int) -> list[tuple[int, CutReason]]:
        """Return the cuts, each once, that the clock brings at `now_ns` while no trade comes.

        A live source asks now and then with the time of the market. The grace leaves trades that
        are on their way the time to arrive: those that still come after a cut are late.
        """
        if self._done_ns is None:
            return []
        until_ns = now_ns - grace_ns
        ends = [cutter.close_at(until_ns) for cutter in self._cutters]
        self._ahead.update(end for end in ends if end is not None)
        found = self._passed(self._done_ns, until_ns)
        if found:
            self._done_ns = found[-1][0]
        return found

    def next_ns(self, until_ns: int) -> int | None:
        """Return the earliest instant up to `until_ns` that a cut may still be laid at, if any."""
        if self._done_ns is None:
            return None
        due = {cutter.due_ns for cutter in self._cutters if cutter.due_ns is not None}
        outstanding = (self._ahead | self._slices | due).union(
            _boundaries(self._done_ns, until_ns, self.hours)
        )
        return min((ts for ts in outstanding if self._done_ns < ts <= until_ns), default=None)

    def _passed(self, done_ns: int, until_ns: int) -> list[tuple[int, CutReason]]:
        """Return the cuts after `done_ns` up to `until_ns` and take them off the list."""
        instants = {ts: CutReason.TIMER for ts in self._slices if done_ns < ts <= until_ns}
        instants.update({ts: CutReason.BAR for ts in self._ahead if done_ns < ts <= until_ns})
        self._ahead = {ts for ts in self._ahead if ts > until_ns}
        self._slices = {ts for ts in self._slices if ts > until_ns}
        boundaries = _boundaries(done_ns, until_ns, self.hours)
        instants.update(dict.fromkeys(boundaries, CutReason.SESSION))
        return sorted(instants.items())


def _boundaries(first: int, last: int, hours: Hours) -> list[int]:
    """Return the session boundaries in (first, last]."""
    if first // BOUNDARY_GRID_NS == last // BOUNDARY_GRID_NS:
        return []  # The usual live batch.
    # A trading date lies at most three days behind the calendar days it begins on, the weekend.
    day, stop = trading_date(first) - timedelta(days=3), trading_date(last)
    instants: list[int] = []
    while day <= stop:
        instants += [clock_ns(day, minute) for minute in BAR_BREAKS]
        instants += stops_ns(day, hours)
        day += timedelta(days=1)
    return [instant for instant in instants if first < instant <= last]
