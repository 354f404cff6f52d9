"""Footprint bars of fixed length from columns of trades (domain 1.3 to 1.6).

Bars are half-open, laid from 18:00 New York and ended early at 09:30, 16:00, 17:00 and 18:00. A
bar closes when a trade at or after its end arrives, or when the clock says so; an interval without
trades makes no bar. A trade earlier than the bar that is open, or than the end of the last one
that closed, is late: it is counted and left out.

How a batch was cut must not matter, so a batch is first split into pieces, one per bar; each piece
is summed with a few numpy calls over the whole batch and then merged into the open bar. All sums
are of integers below 2^53, where a float64 of `bincount` is exact.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades, falls
from actors.core.orderflow.profile import point_of_control, value_area
from actors.core.session.calendar import last_rth_open, segment
from protocol.market import Aggressor, BarClosed, SideSource
from protocol.units import Contracts, Nanos, Ticks

CHUNK_TRADES = 32_768  # The temporaries of one chunk stay in the second-level cache.
LEVELS_MAX = 1_000_000  # Of one bar: beyond this a price is garbage and memory in danger.
SIDES = 3
UNKNOWN, BUY, SELL = int(Aggressor.UNKNOWN), int(Aggressor.BUY), int(Aggressor.SELL)
SOURCE_NONE, SOURCE_TICKRULE = int(SideSource.NONE), int(SideSource.TICKRULE)
NEVER = -(2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRule:
    """Which bars to build."""

    contract: str
    period_ns: int
    value_area_ppm: int


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


@dataclass(slots=True)
class OpenBar:
    """The bar that still collects trades. `levels` has the shape (3, high - low + 1)."""

    start_ns: int
    end_ns: int
    open: int
    close: int
    low: int
    levels: NDArray[np.int64]
    trades: int = 0
    delta: int = 0
    delta_max: int = 0
    delta_min: int = 0
    inferred: int = 0


class BarBuilder:
    """Builds the bars of one contract. A new contract needs a new builder."""

    def __init__(self, rule: BarRule, simulated: bool) -> None:
        self.rule = rule
        self.simulated = simulated
        self.late = 0
        self.bar: OpenBar | None = None
        self.cvd = 0  # Cumulative delta of the closed bars since 09:30.
        self.cvd_since = NEVER  # The 09:30 from which `cvd` counts.
        self.frontier = NEVER  # Trades before it are late.

    def add(self, trades: Trades) -> list[BarClosed]:
        """Take in `trades` and return the bars that they ended."""
        closed: list[BarClosed] = []
        broken = falls(trades.ts_event)
        start = 0
        for stop in (*broken.tolist(), len(trades)):
            while start < stop:
                end = min(start + CHUNK_TRADES, stop)
                self._add_chunk(trades.slice(start, end), closed)
                start = end
        return closed

    def close_at(self, ts_ns: int) -> list[BarClosed]:
        """Close the open bar if it ends at or before `ts_ns`."""
        if self.bar is None or ts_ns < self.bar.end_ns:
            return []
        return [self._close(self.bar)]

    def close_now(self, ts_ns: int) -> list[BarClosed]:
        """Close the open bar, with its regular end: the tape is over at `ts_ns`.

        A tape that goes on after all must not reopen a bar: trades before its end are late.
        """
        if self.bar is None or ts_ns < self.bar.start_ns:
            return []
        return [self._close(self.bar)]

    def _add_chunk(self, trades: Trades, closed: list[BarClosed]) -> None:
        ts_event = trades.ts_event
        if ts_event[0] < self.frontier:
            late = int(np.searchsorted(ts_event, self.frontier))
            self.late += late
            trades = trades.slice(late, len(trades))
            ts_event = trades.ts_event
            if len(trades) == 0:
                return
        starts, bounds = self._cut(ts_event)
        pieces = [_sum_piece(trades)] if len(starts) == 1 else _sum_pieces(trades, starts)
        for (start_ns, end_ns), piece in zip(bounds, pieces, strict=True):
            if self.bar is not None and start_ns >= self.bar.end_ns:
                closed.append(self._close(self.bar))
            if self.bar is None:
                self.bar = self._opened(start_ns, end_ns, piece, int(trades.price[piece.start]))
            _merge(self.bar, piece)
            self.bar.close = int(trades.price[piece.stop - 1])

    def _cut(self, ts_event: NDArray[np.int64]) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the first row of each piece and the bounds of the bar it belongs to."""
        starts, bounds = [0], [self._bounds(int(ts_event[0]))]
        last = int(ts_event[-1])
        while last >= bounds[-1][1]:
            row = int(np.searchsorted(ts_event, bounds[-1][1]))
            starts.append(row)
            bounds.append(self._bounds(int(ts_event[row])))
        return starts, bounds

    def _bounds(self, ts_ns: int) -> tuple[int, int]:
        if self.bar is not None and self.bar.start_ns <= ts_ns < self.bar.end_ns:
            return self.bar.start_ns, self.bar.end_ns
        stretch = segment(ts_ns)
        period = self.rule.period_ns
        start = stretch.anchor_ns + (ts_ns - stretch.anchor_ns) // period * period
        return max(start, stretch.start_ns), min(start + period, stretch.end_ns)

    def _opened(self, start_ns: int, end_ns: int, piece: Piece, price: int) -> OpenBar:
        self.frontier = start_ns
        since = last_rth_open(start_ns)
        if since > self.cvd_since:
            self.cvd, self.cvd_since = 0, since
        return OpenBar(
            start_ns=start_ns,
            end_ns=end_ns,
            open=price,
            close=price,
            low=piece.low,
            levels=np.zeros_like(piece.levels),
        )

    def _close(self, bar: OpenBar) -> BarClosed:
        self.bar = None
        self.frontier = bar.end_ns
        self.cvd += bar.delta
        return _closed(bar, self.rule, self.cvd, self.simulated)


def _sum_piece(trades: Trades) -> Piece:
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


def _sum_pieces(trades: Trades, starts: list[int]) -> list[Piece]:
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
        Piece(start, stop, low, levels[:, base : base + width], *delta, inferred)
        for start, stop, low, base, width, inferred, *delta in zip(
            starts,
            stops,
            lows.tolist(),
            bases.tolist(),
            widths.tolist(),
            _inferred(trades, first),
            (ends - before).tolist(),
            (np.maximum.reduceat(running, first) - before).tolist(),
            (np.minimum.reduceat(running, first) - before).tolist(),
            strict=True,
        )
    ]


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
    # 1 buys, 2 sells, 0 neither: the low bit less the high bit is the sign.
    side = trades.aggressor
    sign = (side & 1).view(np.int8) - (side >> 1).view(np.int8)
    return np.add.accumulate(sign * trades.size, dtype=np.int64)


def _inferred(trades: Trades, first: NDArray[np.intp] | None) -> list[int]:
    """Return per piece the volume whose side came from the tick rule, or from nothing."""
    weak = (trades.source == SOURCE_NONE) | (trades.source == SOURCE_TICKRULE)
    if not weak.any():
        return [0] * (1 if first is None else len(first))
    sizes = trades.size * weak
    if first is None:
        return [int(sizes.sum(dtype=np.int64))]
    return np.add.reduceat(sizes, first, dtype=np.int64).tolist()


def _merge(bar: OpenBar, piece: Piece) -> None:
    width = piece.levels.shape[1]
    _widen(bar, piece.low, piece.low + width - 1)
    start = piece.low - bar.low
    bar.levels[:, start : start + width] += piece.levels
    bar.trades += piece.stop - piece.start
    bar.delta_max = max(bar.delta_max, bar.delta + piece.delta_high)
    bar.delta_min = min(bar.delta_min, bar.delta + piece.delta_low)
    bar.delta += piece.delta
    bar.inferred += piece.inferred


def _widen(bar: OpenBar, low: int, high: int) -> None:
    """Make room for the prices from `low` to `high`."""
    width = bar.levels.shape[1]
    above, below = max(high - bar.low - width + 1, 0), max(bar.low - low, 0)
    if above == below == 0:
        return
    if width + above + below > LEVELS_MAX:
        raise ValueError(
            f"a bar from {min(low, bar.low)} to {max(high, bar.low + width - 1)} ticks,"
            f" wanted at most {LEVELS_MAX} levels"
        )
    bar.levels = np.pad(bar.levels, ((0, 0), (below, above)))
    bar.low -= below


def _closed(bar: OpenBar, rule: BarRule, cvd: int, simulated: bool) -> BarClosed:
    unknowns, buys, sells = bar.levels[UNKNOWN], bar.levels[BUY], bar.levels[SELL]
    volumes = bar.levels.sum(axis=0)
    by_level = volumes.tolist()
    poc = point_of_control(by_level)
    if poc is None:
        raise ValueError(f"a bar of {bar.trades} trades without volume, wanted sizes from 1")
    value_low, value_high = value_area(by_level, poc, rule.value_area_ppm)
    unknown_volume, buy_volume, sell_volume = bar.levels.sum(axis=1).tolist()
    volume = unknown_volume + buy_volume + sell_volume
    # Moments about the low stay small; the full sums are then exact in Python's integers.
    steps = np.arange(len(by_level), dtype=np.int64)
    first, second = int(steps @ volumes), int((steps * steps) @ volumes)
    return BarClosed(
        contract=rule.contract,
        start_ns=Nanos(bar.start_ns),
        end_ns=Nanos(bar.end_ns),
        open=Ticks(bar.open),
        high=Ticks(bar.low + len(by_level) - 1),
        low=Ticks(bar.low),
        close=Ticks(bar.close),
        sells=tuple(sells.tolist()),
        buys=tuple(buys.tolist()),
        unknowns=tuple(unknowns.tolist()),
        trades=bar.trades,
        volume=Contracts(volume),
        buy_volume=Contracts(buy_volume),
        sell_volume=Contracts(sell_volume),
        unknown_volume=Contracts(unknown_volume),
        inferred_volume=Contracts(bar.inferred),
        delta=bar.delta,
        delta_max=bar.delta_max,
        delta_min=bar.delta_min,
        cvd=cvd,
        poc=Ticks(bar.low + poc),
        value_low=Ticks(bar.low + value_low),
        value_high=Ticks(bar.low + value_high),
        price_volume=bar.low * volume + first,
        price2_volume=bar.low * bar.low * volume + 2 * bar.low * first + second,
        simulated=simulated,
    )
