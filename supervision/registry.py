"""id -> address and incarnation: who holds an id now, and whose words are too late.

A restart changes the address, and the kernel may give the old port to somebody else. So nobody
is believed for his address: every answer carries id and incarnation, and only the newest counts.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """The newest holder of an id; `address` is opaque here, and None while nobody holds it."""

    incarnation: int
    address: Any | None


class Registry:
    """The children of one supervisor."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def next_incarnation(self, id: str) -> int:
        """Count one more life of `id` and return its number; all earlier ones are stale now."""
        number = self.incarnation(id) + 1
        self._entries[id] = Entry(number, None)
        return number

    def hold(self, id: str, incarnation: int, address: Any) -> None:
        """Note the address of a life; a stale one changes nothing."""
        if self.current(id, incarnation):
            self._entries[id] = Entry(incarnation, address)

    def release(self, id: str) -> None:
        """Forget the address of a dead child, so that nothing is sent to it; the count stays."""
        if id in self._entries:
            self._entries[id] = Entry(self._entries[id].incarnation, None)

    def incarnation(self, id: str) -> int:
        """Return the number of the newest life, 0 before the first."""
        return self._entries[id].incarnation if id in self._entries else 0

    def address(self, id: str) -> Any | None:
        """Return where `id` can be reached, None if nowhere."""
        return self._entries[id].address if id in self._entries else None

    def current(self, id: str, incarnation: int) -> bool:
        """Return whether words of this id and incarnation are from the newest life."""
        return incarnation > 0 and self.incarnation(id) == incarnation
