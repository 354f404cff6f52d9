"""The local runtime: the same shells in one thread, driven by the tape, without an actor system.

It is the back-test and fast-replay engine. Every cut is settled before the next is decided on, as
in the live runtime, so both give the same result.

Shells that are functions of the tape alone, directly or by way of others, need not wait for what
is decided: they run a block of cuts ahead, one after the other, so that each finds its own code
and data still in the cache. What they published is then given to the rest cut by cut.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from protocol.market import Cut, Settled, TradeBatch
from protocol.message import Message
from supervision.cell import Cell
from supervision.journal import Journal, MemoryJournal
from supervision.shell import JournaledShell, Shell
from supervision.spec import ChildSpec

JournalFor = Callable[[str], Journal]
Numbered = tuple[int, Message]

BLOCK_MESSAGES = 256
BLOCK_TRADES = 262_144


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
        self._numbers: dict[str, int] = {source: 0}  # Of the last message of each stream.
        self._block: dict[str, list[Numbered]] = {}  # What was published ahead.
        self._queue: deque[tuple[str, Numbered]] = deque()
        self._settled = 0
        wired = {spec.id: spec.reads for spec in specs if spec.id in shells}
        self._ahead = _ahead(source, wired, shells)
        for id, reads in wired.items():
            journal = journal_for(id) if isinstance(shells[id], JournaledShell) else None
            self.cells[id] = Cell(shells[id], reads, self._publisher(id), journal)
        self._readers = {
            stream: [
                cell
                for id, cell in self.cells.items()
                if stream in cell.reads and id not in self._ahead
            ]
            for stream in (source, *wired)
        }

    def _publisher(self, stream: str) -> Callable[[Message], None]:
        numbers = self._numbers
        numbers[stream] = 0

        def publish(message: Message) -> None:
            numbers[stream] = seq = numbers[stream] + 1
            self._queue.append((stream, (seq, message)))

        def publish_ahead(message: Message) -> None:
            numbers[stream] = seq = numbers[stream] + 1
            self._block[stream].append((seq, message))

        return publish_ahead if stream in self._ahead else publish

    def run(self, tape: Iterable[Message]) -> None:
        """Play the tape to its end; every cut settles before the next is decided on."""
        for cell in self.cells.values():
            cell.recover()
        for block in blocks(tape):
            self._run_ahead(block)
            streams = tuple(self._block)
            stretches = zip_longest(*map(_by_cut, self._block.values()), fillvalue=())
            for stretch in stretches:
                for stream, numbered in zip(streams, stretch, strict=True):
                    self._give(stream, numbered)
                self._drain()
                _, last = stretch[0][-1]
                if isinstance(last, Cut):
                    self._close(last)

    def _run_ahead(self, block: Sequence[Message]) -> None:
        """Let those run through a block that depend on nothing which is decided in it."""
        first = self._numbers[self.source] + 1
        self._numbers[self.source] += len(block)
        self._block = {self.source: list(enumerate(block, first))}
        for id in self._ahead:
            self._block[id] = []
            cell = self.cells[id]
            for stream in cell.reads:
                cell.shell.foresee(stream, [message for _, message in self._block[stream]])
            for stream in cell.reads:
                cell.offer_all(stream, self._block[stream])

    def _close(self, cut: Cut) -> None:
        if self._settled != cut.number:
            raise Unsettled(
                f"cut {cut.number} was followed by settled {self._settled}:"
                " an actor of the chain did not hand it on"
            )
        for cell in self.cells.values():
            cell.commit()

    def _drain(self) -> None:
        while self._queue:
            stream, numbered = self._queue.popleft()
            if isinstance(numbered[1], Settled):
                self._settled = numbered[1].number
            self._give(stream, (numbered,))

    def _give(self, stream: str, numbered: Sequence[Numbered]) -> None:
        """Offer every reader what he has a use for."""
        kinds = {type(message) for _, message in numbered}
        for cell in self._readers[stream]:
            useless = {kind for kind in kinds if not cell.wants(stream, kind)}
            wanted = numbered
            if useless:
                wanted = [each for each in numbered if type(each[1]) not in useless]
            if wanted:
                cell.offer_all(stream, wanted)
                cell.release()


def blocks(tape: Iterable[Message]) -> Iterator[list[Message]]:
    """Yield the tape in blocks that memory holds with ease; a block is never empty."""
    block: list[Message] = []
    trades = 0
    for message in tape:
        block.append(message)
        trades += len(message) if isinstance(message, TradeBatch) else 0
        if len(block) == BLOCK_MESSAGES or trades >= BLOCK_TRADES:
            yield block
            block, trades = [], 0
    if block:
        yield block


def _ahead(
    source: str, wired: Mapping[str, Sequence[str]], shells: Mapping[str, Shell]
) -> tuple[str, ...]:
    """Return who depends on the tape alone, each behind those that it reads."""
    found: list[str] = []
    more = True
    while more:
        more = False
        for id, reads in wired.items():
            if id not in found and shells[id].joined and {source, *found}.issuperset(reads):
                found.append(id)
                more = True
    return tuple(found)


def _by_cut(numbered: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    """Yield the messages in parts that each end with a cut, but for the last."""
    start = 0
    for stop, (_, message) in enumerate(numbered, 1):
        if isinstance(message, Cut):
            yield numbered[start:stop]
            start = stop
    if start < len(numbered):
        yield numbered[start:]
