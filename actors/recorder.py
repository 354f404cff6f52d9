"""The recorder: every trade of the feed, durable, and to be had again."""

from pathlib import Path
from typing import Any, Protocol

from actors.adapters.frames import FrameLog
from protocol.codec import encode
from protocol.market import TradeBatch
from protocol.message import Message
from protocol.settings import Settings
from supervision.flow import Window
from supervision.shell import SinkShell


class Log(Protocol):
    """The port to a durable file of frames."""

    @property
    def last(self) -> int: ...

    def append(self, frame: bytes) -> int: ...

    def sync(self) -> None: ...

    def read(self, number: int) -> bytes: ...

    def close(self) -> None: ...


class RecorderShell(SinkShell):
    """Appends the feed's frames to a file and syncs them; a restart goes on behind the last.

    What is in the file after a sync is never lost; a torn tail is cut off and read again.
    """

    def __init__(self, log: Log | None = None) -> None:
        self._given = log

    def configure(self, settings: Settings, directory: str) -> None:
        path = Path(directory) / "ticks.frames"
        self.log = FrameLog.open(path) if self._given is None else self._given
        self.trades = 0
        self.dirty = False

    def resume(self) -> dict[str, int]:
        return {"feed": self.log.last}

    def keep(self, source: str, seq: int, message: Message) -> None:
        self.log.append(encode(message))
        self.dirty = True
        if isinstance(message, TradeBatch):
            self.trades += len(message)

    def commit(self) -> None:
        if self.dirty:
            self.log.sync()
            self.dirty = False

    def copies(self) -> dict[str, Window[bytes]]:
        return {"feed": RecordedWindow(self.log)}

    def inspect(self) -> dict[str, Any]:
        return {"frames": self.log.last, "trades_since_start": self.trades}

    def close(self) -> None:
        self.log.close()


class RecordedWindow:
    """The feed's stream as the recorder has it: from number 1 to the last that is safe."""

    first = 1

    def __init__(self, log: Log) -> None:
        self._log = log

    @property
    def last(self) -> int:
        return self._log.last

    def get(self, seq: int) -> bytes:
        return self._log.read(seq)
