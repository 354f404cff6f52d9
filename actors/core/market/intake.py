"""From the records of a session to the trades of one contract, each once and in order.

What happens to a trade, in this order: of an instrument that is not ours, it is counted; before
the mapping of its instrument has come, it waits for that; sent again, it is dropped against what
is known (`seam`); what is left are rows for the gate, whose rules are those of recorded files: off
the grid, without a size, earlier than the one before, or leaping away, it is refused. Two trades
of a session that look the same are two trades: nothing but a seam drops repeats.

The exchange's times of one instrument do not fall. A trade that comes late all the same, behind a
later one, is refused and counted: readers were promised times that never fall, and after a restart
it would be refused again, so every run has the same trades.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from actors.core.market.months import Months
from actors.core.market.records import UNDEF_PRICE, Prints
from actors.core.market.seam import Seam
from actors.core.session.calendar import trading_date

EARLY_MAX = 10_000  # Trades that wait for the mapping of their instrument.
_INT64_MAX = np.uint64(2**63 - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Fresh:
    """New trades of our contract; every column has shape (n,)."""

    contract: str
    prints: Prints
    ts_event: NDArray[np.int64]
    ticks: NDArray[np.int64]  # Rounded down ...
    off_grid: NDArray[np.bool_]  # ... where the price is none of the grid, or
    undefined: NDArray[np.bool_]  # it or the time is undefined.


@dataclass(slots=True)
class Intake:
    """The intake of one session: which instrument is ours, and what of it is new."""

    months: Months
    seam: Seam
    tick_billionths: int
    on: date | None = None  # The trading date whose month is ours; of the first trade if later.
    held: str = ""  # The contract of an open position; it stays ours whatever the date.
    contract: str = ""  # Ours in this session; decided with the first trade.
    others: int = 0  # Trades of other instruments.
    dropped: int = 0  # Trades whose instrument nobody has named, beyond those that may wait.
    _early: list[Prints] = field(default_factory=list)

    def named(self) -> list[Fresh]:
        """Return the trades that have waited for the mapping that has just come."""
        early, self._early = self._early, []
        return [fresh for prints in early for fresh in self.add(prints)]

    def add(self, prints: Prints) -> list[Fresh]:
        """Return what is new of our contract, nothing or one."""
        # A session has a handful of instruments, a burst thousands of trades.
        unknown = [
            id for id in np.unique(prints.instrument_id).tolist() if not self.months.knows(id)
        ]
        known = ~np.isin(prints.instrument_id, unknown)
        if not known.all():
            self._wait(prints.where(~known))
            prints = prints.where(known)
        if len(prints) == 0:
            return []
        if not self.contract:
            self.on = self._date(prints)
            if self.on is None:  # Nothing that has a time can be a trade of ours.
                self.others += len(prints)
                return []
            self.contract = self.months.contract(self.on, self.held)
        mine = np.isin(prints.instrument_id, self.months.ids(self.contract))
        self.others += len(mine) - int(mine.sum())
        return self._new(prints.where(mine)) if mine.any() else []

    def _new(self, prints: Prints) -> list[Fresh]:
        ts_event = prints.ts_event.astype(np.int64)
        ticks, rest = np.divmod(prints.price, self.tick_billionths)
        size = prints.size.astype(np.int64)
        new = self.seam.fresh(ts_event, ticks, size, prints.aggressor)
        if not new.any():
            return []
        undefined = (prints.price == UNDEF_PRICE) | (prints.ts_event > _INT64_MAX)
        return [
            Fresh(
                self.contract,
                prints.where(new),
                ts_event[new],
                ticks[new],
                (rest != 0)[new],
                undefined[new],
            )
        ]

    def _wait(self, prints: Prints) -> None:
        waiting = sum(map(len, self._early))
        if waiting + len(prints) > EARLY_MAX:
            self.dropped += len(prints)
            return
        self._early.append(prints)

    def _date(self, prints: Prints) -> date | None:
        """Return the date that decides: what is sent again at a seam may be of the one before."""
        timed = prints.ts_event[prints.ts_event <= _INT64_MAX]
        known = [self.on] if self.on is not None else []
        return max([*known, *map(trading_date, timed[:1].tolist())], default=None)
