"""The local runtime: the same shells in one thread, driven by the tape, without an actor system.

It is the back-test and fast-replay engine. Every cut is settled before the next is decided on, as
in the live runtime, so both give the same result.

Shells that are functions of the tape alone, directly or by way of others, need not wait for what
is decided: they run a block of cuts ahead, one after the other, so that each finds its own code
and data still in the cache. What they published is then given to the rest cut by cut.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from protocol.market import Cut, Settled, TradeBatch
from protocol.message import Message
from supervision.cell import Cell
from supervision.journal import Journal, MemoryJournal
from supervision.shell import JournaledShell, Shell, SinkShell
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
        self.block_messages = BLOCK_MESSAGES
        self.cells: dict[str, Cell] = {}
        self._numbers: dict[str, int] = {source: 0}  # Of the last message of each stream.
        self._block: dict[str, list[Numbered]] = {}  # What each stream said in this block.
        self._queue: deque[tuple[str, Numbered]] = deque()
        self._settled = 0
        wired = {spec.id: spec.reads for spec in specs if spec.id in shells}
        self._ahead = _ahead(source, wired, shells)
        for id, reads in wired.items():
            journal = journal_for(id) if isinstance(shells[id], JournaledShell) else None
            self.cells[id] = Cell(shells[id], reads, self._publisher(id), journal)
        self._sinks = [self.cells[id] for id in wired if isinstance(shells[id], SinkShell)]
        # Who decides, or follows what is decided: neither ahead nor only keeping.
        self._beside = [
            cell for id, cell in self.cells.items()
            if id not in self._ahead and cell not in self._sinks
        ]  # fmt: skip
        self._routes: dict[tuple[str, type[Message]], tuple[Cell, ...]] = {}

    def _publisher(self, stream: str) -> Callable[[Sequence[Message]], None]:
        numbers, queue, waits = self._numbers, self._queue, stream not in self._ahead
        numbers[stream] = 0

        def publish(messages: Sequence[Message]) -> None:
            first = numbers[stream] + 1
            numbers[stream] += len(messages)
            numbered = list(enumerate(messages, first))
            self._block[stream] += numbered
            if waits:
                queue.extend((stream, each) for each in numbered)

        return publish

    def run(self, tape: Iterable[Message]) -> None:
        """Play the tape to its end; every cut settles before the next is decided on."""
        self._block = {stream: [] for stream in self._numbers}
        for cell in self.cells.values():
            cell.recover()
        for block in blocks(tape, self.block_messages):
            self._run_ahead(block)
            self._decide()
            self._keep()

    def _run_ahead(self, block: Sequence[Message]) -> None:
        """Let those run through a block that depend on nothing which is decided in it."""
        first = self._numbers[self.source] + 1
        self._numbers[self.source] += len(block)
        self._block[self.source] = list(enumerate(block, first))
        for id in self._ahead:
            cell = self.cells[id]
            if self.source in cell.reads:
                cell.shell.foresee(block)
            for stream in cell.reads:
                cell.offer_all(stream, self._block[stream])

    def _decide(self) -> None:
        """Let the rest follow cut by cut, and see that each is settled."""
        led = [
            (cell, stream, _by_cut(self._wanted(cell, stream)))
            for stream in self._ahead
            for cell in self._beside
            if stream in cell.reads
        ]
        for told in _by_cut(self._block[self.source]):
            for numbered in told:
                self._give(self.source, numbered)
                if not isinstance(numbered[1], Cut):
                    self._drain()
            for cell, stream, parts in led:
                self._offer(cell, stream, next(parts, ()))
            self._drain()
            _, last = told[-1]
            if isinstance(last, Cut) and self._settled != last.number:
                raise Unsettled(
                    f"cut {last.number} was followed by settled {self._settled}:"
                    " an actor of the chain did not hand it on"
                )

    def _keep(self) -> None:
        """Let those who only keep what they read take a block of it at once."""
        for cell in self._sinks:
            for stream in cell.reads:
                if stream in self._block:
                    self._offer(cell, stream, self._wanted(cell, stream))
            cell.commit()
        for told in self._block.values():
            told.clear()

    def _drain(self) -> None:
        while self._queue:
            stream, numbered = self._queue.popleft()
            if isinstance(numbered[1], Settled):
                self._settled = numbered[1].number
            self._give(stream, numbered)

    def _give(self, stream: str, numbered: Numbered) -> None:
        """Offer a message to those beside who have a use for it."""
        kind = type(numbered[1])
        readers = self._routes.get((stream, kind))
        if readers is None:
            readers = self._routes[stream, kind] = tuple(
                cell
                for cell in self._beside
                if stream in cell.reads and cell.wants(stream, kind)
            )
        for cell in readers:
            self._offer(cell, stream, (numbered,))

    def _wanted(self, cell: Cell, stream: str) -> list[Numbered]:
        """Return what a stream said in this block, as far as a reader has a use for it."""
        block = self._block[stream]
        kinds = {kind for kind in {type(m) for _, m in block} if cell.wants(stream, kind)}
        return [numbered for numbered in block if type(numbered[1]) in kinds]

    @staticmethod
    def _offer(cell: Cell, stream: str, numbered: Sequence[Numbered]) -> None:
        if numbered:
            cell.offer_all(stream, numbered)
            cell.release()


def blocks(tape: Iterable[Message], messages_max: int) -> Iterator[list[Message]]:
    """Yield the tape in blocks that memory holds with ease; none is empty."""
    block: list[Message] = []
    trades = 0
    for message in tape:
        block.append(message)
        trades += len(message) if isinstance(message, TradeBatch) else 0
        if len(block) >= messages_max or trades >= BLOCK_TRADES:
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
