"""A live feed that is driven as its actor drives it, for the tests of what it streams."""

import dataclasses
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, monotonic_ns, sleep

from actors.adapters.feeds.databento import ChildConnection
from actors.adapters.feeds.live import LiveFeed
from actors.core.columns import Trades, concat, trades_of
from actors.core.market.link import Phase
from protocol.codec import decode
from protocol.market import TradeBatch
from protocol.settings import Settings
from tests.venues.databento.gateway import KEY

S = 1_000_000_000
ROLLED_NS = 1_709_856_000 * S  # 8 March 2024, 00:00 UTC: of the trading date that is ESM4's.


class Floor:
    """A feed, driven as its actor drives it."""

    def __init__(self, directory: Path, connection: ChildConnection, port: int, **chosen) -> None:
        settings = Settings()
        # A child takes seconds to start on a busy machine: silence is looked for where it is made.
        values = {"gateway": "127.0.0.1", "port": port, "backoff_ms": 20, "stall_s": 60,
                  "lag_max_s": 0, "beside": ()} | chosen  # fmt: skip
        symbol, key = values.pop("symbol", "ES"), values.pop("key", KEY)
        depth = values.pop("depth", "ten")
        settings = dataclasses.replace(
            settings,
            databento=dataclasses.replace(settings.databento, **values),
            feed=dataclasses.replace(settings.feed, symbol=symbol, depth=depth),
        )
        self.data = directory / "data"
        self.data.mkdir(exist_ok=True)
        self.feed = LiveFeed(settings, self.data, connection, key, lambda: 0)

    def turn(self) -> None:
        self.feed.at(monotonic_ns())
        sleep(0.001)

    def until(self, condition: Callable[[], object], limit_s: float = 40.0) -> None:
        limit = monotonic() + limit_s
        while not condition():
            assert monotonic() < limit, f"not within {limit_s} s: {self.feed.inspect()}"
            self.turn()

    def until_live(self, session: int = 1) -> None:
        link = self.feed.link
        self.until(lambda: link.phase is Phase.LIVE and link.sessions >= session)

    def until_trades(self, count: int) -> None:
        self.until(lambda: len(self.trades()) >= count)
        for _ in range(20):  # None beyond them.
            self.turn()

    def stream(self) -> list:
        log = self.feed.log
        return [decode(log.get(number)) for number in range(log.first, log.last + 1)]

    def of(self, *kinds: type) -> list:
        return [message for message in self.stream() if isinstance(message, kinds)]

    def trades(self) -> Trades | list:
        batches = [trades_of(batch) for batch in self.of(TradeBatch)]
        return concat(batches) if batches else []


@contextmanager
def full_disk(floor: Floor) -> Iterator[None]:
    """Let no file of this process grow beyond the stream's size as it is now."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    (path,) = floor.data.glob("feed-*.frames")
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
