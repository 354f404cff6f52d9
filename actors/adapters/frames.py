"""An append-only file of numbered frames that survives being killed at any instruction.

Layout, little-endian: the header once, then for each frame its length (u32), a CRC-32 of that
length and the payload (u32), and the payload. Frames are numbered 1, 2, 3 ... by their place.
Each frame goes to the kernel in one write, so a killed process leaves at most one torn frame at
the end; after `sync` a frame survives the loss of power too.

The checksum covers the length, and an empty frame is refused, because a file system that lost
power may leave a tail of zeros, which would otherwise read as a run of valid empty frames.

On opening, what does not check at the end of the file is cut off and reported. What does not
check but is followed by a frame that does is no torn tail: nothing is cut, the error names the
offset, and a person decides. One process writes a file; others may read it meanwhile.
"""

import mmap
import os
import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

HEADER = b"FWFRAMES" + struct.pack("<II", 1, 0)  # Magic, version, reserved.
FRAME_BYTES_MAX = 64 * 1024 * 1024
SEARCH_BYTES_MAX = 1024 * 1024  # A frame looked for behind damage; trade batches are far smaller.
_HEAD = struct.Struct("<II")


class FrameLogError(Exception):
    """The file is not a frame log, or damaged before its tail, or the number is not in it."""


class FrameLog:
    """An open frame log; made by `FrameLog.open` or `FrameLog.read_only`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.torn_bytes = 0  # How much of a torn tail the opening has cut off, or stepped over.
        self._descriptor = descriptor
        self._ends = array("Q", [len(HEADER)])  # Offset where frame `number` ends, from 0.

    @classmethod
    def open(cls, path: str | Path) -> "FrameLog":
        """Open for appending, making the file if needed; a torn tail is cut off for good."""
        path = Path(path)
        log = cls(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            log._begin()
            log._scan()
            if log.torn_bytes:
                os.ftruncate(log._descriptor, log._ends[-1])
                os.fsync(log._descriptor)
        except BaseException:
            log.close()
            raise
        return log

    @classmethod
    def read_only(cls, path: str | Path) -> "FrameLog":
        """Open for reading what is there now; a tail still being written is left alone."""
        path = Path(path)
        log = cls(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        try:
            log._check_header(os.pread(log._descriptor, len(HEADER), 0))
            log._scan()
        except BaseException:
            log.close()
            raise
        return log

    @property
    def last(self) -> int:
        """The number of the last frame; 0 when there is none."""
        return len(self._ends) - 1

    @property
    def size_bytes(self) -> int:
        """The length of the file up to the end of the last frame."""
        return self._ends[-1]

    def append(self, frame: bytes | memoryview) -> int:
        """Write `frame` at the end and return its number; it is durable after `sync`."""
        length = len(frame)
        if not 1 <= length <= FRAME_BYTES_MAX:
            raise FrameLogError(f"frame of {length} bytes, wanted 1 to {FRAME_BYTES_MAX}")
        head = _HEAD.pack(length, _checksum(length, frame))
        start = self._ends[-1]
        try:
            written = os.pwritev(self._descriptor, (head, frame), start)
        except OSError:
            os.ftruncate(self._descriptor, start)
            raise
        if written != _HEAD.size + length:  # Almost always a full disk.
            os.ftruncate(self._descriptor, start)
            raise OSError(
                f"{self.path}: {written} of {_HEAD.size + length} bytes written at {start};"
                " the frame was taken back; free space on the disk and append again"
            )
        self._ends.append(start + written)
        return self.last

    def sync(self) -> None:
        """Return when every appended frame is on the disk.

        An error here is final for this log: the kernel may have dropped what it could not write.
        """
        os.fdatasync(self._descriptor)

    def read(self, number: int) -> bytes:
        """Return frame `number`."""
        if not 1 <= number <= self.last:
            raise FrameLogError(f"{self.path}: frame {number}, wanted 1 to {self.last}")
        start, end = self._ends[number - 1] + _HEAD.size, self._ends[number]
        return os.pread(self._descriptor, end - start, start)

    def frames(self, from_number: int = 1) -> Iterator[bytes]:
        """Yield the frames from `from_number` up to the one that is the last when asked."""
        for number in range(from_number, self.last + 1):
            yield self.read(number)

    def close(self) -> None:
        """Release the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _begin(self) -> None:
        """Write the header of a new file, or of one whose maker died while writing it."""
        found = os.pread(self._descriptor, len(HEADER), 0)
        if len(found) < len(HEADER) and HEADER.startswith(found):
            os.pwrite(self._descriptor, HEADER, 0)
            os.fsync(self._descriptor)
            sync_directory(self.path.parent)
        else:
            self._check_header(found)

    def _check_header(self, found: bytes) -> None:
        if found != HEADER:
            raise FrameLogError(
                f"{self.path} begins with {found!r}, wanted a frame log of version 1: {HEADER!r}"
            )

    def _scan(self) -> None:
        size = os.fstat(self._descriptor).st_size
        # Mapped for this look alone: what stays mapped counts as memory of the process.
        data = memoryview(mmap.mmap(self._descriptor, size, access=mmap.ACCESS_READ))
        offset = len(HEADER)
        while (end := _frame_end(data, offset)) is not None:
            self._ends.append(end)
            offset = end
        self.torn_bytes = size - offset
        found = _next_frame(data, offset + 1) if self.torn_bytes else None
        if found is not None:
            raise FrameLogError(
                f"{self.path}: frame {self.last + 1} at offset {offset} is damaged, and a sound"
                f" frame follows at {found}; wanted damage at the end only."
                " Restore the file, or keep the frames before the damage by cutting it there"
            )


def _frame_end(data: memoryview, offset: int) -> int | None:
    """Return the end of the frame at `offset`, or None when there is no sound one."""
    if offset + _HEAD.size > len(data):
        return None
    length: int
    length, checksum = _HEAD.unpack_from(data, offset)
    start = offset + _HEAD.size
    if not 1 <= length <= min(FRAME_BYTES_MAX, len(data) - start):
        return None
    if _checksum(length, data[start : start + length]) != checksum:
        return None
    return start + length


def _next_frame(data: memoryview, offset: int) -> int | None:
    """Return the offset of the first sound frame from `offset` on, at whatever byte it begins.

    A damaged length says nothing about where the next frame begins, so every byte is tried.
    """
    block = 1 << 16
    while offset + _HEAD.size < len(data):
        count = min(block, len(data) - offset - _HEAD.size)
        raw = np.frombuffer(data, np.uint8, count + 3, offset).astype(np.uint32)
        lengths = raw[:-3] | raw[1:-2] << 8 | raw[2:-1] << 16 | raw[3:] << 24
        room = len(data) - _HEAD.size - (offset + np.arange(count))
        fits = (lengths >= 1) & (lengths <= np.minimum(room, SEARCH_BYTES_MAX))
        for index in np.flatnonzero(fits).tolist():
            if _frame_end(data, offset + index) is not None:
                return offset + index
        offset += count
    return None


def _checksum(length: int, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(length.to_bytes(4, "little")))


def sync_directory(path: Path) -> None:
    """Make a file's name durable: its own sync does not cover the directory that holds it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class MemoryFrames:
    """A frame log in memory, for tapes and recordings that need not outlive their process."""

    def __init__(self, frames: Iterable[bytes] = ()) -> None:
        self._frames = list(frames)
        self._synced = len(self._frames)

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return len(self._frames)

    def append(self, frame: bytes) -> int:
        """Add a frame and return its number."""
        self._frames.append(bytes(frame))
        return self.last

    def sync(self) -> None:
        """Make everything appended survive a crash."""
        self._synced = self.last

    def crash(self) -> None:
        """Forget what was never synced, as a crash may."""
        del self._frames[self._synced :]

    def read(self, number: int) -> bytes:
        """Return the frame of a number."""
        if not 1 <= number <= self.last:
            raise FrameLogError(f"frame {number} is not held, only 1 to {self.last}")
        return self._frames[number - 1]

    def all(self) -> Iterator[bytes]:
        """Yield every frame."""
        return iter(self._frames)

    def close(self) -> None:
        """Keep everything: the next owner reads it."""
