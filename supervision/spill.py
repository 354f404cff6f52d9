"""The window of an own stream: all of it, but only its end in memory.

A reader may start anew at any time and ask for everything from number 1, so nothing may be
forgotten; and a floor that runs for weeks must not grow. What is older goes to a file. Whoever
publishes it derives it again from its own sources or its journal, or goes on behind the numbers
that were there at its last checkpoint.
"""

import os
from array import array
from pathlib import Path

KEEP = 1024  # Bodies in memory; twice as many before half of them goes.


class SpillWindow:
    """A window of frames, numbered from 1, whose older part is in the file at `path`.

    The first `filed` of them are there from an earlier life; what else is in the file is void.
    """

    first = 1

    def __init__(self, path: Path, filed: int = 0, keep: int = KEEP) -> None:
        self._path = path
        self._keep = keep
        self._recent: list[bytes] = []
        self._gone = filed  # Numbers that are no longer in memory.
        self._ends = array("Q", [0])  # Where frame `number` ends in the file, from 0.
        self._file = -1  # Made when it is needed: most streams are short.
        if filed:
            self._go_on(filed)

    def _go_on(self, filed: int) -> None:
        """Take up the file of an earlier life; OSError if it is not whole."""
        with open(self._ends_path, "rb") as ends:
            found = ends.read(filed * self._ends.itemsize)
        self._ends.frombytes(found[: len(found) // self._ends.itemsize * self._ends.itemsize])
        self._file = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        if self._filed < filed or os.fstat(self._file).st_size < self._ends[-1]:
            self.close()
            raise OSError(f"{self._path} holds less than the {filed} frames wanted")

    @property
    def _ends_path(self) -> Path:
        return self._path.with_suffix(".ends")

    @property
    def last(self) -> int:
        return self._gone + len(self._recent)

    @property
    def _filed(self) -> int:
        return len(self._ends) - 1

    def get(self, seq: int) -> bytes:
        """Return the frame of a number."""
        if not 1 <= seq <= self.last:
            raise IndexError(f"number {seq} is not held, only 1 to {self.last}")
        if seq > self._gone:
            return self._recent[seq - self._gone - 1]
        start, end = self._ends[seq - 1], self._ends[seq]
        found = os.pread(self._file, end - start, start)
        if len(found) != end - start:
            raise OSError(f"{len(found)} of {end - start} bytes read back of number {seq}")
        return found

    def append(self, body: bytes) -> int:
        """Add the next frame and return its number."""
        self._recent.append(body)
        held = len(self._recent)
        if held >= 2 * self._keep and held % self._keep == 0:
            too_many = held - self._keep
            if self._file_up_to(self._gone + too_many):
                del self._recent[:too_many]
                self._gone += too_many
        return self.last

    def save(self) -> bool:
        """Bring all of it to the file; return False if the disk did not take it."""
        return self._file_up_to(self.last)

    def _file_up_to(self, last: int) -> bool:
        """Bring the frames up to `last` to the file; on a full disk they stay where they are."""
        bodies = self._recent[self._filed - self._gone : last - self._gone]
        if not bodies:
            return True
        start = self._ends[-1]
        ends = array("Q")
        for body in bodies:
            ends.append((ends[-1] if ends else start) + len(body))
        try:
            if self._file < 0:
                self._file = _empty(self._path)
                os.close(_empty(self._ends_path))
            whole = _written(self._file, b"".join(bodies), start)
            index = os.open(self._ends_path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                whole &= _written(index, ends.tobytes(), self._filed * ends.itemsize)
            finally:
                os.close(index)
        except OSError:
            return False
        if whole:
            self._ends.extend(ends)
        return whole

    def close(self) -> None:
        """Release the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _empty(path: Path) -> int:
    """Return a descriptor of an empty file at `path`."""
    kind = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, kind, 0o600)


def _written(descriptor: int, data: bytes, at: int) -> bool:
    return os.pwrite(descriptor, data, at) == len(data)
