"""A tape on disk: the encoded messages of a feed in a frame log, released bit by bit."""

from bisect import bisect_right
from pathlib import Path
from typing import Protocol

import numpy as np

from actors.adapters.frames import FrameLog
from actors.core.columns import trades_of
from protocol.codec import decode
from protocol.market import BarWarm, Cut, DepthBatch, TradeBatch

CUTS_AHEAD_MAX = 256  # Whoever decides gets to work on them; the broker waits for each.
CUT_BYTES_MAX = 64  # Every cut is shorter, nearly every batch longer.


class Frames(Protocol):
    """Numbered frames that can be read again."""

    @property
    def last(self) -> int: ...

    def read(self, number: int) -> bytes: ...

    def close(self) -> None: ...


class Tape:
    """The window on a tape: all of it is held, `last` says how much of it is released.

    Released is what lies up to `ahead` cuts behind the first that is not settled and, with a
    speed, what is due by the clock. With speed 0 there is no clock. Half of `ahead` is released
    together: processes that are woken for each cut spend more on waking than on the cut.
    """

    first = 1

    def __init__(self, frames: Frames, speed: float, ahead: int = CUTS_AHEAD_MAX) -> None:
        self._frames = frames
        self._speed = speed
        self._ahead = ahead
        self._step = max(1, ahead // 2)
        self.length = frames.last
        self.settled = 0
        self._cut_at = [n for n in range(1, frames.last + 1) if _is_cut(frames.read(n))]
        self._paced = 0 if speed > 0 else frames.last
        self._sent = 0
        self._anchor: tuple[int, int] | None = None  # A moment of the clock and of the tape.

    @classmethod
    def open(cls, path: Path, speed: float, ahead: int = CUTS_AHEAD_MAX) -> "Tape":
        """Open the tape at `path` for reading."""
        if not path.exists():
            raise FileNotFoundError(f"no tape at {path}: ingest a recording or a simulation first")
        return cls(FrameLog.read_only(path), speed, ahead)

    @property
    def cuts(self) -> int:
        """How many cuts the tape has."""
        return len(self._cut_at)

    @property
    def last(self) -> int:
        """The last released number."""
        return max(self._sent, min(self._paced, self._gate()))

    @property
    def released_cuts(self) -> int:
        """How many cuts are released."""
        return bisect_right(self._cut_at, self.last)

    def get(self, seq: int) -> bytes:
        """Return the frame of a number."""
        return self._frames.read(seq)

    def settle(self, number: int) -> None:
        """Note that cut `number` is settled; an old number changes nothing."""
        self.settled = max(self.settled, number)

    def was_released(self, number: int) -> None:
        """Note that a reader has taken `number`: an earlier incarnation released it."""
        number = min(number, self.length)
        if number > self.last:
            self._sent = number
            self._anchor = None  # The clock goes on from here, not from where the tape began.

    def due_ns(self, cut: int) -> int | None:
        """Return when cut `cut` was due by the clock; None without one."""
        if self._anchor is None:
            return None
        began_ns, from_ns = self._anchor
        return began_ns + int((self._time_of(self._cut_at[cut - 1]) - from_ns) / self._speed)

    def pace(self, now_ns: int) -> None:
        """Release what is due at `now_ns`."""
        if self._speed <= 0:
            return
        released = max(self._sent, self._paced)
        if self._anchor is None:
            self._anchor = (now_ns, self._time_of(released + 1))
        began_ns, from_ns = self._anchor
        until_ns = from_ns + int((now_ns - began_ns) * self._speed)
        gate = self._gate()
        while released < gate and self._time_of(released + 1) <= until_ns:
            released += 1
        if released == gate < self.length and self._time_of(released + 1) <= until_ns:
            # The floor has not settled yet: the clock waits with it, so that nothing bursts.
            self._anchor = (now_ns, self._time_of(released + 1))
        self._paced = released

    def _gate(self) -> int:
        cut = self.settled - self.settled % self._step + self._ahead
        return self._cut_at[cut] if cut < self.cuts else self.length

    def _time_of(self, number: int) -> int:
        message = decode(self._frames.read(min(number, self.length)))
        while isinstance(message, BarWarm):  # Due at once: with the first trade behind it.
            number += 1
            message = decode(self._frames.read(number))
        if isinstance(message, TradeBatch):
            return int(trades_of(message).ts_event[-1])
        if isinstance(message, DepthBatch):
            return int(np.frombuffer(message.ts_event, "<i8")[-1])
        assert isinstance(message, Cut), f"a {message.KIND} on a tape, wanted market data and cuts"
        return message.ts_ns

    def close(self) -> None:
        """Close the file."""
        self._frames.close()


def _is_cut(frame: bytes) -> bool:
    return len(frame) <= CUT_BYTES_MAX and isinstance(decode(frame), Cut)
