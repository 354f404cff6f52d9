"""The feed of a tape: releases recorded or simulated trades, as fast as the floor settles them.

Keeps nothing that a restart could lose: the tape is a file, its numbers are those of the stream,
and how far the floor has come is read from the broker's stream.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actors.adapters.tape import Tape
from protocol.market import Settled
from protocol.message import Message
from protocol.settings import Settings
from supervision.flow import Window
from supervision.shell import Shell, handles

PACE_TICK_S = 0.005


class FeedShell(Shell):
    """Publishes the tape. Trades behind a cut are held back until the cut is settled."""

    joined = False

    def configure(self, settings: Settings, directory: str) -> None:
        self.speed = settings.feed.speed
        self.tape = Tape.open(Path(directory) / "tape.frames", self.speed)

    @handles(Settled)
    def on_settled(self, settled: Settled) -> Iterable[Message]:
        """Release the trades up to the next cut; an old or repeated number changes nothing."""
        self.tape.settle(settled.number)
        return ()

    def window(self) -> Window[bytes]:
        return self.tape

    def at(self, now_ns: int) -> None:
        self.tape.pace(now_ns)

    def reader_stands(self, after: int) -> None:
        self.tape.was_released(after)

    def tick_s(self) -> float:
        return PACE_TICK_S if self.speed > 0 else 3600.0

    def inspect(self) -> dict[str, Any]:
        return {
            "released": self.tape.last,
            "frames": self.tape.frames,
            "settled": self.tape.settled,
            "cuts": self.tape.cuts,
            "speed": self.speed or "max",
        }

    def close(self) -> None:
        self.tape.close()
