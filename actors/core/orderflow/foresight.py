"""Which trades of a tape may be built before their turn.

Bars of trades that are known ahead are built in one go and held until the tape has reached them.
That is right only where building them in their turn brings the same bars at the same time, so
what is known ahead ends at the first message that could tell the two apart.
"""

from collections.abc import Sequence

import numpy as np

from actors.core.columns import Trades, trades_of
from actors.core.orderflow.contract_bars import ContractBars
from protocol.market import BarWarm, Cut, CutReason, TradeBatch
from protocol.message import Message


def known_ahead(messages: Sequence[Message], bars: ContractBars) -> list[Trades]:
    """Return the trades of the next `messages` that `bars` may build at once, batch by batch.

    Only as far as neither a warm bar nor the end of the tape comes between, nor trades that belong
    in other bars, nor a trade of a time that was over before: a bar may be closed to it, or it may
    end one that is due at once.
    """
    parts: list[Trades] = []
    over_ns = bars.reached_ns
    for message in messages:
        if isinstance(message, TradeBatch):
            if not bars.fits(message.contract, message.simulated):
                break
            trades = trades_of(message)
            if len(trades) and np.minimum.reduce(trades.ts_event) < over_ns:
                break
            parts.append(trades)
        elif isinstance(message, Cut):
            if message.reason is CutReason.END:
                break
            over_ns = max(over_ns, message.ts_ns)
        elif isinstance(message, BarWarm):
            break
    return parts
