"""What a feed says of a book, as columns: changes of single orders, or the ten best levels.

Prices are ticks. What a feed gave and no tick says, an undefined price or one off the grid, is
NO_PRICE; the book counts such a record and leaves it out. A column of `TenLevels` has the shape
(n, 2, 10): row, side (bids, asks), level (the best first). A level without a size is none.
"""

from dataclasses import dataclass

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


def backwards(sequence: NDArray[np.int64], last: int) -> int:
    """Return how often a sequence falls, begun behind `last`; equal numbers are one packet."""
    if len(sequence) == 0:
        return 0
    return int((np.diff(sequence) < 0).sum()) + int(sequence[0] < last)
