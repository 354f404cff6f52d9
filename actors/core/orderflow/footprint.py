"""Footprint bars of fixed length from columns of trades (domain 1.3 to 1.6).

Bars are half-open, laid from 18:00 New York and ended early at 09:30, 16:00, 17:00 and 18:00. A
bar closes when a trade at or after its end arrives, or when the clock says so; an interval without
trades makes no bar. A trade earlier than the bar that is open, or than the end of the last one
that closed, is late: it is counted and left out.

How a batch was cut must not matter, so a batch is first split into pieces, one per bar; each piece
is summed with a few numpy calls over the whole batch and then merged into the open bar.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades, falls
from actors.core.orderflow.pieces import LEVELS_MAX, Piece, sum_piece, sum_pieces
from actors.core.orderflow.profile import point_of_control, value_area
from actors.core.session.calendar import bar_bounds, last_rth_open
from protocol.market import Aggressor, BarClosed
from protocol.units import NANOS_PER_S, Contracts, Nanos, Ticks

CHUNK_TRADES = 32_768  # The temporaries of one chunk stay in the second-level cache.
UNKNOWN, BUY, SELL = int(Aggressor.UNKNOWN), int(Aggressor.BUY), int(Aggressor.SELL)
NEVER = -(2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRule:
    """Which bars to build."""

    contract: str
    period_ns: int
    value_area_ppm: int


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
        pieces = [sum_piece(trades)] if len(starts) == 1 else sum_pieces(trades, starts)
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
        return bar_bounds(ts_ns, self.rule.period_ns)

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
        series=f"time:{rule.period_ns // NANOS_PER_S}",
        order=0,
        cvd_eth=0,
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
