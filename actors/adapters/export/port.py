"""What a destination of day files is, and how it says that it cannot.

A destination is asked to put a file under a name. When `put` returns the file is there, whole, its
checksum read back; asked again for the same file it only looks. However it ends otherwise, what
stood under the name before still stands there whole. Texts of errors never hold a secret.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

BLOCK_BYTES = 256 * 1024


class ExportFailed(Exception):
    """It did not work this time and may the next."""


class ExportRefused(Exception):
    """It cannot work before a person has mended something; the text says what."""


@dataclass(frozen=True, slots=True)
class Put:
    """A file on its way: what it is here, and what it is to be called there."""

    path: Path
    name: str
    size: int
    sha256: str


class Destination(Protocol):
    """A place that takes files."""

    @property
    def label(self) -> str:
        """Where it is, without secrets: the journal of exports knows the destination by it."""

    def put(self, file: Put) -> None:
        """Bring `file` there, from where an earlier attempt has stopped, and verify it."""


def checksum_line(file: Put) -> bytes:
    """Return what stands in the `.sha256` beside a file, in the form that sha256sum checks."""
    return f"{file.sha256}  {file.name.rpartition('/')[2]}\n".encode()
