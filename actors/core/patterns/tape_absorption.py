"""Absorption on the tape: much volume against a price that will not move (domain 2.4 B).

After every trade the window of the last few trades is judged: its volume against the mean of the
windows before it (of the same length, not overlapping, at least two and at most nineteen), its
range, who dominates and whether the price went their way. Dominant buyers who get nowhere meet
passive sellers: selling absorption, priced at the highest price of the window; sellers mirrored.

Windows count trades in the order of the exchange, whatever their times. A time that falls does not
move the clock back: a window is confirmed at the latest time seen. Volume of unknown side counts
as volume and for neither side. How a batch is cut does not matter: the trades that the next window
needs are kept.

Few windows are heavy, so all are tried on their volume alone, by differences of one running sum,
and only the heavy ones are looked at closer. Sums are whole numbers, products with them float64.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import BYTE, PRICE, SIZE, TS, Trades
from actors.core.ids import derived_id
from actors.core.patterns.raised import LOW_QUALITY_PPM, ppm
from protocol.instruments import Instrument
from protocol.market import Aggressor, SideSource
from protocol.pattern_settings import TapeAbsorptionSettings
from protocol.patterns import DIRECTION, Pattern
from protocol.signals import PPM, SignalRaised
from protocol.units import NANOS_PER_S

SERIES = "trades"
CHUNK_TRADES = 32_768  # The temporaries of one chunk stay in the second-level cache.
MEMORY_TRADES_MAX = 100_000  # Of one window and all of its baseline.
PRICES_MAX = 256  # Remembered before those are forgotten that may be raised at again.
RATIO_OF_FULL_STRENGTH = 10
Find = tuple[int, SignalRaised]
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
    volume: NDArray[np.int64]
    unsure: NDArray[np.int64]  # Of the volume: its side is inferred or unknown.
    last: NDArray[np.int64]  # Ticks: the price of the last trade.


def absorbed_windows(trades: Trades, rule: TapeAbsorptionRule, first: int = 0) -> Windows:
    """Return the absorbed windows that end at row `first` or later.

    The rows before `first` are the memory: all trades there were, or at least `rule.memory`.
    """
    rows = _heavy(trades.size, rule, first)
    if len(rows) == 0:  # As good as always in a live batch.
        return _NO_WINDOWS
    within = np.arange(1 - rule.window_trades, 1)[:, None] + rows  # A column for each window.
    # 64 bits: the prices of a broken feed may lie further apart than 32 can hold.
    price = trades.price.take(within).astype(np.int64)
    size, side = trades.size.take(within), trades.aggressor.take(within)
    source = trades.source.take(within)
    inferred = (source == SOURCE_NONE) | (source == SOURCE_TICKRULE)
    low, high = np.minimum.reduce(price), np.maximum.reduce(price)
    buys = np.add.reduce(size * (side == BUY), dtype=np.int64)
    sells = np.add.reduce(size * (side == SELL), dtype=np.int64)
    volume = np.add.reduce(size, dtype=np.int64)
    unsure = np.add.reduce(size * inferred, dtype=np.int64)
    strong, weak = np.maximum(buys, sells), np.maximum(np.minimum(buys, sells), 1)
    moved = price[-1] - price[0]
    kept = (
        (high - low <= rule.range_ticks_max)
        & (buys != sells)
        & (strong * float(PPM) >= weak * float(rule.ratio_ppm))
        & (np.where(buys > sells, moved, -moved) <= rule.move_ticks_max)
    ).nonzero()[0]
    columns = (rows, low, high, buys, sells, volume, unsure, price[-1])
    return Windows(*[column.take(kept) for column in columns])


def _heavy(size: NDArray[np.int32], rule: TapeAbsorptionRule, first: int) -> NDArray[np.intp]:
    """Return the rows from `first` on whose window has the multiple of its baseline in volume."""
    n, count = rule.window_trades, len(size)
    sums = np.zeros(count + 1, np.int64)  # sums[i]: volume of the rows before i.
    np.add.accumulate(size, out=sums[1:])
    start = max(first, rule.memory)
    cold = _heavy_cold(sums, rule, first) if first < start else _NO_ROWS
    if start >= count:
        return cold
    before = sums[start + 1 - n : count + 1 - n]
    volume = sums[start + 1 :] - before
    baseline = before - sums[start - rule.memory : count - rule.memory]
    heavy = volume * float(rule.windows_max * PPM) >= baseline * float(rule.volume_multiple_ppm)
    warm: NDArray[np.intp] = heavy.nonzero()[0]
    warm += start
    return np.concatenate((cold, warm)) if len(cold) else warm


def _heavy_cold(
    sums: NDArray[np.int64], rule: TapeAbsorptionRule, first: int
) -> NDArray[np.intp]:
    """Return the heavy rows until the memory is full: a baseline of the windows there are."""
    n, stop = rule.window_trades, min(rule.memory, len(sums) - 1)
    rows = np.arange(max(first, (rule.windows_min + 1) * n - 1), stop)
    windows = (rows + 1) // n - 1
    before = sums[rows + 1 - n]
    volume = sums[rows + 1] - before
    baseline = before - sums[rows + 1 - (windows + 1) * n]
    heavy = volume * windows * float(PPM) >= baseline * float(rule.volume_multiple_ppm)
    found: NDArray[np.intp] = rows[heavy]
    return found


class TapeAbsorption:
    """Watches the trades of one contract; a new contract needs a new one.

    Keeps the trades that the next window and its baseline reach back to, the latest time, and the
    events of the last seconds.
    """

    def __init__(self, rule: TapeAbsorptionRule, contract: str, simulated: bool) -> None:
        self.rule = rule
        self.contract = contract
        self.simulated = simulated
        self.tail = _NO_TRADES
        self.clock = -(2**63)
        # By whether it was sold into, then by price: until when nothing is raised there.
        self.quiet_until: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def add(self, trades: Trades) -> list[SignalRaised]:
        """Take in the next trades and return the signals they confirm, in their order."""
        return [signal for _, signal in self.find(trades)]

    def find(self, trades: Trades) -> list[Find]:
        """Take in the next trades and return the signals, each with the row that confirms it."""
        if len(trades) == 0:
            return []
        _check(trades)
        found: list[Find] = []
        chunk = max(CHUNK_TRADES, self.rule.memory)
        for start in range(0, len(trades), chunk):
            stop = min(start + chunk, len(trades))
            if start == 0:
                known, first = _joined(self.tail, trades.slice(0, stop)), len(self.tail)
            else:
                first = self.rule.memory
                known = trades.slice(start - first, stop)
            found += self._add_chunk(known, first, start - first)
        kept = known.slice(max(len(known) - self.rule.memory, 0), len(known))
        self.tail = _joined(_NO_TRADES, kept)  # A copy: a view would keep the whole batch.
        return found

    def _add_chunk(self, known: Trades, first: int, shift: int) -> list[Find]:
        """Return what ends at row `first` of `known` or later; its rows are moved by `shift`."""
        latest = np.maximum.accumulate(known.ts_event)
        before, self.clock = self.clock, max(self.clock, int(latest[-1]))
        found = absorbed_windows(known, self.rule, first)
        if len(found.row) == 0:
            return []
        ts = np.maximum(latest.take(found.row), before)
        sold = found.buys > found.sells  # Buyers were absorbed: by sellers, at the high.
        price = np.where(sold, found.high, found.low)
        new = self._new(ts, sold, price)
        columns = [column.take(new).tolist() for column in (ts, sold, price, *found[1:])]
        rows = (found.row.take(new) + shift).tolist()
        return list(zip(rows, map(self._signal, *columns), strict=True))

    def _new(
        self, ts: NDArray[np.int64], sold: NDArray[np.bool_], prices: NDArray[np.int64]
    ) -> NDArray[np.intp]:
        """Return and note the events that had none of their kind near by a short time before."""
        # The same price in the same nanosecond is the same event, whatever the rule: ids differ.
        pause_ns, ticks = max(self.rule.repeat_ns, 1), self.rule.repeat_ticks
        # Of ten absorbed windows nine repeat one, most of them at once: those are not looked at.
        moved = (ts[1:] != ts[:-1]) | (sold[1:] != sold[:-1]) | (prices[1:] != prices[:-1])
        rows = [0, *(moved.nonzero()[0] + 1).tolist()]
        columns = [column.take(rows).tolist() for column in (ts, sold, prices)]
        new = []
        for row, ts_ns, side, price in zip(rows, *columns, strict=True):
            quiet = self.quiet_until[side]
            if ts_ns < quiet.get(price, ts_ns):
                continue
            new.append(row)
            for near in range(price - ticks, price + ticks + 1):
                quiet[near] = ts_ns + pause_ns
            if len(quiet) > PRICES_MAX:
                over = [near for near, until_ns in quiet.items() if until_ns <= ts_ns]
                for near in over:
                    del quiet[near]
        return np.array(new, np.intp)

    def _signal(
        self,
        ts_ns: int,
        sold: bool,
        ref_price: int,
        low: int,
        high: int,
        buys: int,
        sells: int,
        volume: int,
        unsure: int,
        last: int,
    ) -> SignalRaised:
        pattern = Pattern.TAPE_SELLING_ABSORPTION if sold else Pattern.TAPE_BUYING_ABSORPTION
        strong, weak = (buys, sells) if sold else (sells, buys)
        return SignalRaised.of(  # type: ignore[no-any-return]
            # Joined here as the id would join them: signals are made by the thousand.
            derived_id(f"{self.contract}|{pattern}|{ts_ns}|{ref_price}"),
            self.contract,
            SERIES,
            ts_ns,
            pattern,
            DIRECTION[pattern],
            ppm(strong, (weak or 1) * RATIO_OF_FULL_STRENGTH),
            PPM,
            True,
            ref_price,
            last,
            low,
            high,
            0,  # Stop and target: the instrument's own.
            0,
            f"{buys} bought and {sells} sold of {volume} in {self.rule.window_trades} trades",
            unsure * PPM > volume * LOW_QUALITY_PPM,
            self.simulated,
        )


def _check(trades: Trades) -> None:
    if (side := np.maximum.reduce(trades.aggressor)) > SELL:
        raise ValueError(f"aggressor {side}, wanted 0, 1 or 2")
    if (size := np.minimum.reduce(trades.size)) < 1:
        raise ValueError(f"a trade of {size} contracts, wanted at least 1")


def _joined(before: Trades, trades: Trades) -> Trades:
    """Return copied columns of both, without quotes: nobody asks for them here."""
    pairs = ((getattr(before, name), getattr(trades, name)) for name in _COLUMNS)
    return Trades(*map(np.concatenate, pairs))


_COLUMNS = ("ts_event", "price", "size", "aggressor", "source", "flags")
_NO_TRADES = Trades(*(np.empty(0, dtype) for dtype in (TS, PRICE, SIZE, BYTE, BYTE, BYTE)))
_NO_ROWS = np.empty(0, np.int64)
_NO_WINDOWS = Windows(*[_NO_ROWS] * len(Windows._fields))
