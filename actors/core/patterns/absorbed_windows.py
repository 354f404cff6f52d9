"""Windows of trades that were absorbed: on plain columns, without a memory (domain 2.4 B).

The window of the last few trades is judged: its volume against the mean of the windows before it
(of the same length, not overlapping, at least two and at most nineteen), its range, who dominates
and whether the price went their way. Volume of unknown side counts as volume and for neither side.

Few windows are heavy, so all are tried on their volume alone, by differences of one running sum,
and only the heavy ones are looked at closer. Sums are whole numbers.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades
from protocol.instruments import Instrument
from protocol.market import Aggressor, SideSource
from protocol.pattern_settings import TapeAbsorptionSettings
from protocol.signals import PPM
from protocol.units import NANOS_PER_S

MEMORY_TRADES_MAX = 100_000  # Of one window and all of its baseline.
BUY, SELL = int(Aggressor.BUY), int(Aggressor.SELL)
SOURCE_NONE, SOURCE_TICKRULE = int(SideSource.NONE), int(SideSource.TICKRULE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeAbsorptionRule:
    """When a window of trades was absorbed."""

    window_trades: int
    windows_min: int  # Of the baseline.
    windows_max: int
    volume_multiple_ppm: int  # Of the baseline.
    range_ticks_max: int
    ratio_ppm: int  # Dominant to other side, the other at least one contract.
    move_ticks_max: int  # First to last price, the dominant side's way.
    repeat_ticks: int  # One event per price within these ticks ...
    repeat_ns: int  # ... until so long after it.

    @classmethod
    def of(cls, settings: TapeAbsorptionSettings, own: Instrument) -> "TapeAbsorptionRule":
        """Return the rule in internal units; the instrument has no say in it."""
        return cls(
            window_trades=settings.window_trades,
            windows_min=settings.windows_min,
            windows_max=settings.windows_max,
            volume_multiple_ppm=round(settings.volume_multiple * PPM),
            range_ticks_max=settings.range_ticks_max,
            ratio_ppm=round(settings.ratio_min * PPM),
            move_ticks_max=settings.move_ticks_max,
            repeat_ticks=settings.repeat_ticks,
            repeat_ns=settings.repeat_s * NANOS_PER_S,
        )

    def __post_init__(self) -> None:
        if not 0 < self.windows_min <= self.windows_max:
            raise ValueError(
                f"a baseline of {self.windows_min} to {self.windows_max} windows,"
                " wanted at least 1 and not more than the most"
            )
        if self.memory > MEMORY_TRADES_MAX:
            raise ValueError(
                f"{self.windows_max} windows of {self.window_trades} trades behind a window,"
                f" wanted at most {MEMORY_TRADES_MAX} trades"
            )

    @property
    def factors(self) -> tuple[int, int]:
        """What a window's volume and that of its whole baseline are compared by, in least terms."""
        times, multiple = self.windows_max * PPM, self.volume_multiple_ppm
        common = math.gcd(times, multiple)
        return times // common, multiple // common

    @property
    def memory(self) -> int:
        """The trades before the last of a window that has all of its baseline."""
        return (self.windows_max + 1) * self.window_trades - 1


class Windows(NamedTuple):
    """Absorbed windows as columns, each named by the row of its last trade."""

    row: NDArray[np.int64]
    low: NDArray[np.int64]  # Ticks.
    high: NDArray[np.int64]
    buys: NDArray[np.int64]  # Contracts.
    sells: NDArray[np.int64]


def absorbed_windows(trades: Trades, rule: TapeAbsorptionRule, first: int = 0) -> Windows:
    """Return the absorbed windows that end at row `first` or later.

    The rows before `first` are the memory: all trades there were, or at least `rule.memory`.
    """
    rows = _heavy(trades.size, rule, first)
    if len(rows) == 0:  # As good as always in a live batch.
        return _NO_WINDOWS
    within = _within(rows, rule)
    price, size = trades.price.take(within), trades.size.take(within)
    side = trades.aggressor.take(within)
    # 64 bits: the prices of a broken feed may lie further apart than 32 can hold.
    low, high = (limit.reduce(price).astype(np.int64) for limit in (np.minimum, np.maximum))
    buys = np.add.reduce(size * (side == BUY), dtype=np.int64)
    sells = np.add.reduce(size * (side == SELL), dtype=np.int64)
    strong, weak = np.maximum(buys, sells), np.maximum(np.minimum(buys, sells), 1)
    moved = np.subtract(price[-1], price[0], dtype=np.int64)
    kept = (
        (high - low <= rule.range_ticks_max)
        & (buys != sells)
        & (strong * float(PPM) >= weak * float(rule.ratio_ppm))
        & (np.where(buys > sells, moved, -moved) <= rule.move_ticks_max)
    ).nonzero()[0]
    return Windows(*[column.take(kept) for column in (rows, low, high, buys, sells)])


def volumes(
    trades: Trades, rows: NDArray[np.int64], rule: TapeAbsorptionRule
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the volumes of the windows that end at `rows`, and what has no sure side of them."""
    within = _within(rows, rule)
    size, source = trades.size.take(within), trades.source.take(within)
    unsure = (source == SOURCE_NONE) | (source == SOURCE_TICKRULE)
    return np.add.reduce(size, dtype=np.int64), np.add.reduce(size * unsure, dtype=np.int64)


def _within(rows: NDArray[np.int64], rule: TapeAbsorptionRule) -> NDArray[np.int64]:
    """Return the rows of the windows that end at `rows`, a column for each."""
    within: NDArray[np.int64] = np.arange(1 - rule.window_trades, 1)[:, None] + rows
    return within


def _heavy(size: NDArray[np.int32], rule: TapeAbsorptionRule, first: int) -> NDArray[np.intp]:
    """Return the rows from `first` on whose window has the multiple of its baseline in volume."""
    n, count = rule.window_trades, len(size)
    times, multiple = rule.factors
    # Narrow sums are quick, and wide enough but for a broken feed or a very fine multiple.
    narrow = int(np.maximum.reduce(size)) * count * max(times, multiple) < 2**31
    kind = np.int32 if narrow else np.float64
    sums: NDArray[Any] = np.zeros(count + 1, kind)  # sums[i]: volume of the rows before i.
    np.add.accumulate(size, out=sums[1:])
    start = max(first, rule.memory)
    cold = _heavy_cold(sums, rule, first) if first < start else _NO_ROWS
    if start >= count:
        return cold
    before = sums[start + 1 - n : count + 1 - n]
    volume = sums[start + 1 :] - before
    baseline = before - sums[start - rule.memory : count - rule.memory]
    volume *= kind(times)
    baseline *= kind(multiple)
    warm: NDArray[np.intp] = (volume >= baseline).nonzero()[0]
    warm += start
    return np.concatenate((cold, warm)) if len(cold) else warm


def _heavy_cold(sums: NDArray[Any], rule: TapeAbsorptionRule, first: int) -> NDArray[np.intp]:
    """Return the heavy rows until the memory is full: a baseline of the windows there are."""
    n, stop = rule.window_trades, min(rule.memory, len(sums) - 1)
    rows = np.arange(max(first, (rule.windows_min + 1) * n - 1), stop)
    windows = (rows + 1) // n - 1
    before = sums[rows + 1 - n]
    volume = sums[rows + 1] - before
    baseline = before - sums[rows + 1 - (windows + 1) * n]
    heavy = windows * volume * float(PPM) >= baseline * float(rule.volume_multiple_ppm)
    found: NDArray[np.intp] = rows[heavy]
    return found


_NO_ROWS = np.empty(0, np.int64)
_NO_WINDOWS = Windows(*[_NO_ROWS] * len(Windows._fields))
