"""The feed of a tape: releases recorded or simulated trades, as fast as the floor settles them."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actors.adapters.tape import Tape
from protocol.market import Cut, Settled
from protocol.message import Message
from protocol.settings import Settings
from supervision.flow import Window
from supervision.shell import Shell, handles

PACE_TICK_S = 0.001
SETTLE_TIMES_MAX = 10_000


class FeedShell(Shell):
    """Publishes the tape, so many cuts ahead of the last one that is settled and no further.

    Keeps nothing that a restart could lose: the tape is a file, its numbers are those of the
    stream, and how far the floor has come is read from the broker's stream.
    """

    joined = False
    keeper = "recorder"

    def __init__(self, tape: Tape | None = None) -> None:
        self._given = tape

    def configure(self, settings: Settings, directory: str) -> None:
        self.speed = settings.feed.speed
        self.tape = self._given or Tape.open(Path(directory) / "tape.frames", self.speed)
        self.began_ns = 0  # When it could first be read, by the monotonic clock.
        self.now_ns = 0
        self.released_ns: dict[int, int] = {}
        self.settle_ns: deque[int] = deque(maxlen=SETTLE_TIMES_MAX)

    @handles(Settled)
    def on_settled(self, settled: Settled) -> Iterable[Message]:
        """Release the trades up to the next cut; an old or repeated number changes nothing."""
        released_ns = self.released_ns.pop(settled.number, None)
        if released_ns is not None:
            self.settle_ns.append(self.now_ns - released_ns)
        self.tape.settle(settled.number)
        self._stamp()
        return ()

    def window(self) -> Window[bytes]:
        return self.tape

    def at(self, now_ns: int) -> None:
        self.began_ns = self.began_ns or now_ns
        self.now_ns = now_ns
        self.tape.pace(now_ns)
        self._stamp()

    def _stamp(self) -> None:
        """Note when the newest cut was released: by the clock if there is one, else now."""
        cut = self.tape.released_cuts
        if cut > self.tape.settled and cut not in self.released_ns:
            self.released_ns[cut] = self.tape.due_ns(cut) or self.now_ns

    def unhurried(self) -> dict[str, tuple[type[Message], ...]]:
        # Without a clock many cuts are released together, and how each was settled shows nothing.
        return {} if self.speed > 0 else {"broker": (Cut, Settled)}

    def reader_stands(self, after: int) -> None:
        self.tape.was_released(after)

    def tick_s(self) -> float:
        return PACE_TICK_S if self.speed > 0 else 3600.0

    def inspect(self) -> dict[str, Any]:
        return {
            "released": self.tape.last,
            "frames": self.tape.length,
            "settled": self.tape.settled,
            "cuts": self.tape.cuts,
            "speed": self.speed or "max",
            "began_ns": self.began_ns,
            "settle_ns": list(self.settle_ns),
        }

    def close(self) -> None:
        self.tape.close()
