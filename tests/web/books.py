"""Changes of a book for the tests of the page: made up, and real ones."""

from collections.abc import Iterable, Iterator

from actors.adapters.feeds.dbn_book import DbnBook
from actors.core.book.changes import LevelChanges, Row, changes_of, depth_batch
from protocol.market import DepthBatch, FeedLost, FeedRestored
from tests.actors.adapters.feeds.recordings import real
from tests.makers import at

BID, ASK = 1, 2
NOON = at("12:00")
ESH4 = "es-mbo-20231225/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
Sides = dict[int, dict[int, tuple[int, int]]]  # Contracts and orders by side and price.


def depth(*rows: Row, contract: str = "ESZ5", simulated: bool = False) -> DepthBatch:
    """Return the changes of one event."""
    return depth_batch(changes_of(rows, [len(rows)]), contract, simulated)


def twenty(middle: int = 20_030, contract: str = "ESZ5") -> DepthBatch:
    """Return a book with twelve levels on each side, of which every other has orders told."""
    rows = [(NOON, BID, middle - n, 10 + n, n % 2 * (n + 2)) for n in range(12)]
    rows += [(NOON, ASK, middle + 1 + n, 30 + n, n % 2 * (n + 4)) for n in range(12)]
    return depth(*rows, contract=contract)


def lost(reason: str = "no word for 10 s", contract: str = "ESZ5") -> FeedLost:
    return FeedLost(contract=contract, reason=reason)


def restored(contract: str = "ESZ5") -> FeedRestored:
    return FeedRestored(contract=contract)


def esh4() -> Iterator[LevelChanges]:
    """Yield the changes of the recorded ESH4 book."""
    return DbnBook(real(ESH4), "ESH4").changes()


def slow_fold(sides: Sides, rows: Iterable[tuple[int, int, int, int]]) -> None:
    """Apply rows of side, price, contracts and orders one by one."""
    for side, price, size, orders in rows:
        if size > 0:
            sides[side][price] = size, orders
        else:
            sides[side].pop(price, None)


def slow_best(sides: Sides) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """Return the ten best levels of each side, sorted anew."""
    bids = sorted(sides[BID].items(), reverse=True)[:10]
    asks = sorted(sides[ASK].items())[:10]
    return [(p, *told) for p, told in bids], [(p, *told) for p, told in asks]
