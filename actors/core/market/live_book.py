"""The book of a live feed: ten levels as they come, told as changes in their places on the stream.

A record tells all ten levels, so whatever was missed, the next one has it. Every event is told,
not only the last state: the metrics weigh a book by how long it stood.

Changes stand behind the trades of their slice of the metrics and before anything of the next, and
all of them that are earlier than a cut before it. So a change at or behind the next cut waits
until that is laid; the others wait a little, so that whoever reads the stream has few batches.
What comes later than the gateway's clock allowed for stands behind its cut all the same, with its
own time, as a late trade does. What is sent again after a break was told already, or has no place
any more, as far as it is older than what is on the stream: of that only the last book is told, as
of then. So times never fall, and at its end the book is that of the last record whatever happened
before.

Whenever the stream says that the feed is lost nobody knows the book any more. It begins anew: what
waited is dropped, and the next record is told with all of its levels. Readers forget theirs at
that word.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.core.book.changes import LevelChanges, depth_batch, joined, of_batch_size
from actors.core.book.records import BookChecks, since
from actors.core.book.ten import TenBook
from actors.core.columns import batch_of, trades_of
from actors.core.market.live_tape import LiveTape
from actors.core.market.months import Months
from actors.core.market.records import MBP_10, Records, levels_of
from protocol.market import Cut, DepthBatch, TradeBatch
from protocol.message import Message
from protocol.units import NANOS_PER_MS

TOLD_NS = 50 * NANOS_PER_MS  # So often changes are told that nothing else makes urgent.
ROWS_MAX = 2_048  # At a time: ten levels for each are a hundred times as many bytes.
FAR_NS = 2**63
WAITING_MAX = 1_000_000  # Changes; with more of them no cut is waited for any more.


class LiveBook:
    """The book of the contract that is traded; without `wanted` it stays empty."""

    def __init__(self, wanted: bool, slice_ns: int, tick_billionths: int) -> None:
        self.wanted = wanted
        self.slice_ns = slice_ns  # Of the metrics, multiples of it since 1970.
        self.tick_billionths = tick_billionths
        self.checks = BookChecks()
        self.contract = ""
        self.told_ns = 0  # Of the newest change on the stream.
        # Before it nothing has a place any more: the last cut, or the slice of the last trade.
        self._laid_ns = 0
        self._ids: tuple[int, ...] = ()
        self._ten = TenBook(self.checks)
        self._is_new = True  # Nothing was looked at since it began.
        # What came is looked at together with what came before and after: a look costs as much
        # for one record as for a hundred.
        self._heard: list[NDArray[np.void]] = []
        self._heard_rows = 0
        self._heard_ns = FAR_NS  # No record of these is earlier.
        self._parts: deque[LevelChanges] = deque()
        self._changes = 0
        self._looked_ns = 0

    @property
    def waiting(self) -> int:
        """How many records and changes are still to be told."""
        return self._heard_rows + self._changes

    def begin_anew(self) -> None:
        """Forget the book and what of it waits: the next record tells all levels."""
        self._ten = TenBook(self.checks)
        self._hear_nothing()
        self._parts.clear()
        self._changes = 0
        self._is_new = True

    def resume(self, messages: Iterable[Message]) -> None:
        """Fold the end of a stream, oldest first, as far as it tells what was told last."""
        self.told_ns = self._laid_ns = 0
        for message in messages:
            if isinstance(message, DepthBatch) and len(message):
                self.told_ns = _last_ns(message)
            elif isinstance(message, TradeBatch | Cut):
                self._lay(message)
        self.begin_anew()

    def asked_ns(self, known_ns: int, trades_ns: int) -> int:
        """Return since when to ask again: `trades_ns` says trades, of which the last is `known_ns`.

        What of the book was not told when a session ended is of the slice of that trade or later.
        """
        return min(trades_ns, known_ns - self.slice_ns) if self.wanted else trades_ns

    def add(self, records: Records | None, months: Months, contract: str) -> None:
        """Take in what records tell of the book of `contract`, if they are of ten levels."""
        if not self.wanted or records is None or records.rtype != MBP_10:
            return
        rows = records.rows
        self.contract, self._ids = contract, months.ids(contract)
        self._heard.append(rows)
        self._heard_rows += len(rows)
        earliest = min(int(rows["ts_event"].min()), int(rows["ts_recv"].min()))
        self._heard_ns = min(self._heard_ns, earliest)
        if self._heard_rows >= ROWS_MAX:
            self._look()

    def among(self, messages: Iterable[TradeBatch | Cut]) -> Iterator[Message]:
        """Yield trades and cuts with the changes in their places among them."""
        for message in messages:
            if isinstance(message, Cut):
                yield from self._before(message.ts_ns)
                yield message
            elif self.waiting:
                yield from self._slotted(message)
            else:
                yield message
            self._lay(message)

    def _lay(self, message: TradeBatch | Cut) -> None:
        if isinstance(message, Cut):
            self._laid_ns = message.ts_ns
        elif len(message):
            last_ns = _last_ns(message)
            self._laid_ns = max(self._laid_ns, last_ns - last_ns % self.slice_ns)

    def due(self, now_ns: int, tape: LiveTape) -> Iterator[Message]:
        """Yield what waits and is due at `now_ns`, monotonic; not what a cut must stand before."""
        if not self.waiting or now_ns - self._looked_ns < TOLD_NS:
            return
        self._looked_ns = now_ns
        self._look()
        if self._parts:
            last_ns = int(self._parts[-1].ts_event[-1])
            cut_ns = tape.next_cut_ns(last_ns) if self._changes <= WAITING_MAX else None
            yield from self._before(last_ns + 1 if cut_ns is None else cut_ns)

    def shown(self) -> dict[str, Any]:
        """Return the state for a screen."""
        return {"waiting": self.waiting, "told_ns": self.told_ns, **asdict(self.checks)}

    def _slotted(self, message: TradeBatch) -> Iterator[Message]:
        """Yield trades slice by slice, before each of them what the book did up to its begin."""
        trades = trades_of(message)
        begins = trades.ts_event - trades.ts_event % self.slice_ns
        stops = (np.flatnonzero(np.diff(begins)) + 1).tolist()
        for start, stop in zip([0, *stops], [*stops, len(begins)], strict=True):
            yield from self._before(int(begins[start]))
            part = trades.slice(start, stop)
            yield batch_of(part, message.contract, message.simulated) if stops else message

    def _before(self, ts_ns: int) -> Iterator[DepthBatch]:
        """Yield what waits of before `ts_ns`, whole events, no more in a batch than fits."""
        if self._heard_ns < ts_ns:
            self._look()
        found: list[LevelChanges] = []
        while self._parts and int(self._parts[0].ts_event[0]) < ts_ns:
            part = self._parts.popleft()
            count = int(np.searchsorted(part.ts_event, ts_ns))
            found.append(part.part(0, count))
            if count < len(part):
                self._parts.appendleft(part.part(count, len(part)))
        if not found:
            return
        changes = joined(found)
        self._changes -= len(changes)
        self.told_ns = int(changes.ts_event[-1])
        for one in of_batch_size(changes):
            yield depth_batch(one, self.contract, False)

    def _look(self) -> None:
        """Turn what was heard into changes that wait."""
        if not self._heard:
            return
        heard = np.concatenate(self._heard)
        self._hear_nothing()
        for start in range(0, len(heard), ROWS_MAX):
            part = Records(MBP_10, heard[start : start + ROWS_MAX])
            rows = levels_of(part, self._ids, self.tick_billionths)
            if rows is None:
                continue
            from_ns = max(self.told_ns, self._laid_ns if self._is_new else 0)
            self._is_new = False
            changes = self._ten.apply(since(rows, from_ns))
            if len(changes):
                self._parts.append(changes)
                self._changes += len(changes)

    def _hear_nothing(self) -> None:
        self._heard, self._heard_rows, self._heard_ns = [], 0, FAR_NS


def _last_ns(batch: TradeBatch | DepthBatch) -> int:
    return int.from_bytes(batch.ts_event[-8:], "little", signed=True)
