"""Databento files and the order book beside what others would use for them.

A file becomes columns beside `DBNStore.to_ndarray` of Databento's own client, packed and from the
disk both times. The book is held beside a plain one: orders and levels in dicts, and at each
event's end the prices sorted to see the touch, which is what the simplest correct book does.
Databento's client is 90 MB in memory, so all this is measured in a child: the memory of the floor
is measured after it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from actors.adapters.apart import apart
from actors.adapters.feeds.dbn import opened
from actors.adapters.feeds.dbn_book import order_records
from actors.core.book.changes import LevelBook, LevelChanges
from actors.core.book.orders import OrderBook
from actors.core.book.records import ADD, BID, CANCEL, LAST, MODIFY, OrderRecords
from ops.bench.row import Row

RECORDING = "es-mbo-20231225/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
NO_RECORDING = "not measured: no recording of single orders"
TICK = 250_000_000  # Of ES, in 1e-9.
PLAIN_RECORDS = 8_000  # Behind the snapshot; the plain book is slow.


class DepthRates(NamedTuple):
    """Records a second."""

    columns: float
    library: float
    book: float  # Whole recording, every change by level told.
    first: float  # Those records alone that the plain book gets.
    plain: float
    ten: float  # Changes by level to the ten best.


def depth_rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Compare reading a file and keeping a book with what others would use."""
    path = folder / RECORDING
    if not path.exists():
        yield Row("order book of a recorded hour", NO_RECORDING, "")
        return
    found = apart(lambda: depth_rates(path, 1 if quick else 5))
    yield Row(
        "DBN file of single orders to columns, in ticks",
        f"{found.columns / 1e6:.2f} M records/s",
        f"DBNStore.to_ndarray {found.library / 1e6:.2f} M"
        f" (ratio {found.columns / found.library:.2f})",
    )
    yield Row(
        "order book, every order, changes by level told",
        f"{found.book / 1e6:.2f} M records/s; of {PLAIN_RECORDS:,} {found.first / 1e6:.2f} M",
        f"plain dicts, sorted at each event: {found.plain / 1e3:,.1f} thousand"
        f" (ratio {found.first / found.plain:.0f})",
    )
    yield Row("ten levels from changes by level", f"{found.ten / 1e6:.2f} M changes/s", "")


def depth_rates(path: Path, rounds: int) -> DepthRates:
    """Measure each on a real file; the best of `rounds`."""
    parts = list(columns_of(path))
    count = sum(map(len, parts))
    changes = book_changes(parts)
    start = int((parts[0].flags & LAST).argmax())  # Before it a snapshot, which is no traffic.
    opening, busy = parts[0].slice(0, start), parts[0].slice(start, start + PLAIN_RECORDS)
    # By turns, since others use the machine as well.
    read = [(_seconds(lambda: list(columns_of(path))), _seconds(lambda: _library(path)))
            for _ in range(4 * rounds)]  # fmt: skip
    ours, theirs = map(min, zip(*read, strict=True))
    return DepthRates(
        columns=count / ours,
        library=count / theirs,
        book=count / _best(lambda: book_changes(parts), rounds),
        first=len(busy) / min(_behind(OrderBook(), opening, busy) for _ in range(rounds)),
        plain=len(busy) / min(_behind(PlainBook(), opening, busy) for _ in range(rounds)),
        ten=sum(map(len, changes)) / _best(lambda: _ten_of(changes), rounds),
    )


def _library(path: Path) -> None:
    import databento

    # From a file it would leave that open.
    databento.DBNStore.from_bytes(path.read_bytes()).to_ndarray()


def columns_of(path: Path) -> Iterator[OrderRecords]:
    """Yield the records of a file as columns."""
    for run in opened(path).runs():
        yield order_records(run.data, TICK)


def book_changes(parts: list[OrderRecords]) -> list[LevelChanges]:
    """Return what records change in a book of ours."""
    book = OrderBook()
    return [book.apply(part) for part in parts]


class PlainBook:
    """The plainest book: at each event's end its prices are sorted for the touch."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}  # Side, price and size by id.
        self.bids: dict[int, int] = {}  # Contracts by price.
        self.asks: dict[int, int] = {}

    def apply(self, part: OrderRecords) -> list[tuple[int, int]]:
        """Take in records; return best bid and best ask after each event, 0 for none."""
        orders, touches = self.orders, []
        columns = (part.action, part.side, part.order_id, part.price, part.size, part.flags)
        for action, side, order_id, price, size, flags in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            if action in (CANCEL, MODIFY):
                own, at, held = orders.pop(order_id)
                self._change(own, at, -held)
                if action == CANCEL and size < held:
                    orders[order_id] = (own, at, held - size)
                    self._change(own, at, held - size)
            if action in (ADD, MODIFY):
                orders[order_id] = (side, price, size)
                self._change(side, price, size)
            if flags & LAST:
                bids, asks = sorted(self.bids), sorted(self.asks)
                touches.append((bids[-1] if bids else 0, asks[0] if asks else 0))
        return touches

    def _change(self, side: int, price: int, size: int) -> None:
        levels = self.bids if side == BID else self.asks
        levels[price] = levels.get(price, 0) + size
        if not levels[price]:
            del levels[price]


def _behind(book: OrderBook | PlainBook, opening: OrderRecords, busy: OrderRecords) -> float:
    """Return the seconds that `busy` takes in a book which has `opening` already."""
    book.apply(opening)
    began = perf_counter()
    book.apply(busy)
    return perf_counter() - began


def _ten_of(changes: list[LevelChanges]) -> None:
    book = LevelBook()
    for part in changes:
        book.ten_levels(part)


def _best(work: Callable[[], object], rounds: int) -> float:
    return min(_seconds(work) for _ in range(rounds))


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
