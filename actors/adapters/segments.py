"""A frame log in segments: numbers go on from file to file, and the oldest files may go.

A segment is named by the number of its first frame, `ticks-000000000001.frames`; a `ticks.frames`
of an earlier version is one that begins at 1. Only the last is written. A new one is begun after
the one before is on the disk, so a torn tail is always in the last, and a segment is whole up to
the number before the next one's first.

An old segment that turns out damaged is moved aside, `.damaged-1`, and the log begins behind it:
whoever wants its numbers learns that they are gone instead of asking for ever.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from actors.adapters.frames import FrameLog, FrameLogError, sync_directory

STEM = "ticks"


class Log(Protocol):
    """The port to one durable file of frames."""

    @property
    def last(self) -> int: ...

    def append(self, frame: bytes) -> int: ...

    def sync(self) -> None: ...

    def read(self, number: int) -> bytes: ...

    def close(self) -> None: ...


class Segments(Protocol):
    """The port to a numbered log that can forget its oldest frames."""

    @property
    def first(self) -> int: ...

    @property
    def last(self) -> int: ...

    def begin_segment(self) -> None: ...

    def append(self, frame: bytes) -> int: ...

    def sync(self) -> None: ...

    def read(self, number: int) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of consecutive frames from number `first` on."""

    first: int
    path: Path


def segments_in(directory: Path, stem: str = STEM) -> list[Segment]:
    """Return the segments in `directory`, in the order of their numbers."""
    pattern = re.compile(rf"{re.escape(stem)}(?:-([0-9]{{12}}))?\.frames")
    found = []
    for path in directory.glob(f"{stem}*.frames"):
        match = pattern.fullmatch(path.name)
        if match:
            found.append(Segment(int(match[1] or 1), path))
    found.sort(key=lambda segment: segment.first)
    for one, other in zip(found, found[1:], strict=False):
        if one.first == other.first:
            raise FrameLogError(
                f"{one.path} and {other.path} both begin at frame {one.first}, wanted one of them"
            )
    return found


def recorded_frames(directory: Path, stem: str = STEM) -> list[bytes]:
    """Return every frame that is held, in order."""
    frames: list[bytes] = []
    for segment in segments_in(directory, stem):
        log = FrameLog.read_only(segment.path)
        frames += log.frames()
        log.close()
    return frames


class SegmentedLog:
    """An open log of segments; made by `SegmentedLog.open`."""

    def __init__(self, directory: Path, stem: str, older: list[Segment], active: Segment) -> None:
        self.directory = directory
        self._stem = stem
        self._older = older
        self._active = active
        self._log = FrameLog.open(active.path)
        self._reading: tuple[Segment, FrameLog] | None = None

    @classmethod
    def open(cls, directory: str | Path, stem: str = STEM) -> "SegmentedLog":
        """Open for appending, making the first segment if there is none."""
        directory = Path(directory)
        found = segments_in(directory, stem)
        active = found.pop() if found else Segment(1, _path(directory, stem, 1))
        return cls(directory, stem, found, active)

    @property
    def first(self) -> int:
        """The lowest number that is held; old files may be removed by others meanwhile."""
        while self._older and not self._older[0].path.exists():
            del self._older[0]
        return self._older[0].first if self._older else self._active.first

    @property
    def last(self) -> int:
        """The number of the last frame; one less than the first when there is none."""
        return self._active.first + self._log.last - 1

    @property
    def segments(self) -> int:
        """How many files there are."""
        return len(self._older) + 1

    def begin_segment(self) -> None:
        """Let the next frame open a new file; nothing happens while the last one is empty."""
        if self._log.last == 0:
            return
        self.sync()
        begun = Segment(self.last + 1, _path(self.directory, self._stem, self.last + 1))
        log = FrameLog.open(begun.path)
        self._log.close()
        self._older.append(self._active)
        self._active, self._log = begun, log

    def append(self, frame: bytes) -> int:
        """Write `frame` at the end and return its number; it is durable after `sync`."""
        return self._active.first + self._log.append(frame) - 1

    def sync(self) -> None:
        """Return when every appended frame is on the disk; an error is final for this log."""
        try:
            self._log.sync()
        except OSError as error:
            raise FrameLogError(f"{self._active.path} cannot be made durable: {error}") from error

    def read(self, number: int) -> bytes:
        """Return frame `number`."""
        if self._active.first <= number <= self.last:
            return self._log.read(number - self._active.first + 1)
        segment, after = self._holding(number)
        return self._opened(segment, after).read(number - segment.first + 1)

    def close(self) -> None:
        """Release the files."""
        self._forget()
        self._log.close()

    def _holding(self, number: int) -> tuple[Segment, int]:
        after = self._active.first
        for segment in reversed(self._older):
            if segment.first <= number < after:
                return segment, after
            after = segment.first
        raise FrameLogError(f"{self.directory}: frame {number}, wanted {self.first} to {self.last}")

    def _opened(self, segment: Segment, after: int) -> FrameLog:
        if self._reading is not None and self._reading[0] == segment:
            return self._reading[1]
        self._forget()
        try:
            log = FrameLog.read_only(segment.path)
            if segment.first + log.last != after:
                log.close()
                raise FrameLogError(
                    f"{segment.path} holds frames {segment.first} to {segment.first + log.last - 1}"
                    f", wanted all up to {after - 1}"
                )
        except FileNotFoundError:
            raise FrameLogError(f"{segment.path} was removed while it was asked for") from None
        except FrameLogError as error:
            aside = moved_aside(segment.path)
            raise FrameLogError(f"{error}; it is moved aside to {aside}") from error
        self._reading = (segment, log)
        return log

    def _forget(self) -> None:
        if self._reading is not None:
            self._reading[1].close()
            self._reading = None


class OneSegment:
    """A log that stays one file, or in memory, seen as segments; nothing of it ever goes."""

    first = 1

    def __init__(self, log: Log) -> None:
        self._log = log
        self.append = log.append
        self.sync = log.sync
        self.read = log.read
        self.close = log.close

    @property
    def last(self) -> int:
        """The number of the last frame."""
        return self._log.last

    def begin_segment(self) -> None:
        """Go on in the same file."""


def moved_aside(path: Path) -> Path:
    """Rename a damaged file to the first free `.damaged-<n>` and return where it is now."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    with suppress(OSError):
        sync_directory(path.parent)
    return aside


def _path(directory: Path, stem: str, first: int) -> Path:
    return directory / f"{stem}-{first:012d}.frames"
