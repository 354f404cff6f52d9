"""The order book in Databento files: records of schema mbo or mbp-10 as the core wants them.

A live recording may hold both; then only the kind of the first such record is used, as each of
them tells the whole book.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.dbn import opened
from actors.adapters.feeds.dbn_records import MAPPING, MBO, MBP_10, Run, mapping_of
from actors.adapters.feeds.dbn_symbols import Instruments
from actors.adapters.feeds.port import FeedError
from actors.adapters.feeds.unpack import Damaged
from actors.core.book.changes import LevelChanges
from actors.core.book.orders import OrderBook
from actors.core.book.records import (
    ASK,
    BID,
    BookChecks,
    OrderRecords,
    TenLevels,
    ten_levels,
    ticks_of,
)
from actors.core.book.ten import TenBook
from protocol.instruments import instrument, root_of

SCHEMAS = ("mbo", "mbp-10")


class DamagedBook(FeedError):
    """The records end in damage: the book is known up to there and no further."""


class DbnBook:
    """The book of one contract in one DBN file of schema mbo or mbp-10.

    A root means the month in front at `at_ns`, or at the first record where that is not given.
    """

    def __init__(self, path: Path, symbol: str, at_ns: int | None = None) -> None:
        self.path = path
        self.symbol = symbol
        self.at_ns = at_ns
        self.contract = ""  # Known with the first record.
        self.book: OrderBook | TenBook | None = None
        self.tick = instrument(root_of(symbol)).tick_billionths

    @property
    def checks(self) -> BookChecks:
        """What was found wrong so far."""
        return BookChecks() if self.book is None else self.book.checks

    def changes(self) -> Iterator[LevelChanges]:
        """Yield the changes by price level; raise `DamagedBook` where the file is damaged."""
        for records in self.records():
            if isinstance(records, OrderRecords):
                self.book = self.book or OrderBook()
                assert isinstance(self.book, OrderBook)  # All records are of one kind.
                yield self.book.apply(records)
            else:
                self.book = self.book or TenBook()
                assert isinstance(self.book, TenBook)
                yield self.book.apply(records)

    def records(self) -> Iterator[OrderRecords | TenLevels]:
        """Yield the records of the contract, run by run; raise `DamagedBook` at damage."""
        file = opened(self.path)
        schema = file.metadata.schema
        if schema is not None and str(schema) not in SCHEMAS:
            raise FeedError(f"{self.path} holds {schema}, wanted one of {', '.join(SCHEMAS)}")
        instruments, name = Instruments(file.metadata.mappings), ""
        kinds: tuple[int, ...] = (MBO, MBP_10)
        try:
            for run in file.runs():
                if run.rtype == MAPPING:
                    for instrument_id, symbol in mapping_of(run):
                        instruments.add(instrument_id, symbol)
                elif run.rtype in kinds:
                    if not name:
                        name = self._choose(instruments, int(run.data["ts_event"][0]))
                        kinds = (run.rtype,)
                    yield self._mine(run, instruments, name)
        except Damaged as error:
            raise DamagedBook(f"{self.path}: {error}") from None

    def _mine(self, run: Run, instruments: Instruments, name: str) -> OrderRecords | TenLevels:
        ts = run.data["ts_event"].astype(np.int64)
        data = run.data[instruments.matches(name, run.data["instrument_id"], ts)]
        columns = order_records if run.rtype == MBO else ten_levels
        return columns(data, self.tick)

    def _choose(self, instruments: Instruments, first_ns: int) -> str:
        at_ns = first_ns if self.at_ns is None else self.at_ns
        chosen = instruments.chosen(self.symbol, at_ns)
        if chosen is None:
            held = ", ".join(sorted(instruments.spans)[:20]) or "no symbol at all"
            raise FeedError(f"{self.path} holds {held}; wanted a contract of {self.symbol}")
        self.contract, name = chosen
        return name


def order_records(data: NDArray[np.void], tick: int) -> OrderRecords:
    """Return records of schema mbo, all of one contract, as columns; `tick` in 1e-9."""
    side = np.zeros(len(data), np.uint8)
    side[data["side"] == ord("B")] = BID
    side[data["side"] == ord("A")] = ASK
    return OrderRecords(
        ts_event=data["ts_event"].astype(np.int64),
        action=data["action"],
        side=side,
        order_id=data["order_id"],
        price=ticks_of(data["price"], tick),
        size=data["size"].astype(np.int64),
        flags=data["flags"],
        sequence=data["sequence"].astype(np.int64),
    )
