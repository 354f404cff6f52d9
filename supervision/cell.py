"""One shell at work: lines up what it reads, runs its handlers, records, and numbers what follows.

Both runtimes run their shells in cells, so recovery is written once. A cell knows no transport:
whoever owns it offers messages in the order of their numbers and is handed what to publish.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from protocol.market import MARKS, Cut, Settled
from protocol.message import Message
from supervision.checkpoint import Checkpoint, restore, state_of
from supervision.journal import Journal, Positions
from supervision.shell import OUTSIDE, Handler, JournaledShell, Shell, SinkShell

LAST_MESSAGES_MAX = 50


class Cell:
    """Runs `shell`, which reads the streams `reads` in that order at every cut."""

    def __init__(
        self,
        shell: Shell,
        reads: Sequence[str],
        publish: Callable[[Sequence[Message]], object],
        journal: Journal | None = None,
        after_cut: Callable[[], object] | None = None,
    ) -> None:
        if isinstance(shell, JournaledShell) != (journal is not None):
            raise ValueError(f"{type(shell).__name__} with journal {journal}: wanted both or none")
        self.shell = shell
        self.reads = tuple(reads)
        self.cut = 0
        self.messages_in = 0
        self.messages_out = 0
        self.last_in: deque[tuple[str, int, Message | bytes]] = deque(maxlen=LAST_MESSAGES_MAX)
        self.last_out: deque[Message] = deque(maxlen=LAST_MESSAGES_MAX)
        self._publish = publish
        self._journal = journal
        self._positions: Positions = dict.fromkeys(self.reads, 0)
        self._after_cut = after_cut  # Called when all is done that a joined cut brings.
        self._waiting: dict[str, deque[tuple[int, Message]]] = {
            source: deque() for source in self.reads
        }
        self._turn = 0
        self._cut_at: Positions = {}  # The number of the last cut handled of each source.
        self.rests = False  # Right behind a joined cut.
        self._facts: list[Message] = []  # Decided and applied, not yet recorded.
        self._gated = shell.gated if isinstance(shell, JournaledShell) else ""
        self._echoes = shell.echoes if isinstance(shell, JournaledShell) else {}
        # The number of the last mark of each kind that the shell itself has set.
        self._marked: dict[type[Message], int] = {Cut: 0, Settled: 0}
        self._held: dict[str, deque[tuple[int, Message]]] = {
            source: deque()
            for source in self.reads
            if source == self._gated or source in self._echoes
        }
        self._handlers: dict[tuple[type[Message], str], Handler | None] = {}
        self._sink = shell if isinstance(shell, SinkShell) else None

    def recover(self, checkpoint: Checkpoint | None = None) -> Positions:
        """Bring the shell to where it was; return the last number handled of each source."""
        if checkpoint is not None:
            restore(self.shell, checkpoint.state)
            self.cut = checkpoint.cut
            self.messages_in = sum(checkpoint.positions.values())
            self.messages_out = checkpoint.published
            self._positions |= checkpoint.positions
        elif self._sink is not None:
            self._positions |= self._sink.resume()
        elif self._journal is not None and isinstance(self.shell, JournaledShell):
            for fact in self._journal.load():
                self.shell.apply(fact)
                self._send((fact,))
                self._note_mark(fact)
            self._positions |= self._journal.positions()
        return dict(self._positions)

    def checkpoint(self, published: int, gaps: Mapping[str, int]) -> Checkpoint:
        """Return where the shell stands; only while it rests can that be said."""
        if not self.rests:
            raise ValueError("a checkpoint in the middle of a cut: wanted right behind one")
        positions = dict(self._cut_at)
        return Checkpoint(self.cut, positions, published, dict(gaps), state_of(self.shell))

    def wants(self, source: str, kind: type[Message] | None) -> bool:
        """Say whether a message of `kind` from `source` must be offered; None may be anything."""
        if kind in (None, Cut, Settled):
            return True
        if self._sink is not None:
            return self._sink.takes is None or kind in self._sink.takes
        # What is held back must be passed in its order, whatever it is.
        return source in self._held or self._handler(source, kind) is not None

    def skip(self, source: str, seq: int) -> None:
        """Pass over the next message of a source, for which the shell has no use."""
        self.messages_in += 1
        self._positions[source] = seq

    def keeps(self, source: str, seq: int, kind: type[Message] | None, frame: bytes) -> bool:
        """Hand the next message of a source over as it came; False if it is to be offered."""
        sink = self._sink
        if sink is None or kind is None or not sink.keep_frame(source, seq, kind, frame):
            return False
        self.messages_in += 1
        self.last_in.append((source, seq, frame))
        self._positions[source] = seq
        return True

    def offer(self, source: str, seq: int, message: Message) -> None:
        """Take the next message of a source, in the order of its numbers."""
        self.offer_all(source, ((seq, message),))

    def offer_all(self, source: str, numbered: Sequence[tuple[int, Message]]) -> None:
        """Take the next messages of a source, each with its number."""
        self.messages_in += len(numbered)
        for seq, message in numbered[-LAST_MESSAGES_MAX:]:
            self.last_in.append((source, seq, message))
        if self._sink is not None:
            keep = self._sink.keep
            for seq, message in numbered:
                self._positions[source] = seq
                keep(source, seq, message)
                if isinstance(message, Cut):
                    self._pass(message)
        elif self.shell.joined:
            self._waiting[source].extend(numbered)
            self._line_up()
        else:
            for seq, message in numbered:
                if source in self._held:
                    self._held[source].append((seq, message))
                else:
                    self._admit(source, seq, message)
                self._admit_held()

    def tell(self, message: Message) -> bool:
        """Take a message from outside the tree; return whether the shell has a handler for it."""
        if self._handler(OUTSIDE, type(message)) is None:
            return False
        self.messages_in += 1
        self.last_in.append((OUTSIDE, 0, message))
        self._record(self._handle(OUTSIDE, message))
        return True

    def time(self, now_ns: int) -> None:
        """Let a shell that decides facts, or keeps things, look at the time."""
        if self._sink is not None:
            self._sink.on_time(now_ns)
        elif isinstance(self.shell, JournaledShell):
            self._record(self.shell.on_time(now_ns))

    def _admit(self, source: str, seq: int, message: Message) -> None:
        self._positions[source] = seq
        self._record(self._handle(source, message))
        if isinstance(message, Cut):
            self._pass(message)

    def _admit_held(self) -> None:
        """Handle what was held back, in the order of each source, until all must wait."""
        admitted = True
        while admitted:
            admitted = False
            for source, line in self._held.items():
                while line and not self._must_wait(source, line[0][1]):
                    self._admit(source, *line.popleft())
                    admitted = True

    def _must_wait(self, source: str, message: Message) -> bool:
        """Say whether a mark of the shell's own is due before the next message of a source."""
        if source == self._gated and self._marked[Cut] > self._marked[Settled]:
            return True
        return (
            isinstance(message, MARKS)
            and self._echoes.get(source) is type(message)
            and message.number > self._marked[type(message)]
        )

    def _note_mark(self, fact: Message) -> None:
        if isinstance(fact, MARKS):
            self._marked[type(fact)] = max(self._marked[type(fact)], fact.number)

    def release(self) -> None:
        """Record what was decided, all or none, and only then publish it.

        Whoever owns the cell calls this after the messages that came together, so that they cost
        one write; nothing decided can be seen outside before. Cuts and settlements alone need not
        wait for the disk: their sources bring them again, and what others had made durable that
        depends on them waits until then (`JournaledShell.echoes`).
        """
        if self._facts and self._journal is not None:
            facts, self._facts = self._facts, []
            if all(isinstance(fact, MARKS) for fact in facts):
                self._journal.note(facts, self._positions)
            else:
                self._journal.append(facts, self._positions)
            self._send(facts)

    def commit(self) -> None:
        """Make durable what a sink has kept; nothing for other shells."""
        if self._sink is not None:
            self._sink.commit()

    def close(self) -> None:
        """Release the journal."""
        if self._journal is not None:
            self._journal.close()

    def _line_up(self) -> None:
        """Handle what waits, source by source up to the same cut, in the order of `reads`."""
        answers: list[Message] = []
        while waiting := self._waiting[self.reads[self._turn]]:
            seq, message = waiting.popleft()
            self.rests = False
            if not isinstance(message, Cut):
                answers += self._handle(self.reads[self._turn], message)
                continue
            self._cut_at[self.reads[self._turn]] = seq
            self._turn = (self._turn + 1) % len(self.reads)
            if self._turn == 0:
                self._send([*answers, *self.shell.on_cut(message), message])
                answers = []
                self._pass(message)
                self.rests = True
                if self._after_cut is not None:
                    self._after_cut()
        self._send(answers)

    def _pass(self, cut: Cut) -> None:
        self.cut = max(self.cut, cut.number)

    def _handle(self, source: str, message: Message) -> Iterable[Message]:
        handler = self._handler(source, type(message))
        # What a shell has no handler for is not its business: streams have several readers.
        return () if handler is None else handler(self.shell, message) or ()

    def _handler(self, source: str, kind: type[Message]) -> Handler | None:
        try:
            return self._handlers[kind, source]
        except KeyError:
            known = self.shell.handlers
            handler = known.get((kind, source)) or known.get((kind, None))
            self._handlers[kind, source] = handler
            return handler

    def _record(self, outputs: Iterable[Message]) -> None:
        # The list is complete before anything is done with it: a handler that raises half-way
        # changes and sends nothing.
        facts = list(outputs)
        if isinstance(self.shell, JournaledShell):
            for fact in facts:
                self.shell.apply(fact)
                self._note_mark(fact)
            self._facts += facts
        else:
            self._send(facts)

    def _send(self, messages: Sequence[Message]) -> None:
        if messages:
            self.messages_out += len(messages)
            self.last_out += messages
            self._publish(messages)
