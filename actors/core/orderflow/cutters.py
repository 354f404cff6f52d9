"""Where the bars of one series end (domain 1.3).

A cutter carries the open bar from batch to batch and says of each batch which bars end in it, and
at which row. It knows nothing of what the bars hold, so the builder of the bars and the tape with
its cuts ask the same cutter and cannot disagree.

Bars of time are laid from 18:00 New York. Bars of trades, contracts and ticks from low to high
end with a trade, one nanosecond after it: before that nobody can know. Trades of the same
nanosecond may follow, and open the next bar. No bar spans 09:30, 16:00, 17:00 or 18:00.

A trade is late if it is earlier than the bar that is open, or than what ended the last one. Times
that fall otherwise do no harm: a bar ends after the latest trade seen, whatever came last.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades
from actors.core.session.calendar import bar_bounds, segment
from protocol.series import BarKind, Series
from protocol.units import NANOS_PER_S

NEVER = -(2**63)
BARS_OF_TRADE_MAX = 10_000  # A trade that fills more bars of volume is garbage.
WINDOW_TRADES = 512  # What a range bar is first searched in; doubled until it ends.


class End(NamedTuple):
    """The end of a bar: it holds the rows before `row`, and `taken` contracts of `row` itself."""

    row: int
    taken: int  # Of a trade that is split; else 0.
    end_ns: int


class Cutter:
    """Ends bars of one series; what a subclass adds is the rule."""

    def __init__(self) -> None:
        self.due_ns: int | None = None  # When the clock ends the open bar; None if none is open.
        self.frontier_ns = NEVER  # Trades before it are late.

    def late(self, ts_event: NDArray[np.int64]) -> int:
        """Return how many of the first rows are late; times must not fall within a call."""
        if ts_event[0] >= self.frontier_ns:
            return 0
        return int(np.searchsorted(ts_event, self.frontier_ns))

    def start_of(self, ts_ns: int) -> int:
        """Return the start of the bar that a trade at `ts_ns` opens."""
        return ts_ns

    def ends(self, trades: Trades) -> list[End]:
        """Return the bars that end in at least one trade, none of them late, times never falling.

        Rows never fall. Row 0 ends the bar carried here, before any trade; a bar that the last
        trade completes ends at the row after it.
        """
        raise NotImplementedError

    def close_at(self, ts_ns: int) -> int | None:
        """Close the open bar if the clock ends it at or before `ts_ns`; return its end."""
        if self.due_ns is None or ts_ns < self.due_ns:
            return None
        self.frontier_ns, self.due_ns = self.due_ns, None
        return self.frontier_ns

    def close_now(self) -> int | None:
        """Close the open bar at the end of the tape and return its end."""
        if self.due_ns is not None:
            self.frontier_ns, self.due_ns = self._last_end(self.due_ns), None
            return self.frontier_ns
        return None

    def _last_end(self, due_ns: int) -> int:
        """Return the end of a bar that no later trade will complete.

        The regular one: a tape that goes on after all must not open the same bar again.
        """
        return due_ns


class TimeCutter(Cutter):
    """Bars of `period_ns`, laid from 18:00 New York; quiet intervals make none."""

    def __init__(self, period_ns: int) -> None:
        super().__init__()
        self.period_ns = period_ns

    def start_of(self, ts_ns: int) -> int:
        return bar_bounds(ts_ns, self.period_ns)[0]

    def ends(self, trades: Trades) -> list[End]:
        ts_event = trades.ts_event
        last = int(ts_event[-1])
        due = self._opened(int(ts_event[0])) if self.due_ns is None else self.due_ns
        found: list[End] = []
        while last >= due:
            row = int(np.searchsorted(ts_event, due))
            found.append(End(row, 0, due))
            due = self._opened(int(ts_event[row]))
        self.due_ns = due
        return found

    def _opened(self, ts_ns: int) -> int:
        self.frontier_ns, due = bar_bounds(ts_ns, self.period_ns)
        return due


class TradeCutter(Cutter):
    """Bars that a trade ends; the rule is asked about stretches that no forced end divides."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.filled = 0  # Of the open bar, in what the rule counts.
        self.last_ns = NEVER  # Of the latest trade.

    def ends(self, trades: Trades) -> list[End]:
        ts_event = trades.ts_event
        count, last = len(ts_event), int(ts_event[-1])
        found: list[End] = []
        start = 0
        while start < count:
            first = int(ts_event[start])
            if self.due_ns is not None and first >= self.due_ns:
                found.append(End(start, 0, self.due_ns))
                self.due_ns = None
            forced_ns = segment(first).end_ns
            stop = count if last < forced_ns else int(np.searchsorted(ts_event, forced_ns))
            part = trades if stop - start == count else trades.slice(start, stop)
            found += self._stretch(part, start, forced_ns)
            start = stop
        return found

    def _stretch(self, trades: Trades, start: int, forced_ns: int) -> list[End]:
        """Return the ends in `trades`, the rows from `start` on, and note what stands open."""
        ts_event, fresh = trades.ts_event, self.due_ns is None
        ends = self._ends(trades, fresh)
        # A bar that a fallen time ends has still seen the latest time before it.
        floor_ns = self.last_ns + 1
        self.last_ns = max(self.last_ns, int(ts_event[-1]))
        self.due_ns = forced_ns
        if ends:
            row = ends[-1].row
            if row == len(ts_event):
                self.due_ns = None
            self.frontier_ns = int(ts_event[min(row, len(ts_event) - 1)])
        elif fresh:
            self.frontier_ns = int(ts_event[0])
        return [End(start + row, taken, max(ts, floor_ns)) for row, taken, ts in ends]

    def _last_end(self, due_ns: int) -> int:
        # Just behind the last trade: the forced end may be hours away.
        return self.last_ns + 1

    def _ends(self, trades: Trades, fresh: bool) -> list[End]:
        """Return the ends by the rule alone; `fresh` if no bar is carried into `trades`."""
        raise NotImplementedError


class TickCutter(TradeCutter):
    """Bars of `size` trades."""

    def _ends(self, trades: Trades, fresh: bool) -> list[End]:
        filled = 0 if fresh else self.filled
        count = len(trades)
        self.filled = (filled + count) % self.size
        rows = range(self.size - filled, count + 1, self.size)
        if not rows:
            return []
        after = trades.ts_event[rows.start - 1 :: self.size] + 1
        return [End(row, 0, ts) for row, ts in zip(rows, after.tolist(), strict=True)]


class VolumeCutter(TradeCutter):
    """Bars of `size` contracts; the trade that overfills one is split, its rest opens the next."""

    def _ends(self, trades: Trades, fresh: bool) -> list[End]:
        size = self.size
        reached = np.add.accumulate(trades.size, dtype=np.int64)
        reached += 0 if fresh else self.filled
        full, self.filled = divmod(int(reached[-1]), size)
        if full == 0:
            return []
        largest = int(np.maximum.reduce(trades.size))
        if largest // size > BARS_OF_TRADE_MAX:
            raise ValueError(
                f"a trade of {largest} contracts in bars of {size},"
                f" wanted at most {BARS_OF_TRADE_MAX} bars of one trade"
            )
        marks = np.arange(size, full * size + 1, size)
        rows = np.searchsorted(reached, marks)
        over = reached[rows] > marks  # Where the trade goes beyond the bar, and so is split.
        before = np.maximum(reached[rows] - trades.size[rows], marks - size)
        taken = np.where(over, marks - before, 0)
        after = trades.ts_event[rows] + 1
        columns = ((rows + ~over).tolist(), taken.tolist(), after.tolist())
        return [End(*end) for end in zip(*columns, strict=True)]


class WholeVolumeCutter(TradeCutter):
    """Bars of at least `size` contracts: the trade that reaches it belongs to the bar whole."""

    def _ends(self, trades: Trades, fresh: bool) -> list[End]:
        reached = np.add.accumulate(trades.size, dtype=np.int64)
        base = 0 if fresh else -self.filled  # What had been reached when the open bar began.
        last = int(reached[-1])
        found: list[End] = []
        while last - base >= self.size:
            row = int(np.searchsorted(reached, base + self.size))
            base = int(reached[row])
            found.append(End(row + 1, 0, int(trades.ts_event[row]) + 1))
        self.filled = last - base
        return found


class RangeCutter(TradeCutter):
    """Bars of at most `size` ticks from low to high; the first trade beyond opens the next."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.low = self.high = 0  # Of the open bar.

    def _ends(self, trades: Trades, fresh: bool) -> list[End]:
        price = trades.price
        if fresh:
            self.low = self.high = int(price[0])
        found: list[End] = []
        row, window = 0, WINDOW_TRADES
        while row < len(price):
            part = price[row : row + window]
            low = min(self.low, int(np.minimum.reduce(part)))
            high = max(self.high, int(np.maximum.reduce(part)))
            if high - low <= self.size:
                self.low, self.high = low, high
                row, window = row + len(part), 2 * window
                continue
            row += self._first_beyond(part)
            found.append(End(row, 0, int(trades.ts_event[row]) + 1))
            self.low = self.high = int(price[row])
            window = WINDOW_TRADES
        return found

    def _first_beyond(self, price: NDArray[np.int32]) -> int:
        """Return the first row that does not fit into the open bar; there is one."""
        # 64 bits: the prices of a broken feed may lie further apart than 32 can hold.
        highs = np.maximum(np.maximum.accumulate(price), self.high).astype(np.int64)
        lows = np.minimum(np.minimum.accumulate(price), self.low)
        return int(np.searchsorted(highs - lows, self.size, side="right"))


def cutter_of(series: Series, split: bool) -> Cutter:
    """Return a new cutter of the bars called `series`; `split` concerns bars of volume."""
    match series.kind:
        case BarKind.TIME:
            return TimeCutter(series.size * NANOS_PER_S)
        case BarKind.TICK:
            return TickCutter(series.size)
        case BarKind.VOLUME:
            return VolumeCutter(series.size) if split else WholeVolumeCutter(series.size)
        case BarKind.RANGE:
            return RangeCutter(series.size)
