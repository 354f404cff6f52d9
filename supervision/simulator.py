"""The local runtime with seeded faults: crashes, delays, repeats and losses between real shells.

Nodes, journals and shells are those of the live runtime; only processes and sockets are played.
A crash forgets everything but what was durable, at any message and just before or just after a
fact is recorded. The same seed gives the same run.

A power cut takes what is on its way as well: sockets die with the machine, and a message of one
who had read what is lost now must not reach those who have yet to bring it again.
"""

import heapq
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from protocol.codec import decode, encode
from protocol.message import Message
from protocol.system import Subscribe
from supervision.checkpoint import Checkpoint, MemoryCheckpoints
from supervision.flow import OwnWindow
from supervision.journal import Journal, MemoryJournal, Positions
from supervision.node import IDLE_S, Node
from supervision.shell import JournaledShell, Shell
from supervision.spec import ChildSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Probabilities per packet, and times in seconds of the simulation."""

    crash: float = 0.0
    power: float = 0.0  # All die at once, and what was only noted is lost.
    loss: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_max_s: float = 0.3
    restart_max_s: float = 0.5
    checkpoint: float = 0.1  # Per look of an actor that keeps copies of its state.
    crashes_max: int = 40  # Ends the storm, so that a run ends; as many power cuts at most.


class Stuck(RuntimeError):
    """The floor stopped making progress."""


class Crash(Exception):
    """The node dies here."""


@dataclass(slots=True)
class _CrashingJournal:
    """A journal whose owner may die just before or just after a fact is recorded."""

    inner: Journal
    dies: Callable[[], bool]

    def load(self) -> Iterable[Message]:
        return self.inner.load()

    def positions(self) -> Positions:
        return self.inner.positions()

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        if self.dies():
            raise Crash
        self.inner.append(facts, positions)
        if self.dies():
            raise Crash

    def note(self, marks: Sequence[Message], positions: Mapping[str, int]) -> None:
        if self.dies():
            raise Crash
        self.inner.note(marks, positions)
        if self.dies():
            raise Crash

    def close(self) -> None:
        self.inner.close()


@dataclass(slots=True)
class _CrashingCheckpoints:
    """Checkpoints that are due at random, and whose owner may die before or after keeping one."""

    inner: MemoryCheckpoints
    wanted: Callable[[], bool]
    dies: Callable[[], bool]

    @property
    def loaded(self) -> Checkpoint | None:
        return self.inner.loaded

    @property
    def window(self) -> OwnWindow:
        return self.inner.window

    def due(self) -> bool:
        return self.wanted()

    def overdue(self) -> bool:
        return self.wanted()

    def keep(self, make: Callable[[], Checkpoint]) -> None:
        if self.dies():
            raise Crash
        self.inner.keep(make)
        if self.dies():
            raise Crash


@dataclass(slots=True)
class Place:
    """What of an actor outlives its process: its spec, its journal and its last checkpoint."""

    spec: ChildSpec
    make: Callable[[], Shell]
    journal: MemoryJournal | None = None
    forget: Callable[[], None] = lambda: None  # Takes from its store what was not yet durable.
    node: Node | None = None
    crashes: int = 0
    checkpoints: MemoryCheckpoints = field(default_factory=MemoryCheckpoints)
    resumed: int = 0  # Lives that began with a checkpoint.


@dataclass(slots=True)
class Simulator:
    """Runs `places` until `finished` says so; time is played."""

    places: dict[str, Place]
    seed: int
    faults: Faults
    finished: Callable[[], bool]
    limit_s: float = 3_600.0
    crashes: int = 0
    power_cuts: int = 0
    now_s: float = 0.0
    _random: random.Random = field(init=False)
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0

    def run(self) -> None:
        """Start every place and play until finished; no progress within the limit is an error."""
        self._random = random.Random(self.seed)
        for id in self.places:
            self._start(id)
            self._at(self._random.random() * IDLE_S, partial(self._tick, id))
        while not self.finished():
            if not self._agenda or self.now_s > self.limit_s:
                raise Stuck(f"seed {self.seed}: not finished after {self.now_s:.1f} s of play")
            self.now_s, _, action = heapq.heappop(self._agenda)
            action()

    def _at(self, in_s: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (self.now_s + in_s, self._count, action))

    def _start(self, id: str) -> None:
        place = self.places[id]
        shell = place.make()
        journal = None
        if isinstance(shell, JournaledShell):
            assert place.journal is not None, f"{id} needs a journal"
            journal = _CrashingJournal(place.journal, lambda: self._dies(0.5))
        checkpoints = None
        if shell.resumes:
            place.checkpoints = place.checkpoints.again()
            place.resumed += place.checkpoints.loaded is not None
            wanted = partial(self._chance, self.faults.checkpoint)
            checkpoints = _CrashingCheckpoints(
                place.checkpoints, wanted, lambda: self._dies(0.5)
            )
        place.node = Node(
            id, shell, place.spec.reads, journal, self.now_s, checkpoints=checkpoints
        )
        for source, wish in place.node.first_wishes():
            self._carry(source, partial(self._subscribe, source, wish))

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _dies(self, weight: float = 1.0) -> bool:
        return (
            self.crashes < self.faults.crashes_max
            and self._random.random() < self.faults.crash * weight
        )

    def _power_goes(self) -> bool:
        return (
            self.power_cuts < self.faults.crashes_max
            and self._random.random() < self.faults.power
        )

    def _cut_power(self) -> None:
        self.power_cuts += 1
        for id, place in self.places.items():
            if place.journal is not None:
                place.journal.cut_power()
            place.checkpoints = MemoryCheckpoints()
            if place.node is not None:
                self._crash(id)

    def _crash(self, id: str) -> None:
        place = self.places[id]
        place.node = None
        place.forget()
        place.crashes += 1
        self.crashes += 1
        self._at(self._random.random() * self.faults.restart_max_s, lambda: self._start(id))

    def _carry(self, to: str, arrive: Callable[[], None]) -> None:
        """Bring a packet over: once, later, twice, or never."""
        if self._random.random() < self.faults.loss:
            return
        copies = 2 if self._random.random() < self.faults.duplicate else 1
        for _ in range(copies):
            in_s = 0.0001
            if self._random.random() < self.faults.delay:
                in_s += self._random.random() * self.faults.delay_max_s
            self._at(in_s, partial(self._reach, to, arrive, self.power_cuts))

    def _reach(self, to: str, arrive: Callable[[], None], power_cuts: int) -> None:
        if power_cuts == self.power_cuts:  # Else it went with the power.
            self._arrive(to, arrive)

    def _arrive(self, to: str, arrive: Callable[[], None]) -> None:
        if self.places[to].node is None:
            return  # Nobody is there: the packet is gone.
        if self._power_goes():
            self._cut_power()
            return
        if self._dies():
            self._crash(to)
            return
        try:
            arrive()
            self._flush(to)
            self._node(to).quiet()
        except Crash:
            self._crash(to)

    def _subscribe(self, source: str, wish: Subscribe) -> None:
        node = self._node(source)
        tail = node.subscribe(wish)
        if tail is not None:
            self._carry(wish.reader, lambda: self._take(wish.reader, source, encode(tail)))

    def _take(self, reader: str, source: str, frame: bytes) -> None:
        node = self._node(reader)
        wishes = node.take(source, decode(frame), self.now_s)
        node.cell.release()
        for peer, wish in wishes:
            self._carry(peer, partial(self._subscribe, peer, wish))

    def _flush(self, id: str) -> None:
        node = self._node(id)
        for outlet, reader in node.readers():
            for item in node.due(outlet, reader):
                frame = encode(item)
                self._carry(reader, partial(self._take, reader, id, frame))

    def _tick(self, id: str) -> None:
        node = self.places[id].node
        if node is not None:
            for source, wish in node.idle_wishes(self.now_s):
                self._carry(source, partial(self._subscribe, source, wish))
            node.cell.commit()
            self._flush(id)
        self._at(IDLE_S / 2, lambda: self._tick(id))

    def _node(self, id: str) -> Node:
        node = self.places[id].node
        assert node is not None
        return node
