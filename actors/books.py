"""The books: every bar, signal, order and fill, kept for recap, export and proof."""

from typing import Any

from actors.adapters.books import STREAMS, Books
from actors.adapters.open import open_books
from actors.core.session.calendar import trading_day
from protocol.market import MARKS, Cut, CutReason, Settled
from protocol.message import Message
from protocol.settings import Settings
from supervision.shell import SinkShell

SETTLING = ("desk", "broker")  # Their streams are complete for a cut once it is settled.


class BooksShell(SinkShell):
    """Keeps what the floor decided. A restart goes on behind the last kept number."""

    def __init__(self, books: Books | None = None) -> None:
        self._given = books

    def configure(self, settings: Settings, directory: str) -> None:
        self.books = self._given or open_books(settings, directory)
        self.kept = 0
        self.end: int | None = None  # Number of the last cut of the tape, once it was seen.
        self.rolled: dict[str, int] = {}  # Number of each stream's last cut that ends a date.
        self.reached: dict[str, int] = {}

    def resume(self) -> dict[str, int]:
        positions = self.books.positions()
        for stream in positions:
            for mark in self.books.marks(stream):
                self._note(stream, mark)
        return positions

    def keep(self, source: str, seq: int, message: Message) -> None:
        """Keep decisions; of cuts only those at the end of a trading date or of the tape.

        By them a reader knows which dates the books tell whole.
        """
        if isinstance(message, MARKS):
            self._note(source, message)
            self.books.add(source, seq, message if self._ends(source, message) else None)
        else:
            self.kept += 1
            self.books.add(source, seq, message)

    def keep_frame(self, source: str, seq: int, kind: type[Message], frame: bytes) -> bool:
        """Keep decisions as they came; at marks one has to look."""
        if kind is Cut or kind is Settled:
            return False
        self.kept += 1
        self.books.add_frame(source, seq, kind, frame)
        return True

    def _note(self, source: str, mark: Cut | Settled) -> None:
        if isinstance(mark, Cut) and mark.reason is CutReason.END:
            self.end = mark.number
        if isinstance(mark, Cut) and mark.ts_ns == trading_day(mark.ts_ns - 1).end_ns:
            self.rolled[source] = mark.number
        if isinstance(mark, Settled) or source not in SETTLING:
            self.reached[source] = mark.number

    def _ends(self, source: str, mark: Cut | Settled) -> bool:
        return mark.number in (self.end, self.rolled.get(source))

    def commit(self) -> None:
        self.books.commit()

    def inspect(self) -> dict[str, Any]:
        return {
            "kept_since_start": self.kept,
            "reached": self.reached,
            "end": self.end,
            "complete": self.complete,
        }

    @property
    def complete(self) -> bool:
        """Whether every stream has been kept up to the end of the tape."""
        return self.end is not None and all(
            self.reached.get(stream, 0) >= self.end for stream in STREAMS
        )

    def close(self) -> None:
        self.books.close()
