"""Time and sales: the last trades, if the page reads them. Pure."""

from collections import deque

from protocol.market import Aggressor, TradeBatch

TAPE_MAX = 500
Trade = tuple[int, str, int, int, int]  # Instant in ns, contract, ticks, contracts, aggressor.
SIDES = {Aggressor.BUY: "buy", Aggressor.SELL: "sell", Aggressor.UNKNOWN: "unknown"}


class Tape:
    """Keeps the last `TAPE_MAX` trades, the newest last."""

    def __init__(self) -> None:
        self.trades: deque[Trade] = deque(maxlen=TAPE_MAX)
        self.seen = False

    def fold(self, batch: TradeBatch) -> None:
        """Take a batch in; of a long one only its end is looked at."""
        self.seen = True
        first = max(0, len(batch) - TAPE_MAX)
        columns = zip(
            memoryview(batch.ts_event).cast("q")[first:],
            memoryview(batch.price).cast("i")[first:],
            memoryview(batch.size).cast("i")[first:],
            batch.aggressor[first:],
            strict=True,
        )
        self.trades.extend(
            (ts_ns, batch.contract, ticks, size, side) for ts_ns, ticks, size, side in columns
        )
