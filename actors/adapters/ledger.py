"""A small journal of facts about files: one JSON object a line, on the disk when `add` returns.

A line that a crash or a full disk left torn was never a fact; the next one is written over it.
"""

import json
import os
from pathlib import Path
from typing import Any

from actors.adapters.frames import sync_directory

Fact = dict[str, Any]


class LedgerError(Exception):
    """A line before the last is no fact: a person has to look."""


class Ledger:
    """The journal at one path; it need not exist before the first fact."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def facts(self) -> list[Fact]:
        """Return every fact in the order in which they were added."""
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]  # Behind the last newline is torn.
        except FileNotFoundError:
            return []
        facts = []
        for number, line in enumerate(lines, 1):
            try:
                fact = json.loads(line)
            except ValueError:
                fact = None
            if not isinstance(fact, dict):
                raise LedgerError(f"{self.path}: line {number} is {line[:60]!r}, wanted a fact")
            facts.append(fact)
        return facts

    def add(self, fact: Fact) -> None:
        """Append a fact; it is on the disk afterwards, or nothing of it is."""
        line = json.dumps(fact, sort_keys=True).encode() + b"\n"
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            end = _whole_end(descriptor)
            try:
                written = os.pwrite(descriptor, line, end)
                if written != len(line):
                    raise OSError(f"{self.path}: {written} of {len(line)} bytes written")
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if new:
            sync_directory(self.path.parent)


def _whole_end(descriptor: int) -> int:
    """Return where the last whole line ends."""
    size = os.fstat(descriptor).st_size
    content = os.pread(descriptor, size, 0)
    return content.rfind(b"\n") + 1
