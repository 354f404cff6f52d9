"""The notifier: tells a person what happens on the floor, and never makes the floor wait."""

import json
from pathlib import Path
from random import Random
from typing import Any

from actors.adapters.kept_state import load_state, save_state
from actors.adapters.notify.courier import Courier
from actors.adapters.notify.discord import BadWebhook, Discord, webhook_of
from actors.adapters.notify.follow import Follower, Place
from actors.adapters.notify.memory import Memory, memory_of, started_ns, values_of
from actors.adapters.notify.port import Notifier
from actors.core.notices import outbox, teller
from actors.core.notices.delivery import Delivery, pace_of
from actors.core.notices.floor import tree_alarm
from actors.core.notices.notice import Notice, notice_of
from actors.core.notices.outbox import Outbox
from actors.core.notices.teller import Known
from actors.core.session.calendar import Schedule
from protocol.message import Message
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from protocol.watch_settings import NotifySettings
from supervision.shell import SinkShell

STATE_FILE = "notifier.json"
# Written by the supervisors and the host, and by the watchdog: what each line of theirs says.
FOLLOWED = {"alarms": tree_alarm, "alerts": notice_of}
LOOK_S = 1.0
SAVE_NS = 30 * NANOS_PER_S  # How far was read, where nothing was to be told.


class NotifierShell(SinkShell):
    """Folds, and lets notices wait; a thread sends them. Without a webhook it only folds.

    How far was read, what is known and what waits are one file, replaced before anything of it is
    sent: a restart neither loses a critical notice nor counts anything twice. A notice comes twice
    only where the process died between the service's answer and the write that follows it.
    """

    takes = teller.TOLD

    def __init__(self, notifier: Notifier | None = None) -> None:
        self._notifier = notifier

    def configure(self, settings: Settings, directory: str) -> None:
        self.file, self.run_dir = Path(directory) / STATE_FILE, Path(directory).parent
        notify, self.watch = settings.notify, settings.watch
        self.schedule = Schedule.of(settings.calendar.closed, settings.calendar.early)
        self.symbol, most = settings.feed.symbol, notify.queue_max
        known = Known(balance_cents=round(settings.paper.balance_dollars * 100))
        self.memory, self.fault = load_state(
            self.file, lambda values: memory_of(values, most), Memory(known, Outbox(most))
        )
        self.goes_on = bool(self.memory.positions)
        self.now_ns = self.saved_ns = self.unwritten = self.unreadable = 0
        self.begun_ns, self.dirty = 0, False
        self.followed = {}
        for name, place in {"alarms": self.run_dir, "alerts": Path(directory)}.items():
            at = self.memory.places.setdefault(name, Place())
            self.followed[name] = Follower(place / f"{name}.jsonl", at)
        self.courier = self._courier_of(notify)

    def _courier_of(self, notify: NotifySettings) -> Courier | None:
        try:
            url = webhook_of(notify) if self._notifier is None else ""
        except BadWebhook as error:  # Said before the start, too; trading does not wait for it.
            self.fault = str(error)
            outbox.shut(self.memory.box)
            return None
        notifier = Discord(url, notify.timeout_s) if url else self._notifier
        if notifier is None:
            return None
        courier = Courier(self.memory.box, notifier, Delivery(pace_of(notify)), Random().random)
        courier.start()
        return courier

    def resume(self) -> dict[str, int]:
        return dict(self.memory.positions)

    def keep(self, source: str, seq: int, message: Message) -> None:
        """Take one message in and let wait what is to be told of it."""
        self.memory.positions[source] = seq
        now_ns, schedule = self.now_ns, self.schedule
        self._put(teller.notices_of(self.memory.known, source, message, now_ns, schedule))

    def tick_s(self) -> float:
        return LOOK_S

    def on_time(self, now_ns: int) -> None:
        """Look at what others have written, and at the hour, UTC."""
        if self.begun_ns and 0 <= now_ns - self.now_ns < LOOK_S * NANOS_PER_S:
            return
        self.now_ns = now_ns
        if not self.begun_ns:
            self.begun_ns = now_ns
            self._begin()
        for name, follower in self.followed.items():
            for line in follower.lines():
                try:
                    self._put([FOLLOWED[name](json.loads(line))])
                except ValueError:
                    self.unreadable += 1
        # Whoever comes back behind the close has first to read what was told meanwhile.
        if self.watch.market == "live" and now_ns - self.begun_ns >= teller.GRACE_NS:
            self._put(teller.by_the_clock(self.memory.known, now_ns, self.schedule))

    def _begin(self) -> None:
        """Tell that a run began, or goes on; that only this process came back is not news."""
        run_ns, memory = started_ns(self.run_dir), self.memory
        if run_ns == memory.run_ns and run_ns:
            return
        memory.run_ns, mode = run_ns, self.watch.mode
        self._put([teller.begun(memory.known, self.symbol, mode, self.goes_on, self.now_ns)])

    def _put(self, notices: list[Notice]) -> None:
        self.dirty = self.dirty or bool(notices)
        for notice in notices:
            if self.courier is not None:
                self.courier.put(notice)
            elif self.memory.box.shut:  # Somebody is to be told, and cannot be reached.
                outbox.put(self.memory.box, notice)

    def commit(self) -> None:
        """Write what changed, and only then let the new notices go."""
        changed = self.courier is not None and self.courier.changed
        if self.dirty or changed or not 0 <= self.now_ns - self.saved_ns < SAVE_NS:
            self._save()

    def _save(self) -> None:
        self.dirty, self.saved_ns = False, self.now_ns
        box, number = self.courier.take() if self.courier else (outbox.kept(self.memory.box), 0)
        try:
            save_state(self.file, values_of(self.memory, box))
        except OSError:  # Better told twice than never: a full disk is what is to be told.
            self.unwritten += 1
        if self.courier is not None:
            self.courier.written(number)

    def inspect(self) -> dict[str, Any]:
        sends = {"state": "no webhook"} if self.courier is None else self.courier.inspect()
        counts = {"unwritten": self.unwritten, "unreadable": self.unreadable}
        return sends | counts | {"fault": self.fault, "digested": self.memory.known.digested}

    def close(self) -> None:
        if self.courier is not None:
            self.courier.stop()
        if self.begun_ns:
            self._save()
