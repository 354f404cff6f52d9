"""A small file that is replaced as a whole: a reader and a crash see the old one or the new one.

The draft lies in the same directory, because a rename reaches no further, and is on the disk
before it gets the name. Who may see a file is said when it is made: these are the owner's alone.
"""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Give `path` this content, durably; an OSError leaves the old file as it was."""
    draft = path.with_name(f"{path.name}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a file, durably, making the file where it is missing.

    One write, so that nobody who follows the file sees the end of a line before its beginning.
    """
    if b"\n" in line:
        raise ValueError(f"found a line break within {line[:40]!r}, wanted one line")
    made = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if made:
        _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
