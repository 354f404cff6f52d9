"""The local runtime: the same shells in one thread, driven by the tape, without an actor system.

It is the back-test and fast-replay engine. A message is handled by all its readers, and so is all
that follows from it, before the tape goes on; this is the settling that the live runtime reaches
with its chain of cuts, so both give the same result.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

from protocol.market import Cut, Settled
from protocol.message import Message
from supervision.cell import Cell
from supervision.journal import Journal, MemoryJournal
from supervision.shell import JournaledShell, Shell
from supervision.spec import ChildSpec

JournalFor = Callable[[str], Journal]


class Unsettled(RuntimeError):
    """The chain from the tape to the broker did not finish a decision point."""


class LocalRun:
    """Runs `shells`, wired by the `reads` of their specs, on a tape published as `source`."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        shells: Mapping[str, Shell],
        source: str = "feed",
        journal_for: JournalFor = lambda _: MemoryJournal(),
    ) -> None:
        self.source = source
        self.cells: dict[str, Cell] = {}
        self._readers: dict[str, list[Cell]] = {}
        self._routes: dict[tuple[str, type[Message]], tuple[Cell, ...]] = {}
        self._queue: deque[tuple[str, int, Message]] = deque()
        self._settled = 0
        for spec in specs:
            if spec.id in shells:
                self._add(spec, shells[spec.id], journal_for)

    def _add(self, spec: ChildSpec, shell: Shell, journal_for: JournalFor) -> None:
        journal = journal_for(spec.id) if isinstance(shell, JournaledShell) else None
        cell = Cell(shell, spec.reads, self._publisher(spec.id), journal)
        self.cells[spec.id] = cell
        for stream in spec.reads:
            self._readers.setdefault(stream, []).append(cell)

    def _publisher(self, stream: str) -> Callable[[Message], None]:
        queue, numbers = self._queue, count(1)

        def publish(message: Message) -> None:
            queue.append((stream, next(numbers), message))

        return publish

    def run(self, tape: Iterable[Message]) -> None:
        """Play the tape to its end; every cut settles before the next message is taken."""
        for cell in self.cells.values():
            cell.recover()
        publish = self._publisher(self.source)
        for message in tape:
            publish(message)
            self._drain()
            if isinstance(message, Cut):
                if self._settled != message.number:
                    raise Unsettled(
                        f"cut {message.number} was followed by settled {self._settled}:"
                        " an actor of the chain did not hand it on"
                    )
                for cell in self.cells.values():
                    cell.commit()

    def _drain(self) -> None:
        queue, routes = self._queue, self._routes
        while queue:
            stream, seq, message = queue.popleft()
            kind = type(message)
            if kind is Settled:
                self._settled = message.number
            readers = routes.get((stream, kind))
            if readers is None:
                readers = routes[stream, kind] = self._route(stream, kind)
            for cell in readers:
                cell.offer(stream, seq, message)
                cell.release()

    def _route(self, stream: str, kind: type[Message]) -> tuple[Cell, ...]:
        """Return the readers of a stream that have a use for a kind of message."""
        readers = self._readers.get(stream, ())
        return tuple(cell for cell in readers if cell.wants(stream, kind))
