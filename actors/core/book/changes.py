"""Changes of a book by price level: how they travel, and the book that they make.

Of an event each level touched is told once, as it is at the event's end, and what went is told
before what came: so a reader who applies row after row never sees a book crossed that was not.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from actors.core.book.levels import Levels, crossed
from actors.core.book.records import BID, LEVELS, NO_PRICE, TenLevels
from protocol.market import DepthBatch

CHANGES_MAX = 4_096  # Of a batch; an event of more stays whole.
Row = tuple[int, int, int, int, int]  # Time, side, price, contracts, orders.


@dataclass(frozen=True, slots=True, eq=False)
class LevelChanges:
    """Consecutive changes; columns of shape (n,), and where the events in them end."""

    ts_event: NDArray[np.int64]
    side: NDArray[np.uint8]
    price: NDArray[np.int32]  # Ticks.
    size: NDArray[np.int32]  # Contracts after the change; 0: the level is gone.
    orders: NDArray[np.int32]  # Orders after the change.
    ends: NDArray[np.int64]  # Shape (events,): the row behind the last one of each event.

    def __len__(self) -> int:
        return len(self.ts_event)

    def part(self, start: int, stop: int) -> "LevelChanges":
        """Return the rows from `start` up to `stop`, both of them where events begin or end."""
        rows = slice(start, stop)
        inside = (self.ends > start) & (self.ends <= stop)
        return LevelChanges(
            self.ts_event[rows],
            self.side[rows],
            self.price[rows],
            self.size[rows],
            self.orders[rows],
            self.ends[inside] - start,
        )


def changes_of(rows: Sequence[Row], ends: Sequence[int]) -> LevelChanges:
    """Return rows as columns; an event that changed nothing, an end told twice, is none."""
    table = np.fromiter(chain.from_iterable(rows), np.int64, 5 * len(rows)).reshape(-1, 5)
    return LevelChanges(
        table[:, 0].copy(),
        table[:, 1].astype(np.uint8),
        table[:, 2].astype(np.int32),
        table[:, 3].astype(np.int32),
        table[:, 4].astype(np.int32),
        np.array([end for end in dict.fromkeys(ends) if end], np.int64),
    )


def joined(parts: Sequence[LevelChanges]) -> LevelChanges:
    """Return consecutive changes, at least one part of them, as one."""
    if len(parts) == 1:
        return parts[0]
    before = np.cumsum([0, *map(len, parts[:-1])])
    return LevelChanges(
        np.concatenate([one.ts_event for one in parts]),
        np.concatenate([one.side for one in parts]),
        np.concatenate([one.price for one in parts]),
        np.concatenate([one.size for one in parts]),
        np.concatenate([one.orders for one in parts]),
        np.concatenate([one.ends + rows for one, rows in zip(parts, before, strict=True)]),
    )


def of_batch_size(changes: LevelChanges) -> Iterator[LevelChanges]:
    """Yield whole events, as many as fit: within one the book may not be looked at."""
    start = 0
    while start < len(changes):
        full = int(np.searchsorted(changes.ends, start + CHANGES_MAX, side="right")) - 1
        stop = int(changes.ends[full]) if full >= 0 else 0
        if stop <= start:
            stop = int(changes.ends[full + 1])
        yield changes.part(start, stop)
        start = stop


def depth_batch(changes: LevelChanges, contract: str, simulated: bool) -> DepthBatch:
    """Return the message that carries `changes`; little-endian, since it travels."""
    return DepthBatch(
        contract=contract,
        simulated=simulated,
        ts_event=changes.ts_event.astype("<i8", copy=False).tobytes(),
        side=changes.side.tobytes(),
        price=changes.price.astype("<i4", copy=False).tobytes(),
        size=changes.size.astype("<i4", copy=False).tobytes(),
        orders=changes.orders.astype("<i4", copy=False).tobytes(),
    )


def changes_in(batch: DepthBatch) -> LevelChanges:
    """Return the columns of a message; where events end in it is not told, but at its own end."""
    return LevelChanges(
        np.frombuffer(batch.ts_event, "<i8"),
        np.frombuffer(batch.side, np.uint8),
        np.frombuffer(batch.price, "<i4"),
        np.frombuffer(batch.size, "<i4"),
        np.frombuffer(batch.orders, "<i4"),
        np.array([len(batch)] if len(batch) else [], np.int64),
    )


class LevelBook:
    """A book as a reader of changes has it."""

    def __init__(self) -> None:
        self.bids = Levels(1)
        self.asks = Levels(-1)

    def apply(self, changes: LevelChanges) -> None:
        """Take in every row; the same again changes nothing."""
        for _ in self._applied(changes):
            pass

    def ten_levels(self, changes: LevelChanges) -> TenLevels:
        """Take in every row and return the ten best after each event that changed them."""
        levels: list[tuple[int, int, int]] = []
        times: list[int] = []
        for ts, near in self._applied(changes):
            if near:
                bids, asks = self.best()
                levels += bids
                levels += asks
                times.append(ts)
        flat = np.fromiter(chain.from_iterable(levels), np.int64, 3 * len(levels))
        table = flat.reshape(-1, 2, LEVELS, 3)
        count = len(times)
        return TenLevels(
            ts_event=np.array(times, np.int64),
            flags=np.full(count, 128, np.uint8),
            sequence=np.zeros(count, np.int64),
            price=table[..., 0],
            size=table[..., 1],
            orders=table[..., 2],
        )

    def best(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """Return ten bids and ten asks: price, contracts, orders; NO_PRICE, 0, 0 for none."""
        return _filled(self.bids.best(LEVELS)), _filled(self.asks.best(LEVELS))

    @property
    def crossed(self) -> bool:
        """Whether the best bid stands at or above the best ask."""
        return crossed(self.bids, self.asks)

    def _applied(self, changes: LevelChanges) -> Iterable[tuple[int, bool]]:
        """Apply event by event; yield its time and whether it reached into the ten best."""
        ts = changes.ts_event.tolist()
        rows = list(
            zip(
                changes.side.tolist(),
                changes.price.tolist(),
                changes.size.tolist(),
                changes.orders.tolist(),
                strict=True,
            )
        )
        begin = 0
        for end in changes.ends.tolist():
            near = False
            for side, price, size, orders in rows[begin:end]:
                levels = self.bids if side == BID else self.asks
                key = levels.sign * price
                near = near or len(levels.keys) <= LEVELS or key >= levels.keys[-LEVELS]
                levels.set(key, size, orders)
            begin = end
            yield ts[end - 1], near


def _filled(levels: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return levels + [(NO_PRICE, 0, 0)] * (LEVELS - len(levels))
