"""The end of a day: day files are made, sent, and old ones leave (domain 8.2, 8.8).

`start.py export` and the schedule at 17:01 come here. What is done already is not done again and
what was missed is made up, so it may run at any time and as often as anybody likes. For the
schedule it is a process of its own, `python -m ops.export DATA`, with the two sections of settings
as JSON on its input and the outcome as JSON on its output.
"""

import dataclasses
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from actors.adapters.day_files import DAYS, LEDGER, Busy, Rolled, alone, day_facts, quiet, roll
from actors.adapters.day_writer import SIMULATED, Told
from actors.adapters.digest import sha256_of
from actors.adapters.export.open import open_destination
from actors.adapters.export.port import Destination, ExportFailed, ExportRefused, Put
from actors.adapters.ledger import Ledger, LedgerError
from actors.adapters.segments import moved_aside
from actors.core.export.plan import DayFile, Sent, pause_s, to_send
from actors.core.export.retention import Held, RetentionRule, leaving
from actors.core.session.calendar import trading_date
from protocol.export_settings import ExportSettings, RecorderSettings

JOURNAL = "export.jsonl"
RECAPS = "recaps"
EXIT_DATA, EXIT_AGAIN = 65, 75  # EX_DATAERR and EX_TEMPFAIL.
MEGABYTE = 1_000_000


@dataclass(slots=True)
class Exported:
    """What an export did."""

    rolled: Rolled = field(default_factory=Rolled)
    destination: str = ""
    sent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # The next start tries again.
    alarms: list[str] = field(default_factory=list)  # A person has to look.
    removed: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code: something to look at, something to try again, or all is well."""
        if self.alarms or self.rolled.refused:
            return EXIT_DATA
        return EXIT_AGAIN if self.failed else 0


def export(
    data: Path,
    recorder: RecorderSettings,
    settings: ExportSettings,
    day: date | None,
    now_ns: int,
    wait: Callable[[float], None] = time.sleep,
    told: Told = quiet,
) -> Exported:
    """Make the day files of `data`, send what is due, of `day` alone if given, and tidy up.

    `told` hears every step just before it is taken. `TooEarly` says that `day` is not over.
    """
    done = Exported()
    try:
        with alone(data / ".export.lock"):
            done.rolled = roll(data, depth=recorder.depth, now_ns=now_ns, told=told)
            work = _Export(data, recorder, settings, now_ns, wait, told, done)
            work.send_due(day)
            work.tidy()
    except (ExportRefused, LedgerError, OSError, Busy) as error:
        done.alarms.append(str(error))
    return done


def local_files(data: Path, simulated: bool) -> list[DayFile]:
    """Return what is there to be sent: day files as the ledger knows them, and recaps."""
    found = [
        DayFile(
            name=fact["name"],
            date=date.fromisoformat(fact["date"]),
            size=fact["size"],
            sha256=fact["sha256"],
        )
        for fact in day_facts(data).values()
        if (data / DAYS / fact["name"]).exists()
        and (simulated or SIMULATED not in fact["name"])
    ]
    for path in sorted((data / RECAPS).glob("????-??-??_recap.json")):
        found.append(
            DayFile(
                name=f"{RECAPS}/{path.name}",
                date=date.fromisoformat(path.name[:10]),
                size=path.stat().st_size,
                sha256=sha256_of(path),
            )
        )
    return found


def sent_files(journal: Ledger) -> list[Sent]:
    """Return what the journal says has arrived."""
    return [Sent(**{**fact, "date": date.fromisoformat(fact["date"])}) for fact in journal.facts()]


@dataclass(slots=True)
class _Export:
    """One export on its way."""

    data: Path
    recorder: RecorderSettings
    settings: ExportSettings
    now_ns: int
    wait: Callable[[float], None]
    told: Told
    done: Exported
    destination: Destination | None = None

    @property
    def journal(self) -> Ledger:
        """What has arrived where."""
        return Ledger(self.data / JOURNAL)

    def send_due(self, day: date | None) -> None:
        """Send file by file, the oldest first; once a destination fails for good the rest waits."""
        self.destination = open_destination(self.settings)
        if self.destination is None:
            return
        label = self.done.destination = self.destination.label
        files = local_files(self.data, self.settings.simulated == "allow")
        sent = sent_files(self.journal)
        self._miss({file.name for file in sent})
        for file in to_send(files, sent, label, self.now_ns, day):
            try:
                self._send(file, self.destination)
            except ExportRefused as error:
                self.done.alarms.append(str(error))
                return
            except ExportFailed as error:
                self.done.failed.append(str(error))
                return

    def _miss(self, sent: set[str]) -> None:
        """Say which days were recorded and are neither here nor anywhere else."""
        for name, fact in day_facts(self.data).items():
            gone = not (self.data / DAYS / name).exists() and not fact.get("left")
            if gone and name not in sent and SIMULATED not in name:
                self.done.alarms.append(f"{name} is gone and was never exported")

    def _send(self, file: DayFile, destination: Destination) -> None:
        """Send one file, trying again within the limits, and note that it arrived."""
        path = self._path(file.name)
        if sha256_of(path) != file.sha256:
            aside = moved_aside(path)
            text = f"{file.name} is damaged and its frames are gone; set aside as {aside.name}"
            self.done.alarms.append(text)
            return
        put = Put(path, file.name, file.size, file.sha256)
        for attempt in range(self.settings.attempts_max):
            self.told(f"send {file.name}")
            try:
                destination.put(put)
                break
            except ExportFailed:
                if attempt == self.settings.attempts_max - 1:
                    raise
                self.wait(pause_s(attempt, self.settings.backoff_s))
        self.told(f"note sent {file.name}")
        fact = dataclasses.asdict(file) | {
            "date": file.date.isoformat(),
            "destination": destination.label,
            "done_ns": self.now_ns,
        }
        self.journal.add(fact)
        self.done.sent.append(file.name)

    def tidy(self) -> None:
        """Remove old day files where the limits ask for it."""
        files = [f for f in local_files(self.data, True) if not f.name.startswith(f"{RECAPS}/")]
        if not files:
            return
        rule = RetentionRule(
            days=self.recorder.days_kept,
            disk_bytes=self.recorder.disk_mb * MEGABYTE,
            free_bytes=self.recorder.free_mb * MEGABYTE,
        )
        safe = self._safe(files)
        held = [
            Held(name=file.name, date=file.date, size=file.size, safe=file.name in safe)
            for file in files
        ]
        # A clock that has leapt ahead must not make every day old: the newest recorded counts too.
        current = min(trading_date(self.now_ns), max(file.date for file in files))
        found = leaving(held, rule, shutil.disk_usage(self.data).free, current)
        self.done.alarms += found.alarms
        facts = day_facts(self.data)
        for name in found.remove:
            self.told(f"leave {name}")
            Ledger(self.data / LEDGER).add(facts[name] | {"left": True})
            (self.data / DAYS / name).unlink()
            self.done.removed.append(name)

    def _safe(self, files: Iterable[DayFile]) -> set[str]:
        """Return the names that may go: arrived at the destination, or none is configured."""
        if self.destination is None:
            return {file.name for file in files}
        label, sent = self.destination.label, sent_files(self.journal)
        there = {(s.name, s.sha256) for s in sent if s.destination == label}
        sends = self.settings.simulated == "allow"
        return {
            file.name
            for file in files
            if (file.name, file.sha256) in there or (SIMULATED in file.name and not sends)
        }

    def _path(self, name: str) -> Path:
        return self.data / name if name.startswith(f"{RECAPS}/") else self.data / DAYS / name


def outcome(done: Exported) -> dict[str, Any]:
    """Return what an export did as plain values."""
    return dataclasses.asdict(done) | {"code": done.code}


def main(arguments: list[str]) -> int:
    """Run an export for another process."""
    sections = json.load(sys.stdin)
    done = export(
        Path(arguments[0]),
        RecorderSettings(**sections["recorder"]),
        ExportSettings(**sections["export"]),
        None,
        time.time_ns(),
    )
    json.dump(outcome(done), sys.stdout)
    return done.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
