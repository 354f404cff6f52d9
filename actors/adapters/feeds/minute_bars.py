"""Trades from bars, where nobody has kept the trades themselves (domain 1.9).

They are simulated: the four prices and the volume of every bar are right, all between is made up
by a fixed rule. A source of them says so, and what is found in them is synthetic.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.port import REASON_CODES, Reason, Rows
from actors.core.columns import Trades, concat
from actors.core.orderflow.minutes import MinuteBar, simulated_trades
from protocol.units import NANOS_PER_S

PERIOD_S = 60
RANGE_TICKS_MAX = 10_000  # Of a minute: beyond it a price is garbage and memory in danger.
_INT32_MAX = 2**31 - 1


def simulated_rows(
    contract: str,
    start_ns: NDArray[np.int64],
    prices: NDArray[np.int64],
    volume: NDArray[np.int64],
    refused: NDArray[np.uint8],
    where: Callable[[int], tuple[int, str]],
) -> Rows:
    """Return the simulated trades of minute bars, and one row for each bar that is refused.

    `prices` has shape (bars, 4): open, high, low, close in ticks. `refused` says why a bar cannot
    be used, 0 if it can; what is none of a minute, or has no volume, is refused here.
    """
    parts: list[Trades] = []
    codes: list[int] = []
    columns = zip(
        start_ns.tolist(), prices.tolist(), volume.tolist(), refused.tolist(), strict=True
    )
    for start, four, contracts, code in columns:
        bar = code or _bar(start, four, contracts)
        if isinstance(bar, MinuteBar):
            parts.append(simulated_trades(bar))
            codes.append(0)
        else:
            parts.append(_place_of_refused(start))
            codes.append(int(bar))
    trades = concat(parts)
    counts = [len(part) for part in parts]
    bars = np.repeat(np.arange(len(parts)), counts)
    return Rows(
        contract=contract,
        ts=trades.ts_event,
        ticks=trades.price.astype(np.int64),
        size=trades.size.astype(np.int64),
        aggressor=trades.aggressor,
        source=trades.source,
        flags=trades.flags,
        bid=None,
        ask=None,
        refused=np.repeat(np.array(codes, np.uint8), counts),
        where=lambda row: where(int(bars[row])),
    )


def _bar(start_ns: int, prices: list[int], volume: int) -> MinuteBar | np.uint8:
    """Return the bar of a minute, or the code of the reason why it is none."""
    if not 1 <= volume <= _INT32_MAX:
        return REASON_CODES[Reason.BAD_SIZE]
    if start_ns % (PERIOD_S * NANOS_PER_S) or max(map(abs, prices)) > _INT32_MAX:
        return REASON_CODES[Reason.MALFORMED]
    first, high, low, last = prices
    if high - low > RANGE_TICKS_MAX:
        return REASON_CODES[Reason.PRICE_JUMP]
    try:
        return MinuteBar(
            start_ns=start_ns, open=first, high=high, low=low, close=last, volume=volume,
            period_s=PERIOD_S,
        )  # fmt: skip
    except ValueError:
        return REASON_CODES[Reason.MALFORMED]


def _place_of_refused(start_ns: int) -> Trades:
    """Return one row that stands where the trades of a refused bar would."""
    nothing = np.zeros(1, np.uint8)
    return Trades(
        np.array([start_ns], np.int64), np.zeros(1, np.int32), np.zeros(1, np.int32),
        nothing, nothing, nothing,
    )  # fmt: skip
