"""The feed of a live market: trades and book as the exchange sends them, gap or no gap."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actors.adapters.feeds.databento import ChildConnection, Connection, key_of
from actors.adapters.feeds.live import LiveFeed
from actors.adapters.history.spent import history_directory, spent_cents
from actors.adapters.secrets import BadSecret
from actors.core.market.link import PPM
from protocol.market import Settled
from protocol.message import Message
from protocol.orders import PositionClosed, PositionOpened
from protocol.settings import Settings
from supervision.flow import Window
from supervision.shell import Shell, handles

LOOK_S = 0.005  # What has come since the last look leaves together.


class LiveFeedShell(Shell):
    """Publishes what the market brings, as fast as it comes; who reads slowly is behind.

    Its stream is on file before anybody can read it, and is continued there by a restart. What
    had come from the gateway and was not yet on file is lost with this process, and is sent again
    by the gateway: a restart asks for all since the last trade and drops what it knows. It begins
    with the word that the feed is lost, and until all is there no entry is sent. The book it tells
    anew behind that word, with the first record of ten levels; records of single orders (mbo)
    bring their trades alone.
    """

    joined = False
    keeper = "recorder"

    def __init__(self, connection: Connection | None = None) -> None:
        self._given = connection

    def configure(self, settings: Settings, directory: str) -> None:
        connection = self._given or ChildConnection()
        try:
            key = key_of(settings.databento)
        except BadSecret:  # Whoever starts the floor is told why; dying of it mends nothing.
            key = ""
        self.feed = LiveFeed(settings, Path(directory), connection, key, _chance)
        self.settled = 0
        self.bought = history_directory(settings)

    @handles(Settled, source="broker")
    def on_settled(self, settled: Settled) -> Iterable[Message]:
        """Note how far the floor has come; the market waits for nobody."""
        self.settled = max(self.settled, settled.number)
        return ()

    @handles(PositionOpened, source="desk")
    def on_position_opened(self, opened: PositionOpened) -> Iterable[Message]:
        """Keep to this contract as long as the position is open."""
        self.feed.held[opened.bracket_id] = opened.contract
        return ()

    @handles(PositionClosed, source="desk")
    def on_position_closed(self, closed: PositionClosed) -> Iterable[Message]:
        """Let the contract go; one that comes again changes nothing."""
        self.feed.held.pop(closed.bracket_id, None)
        return ()

    def window(self) -> Window[bytes]:
        return self.feed.log

    def at(self, now_ns: int) -> None:
        self.feed.at(now_ns)

    def tick_s(self) -> float:
        return LOOK_S

    def inspect(self) -> dict[str, Any]:
        spent = spent_cents(self.bought)
        return self.feed.inspect() | {"settled": self.settled, "spent_cents": spent}

    def close(self) -> None:
        self.feed.close()


def _chance() -> int:
    return random.randrange(PPM + 1)
