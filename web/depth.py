"""The ladder: the ten best levels of each side of the book, for page and programs alike. Pure."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from protocol.market import BarClosed
from web.api.prices import ms, price
from web.replica import Replica

if TYPE_CHECKING:
    from actors.core.book.changes import LevelBook

SHOWN = 10  # Levels of a side.


def depth_now(replica: Replica) -> dict[str, Any] | None:
    """Return the ladder, the best level of each side first; None where no depth was seen."""
    feed, bar = replica.feed, replica.bars[-1] if replica.bars else None
    if feed.book is None:
        return None
    contract, bids, asks = feed.contract, feed.book.bids.best(SHOWN), feed.book.asks.best(SHOWN)
    traded = _traded_of(bar if bar is not None and bar.contract == contract else None)
    last = replica.tape.last(contract)

    def rows(levels: list[tuple[int, int, int]]) -> list[dict[str, Any]]:
        return [
            {
                "price": price(ticks, contract),
                "ticks": ticks,
                "size": size,
                "orders": orders or None,
                "traded": traded(ticks),
            }
            for ticks, size, orders in levels
        ]

    return {
        "contract": contract,
        "simulated": feed.simulated,
        "at_ms": ms(feed.ts_ns),
        "state": _state(feed.book),
        "stale": feed.stale or None,
        "last": None if last is None else price(last, contract),
        "last_ticks": last,
        "spread_ticks": asks[0][0] - bids[0][0] if bids and asks else None,
        "bids": rows(bids),
        "asks": rows(asks),
    }


def _state(book: "LevelBook") -> str:
    """Return in a word whether the book can be traded on."""
    match bool(book.bids.keys), bool(book.asks.keys):
        case False, False:
            return "empty"
        case False, True:
            return "no bid"
        case True, False:
            return "no ask"
    return "crossed" if book.crossed else "sound"


def _traded_of(bar: BarClosed | None) -> Callable[[int], int | None]:
    """Return what says how much was traded at a price in a bar; nothing is known without one."""

    def traded(ticks: int) -> int | None:
        if bar is None:
            return None
        if not bar.low <= ticks <= bar.high:
            return 0
        level = ticks - bar.low
        return bar.sells[level] + bar.buys[level] + bar.unknowns[level]

    return traded
