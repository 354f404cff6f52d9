"""The recorder: every trade of the feed, durable, and to be had again."""

from collections import deque
from pathlib import Path
from typing import Any

from actors.adapters.segments import Log, OneSegment, SegmentedLog, Segments
from actors.core.export.instants import day_end_ns, instant_ns
from protocol.codec import decode, encode
from protocol.market import TradeBatch
from protocol.message import Message
from protocol.settings import Settings
from supervision.flow import Window
from supervision.shell import SinkShell

WAITING_BYTES_MAX = 16 * 1024 * 1024  # About a million trades while the disk takes nothing.


class RecorderShell(SinkShell):
    """Appends the feed's frames to a file a day and syncs them; a restart goes on behind the last.

    What is in the file after a sync is never lost; a torn tail is cut off and read again. While
    the disk is full or read-only, frames wait in memory and are tried again at each commit; beyond
    a limit it crashes with the reason, and reads again from the feed what it could not keep.
    """

    def __init__(self, log: Log | None = None) -> None:
        self._given = log

    def configure(self, settings: Settings, directory: str) -> None:
        given = self._given
        self.log: Segments = (
            SegmentedLog.open(Path(directory)) if given is None else OneSegment(given)
        )
        self.trades = 0
        self.dirty = False
        self.trouble = ""
        self.waiting: deque[tuple[bytes, int]] = deque()  # Frames, and the end of their date.
        self.waiting_bytes = 0
        self.end_ns = self._end_of_last()

    def _end_of_last(self) -> int:
        """Return the end of the trading date of the last frame that has a time; 0 for none."""
        for number in range(self.log.last, self.log.first - 1, -1):
            at_ns = instant_ns(decode(self.log.read(number)))
            if at_ns is not None:
                return day_end_ns(at_ns)
        return 0

    def resume(self) -> dict[str, int]:
        return {"feed": self.log.last}

    def keep(self, source: str, seq: int, message: Message) -> None:
        at_ns = instant_ns(message)
        end_ns = self.end_ns if at_ns is None or at_ns < self.end_ns else day_end_ns(at_ns)
        frame = encode(message)
        self.waiting.append((frame, end_ns))
        self.waiting_bytes += len(frame)
        self._write()
        if isinstance(message, TradeBatch):
            self.trades += len(message)

    def commit(self) -> None:
        self._write()
        if self.dirty:
            self.log.sync()
            self.dirty = False

    def _write(self) -> None:
        try:
            while self.waiting:
                frame, end_ns = self.waiting[0]
                if end_ns > self.end_ns:
                    self.log.begin_segment()
                    self.end_ns = end_ns
                self.log.append(frame)
                self.waiting.popleft()
                self.waiting_bytes -= len(frame)
                self.dirty = True
            self.trouble = ""
        except OSError as error:
            self.trouble = str(error)
            if self.waiting_bytes > WAITING_BYTES_MAX:
                raise

    def copies(self) -> dict[str, Window[bytes]]:
        return {"feed": RecordedWindow(self.log)}

    def inspect(self) -> dict[str, Any]:
        return {
            "frames": self.log.last,
            "first": self.log.first,
            "trades_since_start": self.trades,
            "waiting": len(self.waiting),
            "trouble": self.trouble,
        }

    def close(self) -> None:
        self.log.close()


class RecordedWindow:
    """The feed's stream as the recorder has it: from the oldest frame held to the last one."""

    def __init__(self, log: Segments) -> None:
        self._log = log

    @property
    def first(self) -> int:
        return self._log.first

    @property
    def last(self) -> int:
        return self._log.last

    def get(self, seq: int) -> bytes:
        return self._log.read(seq)
