"""What differs of the actors of a simulated week from those of a live floor: their outside.

A market that waits for nobody, stores that a killed process leaves as they are, a notifier without
a thread, and the chores of the session, really done in the run's directory by the played clock.
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from actors.adapters.frames import HEADER, MemoryFrames
from actors.adapters.notify.courier import TOGETHER_MAX, Courier
from actors.adapters.store import SqlJournal
from actors.adapters.tape import Tape
from actors.core.notices import outbox as waits
from actors.core.notices.delivery import Delivery, pace_of
from actors.core.session.chores import VERDICT_CODES, Outcome
from actors.notifier import NotifierShell
from actors.recorder import RecorderShell
from ops.day_end import PAUSES_S
from ops.export import export
from ops.preflight.command import kept, preflight
from ops.recap.command import NotSettled, recap
from protocol.day import Chore, Verdict
from protocol.settings import Settings
from protocol.units import NANOS_PER_S

CHORE_S = (0.3, 4.0)  # How long a chore takes, its process included.
STEPS_MAX = 30  # An export has about so many.


class Died(BaseException):
    """Whoever does a chore is killed in the midst of it."""


class MarketTape(Tape):
    """A tape of which is there what the market has brought; a market waits for nobody.

    To connect takes a while; then the venue brings what was missed.
    """

    def __init__(
        self, frames: Sequence[bytes], there_ns: Sequence[int], connects_s: float
    ) -> None:
        super().__init__(MemoryFrames(frames), speed=1.0)
        self._there_ns = there_ns
        self._connects_ns = round(connects_s * NANOS_PER_S)
        self._from_ns = 0
        self.connected = False

    def pace(self, now_ns: int) -> None:
        self._from_ns = self._from_ns or now_ns + self._connects_ns
        if now_ns >= self._from_ns:
            self.connected = True
            self._paced = max(self._paced, bisect_right(self._there_ns, now_ns))


class DiskJournal(SqlJournal):
    """The journal of the session: all of it is appended, so a power cut takes nothing."""

    def cut_power(self) -> None:
        """Keep everything."""

    def die(self) -> None:
        """Give up the file as a killed process does."""
        self._release()


class DirectCourier(Courier):
    """Sends when a notice is safe, in the one thread there is."""

    def start(self) -> None:
        """Wait for nothing."""

    def written(self, number: int) -> None:
        super().written(number)
        while True:
            numbers, notices = waits.waiting(self.outbox, self._safe, TOGETHER_MAX)
            if not notices:
                return
            self._settle(self._notifier.send(notices), numbers)


class WeekNotifier(NotifierShell):
    """The notifier without its thread."""

    def _courier_of(self, notify: Any) -> Courier:
        assert self._notifier is not None
        return DirectCourier(self.memory.box, self._notifier, Delivery(pace_of(notify)), float)


class WeekRecorder(RecorderShell):
    """The recorder; what it did not sync can be lost."""

    def configure(self, settings: Settings, directory: str) -> None:
        super().configure(settings, directory)
        self.safe = self._sizes()

    def commit(self) -> None:
        super().commit()
        self.safe = self._sizes()

    def _sizes(self) -> dict[Path, int]:
        return {path: path.stat().st_size for path in self.log.directory.glob("ticks-*.frames")}

    def die(self, dice: random.Random | None) -> None:
        """End; with dice the power went, and of what was not synced a part is gone."""
        self.log.close()
        for path, size in self._sizes().items() if dice else ():
            safe = self.safe.get(path, len(HEADER))
            if size > safe:
                with path.open("rb+") as file:
                    file.truncate(dice.randint(safe, size))


class WeekChores:
    """Does the chores of the session for good, in the run's directory, by the market's clock.

    They outlive the session; what runs dies with it, somewhere on its way.
    """

    def __init__(self, settings: Settings, run_dir: Path, dice: random.Random) -> None:
        self.settings, self.run_dir, self.dice = settings, run_dir, dice
        self.clock: Callable[[], int] = lambda: 0
        self.done: list[tuple[str, str, int]] = []  # Chore, date, when it ended.
        self.told: list[str] = []  # What exports had to say to a person.
        self.killed = self.waited = 0
        self._running: tuple[Chore, str] | None = None
        self.ends_ns = 0

    def start(self, chore: Chore, on: str) -> None:
        assert self._running is None, "one at a time"
        self._running = chore, on
        self.ends_ns = self.clock() + round(self.dice.uniform(*CHORE_S) * NANOS_PER_S)
        self._pauses = list(PAUSES_S)

    def poll(self) -> Outcome | None:
        if self._running is None:
            return Outcome(None, "whoever started it has ended")
        if self.clock() < self.ends_ns:
            return None
        chore, on = self._running
        try:
            outcome = self._do(chore, on, lambda _: None)
        except NotSettled:
            self.ends_ns += self._pauses.pop(0) * NANOS_PER_S
            self.waited += 1
            return None
        self._running = None
        self.done.append((chore.value, on, self.clock()))
        return outcome

    @property
    def running(self) -> bool:
        """Whether one is on its way."""
        return self._running is not None

    def stop(self) -> None:
        self.die()

    def die(self) -> None:
        """Kill what runs: before it has done a thing, behind its last step, or between two."""
        if self._running is None:
            return
        (chore, on), self._running = self._running, None
        self.killed += 1
        # Only an export says its steps: the others have done nothing, or all and not said so.
        exports = chore is Chore.EXPORT
        left = self.dice.randrange(STEPS_MAX) if exports else self.dice.choice((0, STEPS_MAX))

        def step(_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Died

        try:
            step("begin")
            self._do(chore, on, step)
        except (Died, NotSettled):
            pass

    def _do(self, chore: Chore, on: str, told: Callable[[str], None]) -> Outcome:
        now_ns, data, settings = self.clock(), self.run_dir / "data", self.settings
        if chore is Chore.PREFLIGHT:
            document = preflight(settings, settings.preflight, self.run_dir, now_ns)
            kept(document, data)
            return Outcome(VERDICT_CODES[Verdict(document["verdict"])], document["summary"])
        if chore is Chore.RECAP:
            day, out_dir = date.fromisoformat(on), data / "recaps"
            recap(settings, self.run_dir, day, out_dir, now_ns, settled=bool(self._pauses))
            return Outcome(0, "")
        done = export(data, settings.recorder, settings.export, None, now_ns, _at_once, told)
        self.told += [*done.alarms, *done.failed, *done.rolled.refused]
        return Outcome(done.code, "")


def _at_once(_: float) -> None:
    """Wait for nothing."""
