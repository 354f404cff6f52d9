"""The digest of a run: one number over every bar, signal, order and fill, in their order."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from protocol.codec import decode, encode
from protocol.market import MARKS, Cut, Settled
from protocol.message import Message
from supervision.journal import Positions

STREAMS = ("bars", "detector", "regime", "router", "risk", "desk", "broker")


class Books(Protocol):
    """The port to what the floor decided, stream by stream."""

    def positions(self) -> Positions:
        """Return the last number of each stream that is safely kept."""

    def add(self, stream: str, seq: int, message: Message | None) -> None:
        """Note that a stream was read up to `seq`, and keep `message` if there is one."""

    def add_frame(self, stream: str, seq: int, kind: type[Message], frame: bytes) -> None:
        """Keep the message of `kind` in `frame`, up to which a stream was read."""

    def commit(self) -> None:
        """Make everything added durable, all or none."""

    def entries(self, stream: str) -> Iterable[Message]:
        """Yield what is kept of a stream, in order."""

    def marks(self, stream: str) -> Iterable[Cut | Settled]:
        """Yield the cuts and settlements among them."""

    def close(self) -> None:
        """Commit and release the store."""


class MemoryBooks:
    """Books that outlive their shell but not their process: for the local runtime."""

    def __init__(self) -> None:
        self._kept: defaultdict[str, list[Message]] = defaultdict(list)
        self._positions: Positions = {}
        self._open: defaultdict[str, list[Message]] = defaultdict(list)
        self._read: Positions = {}

    def positions(self) -> Positions:
        self._open.clear()  # Whoever asks for positions starts anew; the uncommitted is gone.
        self._read.clear()
        return dict(self._positions)

    def add(self, stream: str, seq: int, message: Message | None) -> None:
        self._read[stream] = seq
        if message is not None:
            self._open[stream].append(message)

    def add_frame(self, stream: str, seq: int, kind: type[Message], frame: bytes) -> None:
        self.add(stream, seq, decode(frame))

    def commit(self) -> None:
        self._positions |= self._read
        for stream, messages in self._open.items():
            self._kept[stream] += messages
        self._open.clear()

    def entries(self, stream: str) -> Iterable[Message]:
        return iter(self._kept.get(stream, ()))

    def marks(self, stream: str) -> Iterable[Cut | Settled]:
        return [m for m in self._kept.get(stream, ()) if isinstance(m, MARKS)]

    def close(self) -> None:
        self.commit()


def digest(books: Books) -> str:
    """Return the digest as 32 hexadecimal digits."""
    whole = hashlib.blake2b(digest_size=16)
    for stream in STREAMS:
        for message in books.entries(stream):
            if isinstance(message, MARKS):
                continue
            frame = encode(message)
            whole.update(len(frame).to_bytes(4, "little"))
            whole.update(frame)
        whole.update(stream.encode())
    return whole.hexdigest()
