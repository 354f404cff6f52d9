"""The port to a journal of facts, and its honest fake in memory."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from protocol.message import Message

Positions = dict[str, int]


class Journal(Protocol):
    """Facts in the order in which they were decided, and what had been read by then."""

    def load(self) -> Iterable[Message]:
        """Return all facts, oldest first. Number 1 is the first."""

    def positions(self) -> Positions:
        """Return how far each source had been read when the last fact was recorded."""

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        """Record facts; durable, all or none, when this returns."""

    def close(self) -> None:
        """Release the store."""


class MemoryJournal:
    """A journal that outlives its shell but not its process: for the local runtime."""

    def __init__(self) -> None:
        self._facts: list[Message] = []
        self._positions: Positions = {}

    def load(self) -> Iterable[Message]:
        return tuple(self._facts)

    def positions(self) -> Positions:
        return dict(self._positions)

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._facts.extend(facts)
        self._positions = dict(positions)

    def close(self) -> None:
        """Keep everything: the next shell loads it."""
