"""The book order by order (MBO, facts A.6): exact sizes and counts at every price.

Additions, changes and cancellations are applied as they come; trades and fills are not, since the
venue sends what they did to the book behind them. A feed that joins late, or loses something, is
not mended by guessing, but the book stays usable: a change of an unknown order adds it, as it is
in the book now whatever it was before; a cancellation of an unknown one has nothing to do; more
than there is cannot be taken; an order added again takes the place of the one before. Each of
these is counted, and so is what a sound book cannot show.
"""

import numpy as np
from numpy.typing import NDArray

from actors.core.book.changes import LevelChanges, Row, changes_of
from actors.core.book.levels import Levels
from actors.core.book.records import (
    ADD,
    ASK,
    BID,
    CANCEL,
    CLEAR,
    INT32_MAX,
    LAST,
    MAYBE_BAD,
    MODIFY,
    NOTHING,
    SNAPSHOT,
    TOP_ONLY,
    TRADE,
    BookChecks,
    OrderRecords,
    backwards,
)

_Level = tuple[int, Levels, int]  # Side, its levels, key.
_FAR = 2**62  # Beyond every key.
_NOBODY = (0, 0)


class OrderBook:
    """Every resting order of one contract; a new contract needs a new book."""

    def __init__(self) -> None:
        self.bids = Levels(1)
        self.asks = Levels(-1)
        self.checks = BookChecks()
        self.orders: dict[int, tuple[_Level, int]] = {}  # Where it rests and its size, by id.
        self._touched: list[_Level] = []  # By the event.
        self._sequence = 0
        self._ts = 0
        # The touch as the last event left it, as keys: a trade must be at it or through it.
        self._best_bid = -_FAR
        self._best_ask = -_FAR

    def apply(self, records: OrderRecords) -> LevelChanges:
        """Take in records and return what they changed, event by event.

        An event that is not over yet is told with the records that end it.
        """
        if (records.flags & TOP_ONLY).any():
            raise ValueError("found records that replace the touch alone, wanted single orders")
        actions = self._sound(records)
        rows: list[Row] = []
        ends: list[int] = []
        for ts, action, side, order_id, price, size, last in zip(
            records.ts_event.tolist(),
            actions.tolist(),
            records.side.tolist(),
            records.order_id.tolist(),
            records.price.tolist(),
            records.size.tolist(),
            (records.flags & LAST).tolist(),
            strict=True,
        ):
            if action == ADD:
                self._add(side, order_id, price, size)
            elif action == CANCEL:
                self._cancel(order_id, size)
            elif action == MODIFY:
                self._modify(side, order_id, price, size)
            elif action == TRADE:
                self._trade(side, price)
            elif action == CLEAR:
                self.clear()
            if last:
                if ts > self._ts:
                    self._ts = ts
                self._end(rows)
                ends.append(len(rows))
        self.checks.events += len(ends)
        return changes_of(rows, ends)

    def clear(self) -> None:
        """Forget every order, as at the venue's own reset; its sequence begins anew."""
        self.orders.clear()
        for side, levels in ((BID, self.bids), (ASK, self.asks)):
            self._touched += [(side, levels, key) for key in levels.keys]
            levels.clear()
        self._sequence = 0

    def _sound(self, records: OrderRecords) -> NDArray[np.uint8]:
        """Return the actions, none for malformed records, and count what is wrong with them."""
        action, checks = records.action, self.checks
        places = (action == ADD) | (action == MODIFY)
        sized = (records.size > 0) & (records.size <= INT32_MAX)
        sided = (records.side == BID) | (records.side == ASK)
        priced = np.abs(records.price) <= INT32_MAX
        bad = places & ~(sized & sided & priced)
        bad |= ((action == CANCEL) & ~sized) | ((action == TRADE) & ~priced)
        checks.records += len(records)
        checks.malformed += int(bad.sum())
        checks.doubtful += int(((records.flags & MAYBE_BAD) != 0).sum())
        # A snapshot tells orders by priority, each with the number it once came under.
        live = records.sequence[(records.flags & SNAPSHOT) == 0]
        if (action == CLEAR).any():
            self._sequence, live = 0, live[:0]
        checks.backwards += backwards(live, self._sequence)
        if len(live):
            self._sequence = int(live[-1])
        return np.where(bad, np.uint8(NOTHING), action)

    def _add(self, side: int, order_id: int, price: int, size: int) -> None:
        if order_id in self.orders:
            self.checks.repeated += 1
            self._forget(order_id)
        levels = self.bids if side == BID else self.asks
        key = levels.sign * price
        levels.put(key, size)
        level = (side, levels, key)
        self._touched.append(level)
        self.orders[order_id] = (level, size)

    def _cancel(self, order_id: int, size: int) -> None:
        order = self.orders.get(order_id)
        if order is None:
            self.checks.unknown += 1
            return
        level, held = order
        self._touched.append(level)
        if size >= held:
            self.checks.oversized += size > held
            level[1].take(level[2], held, True)
            del self.orders[order_id]
        else:
            level[1].take(level[2], size, False)
            self.orders[order_id] = (level, held - size)

    def _modify(self, side: int, order_id: int, price: int, size: int) -> None:
        if order_id in self.orders:
            self._forget(order_id)
        else:
            self.checks.unknown += 1
        self._add(side, order_id, price, size)

    def _forget(self, order_id: int) -> None:
        level, held = self.orders.pop(order_id)
        self._touched.append(level)
        level[1].take(level[2], held, True)

    def _trade(self, side: int, price: int) -> None:
        """Check a trade against the touch before its event; an auction's has no side."""
        # The keys of asks are negative prices: below the best ask is above its key.
        if side == BID and -price > self._best_ask > -_FAR:
            self.checks.inside += 1
        elif side == ASK and price > self._best_bid > -_FAR:
            self.checks.inside += 1

    def _end(self, rows: list[Row]) -> None:
        """Close an event: add the levels it has touched to `rows`, what is gone first."""
        bids, asks = self.bids.keys, self.asks.keys
        bid = bids[-1] if bids else -_FAR
        ask = asks[-1] if asks else -_FAR
        if bid >= -ask:
            self.checks.crossed += 1
            bid = ask = -_FAR
        self._best_bid, self._best_ask = bid, ask
        touched, ts = self._touched, self._ts
        if len(touched) == 1:  # Nearly always.
            rows.append(_row(ts, touched[0]))
        elif touched:
            found = [_row(ts, level) for level in dict.fromkeys(touched)]
            rows += [row for row in found if not row[3]]
            rows += [row for row in found if row[3]]
        touched.clear()


def _row(ts: int, level: _Level) -> Row:
    side, levels, key = level
    contracts, orders = levels.held.get(key, _NOBODY)
    return (ts, side, levels.sign * key, contracts, orders)
