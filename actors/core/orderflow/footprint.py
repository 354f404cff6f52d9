"""Footprint bars of one series from columns of trades (domain 1.3 to 1.6).

Where bars end is the cutter's business; here the trades between two ends are summed. A bar closes
with the trade that ends it, when a trade at or after its end arrives, or when the clock says so; an
interval without trades makes no bar. A late trade is counted and left out.

How a batch was cut must not matter, so a batch is first split into pieces, one per bar; each piece
is summed with a few numpy calls over the whole batch and then merged into the open bar.
"""

from dataclasses import dataclass

import numpy as np

from actors.core.columns import Trades, falls
from actors.core.orderflow.cutters import cutter_of
from actors.core.orderflow.cvd import CumulativeDelta, CvdReset
from actors.core.orderflow.ladder import Ladder
from actors.core.orderflow.pieces import Piece, split, sum_piece, sum_pieces
from actors.core.orderflow.profile import value_of
from protocol.market import BarClosed
from protocol.series import Series
from protocol.units import Contracts, Nanos, Ticks

CHUNK_TRADES = 32_768  # The temporaries of one chunk stay in the second-level cache.


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRule:
    """Which bars to build."""

    contract: str
    series: Series
    split: bool  # A trade that overfills a bar of volume opens the next with its rest.
    value_area_ppm: int
    value_rows: int
    cvd_reset: CvdReset


@dataclass(slots=True)
class OpenBar:
    """The bar that still collects trades."""

    start_ns: int
    open: int
    close: int
    ladder: Ladder
    trades: int = 0
    delta: int = 0
    delta_max: int = 0
    delta_min: int = 0
    inferred: int = 0


class BarBuilder:
    """Builds the bars of one series of one contract. A new contract needs a new builder."""

    def __init__(self, rule: BarRule, simulated: bool) -> None:
        self.rule = rule
        self.simulated = simulated
        self.late = 0
        self.bar: OpenBar | None = None
        self._cutter = cutter_of(rule.series, rule.split)
        self._cvd = CumulativeDelta(rule.cvd_reset)
        self._last_end: int | None = None
        self._order = 0

    def resume(self, bar: BarClosed) -> None:
        """Go on with the cumulative delta of a bar that others have built, of whatever series."""
        self._cvd.resume(bar)

    def add(self, trades: Trades) -> list[BarClosed]:
        """Take in `trades` and return the bars that they ended."""
        closed: list[BarClosed] = []
        if len(trades) and np.minimum.reduce(trades.size) < 1:
            raise ValueError(f"a trade of size {int(trades.size.min())}, wanted at least 1")
        broken = falls(trades.ts_event)
        start = 0
        for stop in (*broken.tolist(), len(trades)):
            while start < stop:
                end = min(start + CHUNK_TRADES, stop)
                whole = end - start == len(trades)  # The usual batch.
                self._add_chunk(trades if whole else trades.slice(start, end), closed)
                start = end
        return closed

    def close_at(self, ts_ns: int) -> list[BarClosed]:
        """Close the open bar if the clock ends it at or before `ts_ns`."""
        end_ns = self._cutter.close_at(ts_ns)
        return [] if self.bar is None or end_ns is None else [self._close(self.bar, end_ns)]

    def close_now(self, ts_ns: int) -> list[BarClosed]:
        """Close the open bar: the tape is over at `ts_ns`.

        A bar of time has its regular end, any other ends just behind its last trade. A tape that
        goes on after all must not reopen a bar: trades before its end are late.
        """
        if self.bar is None or ts_ns < self.bar.start_ns:
            return []
        end_ns = self._cutter.close_now()
        return [] if end_ns is None else [self._close(self.bar, end_ns)]

    def _add_chunk(self, trades: Trades, closed: list[BarClosed]) -> None:
        late = self._cutter.late(trades.ts_event)
        if late:
            self.late += late
            trades = trades.slice(late, len(trades))
            if len(trades) == 0:
                return
        ends = self._cutter.ends(trades)
        if not ends:
            self._take(trades, sum_piece(trades))
            return
        trades, ends = split(trades, ends)
        count = len(trades)
        starts = [0, *(end.row for end in ends if 0 < end.row < count)]
        pieces = iter([sum_piece(trades)] if len(starts) == 1 else sum_pieces(trades, starts))
        summed = 0
        for row, _, end_ns in ends:
            if row > summed:
                self._take(trades, next(pieces))
                summed = row
            if self.bar is not None:
                closed.append(self._close(self.bar, end_ns))
        if summed < count:
            self._take(trades, next(pieces))

    def _take(self, trades: Trades, piece: Piece) -> None:
        """Add a piece to the open bar, or to the one that it opens."""
        if self.bar is None:
            price = int(trades.price[piece.start])
            start_ns = self._cutter.start_of(int(trades.ts_event[piece.start]))
            self.bar = OpenBar(start_ns=start_ns, open=price, close=price, ladder=Ladder(price))
        self.bar.close = int(trades.price[piece.stop - 1])
        _merge(self.bar, piece)

    def _close(self, bar: OpenBar, end_ns: int) -> BarClosed:
        self.bar = None
        self._order = self._order + 1 if end_ns == self._last_end else 0
        self._last_end = end_ns
        self._cvd.add(bar.start_ns, bar.delta)
        return self._closed(bar, end_ns)

    def _closed(self, bar: OpenBar, end_ns: int) -> BarClosed:
        levels, low = bar.ladder.levels, bar.ladder.low
        volumes = np.add.reduce(levels)
        by_level = volumes.tolist()
        value = value_of(low, by_level, self.rule.value_area_ppm, self.rule.value_rows)
        unknowns, buys, sells = map(tuple, levels.tolist())
        unknown_volume, buy_volume, sell_volume = sum(unknowns), sum(buys), sum(sells)
        volume = unknown_volume + buy_volume + sell_volume
        # Moments about the low stay small; the full sums are then exact in Python's integers.
        steps = np.arange(len(by_level), dtype=np.int64)
        weighted = steps * volumes
        first, second = int(np.add.reduce(weighted)), int(steps @ weighted)
        return BarClosed(
            contract=self.rule.contract,
            series=str(self.rule.series),
            order=self._order,
            cvd_eth=self._cvd.night,
            start_ns=Nanos(bar.start_ns),
            end_ns=Nanos(end_ns),
            open=Ticks(bar.open),
            high=Ticks(low + len(by_level) - 1),
            low=Ticks(low),
            close=Ticks(bar.close),
            sells=sells,
            buys=buys,
            unknowns=unknowns,
            trades=bar.trades,
            volume=Contracts(volume),
            buy_volume=Contracts(buy_volume),
            sell_volume=Contracts(sell_volume),
            unknown_volume=Contracts(unknown_volume),
            inferred_volume=Contracts(bar.inferred),
            delta=bar.delta,
            delta_max=bar.delta_max,
            delta_min=bar.delta_min,
            cvd=self._cvd.value,
            poc=value.poc,
            value_low=value.low,
            value_high=value.high,
            price_volume=low * volume + first,
            price2_volume=low * low * volume + 2 * low * first + second,
            simulated=self.simulated,
        )


def _merge(bar: OpenBar, piece: Piece) -> None:
    bar.ladder.add(piece.low, piece.levels)
    bar.trades += piece.stop - piece.start
    bar.delta_max = max(bar.delta_max, bar.delta + piece.delta_high)
    bar.delta_min = min(bar.delta_min, bar.delta + piece.delta_low)
    bar.delta += piece.delta
    bar.inferred += piece.inferred
