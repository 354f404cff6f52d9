"""The window of an own stream: all of it, but only its end in memory.

A reader may start anew at any time and ask for everything from number 1, so nothing may be
forgotten; and a floor that runs for weeks must not grow. What is older goes to a file without a
name: whoever publishes it dies with it, and derives it again from its own sources or its journal.
"""

import os
import tempfile
from array import array

KEEP = 1024  # Bodies in memory; twice as many before half of them goes to the file.


class SpillWindow:
    """A window of frames, numbered from 1, whose older part is in a file in `directory`."""

    first = 1

    def __init__(self, directory: str, keep: int = KEEP) -> None:
        self._directory = directory
        self._keep = keep
        self._recent: list[bytes] = []
        self._ends = array("Q", [0])  # Where frame `number` ends in the file, from 0.
        self._file = -1  # Made when it is needed: most streams are short.

    @property
    def last(self) -> int:
        return self._spilled + len(self._recent)

    @property
    def _spilled(self) -> int:
        return len(self._ends) - 1

    def get(self, seq: int) -> bytes:
        """Return the frame of a number."""
        if not 1 <= seq <= self.last:
            raise IndexError(f"number {seq} is not held, only 1 to {self.last}")
        if seq > self._spilled:
            return self._recent[seq - self._spilled - 1]
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
            self._spill(held - self._keep)
        return self.last

    def _spill(self, count: int) -> None:
        """Move the oldest `count` frames to the file; on a full disk they stay where they are."""
        old, start = self._recent[:count], self._ends[-1]
        whole = b"".join(old)
        try:
            if self._file < 0:
                self._file = _nameless(self._directory)
            written = os.pwrite(self._file, whole, start)
        except OSError:
            return
        if written != len(whole):
            return
        for body in old:
            start += len(body)
            self._ends.append(start)
        del self._recent[:count]

    def close(self) -> None:
        """Release the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _nameless(directory: str) -> int:
    """Return a descriptor of a new file that is gone when it is closed."""
    descriptor, path = tempfile.mkstemp(dir=directory, prefix="window-")
    os.unlink(path)
    return descriptor
