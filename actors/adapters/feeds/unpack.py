"""Compressed files block by block, so that damage costs no more than what lies behind it.

The readers of the libraries drop what they have unpacked when they come upon damage. Here small
bites go in and large blocks come out: of the bite that holds the damage nothing can be had, all
that came before it is handed out first.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BITE_BYTES = 4096


class Damaged(Exception):
    """The file is broken from `offset` of its unpacked bytes on."""

    def __init__(self, offset: int, found: str) -> None:
        super().__init__(f"damaged from byte {offset} on: {found}")
        self.offset = offset


class Unpacker(Protocol):
    """What zlib and zstandard both call a decompression object: good for one frame."""

    @property
    def unused_data(self) -> bytes:
        """What was given and stands behind the frame."""

    @property
    def eof(self) -> bool:
        """Whether the frame has come to its end."""

    def decompress(self, data: bytes, /) -> bytes:
        """Return what `data` adds."""


def blocks_of(path: Path, block_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of a file as they are."""
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(block_bytes), b"")


def unpacked(
    path: Path, unpacker: Callable[[], Unpacker], error: type[Exception], block_bytes: int
) -> Iterator[bytes]:
    """Yield the unpacked bytes of a file of one frame or more; raise `Damaged` at its damage."""
    ready, before, packed = bytearray(), 0, 0
    frame, begun, damage = unpacker(), False, ""
    for bite in blocks_of(path, BITE_BYTES):
        while bite:
            try:
                ready += frame.decompress(bite)
            except error as found:
                damage = str(found)
                break
            packed += len(bite) - len(frame.unused_data)
            bite, begun = frame.unused_data.lstrip(b"\0"), not frame.eof  # Padding is allowed.
            if frame.eof:
                frame = unpacker()
        if damage:
            break
        if len(ready) >= block_bytes:
            before += len(ready)
            yield bytes(ready)
            ready.clear()
    before += len(ready)
    if ready:
        yield bytes(ready)
    if damage or begun:
        found_text = damage or "the packed stream ends before its end mark"
        raise Damaged(before, f"{found_text} (at byte {packed} of the packed file)")
