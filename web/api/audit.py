"""The audit: who did what, when, from where and why, and what came of it.

It is a file of JSON lines in the run's directory that only its owner may read; nothing rewrites
it. The desk records each command with its reason in its own journal before it obeys, so a disk
that takes no line here never keeps anybody from leaving a position: it is counted instead.
"""

import json
import os
import time
from pathlib import Path
from threading import Lock

from web.api.endpoint import Person

NAME = "audit.jsonl"
TEXT_MAX = 500


class Audit:
    """Writes the audit of a run."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / NAME
        self.unwritten = 0
        self._lock = Lock()

    def note(
        self, person: Person, remote: str, action: str, reason: str, outcome: str
    ) -> None:
        """Append one line, with what came of the action."""
        line = {
            "at_ms": time.time_ns() // 1_000_000,
            "user": person.name[:TEXT_MAX],
            "role": str(person.role),
            "remote": remote,
            "action": action[:TEXT_MAX],
            "reason": reason[:TEXT_MAX],
            "outcome": outcome[:TEXT_MAX],
        }
        try:
            with self._lock:
                self._append(json.dumps(line).encode() + b"\n")
        except OSError:
            self.unwritten += 1

    def _append(self, line: bytes) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, line)
            os.fsync(file)
        finally:
            os.close(file)
