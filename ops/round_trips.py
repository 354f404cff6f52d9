"""The round trips of a run, what it still held at the end, and how far the market went in each.

A position that is held at the end of the tape has no exit, so it has neither won nor lost: it is
listed apart, marked at the last price that was traded in what its contract follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from actors.adapters.books import Books
from actors.core.columns import trades_of
from actors.core.orders.excursions import Excursions, Extremes
from actors.core.orders.money import SIGN, result_cents, tick_of
from actors.core.risk.tiers import has_prices_of
from protocol.market import Cut, TradeBatch
from protocol.message import Message
from protocol.orders import BracketEnded, PositionChanged, PositionClosed, PositionOpened
from protocol.units import Cents, Ticks
from supervision.shell import Shell, handles

Held = PositionOpened | PositionChanged
Span = tuple[int, str, int | None]  # Entry, bracket id, last exit.


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A round trip with its last figures, and how far the market went meanwhile."""

    closed: PositionClosed
    extremes: Extremes | None  # Where the trades are at hand.


@dataclass(frozen=True, slots=True)
class OpenTrip:
    """A position that is held at the end, as it was last told, and what it is worth there."""

    held: Held
    opened_ns: int
    mark: Ticks | None  # The last price; None where none is at hand.
    extremes: Extremes | None

    @property
    def unrealised_cents(self) -> Cents | None:
        """Return what is held at the mark, commissions not counted (domain 7.3)."""
        if self.mark is None:
            return None
        ticks = self.mark * self.held.quantity - self.held.entry_sum
        return result_cents(SIGN[self.held.direction] * ticks, 1, tick_of(self.held.contract))

    @property
    def net_cents(self) -> Cents | None:
        """Return the unrealised result with what parts of it have earned and all it has cost."""
        unrealised, held = self.unrealised_cents, self.held
        if unrealised is None:
            return None
        so_far = (
            held.realised_cents if isinstance(held, PositionChanged) else -held.commission_cents
        )
        return Cents(unrealised + so_far)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the market went, by bracket id, and the last price of each contract of the tape."""

    done: Mapping[str, Extremes | None] = field(default_factory=dict)
    going: Mapping[str, Extremes | None] = field(default_factory=dict)  # Not over at the end.
    last: Mapping[str, Ticks] = field(default_factory=dict)  # In the order of the tape.


def trips_of(books: Books) -> list[PositionClosed]:
    """Return the round trips in order; one that was corrected has its last figures."""
    return _positions(books)[0]


def open_trips(books: Books, reach: Reach) -> list[OpenTrip]:
    """Return what is held at the end, in order of entry."""
    return [
        OpenTrip(held, opened_ns, _mark(held.contract, reach), reach.going.get(held.bracket_id))
        for held, opened_ns in _positions(books)[1]
    ]


def _positions(books: Books) -> tuple[list[PositionClosed], list[tuple[Held, int]]]:
    """Return what is over and what is held, each with the time of its entry.

    A correction may open again what was over: then it is no round trip any more.
    """
    closed: dict[str, PositionClosed] = {}
    held: dict[str, Held] = {}
    opened_ns: dict[str, int] = {}
    for message in books.entries("desk"):
        match message:
            case PositionOpened() | PositionChanged():
                opened_ns.setdefault(message.bracket_id, message.ts_ns)
                held[message.bracket_id] = message
                closed.pop(message.bracket_id, None)
            case PositionClosed():
                closed[message.bracket_id] = message
                held.pop(message.bracket_id, None)
            case BracketEnded():
                held.pop(message.bracket_id, None)  # Given up by a person who knows better.
    still = [(last, opened_ns[id]) for id, last in held.items() if last.quantity]
    return list(closed.values()), still


def _mark(contract: str, reach: Reach) -> Ticks | None:
    prices = [price for market, price in reach.last.items() if has_prices_of(contract, market)]
    return prices[-1] if prices else None


def extremes_over(
    messages: Iterable[Message], trips: Sequence[PositionClosed]
) -> dict[str, Extremes | None]:
    """Return how far the market went during each of `trips`, by bracket id, from their tape."""
    return dict(_walk(messages, [(t.opened_ns, t.bracket_id, t.ts_ns) for t in trips]).done)


def reach_over(messages: Iterable[Message], books: Books) -> Reach:
    """Return how far the market went during all that the books know, from their tape."""
    trips, still = _positions(books)
    spans: list[Span] = [(trip.opened_ns, trip.bracket_id, trip.ts_ns) for trip in trips]
    spans += [(opened_ns, held.bracket_id, None) for held, opened_ns in still]
    return _walk(messages, spans)


def _walk(messages: Iterable[Message], spans: Iterable[Span]) -> Reach:
    watched, last = Excursions(), dict[str, Ticks]()
    left = sorted(spans, key=lambda span: span[0])
    for message in messages:
        if isinstance(message, TradeBatch):
            _take(message, watched, last)
        elif isinstance(message, Cut):
            for opened_ns, bracket_id, closed_ns in left:
                if opened_ns < message.ts_ns:
                    watched.opened(bracket_id, opened_ns)
                    if closed_ns is not None and closed_ns < message.ts_ns:
                        watched.closed(bracket_id, closed_ns)
            left = [span for span in left if span[1] not in watched.done]
            watched.cut()
    return Reach(watched.done, watched.going(), last)


def _take(batch: TradeBatch, watched: Excursions, last: dict[str, Ticks]) -> None:
    trades = trades_of(batch)
    watched.trades(trades.ts_event, trades.price)
    if len(trades):
        last.pop(batch.contract, None)  # The one traded last stands last.
        last[batch.contract] = Ticks(int(trades.price[-1]))


class ExcursionShell(Shell):
    """Follows how far the market goes while something is held; for the report of a local run."""

    joined = False

    def __init__(self) -> None:
        self.watched = Excursions()
        self.last: dict[str, Ticks] = {}

    @property
    def reach(self) -> Reach:
        """How far the market went so far."""
        return Reach(self.watched.done, self.watched.going(), self.last)

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> None:
        """Keep the trades until the next cut."""
        _take(batch, self.watched, self.last)

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
