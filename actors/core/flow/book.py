"""The book of one contract, kept from its changes level by level.

A change with a negative size, or of no side, is refused. A book whose bid stands at or above its
ask, as between two messages of one matching or before an open, says nothing about who presses: as
long as it lasts its sizes count as 0 and there is no mid. It is not mended by guessing which side
is stale; the changes that uncross it come by themselves.
"""

from bisect import bisect_left, insort
from typing import NamedTuple

BID, ASK = 1, 2
DEPTH = 5  # Levels 1 to 5, of those that hold anything.
LEVELS_MAX = 4_096  # Per side; beyond, the level furthest from the touch is forgotten.
NO_MID = -(2**62)


class Touch(NamedTuple):
    """What the metrics need of a book."""

    bid_size: int  # Resting at the best bid; 0 where nothing rests, or the book is crossed.
    ask_size: int
    bid_depth: int  # Resting at bid levels 1 to 5.
    ask_depth: int
    twice_mid: int  # Best bid plus best ask, ticks; NO_MID without both.


NOTHING = Touch(0, 0, 0, 0, NO_MID)


class Book:
    """Bids and asks by price; a new contract needs a new book."""

    def __init__(self) -> None:
        self.bids = BookSide(-1)
        self.asks = BookSide(1)
        self.touch = NOTHING
        self.refused = 0  # Changes with a negative size or of no side.
        self.crossed = 0  # Changes that left the book crossed or locked.

    def change(self, side: int, price: int, size: int) -> bool:
        """Set the size resting at `price`, 0 for none; return whether the touch or depth changed.

        The same change again changes nothing.
        """
        if size < 0 or side not in (BID, ASK):
            self.refused += 1
            return False
        near = (self.bids if side == BID else self.asks).put(price, size)
        bids, asks = self.bids, self.asks
        crossed = bool(bids.keys and asks.keys) and -bids.keys[0] >= asks.keys[0]
        self.crossed += crossed
        if not near:
            return False
        before, self.touch = self.touch, NOTHING if crossed else _touch(bids, asks)
        return self.touch != before


class BookSide:
    """The levels of one side. A key is the price times `sign`, so that the best comes first."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []  # Rising.
        self.sizes: dict[int, int] = {}  # By key.

    def put(self, price: int, size: int) -> bool:
        """Set the size at `price`; return whether it belongs, or did, to levels 1 to 5."""
        key = self.sign * price
        near = len(self.keys) <= DEPTH or key <= self.keys[DEPTH - 1]
        if size > 0:
            if key not in self.sizes:
                insort(self.keys, key)
            self.sizes[key] = size
            if len(self.keys) > LEVELS_MAX:
                del self.sizes[self.keys.pop()]
        elif self.sizes.pop(key, 0):
            del self.keys[bisect_left(self.keys, key)]
        return near

    def depth(self) -> int:
        """Return the contracts on levels 1 to 5."""
        return sum([self.sizes[key] for key in self.keys[:DEPTH]])


def _touch(bids: BookSide, asks: BookSide) -> Touch:
    both = bids.keys and asks.keys
    return Touch(
        bid_size=bids.sizes[bids.keys[0]] if bids.keys else 0,
        ask_size=asks.sizes[asks.keys[0]] if asks.keys else 0,
        bid_depth=bids.depth(),
        ask_depth=asks.depth(),
        twice_mid=asks.keys[0] - bids.keys[0] if both else NO_MID,
    )
