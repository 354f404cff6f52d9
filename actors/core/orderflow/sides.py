"""Who was the aggressor when the feed does not say (domain 1.2).

Four rules in order, the first that decides wins: the feed's own word, the quote rule against the
best bid and offer just before the trade, the tick rule against the last different price, nothing.
A trade left without a side counts in volume and profile and in no delta.

The columns `bid` and `ask` of a trade row are the quote immediately before that trade, handed
over by the feed in the same record. Such a quote is current, however long ago it was set: a feed
that attaches it says that it still stands. Only where a feed gives the quote's own time, as one
with separate quote and trade messages does, is its age compared with the limit.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades
from protocol.market import Aggressor, SideSource
from protocol.units import NANOS_PER_MS


@dataclass(frozen=True, slots=True)
class SideRule:
    """How old a quote may be and still decide."""

    quote_max_age_ns: int = 5_000 * NANOS_PER_MS


class SideInference:
    """Fills in the sides of consecutive batches; keeps the last price and the last direction.

    A new contract month needs a new inference: its prices are not comparable with the old ones.
    """

    def __init__(self, rule: SideRule) -> None:
        self.rule = rule
        self.last_price: int | None = None
        self.direction = 0  # Of the last change of price: +1, -1, or 0 before the first change.

    def infer(self, trades: Trades, quote_ts: NDArray[np.int64] | None = None) -> Trades:
        """Return `trades` with the sides known as far as they can be.

        A side that is already there keeps its source; without a source it is the feed's.
        """
        if len(trades.price) == 0:
            return trades
        ticks = self._tick_rule(trades.price)
        known = trades.aggressor != Aggressor.UNKNOWN
        if known.all() and trades.source.all():
            return trades
        quotes = _quote_rule(trades, quote_ts, self.rule)
        aggressor = np.where(known, trades.aggressor, np.where(quotes, quotes, ticks))
        source = np.where(
            known,
            np.where(trades.source, trades.source, np.uint8(SideSource.FEED)),
            np.where(quotes, np.uint8(SideSource.QUOTE), np.uint8(SideSource.TICKRULE)),
        )
        source[aggressor == Aggressor.UNKNOWN] = SideSource.NONE
        return dataclasses.replace(trades, aggressor=aggressor, source=source)

    def _tick_rule(self, price: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return each trade's side against the last different price, and carry the state on."""
        first = price[0] if self.last_price is None else self.last_price
        moved = np.flatnonzero(np.diff(price, prepend=np.int32(first)))
        sides = np.empty(len(price), np.uint8)
        if len(moved) == 0:
            sides[:] = _SIDE_OF_DIRECTION[self.direction]
        else:
            # Between two changes the direction stands, so it is written in runs, not looked up.
            before = price[moved - 1]
            if moved[0] == 0:
                before[0] = first
            turns = np.where(
                price[moved] > before, np.uint8(Aggressor.BUY), np.uint8(Aggressor.SELL)
            )
            sides[: moved[0]] = _SIDE_OF_DIRECTION[self.direction]
            sides[moved[0] :] = np.repeat(turns, np.diff(moved, append=len(price)))
            self.direction = 1 if turns[-1] == Aggressor.BUY else -1
        self.last_price = int(price[-1])
        return sides


_SIDE_OF_DIRECTION = {0: Aggressor.UNKNOWN, 1: Aggressor.BUY, -1: Aggressor.SELL}


def _quote_rule(
    trades: Trades, quote_ts: NDArray[np.int64] | None, rule: SideRule
) -> NDArray[np.uint8]:
    """Return BUY above the middle of a valid quote, SELL below, UNKNOWN at it or without one."""
    sides = np.zeros(len(trades.price), np.uint8)
    if trades.bid is None or trades.ask is None:
        return sides
    valid = trades.bid < trades.ask
    if quote_ts is not None:
        valid &= trades.ts_event - quote_ts <= rule.quote_max_age_ns
    # At or beyond a touch lies beyond the middle too, so the middle alone decides. Twice the
    # price against the sum keeps it in whole numbers; 64 bits keep the sum from overflowing.
    twice = 2 * trades.price.astype(np.int64)
    middle = trades.bid.astype(np.int64) + trades.ask
    sides[valid & (twice > middle)] = Aggressor.BUY
    sides[valid & (twice < middle)] = Aggressor.SELL
    return sides
