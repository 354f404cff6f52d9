"""The round trips of a run, and how far the market went during each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actors.adapters.books import Books
from actors.core.columns import trades_of
from actors.core.orders.excursions import Excursions, Extremes
from protocol.market import Cut, TradeBatch
from protocol.message import Message
from protocol.orders import PositionClosed, PositionOpened
from supervision.shell import Shell, handles


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A round trip with its last figures, and how far the market went meanwhile."""

    closed: PositionClosed
    extremes: Extremes | None  # Where the trades are at hand.


def trips_of(books: Books) -> list[PositionClosed]:
    """Return the round trips in order; one that was corrected has its last figures."""
    closed = (m for m in books.entries("desk") if isinstance(m, PositionClosed))
    return list({trip.bracket_id: trip for trip in closed}.values())


def extremes_over(
    messages: Iterable[Message], trips: Sequence[PositionClosed]
) -> dict[str, Extremes | None]:
    """Return how far the market went during each of `trips`, by bracket id, from their tape."""
    watched = Excursions()
    left = sorted(trips, key=lambda trip: trip.opened_ns)
    for message in messages:
        if isinstance(message, TradeBatch):
            trades = trades_of(message)
            watched.trades(trades.ts_event, trades.price)
        elif isinstance(message, Cut):
            begun = [trip for trip in left if trip.opened_ns < message.ts_ns]
            for trip in begun:
                watched.opened(trip.bracket_id, trip.opened_ns)
            over = {trip.bracket_id for trip in begun if trip.ts_ns < message.ts_ns}
            for trip in begun:
                if trip.bracket_id in over:
                    watched.closed(trip.bracket_id, trip.ts_ns)
            left = [trip for trip in left if trip.bracket_id not in over]
            watched.cut()
    return watched.done


class ExcursionShell(Shell):
    """Follows how far the market goes while something is held; for the report of a local run."""

    joined = False

    def __init__(self) -> None:
        self.watched = Excursions()

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> None:
        """Keep the trades until the next cut."""
        trades = trades_of(batch)
        self.watched.trades(trades.ts_event, trades.price)

    @handles(PositionOpened)
    def on_opened(self, opened: PositionOpened) -> None:
        """Follow a position from its first fill on."""
        self.watched.opened(opened.bracket_id, opened.ts_ns)

    @handles(PositionClosed)
    def on_closed(self, closed: PositionClosed) -> None:
        """Note how far the market went."""
        self.watched.closed(closed.bracket_id, closed.ts_ns)

    @handles(Cut, source="feed")
    def on_feed_cut(self, _: Cut) -> None:
        """All fills of the trades so far have been told."""
        self.watched.cut()
