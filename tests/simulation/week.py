"""A whole floor that lives through a week of a live market, in the simulator, on the wall's clock.

Every shell is the real one and so are the files of its run: segments of the recorder, books and
the session's journal in SQLite, day files, recaps, the destination. Time is played: while anything
is on its way the market's clock goes with the play, and once all is quiet it leaps to the next
instant at which something is due. Deaths are of single actors, at any message, and of the whole
floor, which the market does not wait for.
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from actors.adapters.notify.port import FakeNotifier
from actors.adapters.store import database_for
from actors.books import BooksShell
from actors.feed import FeedShell
from actors.session import LOOK_S as SESSION_LOOK_S
from actors.session import SessionShell
from ops.replay import workers
from protocol.codec import kind_of
from protocol.market import Cut
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.guarded import resolve
from supervision.journal import MemoryJournal
from supervision.shell import Shell
from supervision.simulator import Crash, Faults, Place, Simulator
from supervision.spec import ChildSpec
from tests.simulation.week_actors import (
    DiskJournal,
    MarketTape,
    WeekChores,
    WeekNotifier,
    WeekRecorder,
)

LOOK_S = 0.02  # Of play, between two looks whether all is quiet.
CLOCKED = ("feed", "session", "desk", "notifier")  # Who looks at the time.
NOT_THERE = ("watchdog", "web")
CONNECT_S = (0.0, 5.0)  # How long a feed takes to be logged in again.


@dataclass(frozen=True, slots=True, order=True)
class Death:
    """An actor is killed at an instant, or without a name the whole floor: it stays down."""

    at_ns: int
    down_s: float = 0.0
    who: str = ""


class WeekSimulator(Simulator):
    """A simulator whose market goes on by itself."""

    marks: Sequence[int] = ()  # Instants at which something may be due.
    deaths: Sequence[Death] = ()  # In order.
    began_ns = 0
    skipped_ns = 0
    dark = False
    quiet: Callable[[], bool]
    wanted_ns: Callable[[], list[int]]

    @property
    def now_ns(self) -> int:
        """The time of the market, UTC."""
        return self.began_ns + self.skipped_ns + round(self.now_s * NANOS_PER_S)

    def run(self) -> None:
        self.up_ns: list[tuple[int, int]] = []  # When the session was there.
        self._at(0.0, self._look)
        super().run()

    def _start(self, id: str) -> None:
        super()._start(id)
        if id == "session":
            self.up_ns.append((self.now_ns, 2**63))

    def _crash(self, id: str) -> None:
        if id == "session":
            self.up_ns[-1] = self.up_ns[-1][0], self.now_ns
        super()._crash(id)

    def _tick(self, id: str) -> None:
        self._tell_time(id)
        super()._tick(id)

    def _tell_time(self, id: str) -> None:
        node = self.places[id].node
        if node is None or id not in CLOCKED:
            return
        node.shell.at(self.now_ns)
        try:
            node.cell.time(self.now_ns)
            node.cell.release()
        except Crash:
            self._crash(id)
            return
        self._flush(id)

    def _look(self) -> None:
        """Kill what is to be killed by now; leap to what comes next if nothing is on its way."""
        self._at(LOOK_S, self._look)
        if self.deaths and self.now_ns >= self.deaths[0].at_ns:
            self._kill(self.deaths[0])
            return
        if not self.quiet():
            return
        for place in self.places.values():
            place.node.cell.commit()
        self.skipped_ns += max(0, self._next_mark() - self.now_ns)
        for id in CLOCKED:
            self._tell_time(id)

    def _next_mark(self) -> int:
        later = bisect_right(self.marks, self.now_ns)
        found = [*self.marks[later : later + 1], *self.wanted_ns()]
        return min([*found, *(one.at_ns for one in self.deaths[:1])], default=0)

    def _kill(self, death: Death) -> None:
        if death.who and self.places[death.who].node is not None:
            self._crash(death.who)
        elif not death.who:
            self.dark = True
            self._cut_power()
            self.dark = False
            self.skipped_ns += round(death.down_s * NANOS_PER_S)
        # Whoever was to die while nothing lived does not.
        self.deaths = [one for one in self.deaths[1:] if one.at_ns > self.now_ns]


class WeekFloor:
    """One run of a week and what is left of it."""

    def __init__(
        self,
        seed: int,
        faults: Faults,
        settings: Settings,
        tape: tuple[tuple[bytes, ...], tuple[int, ...]],
        run_dir: Path,
    ) -> None:
        self.seed, self.faults, self.settings, self.run_dir = seed, faults, settings, run_dir
        self.frames, self.there_ns = tape
        self.data = run_dir / "data"
        self.data.mkdir(parents=True, mode=0o700)
        self.dice = random.Random(f"week {seed}")
        self.chores = WeekChores(settings, run_dir, self.dice)
        self.notified = FakeNotifier()
        self.journals = {id: MemoryJournal() for id in ("desk", "broker")}
        self.places: dict[str, Place] = {}
        self.shells: dict[str, Any] = {}  # The latest life of each.

    @property
    def cuts_ns(self) -> list[int]:
        """The instants of the cuts of the tape."""
        frames = zip(self.frames, self.there_ns, strict=True)
        return [there_ns for frame, there_ns in frames if kind_of(frame) is Cut]

    def run(
        self, began_ns: int, marks: Sequence[int], deaths: Sequence[Death] = ()
    ) -> WeekSimulator:
        """Play to the last mark and until all is quiet behind it."""
        for spec in workers(self.settings):
            if spec.id not in NOT_THERE:
                forget = partial(self._forget, spec.id)
                journal = self.journals.get(spec.id)
                self.places[spec.id] = Place(spec, partial(self._made, spec), journal, forget)
        made = WeekSimulator(self.places, self.seed, self.faults, self._finished)
        made.marks, made.began_ns = sorted({*marks, *self.cuts_ns}), began_ns
        made.deaths = sorted(deaths)
        made.quiet, made.wanted_ns = self._quiet, self._wanted_ns
        self.simulator = made
        self.chores.clock = lambda: self.simulator.now_ns
        self.simulator.run()
        for id in self.places:
            self._forget(id)
        return self.simulator

    def _made(self, spec: ChildSpec) -> Shell:
        shell: Shell
        match spec.id:
            case "feed":
                connects_s = self.dice.uniform(*CONNECT_S)
                shell = FeedShell(MarketTape(self.frames, self.there_ns, connects_s))
            case "recorder":
                shell = WeekRecorder()
            case "session":
                shell = SessionShell(self.chores)
                place = database_for("", str(self.data), "session")
                self.places["session"].journal = DiskJournal(place, "session")
            case "notifier":
                shell = WeekNotifier(self.notified)
            case _:
                shell = resolve(spec.start)()
        shell.configure(self.settings, str(self.data))
        self.shells[spec.id] = shell
        return shell

    def _forget(self, id: str) -> None:
        """Let go of the files of an actor as a killed process does."""
        shell = self.shells[id]
        match shell:
            case WeekRecorder():
                shell.die(self.dice if self.simulator.dark else None)
            case BooksShell():
                shell.books._release()
            case SessionShell():
                self.chores.die()
                self.places[id].journal.die()

    def _finished(self) -> bool:
        over = self.simulator.now_ns >= self.simulator.marks[-1]
        return over and not self.simulator.deaths and self._quiet()

    def _quiet(self) -> bool:
        """Say whether everything that is there has come to everybody, and nothing is open."""
        if any(place.node is None for place in self.places.values()):
            return False
        tape = self.shells["feed"].tape
        there = bisect_right(self.there_ns, self.simulator.now_ns)
        if not tape.connected or tape.last < there or tape.settled < tape.released_cuts:
            return False
        return self._session_rests() and all(
            place.node.inlets[source].taken == self.places[source].node.window.last
            for place in self.places.values()
            for source in place.spec.reads
        )

    def _wanted_ns(self) -> list[int]:
        """Return when the chore that runs is over, or the next may be begun."""
        now_ns = self.simulator.now_ns
        if self.chores.running:
            return [self.chores.ends_ns]
        waiting = self.shells["session"].state.chores.waiting.values()
        wanted = [one.not_before_ns for one in waiting]
        soon_ns = now_ns + round(2 * SESSION_LOOK_S * NANOS_PER_S)
        return [max(soon_ns, one) for one in wanted]

    def _session_rests(self) -> bool:
        session = self.shells["session"]
        over = self.chores.ends_ns <= self.simulator.now_ns
        if self.settings.day.clock == "wall":  # It looks twice a second, and has to have looked.
            marks = self.simulator.marks
            passed = bisect_right(marks, self.simulator.now_ns)
            if session.now_ns < (marks[passed - 1] if passed else 1):
                return False
        return session.recorded is None and not (self.chores.running and over)
