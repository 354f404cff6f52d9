"""What was bought stays: one file a piece, and a line about each purchase.

A file has its name only once it is whole: it is written as a draft beside, read through to its
end, put onto the disk and then renamed. So a file that is there is never bought again, and what a
crash leaves behind is a draft, which the next purchase of the same piece replaces.
"""

import dataclasses
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from actors.adapters.feeds.dbn import opened
from actors.adapters.feeds.port import FeedError
from actors.adapters.feeds.unpack import Damaged
from actors.adapters.frames import sync_directory
from actors.adapters.history.port import HistoryError, Piece
from actors.adapters.history.spent import PURCHASES
from actors.adapters.ledger import Ledger
from actors.core.session.calendar import day_of, trading_date
from protocol.units import NANOS_PER_S

_FORMAT = "%Y%m%dT%H%M%S"


class Cache:
    """The directory of what was bought."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, piece: Piece) -> Path:
        """Return where a piece is, or would be."""
        folder = self.directory / piece.dataset / piece.schema / piece.contract
        return folder / f"{_name(piece)}.dbn.zst"

    def draft(self, piece: Piece) -> Path:
        """Return where a piece is written until it is whole."""
        path = self.path(piece)
        return path.with_name(f"{path.name}.part")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from buying here meanwhile: two would pay for the same."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / ".lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = f"{self.directory}: somebody else is buying here; wait until it is done"
                raise HistoryError(text) from None
            yield

    def split(self, piece: Piece) -> tuple[list[Piece], Piece | None]:
        """Return what is here of a piece, from its start on without a hole, and the rest of it.

        A day bought up to noon is not bought again in the evening, but gone on with.
        """
        held: list[Piece] = []
        start_ns = piece.start_ns
        folder = self.path(piece).parent
        spans = [span for path in folder.glob("*.dbn.zst") if (span := _bounds(path)) is not None]
        while start_ns < piece.end_ns:
            found = [end for start, end in spans if start == start_ns and end <= piece.end_ns]
            if not found:
                return held, dataclasses.replace(piece, start_ns=start_ns)
            held.append(dataclasses.replace(piece, start_ns=start_ns, end_ns=max(found)))
            start_ns = max(found)
        return held, None

    def begin(self, piece: Piece) -> Path:
        """Return the draft to write, its directory made and an older draft out of the way."""
        draft = self.draft(piece)
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        return draft

    def bought(self, piece: Piece, cost_cents: int, now_ns: int) -> None:
        """Note a purchase before it is made: what is spent must be known even if nothing came."""
        fact = {
            "file": str(self.path(piece).relative_to(self.directory)),
            "cost_cents": cost_cents,
            "at_ns": now_ns,
        }
        Ledger(self.directory / PURCHASES).add(fact)

    def keep(self, piece: Piece) -> int:
        """Give a draft its name if it is whole, and return its records; else it is removed."""
        draft, path = self.draft(piece), self.path(piece)
        try:
            count = records_in(draft)
        except FeedError:
            draft.unlink(missing_ok=True)
            raise
        descriptor = os.open(draft, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(draft, path)
        sync_directory(path.parent)
        return count


def records_in(path: Path) -> int:
    """Return how many records a DBN file has; refuse one that does not go to its end."""
    try:
        return sum(len(run.data) for run in opened(path).runs())
    except Damaged as error:
        raise HistoryError(f"{path.name}: {error}; it was not kept, ask again") from None


def _name(piece: Piece) -> str:
    """Return a trading date where a piece is all of one, else both its instants."""
    day = day_of(trading_date(piece.start_ns))
    if (day.start_ns, day.end_ns) == (piece.start_ns, piece.end_ns):
        return day.date.isoformat()
    return f"{_instant(piece.start_ns)}_{_instant(piece.end_ns)}"


def _bounds(path: Path) -> tuple[int, int] | None:
    """Return the instants in a file's name, None where it is none of ours."""
    start, _, end = path.name.removesuffix(".dbn.zst").partition("_")
    try:
        if end:
            return _nanos(start), _nanos(end)
        day = day_of(date.fromisoformat(start))
    except ValueError:
        return None
    return day.start_ns, day.end_ns


def _nanos(text: str) -> int:
    whole, _, rest = text.removesuffix("Z").partition(".")
    at = datetime.strptime(whole, _FORMAT).replace(tzinfo=UTC)
    return int(at.timestamp()) * NANOS_PER_S + int(rest or 0)


def _instant(ts_ns: int) -> str:
    seconds, rest = divmod(ts_ns, NANOS_PER_S)
    text = datetime.fromtimestamp(seconds, UTC).strftime(_FORMAT)
    return f"{text}.{rest:09}Z" if rest else f"{text}Z"
