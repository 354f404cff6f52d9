"""Changes of the book among the trades of a tape: batches of both, side by side.

Changes stand behind the trades of their slot, a short stretch of event time: a feed sends a trade
and then what it did to the book, so trades come first at an instant, too. Event by event that
would be two messages for every trade; a slot ends where a slice of the metrics does or earlier,
so whoever judges by slices has all of one before anything of the next, whatever the batches. A
cut ends a slot: all changes before its instant stand before it and no other does.

What a file tells of the book before its first trade is summed up to the book at that trade: the
hours in which orders gather are not replayed, and a file that follows another tells what is
different in it. What comes behind the last trade of a contract is left out: nothing follows it
on which anybody could decide.
"""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.tape import OnTape, TapeRule
from actors.core.book.changes import LevelChanges, depth_batch, of_batch_size
from actors.core.book.records import TenLevels, since
from actors.core.book.ten import TenBook
from actors.core.columns import batch_of, trades_of
from protocol.market import Cut, DepthBatch, TradeBatch

Opened = Callable[[Path, str, int], Iterator[TenLevels] | None]  # File, contract, instant.


class Depths:
    """The books of a recording, as its files are begun; `of` goes on from contract to contract."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._books: deque[RecordedBook] = deque()

    def add(self, path: Path, contract: str, simulated: bool, from_ns: int) -> None:
        """Note that the trades of a contract go on in a file, at `from_ns`."""
        if not self._books or not self._books[-1].is_of(contract, simulated):
            self._books.append(RecordedBook(contract, simulated))
        levels = self._opened(path, contract, from_ns)
        if levels is not None:
            self._books[-1].add(levels, from_ns)

    def of(self, contract: str, simulated: bool) -> "RecordedBook | None":
        """Return the book beside the next trades, None without one; those before it are over."""
        if not any(book.is_of(contract, simulated) for book in self._books):
            return None
        while not self._books[0].is_of(contract, simulated):
            self._books.popleft()
        return self._books[0] if self._books[0].known else None


class RecordedBook:
    """The ten best levels of one contract, file after file, as changes in order of time."""

    def __init__(self, contract: str, simulated: bool) -> None:
        self.contract = contract
        self.simulated = simulated
        self.known = False  # Whether any file has told of it.
        self._ten = TenBook()
        self._files: deque[tuple[Iterator[TenLevels], int]] = deque()
        self._held: LevelChanges | None = None

    def is_of(self, contract: str, simulated: bool) -> bool:
        """Say whether this is the book of a contract."""
        return (contract, simulated) == (self.contract, self.simulated)

    def add(self, levels: Iterator[TenLevels], from_ns: int) -> None:
        """Append a file whose trades begin at `from_ns`."""
        self._files.append((levels, from_ns))
        self.known = True

    def before(self, ts_ns: int) -> Iterator[LevelChanges]:
        """Yield the next changes, all that are earlier than `ts_ns`."""
        while (held := self._next()) is not None:
            count = int(np.searchsorted(held.ts_event, ts_ns))
            if count:
                yield held.part(0, count)
            if count < len(held):
                self._held = held.part(count, len(held))
                return

    def _next(self) -> LevelChanges | None:
        held, self._held = self._held, None
        while held is None and self._files:
            levels, from_ns = self._files[0]
            rows = next(levels, None)
            if rows is None:
                self._files.popleft()
                continue
            changes = self._ten.apply(since(rows, from_ns))
            held = changes if len(changes) else None
        return held


def with_depth(messages: Iterator[OnTape], depths: Depths, rule: TapeRule) -> Iterator[OnTape]:
    """Yield a tape with the changes of `depths` in their places; without any it stays as it is."""
    slots, book, last_ns = _Slots(rule), None, 0
    contract: tuple[str, bool] | None = None
    for message in messages:
        if isinstance(message, TradeBatch):
            if contract != (message.contract, message.simulated):
                yield from _told(book, slots, last_ns + 1)
                contract = (message.contract, message.simulated)
            book = depths.of(*contract)
            last_ns = int.from_bytes(message.ts_event[-8:], "little", signed=True)
            yield from _slotted(message, book, slots)
            continue
        if isinstance(message, Cut):
            yield from _told(book, slots, message.ts_ns)
        yield message


class _Slots:
    """The slots of a rule: a slice of the metrics, or parts of it as long as a batch may be."""

    def __init__(self, rule: TapeRule) -> None:
        self.slice_ns = rule.slice_ns
        self.slot_ns = min(rule.batch_ns or rule.slice_ns, rule.slice_ns)

    def begin_ns(self, ts_ns: int) -> int:
        """Return the first instant of the slot that holds `ts_ns`."""
        return ts_ns - ts_ns % self.slice_ns % self.slot_ns

    def bounds(self, ts_event: NDArray[np.int64]) -> list[int]:
        """Return the rows at which slots begin, the first, and behind them the count of rows."""
        begins = ts_event - ts_event % self.slice_ns % self.slot_ns
        return [0, *(np.flatnonzero(np.diff(begins)) + 1).tolist(), len(begins)]


def _slotted(
    message: TradeBatch, book: RecordedBook | None, slots: _Slots
) -> Iterator[TradeBatch | DepthBatch]:
    """Yield the trades slot by slot, before each what the book did up to its begin."""
    if book is None:
        yield message
        return
    trades = trades_of(message)
    bounds = slots.bounds(trades.ts_event)
    for start, stop in zip(bounds, bounds[1:], strict=False):
        yield from _told(book, slots, slots.begin_ns(int(trades.ts_event[start])))
        whole = stop - start == len(trades)
        part = trades.slice(start, stop)
        yield message if whole else batch_of(part, message.contract, message.simulated)


def _told(book: RecordedBook | None, slots: _Slots, ts_ns: int) -> Iterator[DepthBatch]:
    """Yield what the book did before `ts_ns`, slot by slot and never more than fits."""
    if book is None:
        return
    for changes in book.before(ts_ns):
        bounds = slots.bounds(changes.ts_event)
        for start, stop in zip(bounds, bounds[1:], strict=False):
            for part in of_batch_size(changes.part(start, stop)):
                yield depth_batch(part, book.contract, book.simulated)
