"""Absorption on the tape: much volume against a price that will not move (domain 2.4 B).

After every trade the window of the last few trades is judged (absorbed_windows.py). Dominant
buyers who get nowhere meet passive sellers: selling absorption, priced at the highest price of the
window; sellers mirrored.

Windows count trades in the order of the exchange, whatever their times. A time that falls does not
move the clock back: a window is confirmed at the latest time seen. How a batch is cut does not
matter: the trades that the next window needs are kept.
"""

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import BYTE, PRICE, SIZE, TS, Trades, falls
from actors.core.ids import id_of
from actors.core.patterns.absorbed_windows import (
    SELL,
    TapeAbsorptionRule,
    absorbed_windows,
    volumes,
)
from actors.core.patterns.raised import LOW_QUALITY_PPM, ppm
from protocol.patterns import DIRECTION, Pattern
from protocol.signals import PPM, SignalRaised

SERIES = "trades"
CHUNK_TRADES = 32_768  # The temporaries of one chunk stay in the second-level cache.
PRICES_MAX = 256  # Remembered before those are forgotten that may be raised at again.
RATIO_OF_FULL_STRENGTH = 10
Find = tuple[int, SignalRaised]


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
        latest = known.ts_event
        if len(falls(latest)):
            latest = np.maximum.accumulate(latest)
        before, self.clock = self.clock, max(self.clock, int(latest[-1]))
        found = absorbed_windows(known, self.rule, first)
        if len(found.row) == 0:
            return []
        ts = np.maximum(latest.take(found.row), before)
        sold = found.buys > found.sells  # Buyers were absorbed: by sellers, at the high.
        price = np.where(sold, found.high, found.low)
        new = self._new(ts, sold, price)
        rows = found.row.take(new)
        columns = [column.take(new) for column in (ts, sold, price, *found[1:])]
        columns += [*volumes(known, rows, self.rule), known.price.take(rows)]
        signals = map(self._signal, *[column.tolist() for column in columns])
        return list(zip((rows + shift).tolist(), signals, strict=True))

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
            id_of(self.contract + "|" + pattern + f"|{ts_ns}|{ref_price}"),
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
