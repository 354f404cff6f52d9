"""The seam between what is known and what is sent again: each trade once, multiplicity kept.

After a break the gateway is asked to send again from some instant on, and it sends everything
with an event time at or after it. What we have from there on is counted by what it looks like, and
each repetition uses up one of the count: two prints that look the same are two trades, here and
there, so neither is lost and neither comes twice. A set of keys would lose the second of a pair.

Recorded trades keep no sequence number of the exchange. They need none: repeats of trades that
look the same are told apart by their number alone, and which of them is which matters to nobody.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades
from protocol.market import SideSource

Key = tuple[int, int, int, int]


_NEVER = -(2**63)


class Seam:
    """What is known from `from_ns` on; `fresh` says of what comes again which of it is new.

    What is older than the seam was not asked for and counts as known, until `close` says that
    all has been sent again: from then on nothing does.
    """

    def __init__(self, from_ns: int = _NEVER) -> None:
        self.from_ns = from_ns
        self.came_ns: int | None = None  # Of the first trade that came.
        self.until_ns = _NEVER  # Of the newest trade that is known.
        self.repeated = 0
        self._known: Counter[Key] = Counter()

    def know(self, trades: Trades) -> None:
        """Count trades as known; those before the seam cannot come again and are left out."""
        told = trades.source == SideSource.FEED  # A side of another source was not in the record.
        side = np.where(told, trades.aggressor, np.uint8(0))
        for key in _keys(trades.ts_event, trades.price, trades.size, side):
            if key[0] >= self.from_ns:
                self._known[key] += 1
                self.until_ns = max(self.until_ns, key[0])

    def fresh(
        self,
        ts_event: NDArray[np.int64],
        ticks: NDArray[np.int64],
        size: NDArray[np.int64],
        side: NDArray[np.uint8],
    ) -> NDArray[np.bool_]:
        """Return which rows are not yet known, shape (n,); each that is uses up its counterpart."""
        if self.came_ns is None and len(ts_event):
            self.came_ns = int(ts_event[0])
        new = ts_event >= self.from_ns
        self.repeated += len(new) - int(new.sum())
        if not self._known:
            return new
        rows = np.flatnonzero((ts_event >= self.from_ns) & (ts_event <= self.until_ns))
        keys = _keys(ts_event[rows], ticks[rows], size[rows], side[rows])
        for row, key in zip(rows.tolist(), keys, strict=True):
            left = self._known.get(key, 0)
            if left:
                new[row] = False
                self.repeated += 1
                self._known[key] = left - 1
        return new

    def close(self) -> None:
        """Take whatever comes from now on for new."""
        self._known.clear()
        self.from_ns = _NEVER

    @property
    def missing(self) -> int:
        """How many known trades have not come again (yet)."""
        return self._known.total()


def _keys(
    ts_event: NDArray[np.int64],
    ticks: NDArray[np.int32] | NDArray[np.int64],
    size: NDArray[np.int32] | NDArray[np.int64],
    side: NDArray[np.uint8],
) -> list[Key]:
    columns = (ts_event.tolist(), ticks.tolist(), size.tolist(), side.tolist())
    return list(zip(*columns, strict=True))
