"""Records of single orders for tests, and the plainest book there is to compare with."""

from typing import NamedTuple

import numpy as np

from actors.core.book.records import ASK, BID, LAST, OrderRecords

START = 1_703_545_200_000_000_000


class Record(NamedTuple):
    action: str
    side: int = BID
    order_id: int = 1
    price: int = 100
    size: int = 1
    flags: int = LAST
    sequence: int = 0


def columns(records, ts=START):
    return OrderRecords(
        ts_event=np.arange(ts, ts + len(records), dtype=np.int64),
        action=np.array([ord(r.action) for r in records], np.uint8),
        side=np.array([r.side for r in records], np.uint8),
        order_id=np.array([r.order_id for r in records], np.uint64),
        price=np.array([r.price for r in records], np.int64),
        size=np.array([r.size for r in records], np.int64),
        flags=np.array([r.flags for r in records], np.uint8),
        sequence=np.array([r.sequence for r in records], np.int64),
    )


class PlainBook:
    """Orders in a dict; everything else is summed up anew when it is asked for."""

    def __init__(self):
        self.orders = {}

    def apply(self, record):
        action, side, order_id, price, size, *_ = record
        if action in "AM":
            self.orders[order_id] = (side, price, size)
        elif action == "C" and order_id in self.orders:
            side, price, held = self.orders.pop(order_id)
            if held > size:
                self.orders[order_id] = (side, price, held - size)
        elif action == "R":
            self.orders = {}

    def levels(self, side):
        """Price, contracts and orders, the best first."""
        found = {}
        for own, price, size in self.orders.values():
            if own == side:
                contracts, count = found.get(price, (0, 0))
                found[price] = (contracts + size, count + 1)
        best_first = sorted(found, reverse=side == BID)
        return [(price, *found[price]) for price in best_first]

    @property
    def crossed(self):
        bids, asks = self.levels(BID), self.levels(ASK)
        return bool(bids and asks) and bids[0][0] >= asks[0][0]
