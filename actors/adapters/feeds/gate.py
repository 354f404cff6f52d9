"""The rules every row passes, whatever file it comes from (domain 1.1).

Refused: what the reader could not read, sizes below 1, prices or sizes too large for a column,
times that run backwards, and single leaps: a price more than `jump_ticks_max` away from the one
before counts only when the next row confirms it within five ticks. A time more than an hour ahead
that the next row does not confirm is refused likewise, or one wrong digit in a year would make
every row after it run backwards. Both need the row after, so a row that leaps is held back, with
what stands behind it, until a row comes that can tell.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.port import REASON_CODES, REASONS, Reason, Refusals, Rows
from actors.core.columns import Trades
from protocol.units import NANOS_PER_S

CONFIRM_TICKS = 5
HELD_ROWS_MAX = 1_000  # Waiting for a row that confirms; after so many, none is coming.
LEAP_NS = 3_600 * NANOS_PER_S
_INT32_MAX = 2**31 - 1
Bools = NDArray[np.bool_]


@dataclass(slots=True)
class Gate:
    """Judges consecutive rows of one contract; keeps the last time and the last accepted price."""

    jump_ticks_max: int
    refusals: Refusals
    last_ts: int | None = None
    last_ticks: int | None = None
    _held: Rows | None = None
    _held_file: str = ""

    def passed(self, rows: Rows, file: str) -> Trades | None:
        """Return the rows that may pass, or None; the last one may be kept for the next call."""
        if self._held is not None:
            rows = _joined(self._held, rows)
            self._held = None
        return self._judged(rows, file, final=False)

    def finished(self) -> Trades | None:
        """Judge what is still held back, as nothing follows that could confirm it."""
        if self._held is None:
            return None
        held, self._held = self._held, None
        return self._judged(held, self._held_file, final=True)

    def _judged(self, rows: Rows, file: str, final: bool) -> Trades | None:
        if len(rows) == 0:
            return None
        verdict = _verdict_of_values(rows)
        good = np.flatnonzero(verdict == 0)
        if len(good):
            self._judge_times(rows.ts, good, verdict, final)
            in_time = good[verdict[good] == 0]
            self._judge_prices(rows.ticks, in_time, verdict)
            cut = _undecided(verdict, good, in_time)
            if not final and cut is not None and len(rows) - cut <= HELD_ROWS_MAX:
                # Everything behind it is held with it, so that the order stays.
                self._held, self._held_file = _slice(rows, cut, len(rows)), file
                rows, verdict = _slice(rows, 0, cut), verdict[:cut]
        # A row whose price was refused has kept the time all the same.
        timely = np.flatnonzero((verdict == 0) | (verdict == REASON_CODES[Reason.PRICE_JUMP]))
        if len(timely):
            self.last_ts = int(rows.ts[timely[-1]])
        self._report(rows, verdict, file)
        return self._accepted(rows, verdict == 0)

    def _judge_times(
        self,
        ts: NDArray[np.int64],
        good: NDArray[np.intp],
        verdict: NDArray[np.uint8],
        final: bool,
    ) -> None:
        times = ts[good]
        steps = np.diff(times, prepend=times[0] if self.last_ts is None else self.last_ts)
        if steps.min() >= 0 and (final or steps[-1] <= LEAP_NS):
            return
        # Each row is judged against the last one accepted, so this cannot be done by columns.
        leaps, backwards = _untimely(times.tolist(), self.last_ts, final)
        verdict[good[leaps]] = REASON_CODES[Reason.TIME_LEAP]
        verdict[good[backwards]] = REASON_CODES[Reason.TIME_BACKWARDS]

    def _judge_prices(
        self, ticks: NDArray[np.int64], good: NDArray[np.intp], verdict: NDArray[np.uint8]
    ) -> None:
        prices = ticks[good]
        if len(prices) == 0:
            return
        first = int(prices[0]) if self.last_ticks is None else self.last_ticks
        leaps = np.flatnonzero(np.abs(np.diff(prices, prepend=first)) > self.jump_ticks_max)
        refused = _unconfirmed(prices, leaps.tolist(), first, self.jump_ticks_max)
        verdict[good[refused]] = REASON_CODES[Reason.PRICE_JUMP]

    def _report(self, rows: Rows, verdict: NDArray[np.uint8], file: str) -> None:
        for code in np.unique(verdict[verdict > 0]).tolist():
            found = [rows.where(index) for index in np.flatnonzero(verdict == code).tolist()]
            self.refusals.add_all(file, REASONS[code - 1], found)

    def _accepted(self, rows: Rows, keep: Bools) -> Trades | None:
        if not keep.any():
            return None
        pick = slice(None) if keep.all() else keep
        self.last_ticks = int(rows.ticks[pick][-1])
        return Trades(
            ts_event=rows.ts[pick],
            price=rows.ticks[pick].astype(np.int32),
            size=rows.size[pick].astype(np.int32),
            aggressor=rows.aggressor[pick],
            source=rows.source[pick],
            flags=rows.flags[pick],
            bid=None if rows.bid is None else rows.bid[pick],
            ask=None if rows.ask is None else rows.ask[pick],
        )


def _verdict_of_values(rows: Rows) -> NDArray[np.uint8]:
    verdict = np.zeros(len(rows), np.uint8) if rows.refused is None else rows.refused.copy()
    bad_size = (rows.size < 1) | (rows.size > _INT32_MAX)
    verdict[(verdict == 0) & bad_size] = REASON_CODES[Reason.BAD_SIZE]
    too_far = np.abs(rows.ticks) > _INT32_MAX
    verdict[(verdict == 0) & too_far] = REASON_CODES[Reason.MALFORMED]
    return verdict


def _undecided(
    verdict: NDArray[np.uint8], good: NDArray[np.intp], in_time: NDArray[np.intp]
) -> int | None:
    """Return the first row that only a later one can confirm, or None."""
    cut = None
    if verdict[good[-1]] == REASON_CODES[Reason.TIME_LEAP]:
        cut = int(good[-1])
    if len(in_time) and verdict[in_time[-1]] == REASON_CODES[Reason.PRICE_JUMP]:
        cut = int(in_time[-1])
    return cut


def _untimely(times: list[int], last: int | None, final: bool) -> tuple[list[int], list[int]]:
    """Return the indexes of times that leap ahead unconfirmed, and of those that run backwards.

    At the end, unless it is final, a leap counts as unconfirmed.
    """
    leaps, backwards = [], []
    for index, ts in enumerate(times):
        after = times[index + 1] if index + 1 < len(times) else None
        if last is None:
            leap = after is not None and ts - after > LEAP_NS
        else:
            leap = ts - last > LEAP_NS and (not final if after is None else after < ts)
        if leap:
            leaps.append(index)
        elif last is not None and ts < last:
            backwards.append(index)
        else:
            last = ts
    return leaps, backwards


def _unconfirmed(
    prices: NDArray[np.int64], leaps: list[int], last: int, jump_ticks_max: int
) -> list[int]:
    """Return the indexes of prices that leap away from the last accepted one unconfirmed."""
    refused: list[int] = []
    judged = 0  # Up to here all is decided.
    for leap in leaps:
        if leap < judged:
            continue
        index = leap
        if index > judged:
            last = int(prices[index - 1])
        while index < len(prices) and abs(int(prices[index]) - last) > jump_ticks_max:
            after = index + 1
            if after < len(prices) and abs(int(prices[after] - prices[index])) <= CONFIRM_TICKS:
                break
            refused.append(index)
            index = after
        if index < len(prices):
            last = int(prices[index])
        judged = index + 1
    return refused


def _slice(rows: Rows, start: int, stop: int) -> Rows:
    columns: dict[str, Any] = {
        name: None if column is None else column[start:stop]
        for name in _COLUMNS
        for column in (getattr(rows, name),)
    }
    return dataclasses.replace(
        rows, **columns, where=lambda index: rows.where(start + index)
    )


def _joined(first: Rows, second: Rows) -> Rows:
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        left, right = getattr(first, name), getattr(second, name)
        if left is None and right is None:
            columns[name] = None
            continue
        left = np.zeros(len(first), right.dtype) if left is None else left
        right = np.zeros(len(second), left.dtype) if right is None else right
        columns[name] = np.concatenate((left, right))
    count = len(first)
    return dataclasses.replace(
        first,
        **columns,
        where=lambda index: (
            first.where(index) if index < count else second.where(index - count)
        ),
    )


_COLUMNS = ("ts", "ticks", "size", "aggressor", "source", "flags", "bid", "ask", "refused")
