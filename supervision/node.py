"""An actor on the stream plane, without its sockets: a cell, what it reads and what it publishes.

The live runtime drives a node from ZeroMQ sockets, the simulator from packets that it delays,
repeats and loses; what is tested there is what runs here.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from protocol.codec import decode, encode, kind_of
from protocol.message import Message
from protocol.system import Item, Subscribe, Tail
from supervision.cell import Cell
from supervision.checkpoint import Checkpoints
from supervision.flow import ROOM, Inlet, MemoryWindow, Outlet, OwnWindow, Taken, Window
from supervision.journal import Journal
from supervision.shell import Shell

IDLE_S = 0.1  # Silence after which a reader asks again.
SEND_MAX = 256  # Messages for one reader before the next has its turn.
LAZY_ROOM = 1024  # Of a reader that looks only now and then.
FRAME_BYTES = 64 * 1024  # Messages are sent together up to this size.
SHOWN_MAX = 300  # Characters of a message on a screen.

Wishes = list[tuple[str, Subscribe]]  # Whom to ask, and for what.


class Node:
    """Takes items in, gives items out; every number once and in order on both sides."""

    def __init__(
        self,
        id: str,
        shell: Shell,
        reads: Sequence[str],
        journal: Journal | None,
        now_s: float,
        own: OwnWindow | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.id = id
        self.shell = shell
        self._checkpoints = checkpoints
        self._own: OwnWindow = MemoryWindow() if own is None else own
        if checkpoints is not None:
            self._own = checkpoints.window
        self.window: Window[bytes] = shell.window() or self._own
        self.cell = Cell(
            shell,
            reads,
            self._publish,
            journal,
            None if checkpoints is None else self._after_cut,
        )
        loaded = None if checkpoints is None else checkpoints.loaded
        self.resumed = 0 if loaded is None else loaded.cut  # The cut this life began behind.
        positions = self.cell.recover(loaded)
        room = LAZY_ROOM if shell.lazy else ROOM
        unhurried = shell.unhurried()
        self.inlets = {
            source: Inlet(
                id, source, positions[source], room, shell.lazy,
                tuple(kind.KIND for kind in unhurried.get(source, ())),
            )
            for source in reads
        }  # fmt: skip
        self.outlets = {id: Outlet(id, self.window, shell.keeper)}
        for stream, copy in shell.copies().items():
            self.outlets[stream] = Outlet(stream, copy)
        self._heard_s = dict.fromkeys(reads, now_s)
        self._rewinding: set[str] = set()
        # Numbers that nobody could send again, by source.
        self.gaps: dict[str, int] = {} if loaded is None else dict(loaded.gaps)
        self._refill: dict[str, tuple[str, int]] = {}  # Source: its keeper, where it takes over.

    def _publish(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._own.append(encode(message))

    def quiet(self) -> None:
        """Keep a copy of the state if one is due: what was decided is on its way already."""
        if self._checkpoints is not None and self.cell.rests and self._checkpoints.due():
            self._keep(self._checkpoints)

    def _after_cut(self) -> None:
        if self._checkpoints is not None and self._checkpoints.overdue():
            self._keep(self._checkpoints)

    def _keep(self, checkpoints: Checkpoints) -> None:
        checkpoints.keep(partial(self.cell.checkpoint, self._own.last, self.gaps))

    def close(self) -> None:
        """Release the journal and the window."""
        self.cell.close()
        self._own.close()

    def first_wishes(self) -> Iterator[tuple[str, Subscribe]]:
        """Yield what to ask each source right after the start."""
        for source in self.inlets:
            yield self._wish(source, rewind=True)

    def take(self, peer: str, message: Message, now_s: float) -> Wishes:
        """Handle what a peer sent, a source or its keeper; return whom to ask for what."""
        if not isinstance(message, Item | Tail) or message.stream not in self.inlets:
            raise TypeError(f"{peer} sent {message.KIND} to {self.id}, wanted an item or a tail")
        source = message.stream
        self._heard_s[source] = now_s
        if isinstance(message, Tail):
            return self._seek(peer, message)
        return self._accept(source, message)

    def _accept(self, source: str, item: Item) -> Wishes:
        inlet, cell = self.inlets[source], self.cell
        for seq, body in enumerate(item.bodies, item.seq):
            match inlet.take(seq):
                case Taken.NEW:
                    self._rewinding.discard(source)
                    kind = kind_of(body)
                    if not cell.wants(source, kind):
                        cell.skip(source, seq)
                    elif not cell.keeps(source, seq, kind, body):
                        cell.offer(source, seq, decode(body))
                case Taken.GAP if source not in self._rewinding:
                    # Once is enough: what is on its way behind the gap would else ask each time.
                    self._rewinding.add(source)
                    return [self._wish(source, rewind=True)]
        keeper, until = self._refill.get(source, ("", 0))
        if keeper and inlet.taken >= until:
            del self._refill[source]
            return [self._wish(source, rewind=True)]
        return [self._wish(source, rewind=False)] if inlet.wants_room() else []

    def _seek(self, peer: str, tail: Tail) -> Wishes:
        """Turn to the keeper for what a source has forgotten; what he lacks too is a gap."""
        source, inlet = tail.stream, self.inlets[tail.stream]
        lost = inlet.lost(tail)
        if lost == 0:
            return []
        if peer == source and tail.keeper not in ("", self.id):
            self._refill[source] = (tail.keeper, tail.first - 1)
        else:
            inlet.skip(lost)
            self.gaps[source] = self.gaps.get(source, 0) + lost
        return [self._wish(source, rewind=True)]

    def _wish(self, source: str, *, rewind: bool) -> tuple[str, Subscribe]:
        keeper, _ = self._refill.get(source, (source, 0))
        return keeper, self.inlets[source].wish(rewind=rewind)

    def idle_wishes(self, now_s: float) -> Iterator[tuple[str, Subscribe]]:
        """Yield what to ask the sources that have been silent for a while.

        Silence may mean that there is nothing, that the last items were lost, or that the source
        has been restarted and does not know its readers; asking covers all three.
        """
        for source in self.inlets:
            if now_s - self._heard_s[source] >= IDLE_S:
                self._heard_s[source] = now_s
                self._refill.pop(source, None)  # The source says again who can help.
                yield self._wish(source, rewind=True)

    def subscribe(self, wish: Subscribe) -> Tail | None:
        """Note where a reader of one of our streams stands; a rewind is answered."""
        outlet = self.outlets.get(wish.stream)
        if outlet is None:
            return None
        if wish.stream == self.id:
            self.shell.reader_stands(wish.after)
        tail = outlet.subscribe(wish)
        return tail if wish.rewind else None

    def readers(self) -> list[tuple[Outlet[bytes], str]]:
        """Return every stream we can send, with every reader of it."""
        return [(outlet, name) for outlet in self.outlets.values() for name in outlet.cursors]

    @staticmethod
    def can_wait(outlet: Outlet[bytes], reader: str) -> bool:
        """Say whether what a reader has room for may wait for what follows."""
        return outlet.can_wait(reader, SEND_MAX, _kind)

    @staticmethod
    def due(outlet: Outlet[bytes], reader: str) -> Iterator[Item]:
        """Yield what a reader has room for, in frames; each yield counts as sent."""
        held: list[bytes] = []
        size = first = 0
        for seq, body in outlet.due(reader, SEND_MAX):
            if held and size + len(body) > FRAME_BYTES:
                yield Item(stream=outlet.stream, seq=first, bodies=tuple(held))
                held, size = [], 0
            first = seq - len(held)
            held.append(body)
            size += len(body)
        if held:
            yield Item(stream=outlet.stream, seq=first, bodies=tuple(held))

    def inspect(self) -> dict[str, Any]:
        """Return the whole state for a screen."""
        cell = self.cell
        return {
            "id": self.id,
            "reads": {source: inlet.taken for source, inlet in self.inlets.items()},
            "gaps": self.gaps,
            "published": self.window.last,
            "behind": self.outlets[self.id].behind(),
            "messages_in": cell.messages_in,
            "messages_out": cell.messages_out,
            "cut": cell.cut,
            "resumed": self.resumed,
            "state": self.shell.inspect(),
            "last_in": [f"{s} {seq} {_told(told)}"[:SHOWN_MAX] for s, seq, told in cell.last_in],
            "last_out": [str(message)[:SHOWN_MAX] for message in cell.last_out],
        }


def _kind(frame: bytes) -> str:
    kind = kind_of(frame)
    return "" if kind is None else kind.KIND


def _told(message: Message | bytes) -> Message:
    return decode(message) if isinstance(message, bytes) else message
