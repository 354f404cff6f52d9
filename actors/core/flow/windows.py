"""The trades and the states of the book that a window can still see.

What arrives is put aside as it comes and joined only when a slice is judged, a few times a minute
of the market; joining on each batch would copy the whole window for a handful of trades. What the
window has left behind is folded into a few numbers: the delta of the session and the last price.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades, concat, falls
from actors.core.flow.book import NO_MID, Book
from protocol.market import Aggressor, DepthBatch, SideSource

NEVER = -(2**63)
LOST = NO_MID - 1
ROWS_MAX = 20_000_000  # In a window: more is a clock that stands still, not a market.

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """Trades in order of time as columns (n,), and what came before the first of them."""

    ts: Int64
    price: Int64  # Ticks.
    sizes: Int64  # Contracts.
    buys: Int64  # The size where buyers crossed the spread, else 0.
    sells: Int64
    inferred: Int64  # The size where the side comes from the tick rule or from nothing.
    carried_delta: int = 0  # Of trades before the first row, since `carried_since_ns`.
    carried_since_ns: int = NEVER
    carried_price: int | None = None  # Of the last trade before the first row.

    def last_price(self, ts_ns: int) -> int | None:
        """Return the price of the last trade before `ts_ns`; None before the first."""
        row = int(np.searchsorted(self.ts, ts_ns)) - 1
        return self.carried_price if row < 0 else int(self.price[row])


@dataclass(frozen=True, slots=True, eq=False)
class BookSteps:
    """States of the book as columns (n,); each stands until the next."""

    ts: Int64
    bid_size: Int64  # Contracts at the touch.
    ask_size: Int64
    bid_depth: Int64  # Contracts on levels 1 to 5.
    ask_depth: Int64
    twice_mid: Int64  # Ticks; NO_MID where there is none, LOST where nobody knows the book.

    def lost(self, ts_ns: int) -> bool:
        """Return whether the book was lost, and not told again, just before `ts_ns`."""
        row = int(np.searchsorted(self.ts, ts_ns)) - 1
        return row >= 0 and int(self.twice_mid[row]) == LOST

    def mid(self, ts_ns: int) -> int | None:
        """Return twice the mid that stood just before `ts_ns`; None where there was none."""
        row = int(np.searchsorted(self.ts, ts_ns)) - 1
        twice = NO_MID if row < 0 else int(self.twice_mid[row])
        return None if twice in (NO_MID, LOST) else twice


def tape_of(trades: Trades) -> Tape:
    """Return the columns of trades in order of time."""
    sizes = trades.size.astype(np.int64)
    weak = (trades.source == int(SideSource.NONE)) | (trades.source == int(SideSource.TICKRULE))
    return Tape(
        ts=trades.ts_event.astype(np.int64),
        price=trades.price.astype(np.int64),
        sizes=sizes,
        buys=np.where(trades.aggressor == int(Aggressor.BUY), sizes, 0),
        sells=np.where(trades.aggressor == int(Aggressor.SELL), sizes, 0),
        inferred=np.where(weak, sizes, 0),
    )


class TradeWindow:
    """Collects trades; those that arrive a little out of order are sorted in by their time."""

    def __init__(self) -> None:
        self.tape = tape_of(_NO_TRADES)
        self.parts: list[Trades] = []
        self.rows = 0

    def add(self, trades: Trades) -> None:
        """Take in trades."""
        self.rows += len(trades)
        _check_rows(self.rows)
        self.parts.append(trades)

    def join(self) -> Tape:
        """Return all trades of the window in order of time, the earlier arrival first."""
        if self.parts:
            old, new = self.tape, tape_of(concat(self.parts))
            ts = np.concatenate((old.ts, new.ts))
            order = np.argsort(ts, kind="stable") if len(falls(ts)) else slice(None)
            self.tape = Tape(
                ts=ts[order],
                price=np.concatenate((old.price, new.price))[order],
                sizes=np.concatenate((old.sizes, new.sizes))[order],
                buys=np.concatenate((old.buys, new.buys))[order],
                sells=np.concatenate((old.sells, new.sells))[order],
                inferred=np.concatenate((old.inferred, new.inferred))[order],
                carried_delta=old.carried_delta,
                carried_since_ns=old.carried_since_ns,
                carried_price=old.carried_price,
            )
            self.parts = []
        return self.tape

    def forget(self, before_ns: int, since_ns: int) -> None:
        """Drop the trades before `before_ns`; keep the delta of those from `since_ns` on.

        No session starts later than `since_ns` and earlier than a trade dropped here, so the
        delta carried belongs to one session.
        """
        tape = self.join()
        gone = int(np.searchsorted(tape.ts, before_ns))
        delta = tape.carried_delta if tape.carried_since_ns == since_ns else 0
        counted = int(np.searchsorted(tape.ts[:gone], since_ns))
        delta += int(tape.buys[counted:gone].sum() - tape.sells[counted:gone].sum())
        self.tape = Tape(
            ts=tape.ts[gone:],
            price=tape.price[gone:],
            sizes=tape.sizes[gone:],
            buys=tape.buys[gone:],
            sells=tape.sells[gone:],
            inferred=tape.inferred[gone:],
            carried_delta=delta,
            carried_since_ns=since_ns,
            carried_price=tape.last_price(before_ns),
        )
        self.rows = len(self.tape.ts)


class BookWindow:
    """Keeps the book and the states it went through."""

    def __init__(self) -> None:
        self.book = Book()
        self.steps = np.empty((6, 0), np.int64)
        self.parts: list[Int64] = []
        self.rows = 0

    def add(self, depth: DepthBatch, ts: Int64) -> None:
        """Take in changes at the times `ts`, which never fall."""
        rows = []
        change = self.book.change
        for ts_ns, side, price, size in zip(
            ts.tolist(),
            np.frombuffer(depth.side, "u1").tolist(),
            np.frombuffer(depth.price, "<i4").tolist(),
            np.frombuffer(depth.size, "<i4").tolist(),
            strict=True,
        ):
            if change(side, price, size):
                rows.append((ts_ns, *self.book.touch))
        if rows:
            self.rows += len(rows)
            _check_rows(self.rows)
            self.parts.append(np.array(rows, np.int64).T)

    def lose(self, ts_ns: int) -> None:
        """Forget the book: from `ts_ns` on nothing rests anywhere until it is told again."""
        self.book = Book()
        self.parts.append(np.array([[ts_ns], [0], [0], [0], [0], [LOST]], np.int64))
        self.rows += 1

    def join(self) -> BookSteps:
        """Return the states of the window, the first of them perhaps from before it."""
        if self.parts:
            self.steps = np.concatenate([self.steps, *self.parts], axis=1)
            self.parts = []
        return BookSteps(*self.steps)

    def forget(self, before_ns: int) -> None:
        """Drop the states that another had replaced before `before_ns`."""
        standing = int(np.searchsorted(self.join().ts, before_ns)) - 1
        self.steps = self.steps[:, max(standing, 0) :]
        self.rows = self.steps.shape[1]


def _check_rows(rows: int) -> None:
    if rows > ROWS_MAX:
        raise ValueError(f"{rows} rows within one window, wanted at most {ROWS_MAX}")


_NO_TRADES = Trades(
    np.empty(0, np.int64),
    np.empty(0, np.int32),
    np.empty(0, np.int32),
    np.empty(0, np.uint8),
    np.empty(0, np.uint8),
    np.empty(0, np.uint8),
)
