"""What the page knows of the feed: the book by price level, and whether the feed is away. Pure.

The book is the fold of its changes. A stream is of one contract at a time, so another contract
begins a new book. Once the feed is lost nobody knows the book: it is empty until the feed tells
all of its levels anew, and counts as stale until the feed is back and has said something of it.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING

from protocol.market import DepthBatch, FeedLost, FeedRestored
from web.records import room

if TYPE_CHECKING:  # Where no feed tells its depth none of this is loaded.
    from actors.core.book.changes import LevelBook
    from actors.core.book.levels import Levels

LEVELS_MAX = 2048  # Of one side; those far from the touch go first, and nobody is shown them.
LOST_MAX = 8
TOLD = (DepthBatch, FeedLost, FeedRestored)


class FeedState:
    """Folds what the feed says of itself and of the book; all of it has a limit."""

    def __init__(self) -> None:
        self.lost: OrderedDict[str, str] = OrderedDict()  # Why, by contract.
        self.book: LevelBook | None = None
        self.contract = ""
        self.simulated = False
        self.ts_ns = 0  # Of the last change of the book.
        self.stale = ""  # Why the book may be wrong.

    def fold(self, message: DepthBatch | FeedLost | FeedRestored) -> None:
        """Take one message in; the same again changes nothing."""
        match message:
            case DepthBatch():
                self._change(message)
            case FeedLost(contract=contract, reason=reason):
                room(self.lost, contract, str, LOST_MAX)
                self.lost[contract] = reason
                self._lose(contract, reason)
            case FeedRestored(contract=contract):
                self.lost.pop(contract, None)

    def _lose(self, contract: str, reason: str) -> None:
        self.stale = reason
        if self.book is not None and contract == self.contract and not self.simulated:
            self.book.bids.clear()
            self.book.asks.clear()

    def _change(self, batch: DepthBatch) -> None:
        if not len(batch):  # A live feed fills up numbers with such.
            return
        from actors.core.book.changes import LevelBook, changes_in

        told = batch.contract, batch.simulated
        if self.book is None or told != (self.contract, self.simulated):
            self.book, self.ts_ns = LevelBook(), 0
            self.contract, self.simulated = told
        changes = changes_in(batch)
        self.book.apply(changes)
        _bound(self.book.bids)
        _bound(self.book.asks)
        self.ts_ns = max(self.ts_ns, int(changes.ts_event.max()))
        if not self.lost:
            self.stale = ""


def _bound(levels: "Levels") -> None:
    """Let go of the levels beyond `LEVELS_MAX`, the furthest from the touch."""
    for key in levels.keys[: max(0, len(levels.keys) - LEVELS_MAX)]:
        levels.set(key, 0, 0)
