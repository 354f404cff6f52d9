"""A tape on disk: the encoded messages of a feed in a frame log, released bit by bit."""

from pathlib import Path

from actors.adapters.frames import FrameLog
from actors.core.columns import trades_of
from protocol.codec import decode
from protocol.market import Cut, TradeBatch

CUT_BYTES_MAX = 64  # Every cut is shorter, every batch of trades longer.


class Tape:
    """The window on a tape: all of it is held, `last` says how much of it is released.

    Released is what lies before the first cut that is not settled and, with a speed, what is due
    by the clock. With speed 0 there is no clock.
    """

    first = 1

    def __init__(self, log: FrameLog, speed: float) -> None:
        self._log = log
        self._speed = speed
        self.frames = log.last
        self.settled = 0
        self._cut_at = [n for n in range(1, log.last + 1) if _is_cut(log.read(n))]
        self._paced = 0 if speed > 0 else log.last
        self._sent = 0
        self._anchor: tuple[int, int] | None = None

    @classmethod
    def open(cls, path: Path, speed: float) -> "Tape":
        """Open the tape at `path`."""
        if not path.exists():
            raise FileNotFoundError(f"no tape at {path}: ingest a recording or a simulation first")
        return cls(FrameLog.open(path), speed)

    @property
    def cuts(self) -> int:
        return len(self._cut_at)

    @property
    def last(self) -> int:
        """The last released number."""
        return max(self._sent, min(self._paced, self._settled_end()))

    def get(self, seq: int) -> bytes:
        return self._log.read(seq)

    def settle(self, number: int) -> None:
        """Note that cut `number` is settled."""
        self.settled = max(self.settled, number)

    def was_released(self, number: int) -> None:
        """Note that a reader has taken `number`: an earlier incarnation released it."""
        if number > self._sent:
            self._sent = min(number, self.frames)

    def pace(self, now_ns: int) -> None:
        """Release what is due at `now_ns`."""
        if self._speed <= 0:
            return
        start = max(self._sent, self._paced)
        if self._anchor is None:
            self._anchor = (now_ns, self._time_of(start + 1))
        began_ns, from_ns = self._anchor
        until_ns = from_ns + int((now_ns - began_ns) * self._speed)
        end = self._settled_end()
        while start < end and self._time_of(start + 1) <= until_ns:
            start += 1
        if start == end < self.frames and self._time_of(start + 1) <= until_ns:
            # The floor has not settled yet: the clock waits with it, so that it does not burst.
            self._anchor = (now_ns, self._time_of(start + 1))
        self._paced = start

    def _settled_end(self) -> int:
        return self._cut_at[self.settled] if self.settled < self.cuts else self.frames

    def _time_of(self, number: int) -> int:
        message = decode(self._log.read(min(number, self.frames)))
        if isinstance(message, Cut):
            return message.ts_ns
        assert isinstance(message, TradeBatch)
        return int(trades_of(message).ts_event[-1])

    def close(self) -> None:
        self._log.close()


def _is_cut(frame: bytes) -> bool:
    return len(frame) <= CUT_BYTES_MAX and isinstance(decode(frame), Cut)
