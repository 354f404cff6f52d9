"""New trades of a live session as rows for the gate that judges recorded files."""

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.port import REASON_CODES, Reason, Rows
from actors.core.market.intake import Fresh
from protocol.market import SideSource

_INT32_MAX = 2**31 - 1


def rows_of(fresh: Fresh, tick_billionths: int) -> Rows:
    """Return the rows; what no trade can be is marked as refused."""
    prints = fresh.prints
    refused = np.zeros(len(prints), np.uint8)
    refused[fresh.off_grid] = REASON_CODES[Reason.OFF_GRID]
    refused[fresh.undefined] = REASON_CODES[Reason.NOT_A_NUMBER]
    bid = ask = None
    if prints.bid is not None and prints.ask is not None:
        bid, ask = _quotes(prints.bid, prints.ask, tick_billionths)
    return Rows(
        contract=fresh.contract,
        ts=fresh.ts_event,
        ticks=fresh.ticks,
        size=prints.size.astype(np.int64),
        aggressor=prints.aggressor,
        source=np.where(prints.aggressor, np.uint8(SideSource.FEED), np.uint8(SideSource.NONE)),
        flags=prints.flags,
        bid=bid,
        ask=ask,
        refused=refused,
        where=lambda index: (
            int(fresh.ts_event[index]),
            f"price={prints.price[index]} size={prints.size[index]}"
            f" side={prints.aggressor[index]}",
        ),
    )


def _quotes(
    bid: NDArray[np.int64], ask: NDArray[np.int64], tick: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the quotes in ticks; 0 and 0, which is no valid quote, where a side is missing."""
    bid_ticks, bid_rest = np.divmod(bid, tick)
    ask_ticks, ask_rest = np.divmod(ask, tick)
    # An undefined price is 2^63 - 1 and falls out here with all that fits no column.
    whole = (bid_rest == 0) & (ask_rest == 0)
    whole &= (np.abs(bid_ticks) <= _INT32_MAX) & (np.abs(ask_ticks) <= _INT32_MAX)
    return (
        np.where(whole, bid_ticks, 0).astype(np.int32),
        np.where(whole, ask_ticks, 0).astype(np.int32),
    )
