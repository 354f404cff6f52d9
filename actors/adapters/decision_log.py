"""The log of decisions: JSON lines in files that are begun anew at a size, the oldest going.

It is written by an actor that reads every decision anyway, and costs the deciding ones nothing.
The package structlog would cost that actor 10 MB, of the 300 that the whole floor may take, so the
lines are made by the standard library here, and that package shows them (`ops.logs`).

Who writes reads its streams again after a crash, from wherever it stood: lines that the newest file
has already are left out, and who reads the log leaves out the few that a rotation hid. A disk that
takes nothing costs lines and nothing else.
"""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from actors.adapters.secrets import Secret, hidden
from actors.core.trail import LEVELS, TOLD, Level, Plain, Trails, level_of
from protocol.log_settings import LogSettings
from protocol.market import Cut
from protocol.message import Message

NAME = "decisions.jsonl"
RECALLED_BYTES = 256 * 1024  # Of the newest file: brackets that were open before a restart.
OFF = 100


class RotatedFile:
    """A file of lines; `NAME` is the newest, `NAME.1` the one before, at most `kept` in all."""

    def __init__(self, path: Path, bytes_max: int, kept: int) -> None:
        self.path, self._bytes_max, self._kept = path, bytes_max, kept

    def write(self, lines: list[bytes]) -> None:
        """Append lines, in a new file where they would make this one too long."""
        content = b"".join(lines)
        size = self.path.stat().st_size if self.path.exists() else 0
        if size and size + len(content) > self._bytes_max:
            self._begin_next()
        descriptor = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)

    def _begin_next(self) -> None:
        numbered = [self.path.with_name(f"{self.path.name}.{n}") for n in range(1, self._kept)]
        for older, newer in zip(reversed(numbered), [*reversed(numbered[:-1]), self.path],
                                strict=False):  # fmt: skip
            if newer.exists():
                newer.replace(older)
        if not numbered:
            self.path.unlink()


class DecisionLog:
    """Turns messages into lines; `write` puts out what was added since."""

    def __init__(
        self, directory: Path, settings: LogSettings, secrets: Iterable[Secret] = ()
    ) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._least = OFF if settings.level == "off" else Level[settings.level.upper()]
        # From an approval on everything is looked at, to know the trail of what follows.
        least = min(self._least, Level.INFO)
        self.takes = frozenset(
            kind for kind in TOLD if self._least < OFF and LEVELS.get(kind, Level.INFO) >= least
        )
        self._secrets = tuple(secrets)
        self._file = RotatedFile(
            directory / NAME, settings.file_mb * 1_000_000, settings.files_kept
        )
        self._trails = Trails()
        self._cuts: dict[str, int] = {}
        self._waiting: list[bytes] = []
        self.unwritten = 0
        self._written: dict[str, int] = {}  # The last number of each stream that has a line.
        for line in _last_lines(directory / NAME):
            self._trails.recall(line)
            if isinstance(actor := line.get("actor"), str) and isinstance(line.get("seq"), int):
                self._written[actor] = int(line["seq"] or 0)

    def add(self, source: str, seq: int, message: Message) -> None:
        """Take a message in; what does not matter enough is left out."""
        if isinstance(message, Cut):
            self._cuts[source] = message.number
            return
        level = level_of(message)
        # What leads from an approval to its fill is learned even where its line is left out.
        if level is None or self._least == OFF or (level < self._least and level < Level.INFO):
            return
        fields = self._trails.fields(source, seq, self._cuts.get(source, 0), message)
        if level >= self._least and seq > self._written.get(source, 0):
            self._waiting.append(self._line(level, message.KIND, fields))

    def write(self) -> None:
        """Write the lines that wait; what the disk does not take is counted and given up."""
        if not self._waiting:
            return
        lines, self._waiting = self._waiting, []
        try:
            self._file.write(lines)
        except OSError:
            self.unwritten += len(lines)

    def _line(self, level: Level, event: str, fields: dict[str, Plain]) -> bytes:
        shown = {
            key: hidden(value, self._secrets) if isinstance(value, str) else value
            for key, value in fields.items()
        }
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"timestamp": at, "level": level.name.lower(), "event": event, **shown}
        return json.dumps(line).encode() + b"\n"


def read_lines(path: Path) -> list[dict[str, Plain]]:
    """Return the whole lines of one file of the log."""
    return _parsed(path.read_bytes().split(b"\n")[:-1])


def _last_lines(path: Path) -> list[dict[str, Plain]]:
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - RECALLED_BYTES, 0))
            return _parsed(file.read().split(b"\n"))
    except FileNotFoundError:
        return []


def _parsed(lines: Iterable[bytes]) -> list[dict[str, Plain]]:
    found = []
    for line in lines:
        try:
            parsed = json.loads(line)
        except ValueError:  # Torn by a crash, or by where reading began.
            continue
        if isinstance(parsed, dict):
            found.append(parsed)
    return found
