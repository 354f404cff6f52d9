"""Time and sales: the last trades. Pure.

Batches are kept as they came; trades are made of them when somebody looks, which is seldom.
"""

from collections import deque

from protocol.market import Aggressor, TradeBatch

TAPE_MAX = 500
Trade = tuple[int, str, int, int, int]  # Instant in ns, contract, ticks, contracts, aggressor.
SIDES = {Aggressor.BUY: "buy", Aggressor.SELL: "sell", Aggressor.UNKNOWN: "unknown"}


class Tape:
    """Keeps the last `TAPE_MAX` trades, the newest last."""

    def __init__(self) -> None:
        self._batches: deque[TradeBatch] = deque()
        self._held = 0

    def fold(self, batch: TradeBatch) -> None:
        """Take a batch in; the oldest go once they are not needed any more."""
        self._batches.append(batch)
        self._held += len(batch)
        while self._held - len(self._batches[0]) >= TAPE_MAX:
            self._held -= len(self._batches.popleft())

    @property
    def seen(self) -> bool:
        """Whether any trade has been heard of."""
        return bool(self._batches)

    def last(self, contract: str) -> int | None:
        """Return the price of the last trade of a contract, in ticks; None if none is kept."""
        for batch in reversed(self._batches):
            if batch.contract == contract and len(batch):
                return memoryview(batch.price).cast("i")[-1]
        return None

    @property
    def trades(self) -> list[Trade]:
        """The last trades, the newest last."""
        found: list[Trade] = []
        for batch in self._batches:
            found += zip(
                memoryview(batch.ts_event).cast("q"),
                [batch.contract] * len(batch),
                memoryview(batch.price).cast("i"),
                memoryview(batch.size).cast("i"),
                batch.aggressor,
                strict=True,
            )
        return found[-TAPE_MAX:]
