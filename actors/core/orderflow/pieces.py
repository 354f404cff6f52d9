"""Sums over the trades of a batch that fall into the same bar.

One bincount over a flat key of side and level gives the footprints of all pieces; everything else
is one numpy call for all pieces. Sums are of integers below 2^53, where the float64 of `bincount`
is exact. A loop over the trades is eight times slower.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades
from actors.core.orderflow.cutters import End
from actors.core.orderflow.ladder import LEVELS_MAX, SIDES
from protocol.market import Aggressor, SideSource

BUY, SELL = int(Aggressor.BUY), int(Aggressor.SELL)
SOURCE_NONE, SOURCE_TICKRULE = int(SideSource.NONE), int(SideSource.TICKRULE)


class Piece(NamedTuple):
    """The trades of one chunk that fall into one bar, summed."""

    start: int  # First row.
    stop: int  # Row after the last.
    low: int
    levels: NDArray[np.int64]  # Shape (3, high - low + 1): volume by side.
    delta: int
    delta_high: int  # Of the running delta within the piece, after each trade.
    delta_low: int
    inferred: int


def sum_piece(trades: Trades) -> Piece:
    """Sum the columns as one piece: the usual live batch, with the fewest calls."""
    price = trades.price
    low = int(np.minimum.reduce(price))
    width = int(np.maximum.reduce(price)) - low + 1
    levels = _levels(trades, width, width, -low)
    running = _running_delta(trades)
    return Piece(
        start=0,
        stop=len(price),
        low=low,
        levels=levels,
        delta=int(running[-1]),
        delta_high=int(np.maximum.reduce(running)),
        delta_low=int(np.minimum.reduce(running)),
        inferred=_inferred(trades, None)[0],
    )


def sum_pieces(trades: Trades, starts: list[int]) -> list[Piece]:
    """Sum the columns between the rows `starts`, each sum one call for all pieces."""
    first = np.array(starts)
    stops = [*starts[1:], len(trades)]
    lows = np.minimum.reduceat(trades.price, first)
    widths = np.maximum.reduceat(trades.price, first).astype(np.int64) - lows + 1
    # The levels of all pieces lie side by side, so that one bincount serves them all.
    bases = np.cumsum(widths) - widths
    shift = np.repeat(bases - lows, np.diff(first, append=len(trades)))
    levels = _levels(trades, int(widths.max()), int(widths.sum()), shift)
    running = _running_delta(trades)
    ends = running[np.array(stops) - 1]
    before = np.concatenate(([0], ends[:-1]))
    return [
        Piece(start, stop, low, levels[:, base : base + width], delta, high, lowest, inferred)
        for start, stop, low, base, width, delta, high, lowest, inferred in zip(
            starts,
            stops,
            lows.tolist(),
            bases.tolist(),
            widths.tolist(),
            (ends - before).tolist(),
            (np.maximum.reduceat(running, first) - before).tolist(),
            (np.minimum.reduceat(running, first) - before).tolist(),
            _inferred(trades, first),
            strict=True,
        )
    ]


def split(trades: Trades, ends: list[End]) -> tuple[Trades, list[End]]:
    """Return the trades with each one that an end divides in parts, and the ends by their rows.

    Both come back as they are if no trade is divided. Sizes sum up to what they were.
    """
    if not any(end.taken for end in ends):
        return trades, ends
    rows = np.array([end.row for end in ends if end.taken])
    parts = np.array([end.taken for end in ends if end.taken], np.int32)
    order = np.insert(np.arange(len(trades)), rows, rows)
    size = trades.size.copy()
    np.subtract.at(size, rows, parts)  # What is left for the last part; a trade may have several.
    divided = Trades(
        trades.ts_event[order],
        trades.price[order],
        np.insert(size, rows, parts),
        trades.aggressor[order],
        trades.source[order],
        trades.flags[order],
    )
    added = np.cumsum([end.taken > 0 for end in ends]).tolist()
    shifted = [End(end.row + more, 0, end.end_ns) for end, more in zip(ends, added, strict=True)]
    return divided, shifted


def _levels(
    trades: Trades, widest: int, total: int, shift: int | NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the volume by side and level, shape (3, total); level = price + `shift`."""
    if widest > LEVELS_MAX:
        raise ValueError(f"trades of one bar span {widest} ticks, wanted at most {LEVELS_MAX}")
    key = trades.aggressor * np.int64(total)
    key += trades.price
    key += shift
    levels = np.bincount(key, weights=trades.size, minlength=SIDES * total)
    if len(levels) > SIDES * total:
        raise ValueError(f"aggressor {int(trades.aggressor.max())}, wanted 0, 1 or 2")
    return levels.astype(np.int64).reshape(SIDES, total)


def _running_delta(trades: Trades) -> NDArray[np.int64]:
    bought, sold = trades.aggressor == BUY, trades.aggressor == SELL
    signed = trades.size * (bought.view(np.int8) - sold.view(np.int8))
    return np.add.accumulate(signed, dtype=np.int64)


def _inferred(trades: Trades, first: NDArray[np.intp] | None) -> list[int]:
    """Return per piece the volume whose side came from the tick rule, or from nothing."""
    weak = (trades.source == SOURCE_NONE) | (trades.source == SOURCE_TICKRULE)
    if not np.logical_or.reduce(weak):  # The exchange says who dealt: the usual case.
        return [0] * (1 if first is None else len(first))
    sizes = trades.size * weak
    if first is None:
        return [int(np.add.reduce(sizes, dtype=np.int64))]
    sums: list[int] = np.add.reduceat(sizes, first, dtype=np.int64).tolist()
    return sums
