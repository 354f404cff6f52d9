"""The frames of our wire: a header with two keyed hashes, then the pickle that it vouches for.

    magic (4) | size of the body (8) | hash of the body (32) | hash of these three (32) | body

The header is proven by itself, before a byte of the body is held: a peer without the key cannot
name a size, so it can make nobody keep more than one header's bytes. Nothing is unpickled that
was not proven whole.
"""

import pickle
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from thespian.system.transport import streamBuffer

MAGIC = b"FLW1"
SIZE_BYTES = 8
TAG_BYTES = 32
HEADER_BYTES = len(MAGIC) + SIZE_BYTES + 2 * TAG_BYTES
BODY_BYTES_MIN = len(pickle.dumps(streamBuffer.ackPacket))  # Nothing that is sent is shorter.


class Forged(ValueError):
    """A frame was not made with this run's key."""


class Seal:
    """Makes and checks the header of a frame: magic, size, hash of the body, hash of these three.

    The size stands under the second hash, so it is known to be honest before a byte of the body
    is held. The key is derived from `authkey`, which multiprocessing may use in its own way.
    """

    def __init__(self, authkey: bytes, frame_bytes_max: int) -> None:
        key = blake2b(authkey, digest_size=TAG_BYTES, person=b"floorwatch-wire").digest()
        self._body = blake2b(key=key, digest_size=TAG_BYTES, person=b"body")
        self._head = blake2b(key=key, digest_size=TAG_BYTES, person=b"head")
        self._bytes_max = frame_bytes_max

    def frame(self, body: bytes) -> bytes:
        """Return `body` with its header; a body over the limit raises, as no peer would take it."""
        if len(body) > self._bytes_max:
            raise ValueError(f"message of {len(body)} bytes: wanted at most {self._bytes_max}")
        head = MAGIC + len(body).to_bytes(SIZE_BYTES) + self._tag(self._body, body)
        return head + self._tag(self._head, head) + body

    def open_header(self, header: bytes) -> tuple[int, bytes]:
        """Return the size and the hash that the body must have, from a header of full length."""
        head, tag = header[:-TAG_BYTES], header[-TAG_BYTES:]
        if not compare_digest(tag, self._tag(self._head, head)):
            raise Forged("header")
        size = int.from_bytes(head[len(MAGIC):len(MAGIC) + SIZE_BYTES])
        if not BODY_BYTES_MIN <= size <= self._bytes_max:
            raise Forged(f"frame of {size} bytes: wanted at most {self._bytes_max}")
        return size, head[-TAG_BYTES:]

    def check_body(self, body: bytes | bytearray, tag: bytes) -> None:
        """Raise `Forged` unless `body` has the hash that its header promised."""
        if not compare_digest(tag, self._tag(self._body, body)):
            raise Forged("body")

    @staticmethod
    def _tag(base: Any, data: bytes | bytearray) -> bytes:
        hasher = base.copy()
        hasher.update(data)
        return bytes(hasher.digest())


class FrameBuffer:
    """One frame as it comes in: stands in for Thespian's `ReceiveBuffer`, under its names.

    It asks for a header and the shortest body there is, and then for what the body still lacks:
    never for a byte of the next frame. Thespian mishandles such a byte (it feeds the old frame
    in again, TCPTransport.py:1485).
    """

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._header = bytearray()
        self._body = bytearray()
        self._tag = b""
        self._size: int | None = None  # Known once the header is proven.
        self.forged = False

    @property
    def proven(self) -> bool:
        """Whether the header is whole and was made with our key."""
        return self._size is not None

    def addMore(self, data: bytes) -> None:
        """Take what was read; raise `Forged` as soon as it is known to be false."""
        try:
            if self._size is None:
                data = self._take_header(data)
            self._body += data
            if len(self._body) > (self._size or 0):
                raise Forged("more bytes than were asked for")
            if self.isDone():
                self._seal.check_body(self._body, self._tag)
        except Forged:
            self.forged = True
            raise

    def _take_header(self, data: bytes) -> bytes:
        lacking = HEADER_BYTES - len(self._header)
        self._header += data[:lacking]
        if not MAGIC.startswith(self._header[:len(MAGIC)]):  # Garbage goes at its first byte.
            raise Forged("magic")
        if len(self._header) == HEADER_BYTES:
            self._size, self._tag = self._seal.open_header(bytes(self._header))
        return data[lacking:]

    def remainingAmount(self) -> int:
        """Return how many bytes may be read now."""
        if self._size is None:
            return HEADER_BYTES - len(self._header) + BODY_BYTES_MIN
        return self._size - len(self._body)

    def isDone(self) -> bool:
        """Return whether the frame is whole."""
        return self._size is not None and len(self._body) == self._size

    def is_empty(self) -> bool:
        """Return whether nothing has come yet."""
        return not self._header

    def completed(self) -> tuple[Any, bytes] | None:
        """Return the message and no extra bytes, or None; the body's hash was checked before."""
        return (pickle.loads(self._body), b"") if self.isDone() else None

    def removeExtra(self) -> None:
        """Do nothing: there never is anything extra."""
