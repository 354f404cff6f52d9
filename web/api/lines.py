"""Files of JSON lines, read from their end: logs and the audit, page by page.

A page is asked for by where the last one ended: the number of the file, which stays when the file
is renamed by a rotation, and the place in it. A line that is no JSON object is passed over: where a
crash tore one, or where a writer stands.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

BLOCK_BYTES = 64 * 1024
SCAN_BYTES_MAX = 16 * 1024 * 1024  # For one page.
LINE_BYTES_MAX = 256 * 1024  # A longer one is no line of ours.

Line = dict[str, Any]


def last_lines(
    files: Iterable[Path],
    limit: int,
    cursor: str | None = None,
    holding: bytes = b"",
    fits: Callable[[Line], bool] = lambda line: True,
) -> tuple[list[Line], str | None]:
    """Return lines that fit, the newest first, and where the next page begins.

    `files` are in order, the newest first; only lines whose bytes hold `holding` are looked at.
    """
    found: list[Line] = []
    scanned = 0
    for number, place, raw in _backwards(list(files), cursor):
        if len(found) == limit or scanned > SCAN_BYTES_MAX:
            return found, f"{number}-{place + len(raw) + 1}"
        scanned += len(raw) + 1
        line = _line(raw) if holding in raw else None
        if line is not None and fits(line):
            found.append(line)
    return found, None


def _backwards(files: list[Path], cursor: str | None) -> Iterator[tuple[int, int, bytes]]:
    """Yield lines from the end, each with the number of its file and where it begins."""
    wanted, until = (int(part) for part in cursor.split("-")) if cursor else (None, None)
    begun = wanted is None
    for path in files:
        try:
            file = path.open("rb")
        except OSError:  # Rotated away meanwhile.
            continue
        with file:
            found = os.fstat(file.fileno())
            if not begun and found.st_ino != wanted:
                continue
            end = found.st_size if begun or until is None else min(until, found.st_size)
            begun = True
            for place, raw in _lines_before(file, end):
                yield found.st_ino, place, raw


def _lines_before(file: Any, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield the whole lines that end at `end` or before, the last first, and where they begin."""
    rest = b""
    while end > 0:
        begin = max(0, end - BLOCK_BYTES)
        file.seek(begin)
        block = file.read(end - begin) + rest
        parts = block.split(b"\n")
        rest = parts.pop(0)
        place = begin + len(block)
        for part in reversed(parts):
            place -= len(part)
            if part:
                yield place, part
            place -= 1
        if len(rest) > LINE_BYTES_MAX:
            rest = b""
        end = begin
    if rest:
        yield 0, rest


def _line(raw: bytes) -> Line | None:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None
