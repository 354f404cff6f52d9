"""Follows a file to which others append lines: every whole line once, in order.

A line whose end is not there yet is left for the next look. Where the reading stands is plain
values; a file that is another one, or shorter than what was read of it, is read from its start.
"""

import os
from dataclasses import dataclass
from pathlib import Path

READ_MAX = 256 * 1024  # Bytes of one look; also the longest line that is waited for.


@dataclass(slots=True)
class Place:
    """How far a file was read."""

    inode: int = 0
    offset: int = 0


class Follower:
    """Reads one file from `place` on."""

    def __init__(self, path: Path, place: Place | None = None) -> None:
        self.place = place or Place()
        self._path = path

    def lines(self) -> list[bytes]:
        """Return the lines that were added since the last look; none while there is no file."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return []
        place = self.place
        if found.st_ino != place.inode or found.st_size < place.offset:
            place.inode, place.offset = found.st_ino, 0
        if found.st_size == place.offset:
            return []
        with self._path.open("rb") as file:
            file.seek(place.offset)
            content = file.read(READ_MAX)
        whole = content.rfind(b"\n") + 1
        if whole == 0 and len(content) == READ_MAX:
            whole = READ_MAX  # No line at all is so long: it is passed over as one.
        place.offset += whole
        return content[:whole].removesuffix(b"\n").split(b"\n") if whole else []
