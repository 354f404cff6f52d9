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

    def note(self, marks: Sequence[Message], positions: Mapping[str, int]) -> None:
        """Record what would be decided again from the same sources, in its place among the facts.

        The death of the process cannot take it any more; a power cut may take the last of it.
        """

    def close(self) -> None:
        """Release the store."""


class MemoryJournal:
    """A journal that outlives its shell but not its process: for the local runtime."""

    def __init__(self) -> None:
        self._facts: list[Message] = []
        self._positions: Positions = {}
        self._safe: tuple[int, Positions] = (0, {})  # Facts and positions a power cut leaves.

    def load(self) -> Iterable[Message]:
        return tuple(self._facts)

    def positions(self) -> Positions:
        return dict(self._positions)

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._take(facts, positions)
        self._safe = len(self._facts), dict(positions)

    def note(self, marks: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._take(marks, positions)

    def cut_power(self) -> None:
        """Lose what was noted since the last fact."""
        count, positions = self._safe
        del self._facts[count:]
        self._positions = dict(positions)

    def close(self) -> None:
        """Keep everything: the next shell loads it."""

    def _take(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        self._facts.extend(facts)
        self._positions = dict(positions)
