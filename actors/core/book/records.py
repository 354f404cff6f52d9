"""What a feed says of a book, as columns: changes of single orders, or the ten best levels.

Prices are ticks. What a feed gave and no tick says, an undefined price or one off the grid, is
NO_PRICE; the book counts such a record and leaves it out. A column of `TenLevels` has the shape
(n, 2, 10): row, side (bids, asks), level (the best first). A level without a size is none.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

NONE, BID, ASK = 0, 1, 2  # As in `DepthBatch`.
LEVELS = 10
NO_PRICE = -(2**62)
INT32_MAX = 2**31 - 1

# Actions, the letters of Databento (facts A.6). A trade and a fill leave the book as it is: the
# cancel or the modify that follows them changes it.
ADD, CANCEL, MODIFY, CLEAR, TRADE, FILL, NOTHING = (ord(letter) for letter in "ACMRTFN")

LAST = 128  # The event ends here: only now may the book be looked at.
TOP_ONLY = 64
SNAPSHOT = 32
MAYBE_BAD = 4


@dataclass(frozen=True, slots=True, eq=False)
class OrderRecords:
    """Consecutive records of single orders of one contract; every column has shape (n,)."""

    ts_event: NDArray[np.int64]  # UTC nanoseconds.
    action: NDArray[np.uint8]
    side: NDArray[np.uint8]  # BID or ASK: of the order; of a trade BID is a buying aggressor.
    order_id: NDArray[np.uint64]
    price: NDArray[np.int64]  # Ticks, or NO_PRICE.
    size: NDArray[np.int64]
    flags: NDArray[np.uint8]
    sequence: NDArray[np.int64]  # Of the venue; several records may share one.

    def __len__(self) -> int:
        return len(self.ts_event)

    def slice(self, start: int, stop: int) -> "OrderRecords":
        """Return the records from `start` up to, not including, `stop`, as views."""
        part = slice(start, stop)
        return OrderRecords(
            self.ts_event[part],
            self.action[part],
            self.side[part],
            self.order_id[part],
            self.price[part],
            self.size[part],
            self.flags[part],
            self.sequence[part],
        )


@dataclass(frozen=True, slots=True, eq=False)
class TenLevels:
    """The ten best levels of one contract after each of n events."""

    ts_event: NDArray[np.int64]  # Shape (n,), UTC nanoseconds.
    flags: NDArray[np.uint8]  # Shape (n,).
    sequence: NDArray[np.int64]  # Shape (n,).
    price: NDArray[np.int64]  # Shape (n, 2, 10), ticks, or NO_PRICE.
    size: NDArray[np.int64]  # Shape (n, 2, 10), contracts.
    orders: NDArray[np.int64]  # Shape (n, 2, 10).

    def __len__(self) -> int:
        return len(self.ts_event)

    def where(self, keep: NDArray[np.bool_] | slice) -> "TenLevels":
        """Return the rows that `keep` picks."""
        return TenLevels(
            self.ts_event[keep],
            self.flags[keep],
            self.sequence[keep],
            self.price[keep],
            self.size[keep],
            self.orders[keep],
        )


@dataclass(slots=True)
class BookChecks:
    """What was found wrong with a feed; of a sound one every number but the first two is 0."""

    records: int = 0
    events: int = 0
    unknown: int = 0  # Changes of an order that is not in the book.
    repeated: int = 0  # Additions of an order that is.
    oversized: int = 0  # More cancelled than there was.
    malformed: int = 0  # Without side, tick or size; of ten levels: not one behind the other.
    backwards: int = 0  # Earlier in the venue's sequence than the record before.
    crossed: int = 0  # Events after which the best bid is not below the best ask.
    inside: int = 0  # Trades at a better price than the touch showed: an order was missing.
    doubtful: int = 0  # Records of which the feed itself says that the book may be wrong.


def ten_levels(data: NDArray[np.void], tick: int) -> TenLevels:
    """Return records of schema mbp-10, all of one contract, as columns; `tick` in 1e-9.

    The field `levels` has ten of price, size and orders, each of them a bid and an ask.
    """
    levels = data["levels"]

    def column(name: str) -> NDArray[np.int64]:
        by_side: NDArray[np.int64] = levels[name].astype(np.int64).transpose(0, 2, 1)
        return by_side

    return TenLevels(
        ts_event=data["ts_event"].astype(np.int64),
        flags=data["flags"],
        sequence=data["sequence"].astype(np.int64),
        price=ticks_of(column("price"), tick),
        size=column("size"),
        orders=column("orders"),
    )


def ticks_of(price: NDArray[np.int64], tick: int) -> NDArray[np.int64]:
    """Return prices in ticks, NO_PRICE for what is undefined, off the grid or out of range."""
    ticks, rest = np.divmod(price, tick)
    return np.where((rest == 0) & (np.abs(ticks) <= INT32_MAX), ticks, NO_PRICE)


def since(rows: TenLevels, from_ns: int) -> TenLevels:
    """Return rows from `from_ns` on, and of those before it the last book, as of then."""
    early = np.maximum.accumulate(rows.ts_event) < from_ns
    if not early.any():
        return rows
    ended = np.flatnonzero(early & ((rows.flags & LAST) != 0))
    keep = ~early
    keep[ended[-1:]] = True
    kept = rows.where(keep)
    return replace(kept, ts_event=np.maximum(kept.ts_event, from_ns))


def backwards(sequence: NDArray[np.int64], last: int) -> int:
    """Return how often a sequence falls, begun behind `last`; equal numbers are one packet."""
    if len(sequence) == 0:
        return 0
    return int((np.diff(sequence) < 0).sum()) + int(sequence[0] < last)
