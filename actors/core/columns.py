"""Trades as columns: what the calculations see of a `TradeBatch`.

A column is a numpy view of the bytes of the message, read-only and never copied. Row `i` of every
column belongs to trade `i`; rows stand in the order in which the exchange sent them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol.market import TradeBatch

# Little-endian whatever the machine: the bytes travel.
TS = np.dtype("<i8")
PRICE = np.dtype("<i4")
SIZE = np.dtype("<i4")
BYTE = np.dtype("u1")


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Consecutive trades of one contract; every column has shape (n,).

    `bid` and `ask` are the quote just before each trade, None where the feed has no quotes. In a
    single row a quote is valid if bid < ask, and only then.
    """

    ts_event: NDArray[np.int64]  # UTC nanoseconds of the exchange.
    price: NDArray[np.int32]  # Ticks.
    size: NDArray[np.int32]  # Contracts, at least 1.
    aggressor: NDArray[np.uint8]  # `Aggressor`.
    source: NDArray[np.uint8]  # `SideSource`.
    flags: NDArray[np.uint8]
    bid: NDArray[np.int32] | None = None  # Ticks.
    ask: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.ts_event)

    def slice(self, start: int, stop: int) -> "Trades":
        """Return the trades from `start` up to, not including, `stop`, as views."""
        part = slice(start, stop)
        return Trades(
            self.ts_event[part],
            self.price[part],
            self.size[part],
            self.aggressor[part],
            self.source[part],
            self.flags[part],
            None if self.bid is None else self.bid[part],
            None if self.ask is None else self.ask[part],
        )


def trades_of(batch: TradeBatch) -> Trades:
    """Return the columns of `batch`, sharing its bytes."""
    return Trades(
        np.frombuffer(batch.ts_event, TS),
        np.frombuffer(batch.price, PRICE),
        np.frombuffer(batch.size, SIZE),
        np.frombuffer(batch.aggressor, BYTE),
        np.frombuffer(batch.source, BYTE),
        np.frombuffer(batch.flags, BYTE),
        np.frombuffer(batch.bid, PRICE) if batch.bid else None,
        np.frombuffer(batch.ask, PRICE) if batch.ask else None,
    )


def batch_of(trades: Trades, contract: str, simulated: bool) -> TradeBatch:
    """Return the message that carries `trades`."""
    return TradeBatch(
        contract=contract,
        simulated=simulated,
        ts_event=_bytes(trades.ts_event, TS),
        price=_bytes(trades.price, PRICE),
        size=_bytes(trades.size, SIZE),
        aggressor=_bytes(trades.aggressor, BYTE),
        source=_bytes(trades.source, BYTE),
        flags=_bytes(trades.flags, BYTE),
        bid=b"" if trades.bid is None else _bytes(trades.bid, PRICE),
        ask=b"" if trades.ask is None else _bytes(trades.ask, PRICE),
    )


def concat(parts: Sequence[Trades], quotes: bool = True) -> Trades:
    """Return the trades of all `parts` in order; who needs no `quotes` is spared copying them.

    If some parts have quotes and others not, the rows of the others get the invalid quote 0, 0.
    """
    if len(parts) == 1:
        return parts[0]
    quoted = quotes and any(part.bid is not None for part in parts)
    return Trades(
        _joined([part.ts_event for part in parts], TS),
        _joined([part.price for part in parts], PRICE),
        _joined([part.size for part in parts], SIZE),
        _joined([part.aggressor for part in parts], BYTE),
        _joined([part.source for part in parts], BYTE),
        _joined([part.flags for part in parts], BYTE),
        _joined([_quote(part.bid, len(part)) for part in parts], PRICE) if quoted else None,
        _joined([_quote(part.ask, len(part)) for part in parts], PRICE) if quoted else None,
    )


def grouped(parts: Iterable[Trades], trades_max: int) -> Iterator[list[Trades]]:
    """Yield `parts` in groups of at most `trades_max` trades; a longer part is one by itself."""
    group: list[Trades] = []
    count = 0
    for part in parts:
        if group and count + len(part) > trades_max:
            yield group
            group, count = [], 0
        group.append(part)
        count += len(part)
    if group:
        yield group


def falls(ts_event: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the rows whose time is earlier than that of the row before; usually none.

    The wire promises none, but a feed that stamps by channel can break it, and a promise broken
    upstream must not stop the bars or hand the paper exchange a price from the past.
    """
    back = ts_event[1:] < ts_event[:-1]
    return np.flatnonzero(back) + 1 if back.any() else _NO_ROWS


_NO_ROWS = np.empty(0, np.intp)


def _bytes(column: NDArray[Any], dtype: "np.dtype[Any]") -> bytes:
    return column.astype(dtype, copy=False).tobytes()


def _joined(columns: list[NDArray[Any]], dtype: "np.dtype[Any]") -> NDArray[Any]:
    return np.concatenate(columns) if columns else np.empty(0, dtype)


def _quote(column: NDArray[np.int32] | None, count: int) -> NDArray[np.int32]:
    return np.zeros(count, PRICE) if column is None else column
