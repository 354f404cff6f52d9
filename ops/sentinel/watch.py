"""One look of the sentinel: read, check, judge, tell; all it keeps is in a small file.

The watchdog inside the tree checks the same and tells by the notifier. So while its heartbeat is
fresh a warning is its business alone; what is critical is told by both, because each way may be
the broken one, and the death of the tree only the sentinel can tell.

What could not be sent is kept and sent at a later look. Discord failing again and again is left
alone for a while: a look must not take longer than the time between two.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from actors.adapters.heartbeat import read_heartbeat
from actors.adapters.kept_state import load_state, save_state
from actors.adapters.notify.port import Notifier, Refused, RetryAfter, Sent
from actors.core.notices.notice import Notice, Severity, notice_of, plain
from actors.core.session.calendar import Schedule
from actors.core.watch.alerts import Alarms, alarms_of, judge, kept, notice_of_alert
from actors.core.watch.breaker import Breaker, answered, asked
from actors.core.watch.checks import Code, Finding, Sight, check
from actors.core.watch.heartbeat import BadHeartbeat
from actors.core.watch.readings import Readings
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings

STATE_FILE = "sentinel.json"
UNSENT_MAX = 100
OWN = frozenset({Code.PROCESS_GONE, Code.HEARTBEAT_STALE})
State = tuple[Alarms, list[Notice]]


class Machine(Protocol):
    """The port to the machine."""

    def read(self) -> Readings: ...

    def lives(self, pid: int) -> bool: ...


class Sentinel:
    """Watches the run whose data lies in `directory`; `pause` waits for a moment."""

    def __init__(
        self,
        directory: Path,
        machine: Machine,
        notifier: Notifier | None,
        watch: WatchSettings,
        schedule: Schedule,
        pause: Callable[[], object],
        write: Callable[[str], object] = sys.stderr.write,
    ) -> None:
        self._directory, self._machine, self._notifier = directory, machine, notifier
        self._watch, self._schedule = watch, schedule
        self._pause, self._write = pause, write
        self._breaker = Breaker(failures_max=watch.breaker_failures, rest_s=watch.breaker_s)
        self._wait_ns = 0  # Until then Discord wants to be left alone.
        self._state = directory / STATE_FILE
        fresh: State = (Alarms({}), [])
        (self.alarms, self.unsent), fault = load_state(self._state, _state, fresh)
        if fault:
            self._write(f"{fault}\n")

    def look(self, now_ns: int) -> None:
        """See, judge and tell what is due at `now_ns`, UTC."""
        sight = self._sight(now_ns)
        if sight.alive is False:
            # A process that is restarted writes its heartbeat at once: it may have been so now.
            self._pause()
            sight = self._sight(now_ns)
        found = check(sight, self._watch, self._schedule)
        fresh = sight.alive is not False and not any(each.code in OWN for each in found)
        mine = [each for each in found if not fresh or _concerns(each)]
        for alert in judge(self.alarms, mine, now_ns, self._watch):
            notice = notice_of_alert(alert, "sentinel")
            self._write(f"{notice.severity} {notice.code}: {'; '.join(notice.lines)}\n")
            self.unsent.append(notice)
        self._send(now_ns)

    def _sight(self, now_ns: int) -> Sight:
        readings = self._machine.read()
        blind = Sight(now_ns=now_ns, beat=None, damage="", alive=False, readings=readings)
        try:
            beat = read_heartbeat(self._directory)
        except BadHeartbeat as error:
            return replace(blind, damage=str(error))
        return replace(blind, beat=beat, alive=self._machine.lives(beat.pid))

    def _send(self, now_ns: int) -> None:
        self._trim()
        self._save()  # What is told must not be told again by who comes after us.
        while self.unsent and self._notifier is not None and now_ns >= self._wait_ns:
            self._breaker, may = asked(self._breaker, now_ns)
            if not may:
                return
            answer = self._notifier.send(self.unsent)
            self._breaker = answered(self._breaker, isinstance(answer, Sent | RetryAfter), now_ns)
            match answer:
                case Sent(count) | Refused(count=count, gone=False):
                    del self.unsent[:count]
                    self._save()
                case RetryAfter(seconds):
                    self._wait_ns = now_ns + round(min(seconds, 3600.0) * NANOS_PER_S)
            if not isinstance(answer, Sent):
                self._write(f"not sent: {answer}\n")
                return

    def _trim(self) -> None:
        if self._notifier is None:
            self.unsent.clear()  # The error output has them.
        for rank in (Severity.INFO, Severity.WARNING):
            while len(self.unsent) > UNSENT_MAX and any(n.severity is rank for n in self.unsent):
                self.unsent.remove(next(n for n in self.unsent if n.severity is rank))

    def _save(self) -> None:
        values: dict[str, Any] = {"alarms": kept(self.alarms)}
        try:
            save_state(self._state, values | {"unsent": [plain(each) for each in self.unsent]})
        except OSError as error:
            self._write(f"{self._state} cannot be written: {error.strerror}\n")


def settings_of(words: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the sections watch, notify and calendar of a JSON text; what is absent is empty."""
    values = json.loads(words or "{}")
    if not isinstance(values, dict) or set(values) - {"watch", "notify", "calendar"}:
        raise ValueError("found other sections, wanted watch, notify and calendar")
    return values.get("watch", {}), values.get("notify", {}), values.get("calendar", {})


def _concerns(finding: Finding) -> bool:
    return finding.severity is Severity.CRITICAL or finding.code in OWN


def _state(values: Any) -> State:
    return alarms_of(values["alarms"]), [notice_of(each) for each in values["unsent"]]
