"""The developing profile of the regular session, and that of the night (domain 1.7, 5.5).

Both are folded from the closed bars of one series. No bar spans a session's first or last
instant, so every bar belongs to one session whole. From 16:00 to 18:00 and at weekends there is
none.

A profile is whole if the tape already ran when its session began. That takes two things: the
first trade of the contract, of which the shell knows, came before the session was a minute old,
and so did the start of the session's first bar. The first alone would miss a day left out between
two recordings. The second alone would believe a tape that begins at 09:33, whose bar of five
minutes starts at 09:30 all the same. A session in which nobody traded during its first minute
counts as not whole: nothing tells it from one that was recorded too late.
"""

from datetime import date

import numpy as np

from actors.core.orderflow.ladder import Ladder
from actors.core.orderflow.profile import add_bar, value_of
from actors.core.session.calendar import NANOS_PER_MINUTE, Phase, phase, trading_day
from protocol.market import BarClosed, ValueJudged, Window
from protocol.units import Contracts, Ticks

WINDOWS = {Phase.RTH: Window.RTH, Phase.ETH: Window.OVERNIGHT}


class SessionProfiles:
    """The profile of the session that is on, of one contract; a new one needs a new record."""

    def __init__(self, value_area_ppm: int, value_rows: int, first_ns: int) -> None:
        self.value_area_ppm = value_area_ppm
        self.value_rows = value_rows
        self.first_ns = first_ns  # Of the first trade of the contract.
        self._session: tuple[date, Window] | None = None
        self._date = ""
        self._ladder = Ladder(0)
        self._whole = False

    def add(self, bar: BarClosed) -> ValueJudged | None:
        """Take in the next closed bar; return the value area so far, None between sessions."""
        window = WINDOWS.get(phase(bar.start_ns))
        if window is None:
            return None
        day = trading_day(bar.start_ns)
        session = (day.date, window)
        if session != self._session:
            begin_ns = day.rth_open_ns if window is Window.RTH else day.open_ns
            soon_ns = begin_ns + NANOS_PER_MINUTE
            self._session, self._ladder = session, Ladder(bar.low)
            self._date = day.date.isoformat()
            self._whole = max(bar.start_ns, self.first_ns) < soon_ns
        add_bar(self._ladder, bar)
        volumes = np.add.reduce(self._ladder.levels).tolist()
        value = value_of(self._ladder.low, volumes, self.value_area_ppm, self.value_rows)
        return ValueJudged(
            contract=bar.contract,
            ts_ns=bar.end_ns,
            window=window,
            date=self._date,
            low=Ticks(self._ladder.low),
            high=Ticks(self._ladder.high),
            value_low=value.low,
            value_high=value.high,
            poc=value.poc,
            volume=Contracts(sum(volumes)),
            whole=self._whole,
        )
