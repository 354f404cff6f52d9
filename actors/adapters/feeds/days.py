"""Day files of the recorder as a recording: every reader of Parquet by what is in the file."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from actors.adapters.day_parquet import DayFileError, is_day_file, read_groups, read_mark
from actors.adapters.feeds.parquet import ParquetReader
from actors.adapters.feeds.port import FeedError, Reader, Reason, Refusals, Rows
from actors.core.export.days import Columns
from protocol.instruments import UnknownSymbol, front_month, root_of


def parquet_reader(path: Path, symbol: str, refusals: Refusals) -> Reader:
    """Return the reader of a Parquet file: of a day file of the recorder, or of a single tape."""
    try:
        day = is_day_file(path)
    except DayFileError as error:
        raise FeedError(str(error)) from None
    return DayReader(path, symbol, refusals) if day else ParquetReader(path, symbol, refusals)


class DayReader:
    """One day file of trades; of a root the month that was in front on its trading date."""

    def __init__(self, path: Path, symbol: str, refusals: Refusals) -> None:
        self.path = path
        self.refusals = refusals
        try:
            self._mark = read_mark(path)
        except DayFileError as error:
            raise FeedError(str(error)) from None
        if self._mark.kind != "trades":
            raise FeedError(f"{path} holds {self._mark.kind}, wanted trades")
        self.simulated = self._mark.simulated
        self._symbol = symbol

    def rows(self) -> Iterator[Rows]:
        """Yield the trades group by group; damage ends them and is reported."""
        wanted = self._contract()
        row = 1
        try:
            for group in read_groups(self.path):
                mine = group["symbol"] == wanted
                others = len(mine) - int(mine.sum())
                if others:
                    text = f"{others} trades of other contracts than {wanted.decode()}"
                    self.refusals.add(self.path, row, Reason.SYMBOL_MISMATCH, text, others)
                if others < len(mine):
                    yield self._rows(group, np.flatnonzero(mine), wanted.decode(), row)
                row += len(mine)
        except DayFileError as error:
            self.refusals.add(self.path, row, Reason.DAMAGED, str(error))

    def _contract(self) -> bytes:
        """Return the contract to take; of a root without its front month the busiest one."""
        if self._symbol != self._mark.symbol:
            return self._symbol.encode()  # A contract; or another symbol, which nothing fits.
        counts: Counter[bytes] = Counter()
        try:
            for group in read_groups(self.path):
                names, found = np.unique(group["symbol"], return_counts=True)
                counts.update(dict(zip(names.tolist(), found.tolist(), strict=True)))
        except DayFileError as error:
            if not counts:
                raise FeedError(str(error)) from None
        try:
            front = front_month(root_of(self._symbol), self._mark.date).encode()
        except UnknownSymbol as error:
            raise FeedError(str(error)) from None
        if front in counts or not counts:
            return front
        return max(sorted(counts), key=lambda name: counts[name])

    def _rows(
        self, group: Columns, index: NDArray[np.intp], contract: str, first: int
    ) -> Rows:
        rows = {name: column[index] for name, column in group.items()}
        quoted = bool(rows["quoted"].any())
        return Rows(
            contract=contract,
            ts=rows["ts_event"],
            ticks=rows["ticks"].astype(np.int64),
            size=rows["size"].astype(np.int64),
            aggressor=rows["side"],
            source=rows["source"],
            flags=rows["flags"],
            bid=rows["bid"] if quoted else None,
            ask=rows["ask"] if quoted else None,
            refused=None,
            where=lambda at: (
                first + int(index[at]),
                f"ts_event={rows['ts_event'][at]} ticks={rows['ticks'][at]}"
                f" size={rows['size'][at]}",
            ),
        )
