"""Rows of one trading date as columns: taken from batches, joined, put in order (domain 8.8).

A row is known by where it stood in the recorded stream: `seq`, the number of its frame, and `row`,
its place in the batch. Both together are unique for ever, so what was written already is told from
what is new without looking at prices. A day is in the order of its event times and, within the
same nanosecond, of the recording; a trade that came late over the line thus stands where it
belongs.
"""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import trades_of
from actors.core.session.calendar import trading_day
from protocol.market import DepthBatch, TradeBatch

Columns = Mapping[str, NDArray[Any]]
TRADES: dict[str, str] = {
    "ts_event": "<i8", "symbol": "S", "ticks": "<i4", "size": "<i4", "side": "u1", "flags": "u1",
    "source": "u1", "bid": "<i4", "ask": "<i4", "quoted": "?", "seq": "<i8", "row": "<i4",
}  # fmt: skip
DEPTH: dict[str, str] = {
    "ts_event": "<i8", "symbol": "S", "ticks": "<i4", "size": "<i4", "side": "u1",
    "orders": "<i4", "seq": "<i8", "row": "<i4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive rows of one trading date: from `start` up to, not including, `stop`."""

    date: date
    start: int
    stop: int


class Differs(ValueError):
    """The same row was found with two contents."""


def date_runs(ts_event: NDArray[np.int64]) -> list[Run]:
    """Return the rows of `ts_event`, shape (n,), ns UTC, by trading date, in order.

    17:00:00.000 New York belongs to the next date (domain 8.8); each row goes by its own time, so
    rows out of order over the line make runs of their own.
    """
    runs: list[Run] = []
    start, count = 0, len(ts_event)
    while start < count:
        day = trading_day(int(ts_event[start]))
        outside = (ts_event[start:] < day.start_ns) | (ts_event[start:] >= day.end_ns)
        stop = start + int(outside.argmax()) if outside.any() else count
        runs.append(Run(day.date, start, stop))
        start = stop
    return runs


def columns_of(batch: TradeBatch | DepthBatch, seq: int) -> dict[str, NDArray[Any]]:
    """Return the rows of a batch that is frame `seq` of the stream, as columns of shape (n,)."""
    count = len(batch)
    common = {
        "symbol": np.full(count, batch.contract.encode()),
        "seq": np.full(count, seq, "<i8"),
        "row": np.arange(count, dtype="<i4"),
    }
    if isinstance(batch, DepthBatch):
        return {
            "ts_event": np.frombuffer(batch.ts_event, "<i8"),
            "ticks": np.frombuffer(batch.price, "<i4"),
            "size": np.frombuffer(batch.size, "<i4"),
            "side": np.frombuffer(batch.side, "u1"),
            "orders": np.frombuffer(batch.orders, "<i4"),
            **common,
        }
    trades = trades_of(batch)
    none = np.zeros(count, "<i4")
    return {
        "ts_event": trades.ts_event,
        "ticks": trades.price,
        "size": trades.size,
        "side": trades.aggressor,
        "flags": trades.flags,
        "source": trades.source,
        "bid": none if trades.bid is None else trades.bid,
        "ask": none if trades.ask is None else trades.ask,
        "quoted": np.full(count, trades.bid is not None),
        **common,
    }


def joined(parts: Sequence[Columns]) -> dict[str, NDArray[Any]]:
    """Return the rows of all `parts`, each row once, in the order of a day.

    A row that two parts have in common must be the same in both; else `Differs`.
    """
    rows = stacked(parts)
    if not _recorded_in_order(rows):
        rows = _unique(_taken(rows, np.lexsort((rows["row"], rows["seq"]))))
    if np.all(rows["ts_event"][1:] >= rows["ts_event"][:-1]):
        return rows
    return _taken(rows, np.argsort(rows["ts_event"], kind="stable"))


def stacked(parts: Sequence[Columns]) -> dict[str, NDArray[Any]]:
    """Return the rows of all `parts`, one part after the other, as they are."""
    if not parts:
        raise ValueError("no part to join, wanted at least one")
    names = list(parts[0])
    for part in parts:
        if sorted(part) != sorted(names):
            raise ValueError(f"columns {sorted(part)}, wanted {sorted(names)}")
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _recorded_in_order(rows: Columns) -> bool:
    """Say whether every row stands behind the one recorded before it: then none is there twice."""
    later = rows["seq"][1:] > rows["seq"][:-1]
    beside = (rows["seq"][1:] == rows["seq"][:-1]) & (rows["row"][1:] > rows["row"][:-1])
    return bool((later | beside).all())


def _unique(rows: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return each of `rows`, in the order of the recording, once; `Differs` if two contradict."""
    again = (rows["seq"][1:] == rows["seq"][:-1]) & (rows["row"][1:] == rows["row"][:-1])
    if again.any():
        second = np.flatnonzero(again) + 1
        for name, column in rows.items():
            bad = np.flatnonzero(column[second] != column[second - 1])
            if len(bad):
                at = second[bad[0]]
                raise Differs(
                    f"row {rows['row'][at]} of frame {rows['seq'][at]} has {name}"
                    f" {column[at - 1]} and {column[at]}, wanted one row of one content"
                )
        rows = _taken(rows, np.flatnonzero(np.concatenate(([True], ~again))))
    return rows


def same(one: Columns, other: Columns) -> bool:
    """Say whether two days are equal, row by row in every column."""
    return sorted(one) == sorted(other) and all(
        np.array_equal(one[name], other[name]) for name in one
    )


def held_rows(seq: NDArray[np.int64], first: int, last: int) -> int:
    """Return how many rows stand in frames `first` to `last`, both included."""
    ordered = np.sort(seq)
    low = bisect.bisect_left(ordered, first)
    return bisect.bisect_right(ordered, last) - low


def prices(ticks: NDArray[np.int32], tick_billionths: int) -> NDArray[np.float64]:
    """Return plain prices: of ticks times tick size the nearest float there is."""
    exact: NDArray[np.int64] = ticks.astype(np.int64) * tick_billionths
    return exact / 1_000_000_000


def _taken(rows: Columns, index: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    return {name: column[index] for name, column in rows.items()}
