"""Numbered streams: who has been sent what, and who has taken what. Pure, used by both runtimes.

A publisher keeps its stream in a window and a cursor per reader; a reader grants room and says
how far it has come. So a restarted or lagging reader is served from where it stands, a publisher
never waits for anybody, nothing is sent that a reader has no room for, and how far each reader is
behind can be read off. Refill and live delivery are the same path.

Publish/subscribe with high-water marks and a separate refill was considered: it loses the tail of
a burst without a later number to show it, and needs two paths that must agree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from protocol.system import Subscribe, Tail

ROOM = 512  # Messages a reader accepts ahead of what it has taken.
Body = TypeVar("Body")
Held = TypeVar("Held", covariant=True)


class Window(Protocol[Held]):
    """The part of a stream that a publisher can still send: numbers `first` to `last`."""

    @property
    def first(self) -> int: ...

    @property
    def last(self) -> int: ...

    def get(self, seq: int) -> Held: ...


class OwnWindow(Window[bytes], Protocol):
    """The window of a stream that is published here: it grows."""

    def append(self, body: bytes) -> int:
        """Add the next frame and return its number."""

    def close(self) -> None:
        """Release what holds it."""


@dataclass(slots=True)
class MemoryWindow(Generic[Body]):
    """A window in memory. With `keep_max` it forgets the oldest numbers beyond it."""

    keep_max: int | None = None
    first: int = 1
    bodies: list[Body] = field(default_factory=list)

    @property
    def last(self) -> int:
        return self.first + len(self.bodies) - 1

    def get(self, seq: int) -> Body:
        if not self.first <= seq <= self.last:
            raise IndexError(f"number {seq} is not held, only {self.first} to {self.last}")
        return self.bodies[seq - self.first]

    def append(self, body: Body) -> int:
        """Add the next body and return its number."""
        self.bodies.append(body)
        # Forgetting in halves keeps appending cheap.
        if self.keep_max is not None and len(self.bodies) > 2 * self.keep_max:
            gone = len(self.bodies) - self.keep_max
            del self.bodies[:gone]
            self.first += gone
        return self.last

    def close(self) -> None:
        """Keep everything: memory goes with its process."""


@dataclass(slots=True)
class Cursor:
    """How far one reader has been sent a stream, and how far it has room."""

    next: int
    room: int
    taken: int
    lazy: bool = False
    unhurried: tuple[str, ...] = ()


class Outlet(Generic[Body]):
    """One stream and its readers."""

    def __init__(self, stream: str, window: Window[Body], keeper: str = "") -> None:
        self.stream = stream
        self.window = window
        self.keeper = keeper
        self.cursors: dict[str, Cursor] = {}

    def subscribe(self, wish: Subscribe) -> Tail:
        """Note where a reader stands; the answer says what there is."""
        cursor = self.cursors.get(wish.reader)
        if cursor is None or wish.rewind:
            self.cursors[wish.reader] = Cursor(
                wish.after + 1, wish.room, wish.after, wish.lazy, wish.unhurried
            )
        else:
            cursor.room = max(cursor.room, wish.room)
            cursor.taken = max(cursor.taken, wish.after)
        window = self.window
        return Tail(
            stream=self.stream, first=window.first, last=window.last, keeper=self.keeper
        )

    def due(self, reader: str, most: int) -> Iterator[tuple[int, Body]]:
        """Yield up to `most` numbers that `reader` has room for; each yield moves its cursor."""
        cursor = self.cursors[reader]
        until = min(cursor.room, self.window.last, cursor.next + most - 1)
        # What is older than the window cannot be sent; the reader sees from Tail where it begins.
        while self.window.first <= cursor.next <= until:
            body = self.window.get(cursor.next)
            cursor.next += 1
            yield cursor.next - 1, body

    def can_wait(self, reader: str, enough: int, kind: Callable[[Body], str]) -> bool:
        """Say whether a reader loses nothing if what it would be sent waits for company.

        So it is with less than `enough` for a lazy one, and for others with what is of kinds that
        they do not hurry for, or with nothing.
        """
        cursor, window = self.cursors[reader], self.window
        until = min(cursor.room, window.last)
        if cursor.lazy:
            return until - cursor.next + 1 < enough
        return window.first <= cursor.next and all(
            kind(window.get(seq)) in cursor.unhurried for seq in range(cursor.next, until + 1)
        )

    def unsend(self, reader: str, seq: int) -> None:
        """Take back a number that could not be handed to the transport."""
        self.cursors[reader].next = seq

    def behind(self) -> dict[str, int]:
        """Return how many messages each reader has not taken yet."""
        return {name: max(0, self.window.last - c.taken) for name, c in self.cursors.items()}


class Taken(Enum):
    """What a numbered message was to its reader."""

    NEW = auto()
    DUPLICATE = auto()
    GAP = auto()


class Inlet:
    """A reader's side of one stream: takes each number once, in order."""

    def __init__(
        self,
        reader: str,
        stream: str,
        after: int = 0,
        room: int = ROOM,
        lazy: bool = False,
        unhurried: tuple[str, ...] = (),
    ) -> None:
        self.lazy = lazy
        self.unhurried = unhurried
        self.reader = reader
        self.stream = stream
        self.taken = after
        self.room = room
        self._granted = after

    def take(self, seq: int) -> Taken:
        """Judge a number; only NEW may be handled, and counts as taken from now on."""
        if seq <= self.taken:
            return Taken.DUPLICATE
        if seq > self.taken + 1:
            return Taken.GAP
        self.taken = seq
        return Taken.NEW

    def wish(self, *, rewind: bool) -> Subscribe:
        """Return what to tell the publisher."""
        self._granted = self.taken + self.room
        return Subscribe(
            reader=self.reader,
            stream=self.stream,
            after=self.taken,
            room=self._granted,
            rewind=rewind,
            lazy=self.lazy,
            unhurried=self.unhurried,
        )

    def wants_room(self) -> bool:
        """Say whether half of the granted room is used up, so that more should be granted."""
        return self._granted - self.taken <= self.room // 2

    def lost(self, tail: Tail) -> int:
        """Return how many of the next numbers the publisher no longer holds."""
        return max(0, tail.first - self.taken - 1) if tail.last > self.taken else 0

    def skip(self, count: int) -> None:
        """Give up the next numbers: nobody holds them any more."""
        self.taken += count
