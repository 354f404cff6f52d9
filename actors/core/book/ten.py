"""Changes by price level from the ten best levels (MBP-10, facts A.6).

A level that has left the ten may still rest behind them, but nobody is told any more; so it is
removed, and whoever applies the changes has exactly the ten. Rows whose levels do not stand one
behind the other are counted and left out: the next sound row tells the difference to the last.
"""

import numpy as np
from numpy.typing import NDArray

from actors.core.book.changes import LevelChanges
from actors.core.book.records import (
    INT32_MAX,
    LAST,
    LEVELS,
    MAYBE_BAD,
    NO_PRICE,
    BookChecks,
    TenLevels,
    backwards,
)

_SIGNS = np.array([1, -1], np.int64)[:, None]  # Bids fall from the best on, asks rise.
_REMOVED, _SET = 0, 1


class TenBook:
    """The ten best levels of one contract, as the last event left them.

    Whoever begins books anew may count what is wrong with all of them together.
    """

    def __init__(self, checks: BookChecks | None = None) -> None:
        self.checks = checks or BookChecks()
        self.price = np.full((2, LEVELS), NO_PRICE, np.int64)
        self.size = np.zeros((2, LEVELS), np.int64)
        self.orders = np.zeros((2, LEVELS), np.int64)
        self._sequence = 0
        self._ts = 0

    def apply(self, rows: TenLevels) -> LevelChanges:
        """Take in rows and return what they changed, event by event.

        Rows before the last one of an event are left out: the book may not be looked at there.
        """
        checks = self.checks
        checks.records += len(rows)
        checks.doubtful += int(((rows.flags & MAYBE_BAD) != 0).sum())
        checks.backwards += backwards(rows.sequence, self._sequence)
        if len(rows):
            self._sequence = int(rows.sequence[-1])
        ended = np.flatnonzero(rows.flags & LAST)
        held = rows.size[ended] > 0
        sound = _sound(rows.price[ended], rows.size[ended], held)
        checks.events += len(ended)
        checks.malformed += int((~sound).sum())
        places, held = ended[sound], held[sound]
        price = np.where(held, rows.price[places], NO_PRICE)
        size = np.where(held, rows.size[places], 0)
        orders = np.where(held, rows.orders[places], 0)
        both = held[:, :, 0].all(1)
        checks.crossed += int((both & (price[:, 0, 0] >= price[:, 1, 0])).sum())
        return self._told(rows.ts_event[places], price, size, orders)

    def _told(
        self,
        ts: NDArray[np.int64],
        price: NDArray[np.int64],
        size: NDArray[np.int64],
        orders: NDArray[np.int64],
    ) -> LevelChanges:
        """Return the differences of each row to the one before, and keep the last row."""
        ts = np.maximum.accumulate(np.concatenate(([self._ts], ts)))[1:]
        old = [
            np.concatenate((kept[None], column[:-1])) if len(ts) else column
            for kept, column in ((self.price, price), (self.size, size), (self.orders, orders))
        ]
        if len(ts):
            self._ts = int(ts[-1])
            self.price, self.size, self.orders = price[-1], size[-1], orders[-1]
        differs = (price != old[0]) | (size != old[1]) | (orders != old[2])
        rows = np.flatnonzero(differs.any((1, 2)))
        was, now = [column[rows] for column in old], [price[rows], size[rows], orders[rows]]
        came, gone = map(np.nonzero, _differences(was, now, differs[rows]))
        row = np.concatenate((gone[0], came[0]))
        phase = np.repeat((_REMOVED, _SET), (len(gone[0]), len(came[0])))
        order = np.lexsort((phase, row))  # Stable: bids before asks, the best first.
        row = row[order]
        nothing = np.zeros(len(gone[0]), np.int64)
        ends = np.flatnonzero(np.diff(row, append=-1)) + 1
        return LevelChanges(
            ts_event=ts[rows[row]],
            side=(np.concatenate((gone[1], came[1]))[order] + 1).astype(np.uint8),
            price=np.concatenate((was[0][gone], now[0][came]))[order].astype(np.int32),
            size=np.concatenate((nothing, now[1][came]))[order].astype(np.int32),
            orders=np.concatenate((nothing, now[2][came]))[order].astype(np.int32),
            ends=ends.astype(np.int64),
        )


def _differences(
    was: list[NDArray[np.int64]], now: list[NDArray[np.int64]], differs: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which levels came or changed, by their new places, and which went, by their old.

    `was` and `now` are price, size and orders of shape (n, 2, 10); `differs` tells the places at
    which they do. Where all prices of a side stay, as nearly always, a place is a level; only
    where they move each new level is looked for among all the old ones.
    """
    came, gone = differs & (now[1] > 0), np.zeros_like(differs)
    moved = np.nonzero((was[0] != now[0]).any(2))
    old, new = [column[moved] for column in was], [column[moved] for column in now]
    # (side of a row, new level, old level); a price is on a side once.
    same = (new[0][:, :, None] == old[0][:, None, :]) & (new[1] > 0)[:, :, None]
    place = same.argmax(2)
    alike = same.any(2)
    for one, other in zip(new[1:], old[1:], strict=True):
        alike &= one == np.take_along_axis(other, place, 1)
    came[moved] = (new[1] > 0) & ~alike
    gone[moved] = (old[1] > 0) & ~same.any(1)
    return came, gone


def _sound(
    price: NDArray[np.int64], size: NDArray[np.int64], held: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell the rows whose levels stand one behind the other, without a hole between them."""
    fits = ~held | ((np.abs(price) <= INT32_MAX) & (size <= INT32_MAX))
    beside = held[..., 1:]
    ranked = held[..., :-1] & ((price[..., :-1] - price[..., 1:]) * _SIGNS > 0)
    return np.asarray((fits & (size >= 0)).all((1, 2)) & (~beside | ranked).all((1, 2)))
