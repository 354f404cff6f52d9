"""The watchdog: says every half minute how the floor is, and tells what is wrong with it."""

import json
import os
from pathlib import Path
from typing import Any

from actors.adapters.decision_log import DecisionLog
from actors.adapters.heartbeat import write_heartbeat
from actors.adapters.kept_state import load_state, save_state
from actors.adapters.machine import Machine, RealMachine
from actors.adapters.secrets import secrets_of
from actors.adapters.whole_file import append_line
from actors.core.notices import notice as notices
from actors.core.session.calendar import Schedule
from actors.core.watch import alerts, vitals
from actors.core.watch.alerts import Alarms
from actors.core.watch.checks import Sight, check
from actors.core.watch.health import health, worst
from actors.core.watch.heartbeat import Heartbeat
from actors.core.watch.vitals import Vitals
from protocol.message import Message
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.shell import SinkShell

STATE_FILE = "watchdog.json"
ALERTS_FILE = "alerts.jsonl"  # What it tells; the notifier follows the file.
LOOK_S = 1.0


class WatchdogShell(SinkShell):
    """Folds what it reads, writes the heartbeat and the alerts. It can only alert.

    What it knows and how far it has read are kept together with every heartbeat, and a restart
    goes on there; without that file it reads everything again. An alert may be told twice if the
    process dies between telling it and keeping that it did.
    """

    def __init__(self, machine: Machine | None = None) -> None:
        self._machine = machine

    def configure(self, settings: Settings, directory: str) -> None:
        self.directory = Path(directory)
        self.watch = settings.watch
        self.schedule = Schedule.of(settings.calendar.closed, settings.calendar.early)
        self.symbol, self.series = settings.feed.symbol, settings.bars.series[0]
        logs = self.directory.parent / "logs"
        self.log = DecisionLog(logs, settings.log, secrets_of(settings))
        self.takes = vitals.FOLDED | self.log.takes
        self.machine = self._machine or RealMachine(self.directory)
        balance_cents = round(settings.paper.balance_dollars * 100)
        fresh = (dict[str, int](), Vitals(balance_cents=balance_cents), Alarms({}))
        loaded, self.fault = load_state(self.directory / STATE_FILE, _state, fresh)
        self.positions, self.vitals, self.alarms = loaded
        self.now_ns = self.beat_ns = self.checked_ns = 0
        self.untold: list[str] = []  # Alerts that could not be written.
        self.offset_ms: int | None = None
        self.grade, self.unwritten = "", 0

    def resume(self) -> dict[str, int]:
        return dict(self.positions)

    def keep(self, source: str, seq: int, message: Message) -> None:
        """Take one message in; it was taken in once if it comes again after a restart."""
        self.positions[source] = seq
        vitals.fold(self.vitals, message, self.series)
        self.log.add(source, seq, message)

    def commit(self) -> None:
        self.log.write()

    def tick_s(self) -> float:
        return LOOK_S

    def on_time(self, now_ns: int) -> None:
        """Write the heartbeat and look for faults when it is time, UTC."""
        self.now_ns = now_ns
        if self.watch.market == "live":
            vitals.roll(self.vitals, now_ns)
        looks = _due(now_ns, self.checked_ns, self.watch.check_s)
        if looks:
            self.checked_ns = now_ns
            self._look()
        if looks or self.untold:
            self._tell()
        if _due(now_ns, self.beat_ns, self.watch.heartbeat_s):
            self.beat_ns = now_ns
            self._keep_all(self._beat())

    def _look(self) -> None:
        readings, beat = self.machine.read(), self._beat()
        self.offset_ms = readings.clock_offset_ms
        self.grade = str(worst(health(readings, beat, self.watch)))
        sight = Sight(now_ns=self.now_ns, beat=beat, damage="", alive=None, readings=readings)
        found = check(sight, self.watch, self.schedule)
        told = alerts.judge(self.alarms, found, self.now_ns, self.watch)
        lines = [notices.plain(alerts.notice_of_alert(alert, "watchdog")) for alert in told]
        self.untold += [json.dumps(line) for line in lines]

    def _tell(self) -> None:
        """Write what is to be told; what cannot be written is tried again."""
        try:
            while self.untold:
                append_line(self.directory / ALERTS_FILE, self.untold[0].encode())
                del self.untold[0]
        except OSError:
            self.unwritten += 1

    def _beat(self, stopped: bool = False) -> Heartbeat:
        return vitals.heartbeat(
            self.vitals, now_ns=self.now_ns, pid=os.getpid(), symbol=self.symbol,
            market=self.watch.market, mode=self.watch.mode, clock_offset_ms=self.offset_ms,
            stopped=stopped,
        )  # fmt: skip

    def _keep_all(self, beat: Heartbeat) -> None:
        state = {"positions": self.positions, "vitals": vitals.kept(self.vitals)}
        try:
            write_heartbeat(self.directory, beat)
            save_state(self.directory / STATE_FILE, state | {"alarms": alerts.kept(self.alarms)})
        except OSError:  # A full disk is told and must not end the one who tells it.
            self.unwritten += 1

    def inspect(self) -> dict[str, Any]:
        standing = self.alarms.standing.items()
        return {
            "trading_date": self.vitals.date,
            "health": self.grade,
            "alerts": {str(code): str(one.severity) for code, one in standing if one.open},
            "unwritten": self.unwritten,
            "fault": self.fault,
        }

    def close(self) -> None:
        """Say that the floor ends in order; before the first look nothing was said."""
        if self.now_ns:
            self._keep_all(self._beat(stopped=True))


def _due(now_ns: int, last_ns: int, period_s: int) -> bool:
    # A clock that was set back must not silence anything.
    return not 0 <= now_ns - last_ns < period_s * NANOS_PER_S


def _state(values: Any) -> tuple[dict[str, int], Vitals, Alarms]:
    positions = {str(source): int(seq) for source, seq in values["positions"].items()}
    known = vitals.vitals_of(values["vitals"])
    return positions, known, alerts.alarms_of(values["alarms"])
