"""The metrics M1 to M5 as functions of columns, for many instants at once (domain 3).

Every metric looks back from an instant at what happened before it, the instant itself left out.
Prefix sums and binary search answer all instants together, so a back-test judges each slice of a
day in one call. All sums are of whole numbers: the result cannot depend on where the columns
begin or on how they were cut, as running sums of floats would.

Bid and ask sizes here are those of the book: a large bid is resting buying interest. The sizes of
trades are buys and sells (domain 0). Earlier systems took one for the other, added book sizes up
as delta and measured activity by a buffer that filled at a hundred trades.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import falls
from actors.core.session.calendar import last_rth_open
from protocol.signals import PPM
from protocol.units import NANOS_PER_S

Int64 = NDArray[np.int64]

NANOS_PER_MINUTE = 60 * NANOS_PER_S
WINDOW_NS_MAX = 3_600 * NANOS_PER_S  # Twice a window in ns x ppm stays below 2^63.
SIZE_MAX = 1 << 40  # Contracts; times a million stays below 2^63.


def imbalance_ratio(
    ts: NDArray[Any],
    bid_sizes: NDArray[Any],
    ask_sizes: NDArray[Any],
    at: NDArray[Any],
    window_ns: int,
) -> Int64:
    """Return the time-weighted mean of the book's ratio over the window before each instant, ppm.

    Row i of the book, shape (n,), stands from `ts[i]` until the next row; before the first row
    nothing is known, and that time counts as 0. M1 takes the sizes at the touch, M4 the sums over
    levels 1 to 5 (domain 3).
    """
    _check_window(window_ns)
    times, instants = _times("book times", ts), _whole("instants", at)
    ratios = book_ratio(bid_sizes, ask_sizes)
    _check_lengths(times, ratios)
    if len(times) == 0:
        return np.zeros(len(instants), np.int64)
    # The integral of the ratio up to each row. Over days it leaves 64 bits and wraps round; the
    # difference of two does not, because a window of ppm x ns fits.
    until = np.concatenate(([0], np.cumsum(ratios[:-1] * np.diff(times))))
    area = _integral(times, ratios, until, instants)
    area -= _integral(times, ratios, until, instants - window_ns)
    return rounded(area, np.int64(window_ns))


def book_ratio(bid_sizes: NDArray[Any], ask_sizes: NDArray[Any]) -> Int64:
    """Return (bid - ask) / (bid + ask) per row in ppm, 0 where both are 0 (domain 3)."""
    bids, asks = _sizes("bid sizes", bid_sizes), _sizes("ask sizes", ask_sizes)
    _check_lengths(bids, asks)
    return share(bids - asks, bids + asks)


def cumulative_delta(
    ts: NDArray[Any], buys: NDArray[Any], sells: NDArray[Any], at: NDArray[Any], since: NDArray[Any]
) -> Int64:
    """Return buys less sells from `since[k]` up to `at[k]`, contracts: M2 (domain 3, 1.4)."""
    instants, starts = _whole("instants", at), _whole("session starts", since)
    _check_lengths(instants, starts)
    times, total = _summed(ts, _sizes("buys", buys) - _sizes("sells", sells))
    return total[np.searchsorted(times, instants)] - total[np.searchsorted(times, starts)]


def session_starts(at: NDArray[Any]) -> Int64:
    """Return the 09:30 since which delta counts for what happened just before each instant."""
    instants = _whole("instants", at)
    return np.array([last_rth_open(instant - 1) for instant in instants.tolist()], np.int64)


def window_volume(
    ts: NDArray[Any], sizes: NDArray[Any], at: NDArray[Any], window_ns: int
) -> Int64:
    """Return the contracts traded in the window before each instant."""
    _check_window(window_ns)
    instants = _whole("instants", at)
    times, total = _summed(ts, _sizes("sizes", sizes))
    first = np.searchsorted(times, instants - window_ns)
    return total[np.searchsorted(times, instants)] - total[first]


def aggressive_ratio(buy_volume: NDArray[Any], sell_volume: NDArray[Any]) -> Int64:
    """Return (buy - sell) / max(buy + sell, 1) of window volumes in ppm: M3 (domain 3)."""
    buys, sells = _sizes("buy volume", buy_volume), _sizes("sell volume", sell_volume)
    _check_lengths(buys, sells)
    return share(buys - sells, buys + sells)


def intensity(ts: NDArray[Any], at: NDArray[Any], window_ns: int) -> NDArray[np.float64]:
    """Return the trades a minute in the window before each instant: M5 (domain 3)."""
    _check_window(window_ns)
    times, instants = _times("trade times", ts), _whole("instants", at)
    count = np.searchsorted(times, instants) - np.searchsorted(times, instants - window_ns)
    return count * NANOS_PER_MINUTE / window_ns


def share(part: Int64, whole: Int64) -> Int64:
    """Return part / whole in ppm, halves away from zero; 0 where the whole is 0."""
    return rounded(part * PPM, np.maximum(whole, 1))


def rounded(numerator: Int64, denominator: Int64 | np.int64) -> Int64:
    """Return numerator / denominator to the nearest whole number, halves away from zero."""
    size: Int64 = (2 * np.abs(numerator) + denominator) // (2 * denominator)
    return np.sign(numerator) * size


def _integral(times: Int64, ratios: Int64, until: Int64, instants: Int64) -> Int64:
    row = np.searchsorted(times, instants) - 1
    known = until[row] + ratios[row] * (instants - times[row])
    return np.where(row < 0, 0, known)


def _summed(ts: NDArray[Any], values: Int64) -> tuple[Int64, Int64]:
    """Return the times and, one longer, the sums of the values before each of them."""
    times = _times("trade times", ts)
    _check_lengths(times, values)
    return times, np.concatenate((np.zeros(1, np.int64), np.cumsum(values)))


def _times(name: str, column: NDArray[Any]) -> Int64:
    times = _whole(name, column)
    broken = falls(times)
    if len(broken):
        raise ValueError(f"{name} fall at row {broken[0]}, wanted them in order")
    return times


def _sizes(name: str, column: NDArray[Any]) -> Int64:
    sizes = _whole(name, column)
    if len(sizes) and not 0 <= int(sizes.min()) <= int(sizes.max()) <= SIZE_MAX:
        raise ValueError(
            f"{name} from {sizes.min()} to {sizes.max()}, wanted 0 to {SIZE_MAX} contracts"
        )
    return sizes


def _whole(name: str, column: NDArray[Any]) -> Int64:
    found = np.asarray(column)
    if found.ndim != 1:
        raise ValueError(f"{name} of shape {found.shape}, wanted one column")
    if len(found) == 0:
        return np.empty(0, np.int64)
    if found.dtype.kind not in "iu":
        # Also refuses NaN and infinities: only a column of floats can hold them.
        raise ValueError(f"{name} of type {found.dtype} like {found[0]!r}, wanted whole numbers")
    if found.dtype == np.uint64 and int(found.max()) >= 1 << 63:
        raise ValueError(f"{name} up to {found.max()}, wanted less than 2^63")
    return found.astype(np.int64, copy=False)


def _check_lengths(first: Int64, second: Int64) -> None:
    if len(first) != len(second):
        raise ValueError(f"columns of {len(first)} and {len(second)} rows, wanted the same")


def _check_window(window_ns: int) -> None:
    if not 0 < window_ns <= WINDOW_NS_MAX:
        raise ValueError(f"a window of {window_ns} ns, wanted 1 to {WINDOW_NS_MAX}")
