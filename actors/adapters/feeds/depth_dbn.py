"""The ten best levels in a Databento file, told by itself (mbp-10) or derived from orders (mbo)."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from actors.adapters.feeds.dbn import opened
from actors.adapters.feeds.dbn_book import SCHEMAS, DamagedBook, DbnBook
from actors.core.book.changes import LevelBook
from actors.core.book.orders import OrderBook
from actors.core.book.records import OrderRecords, TenLevels

RECORDS_MAX = 2_048  # At a time: ten levels for each are a hundred times as many bytes.


def dbn_depth(path: Path, contract: str, at_ns: int) -> Iterator[TenLevels] | None:
    """Return the levels of the month that `contract` is at `at_ns`; None where there are none.

    A live recording, which has no schema, is believed to have some until its end.
    """
    schema = opened(path).metadata.schema
    if schema is not None and str(schema) not in SCHEMAS:
        return None
    return _levels(DbnBook(path, contract, at_ns))


def _levels(book: DbnBook) -> Iterator[TenLevels]:
    orders, levels = OrderBook(), LevelBook()
    # Whoever reads the trades of the file reports the damage; both end there.
    with suppress(DamagedBook):
        for records in book.records():
            if not isinstance(records, OrderRecords):
                yield records
                continue
            for start in range(0, len(records), RECORDS_MAX):
                part = records.slice(start, start + RECORDS_MAX)
                yield levels.ten_levels(orders.apply(part))
