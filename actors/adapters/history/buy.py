"""How history is bought: what is here is not asked for, the rest is priced first and bounded.

There is no other way to a paid request than `buy`, and it holds the limit itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from actors.adapters.history.cache import Cache
from actors.adapters.history.port import Estimate, History, HistoryError, Piece


class TooDear(HistoryError):
    """The vendor wants more than the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A piece that is not here, and what the vendor wants for it."""

    piece: Piece
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is here already, and what is offered for the rest; pieces without records are none."""

    held: tuple[Piece, ...]
    offers: tuple[Offer, ...]

    @property
    def cost_cents(self) -> int:
        """What all of it costs."""
        return sum(offer.estimate.cost_cents for offer in self.offers)


@dataclass(slots=True)
class Bought:
    """The files of an order in the order of time, and what the vendor said."""

    files: list[Path]
    warnings: list[str] = field(default_factory=list)


Told = Callable[[Offer, bool], None]  # Before a piece is bought, and when it is whole.


def quiet(offer: Offer, whole: bool) -> None:
    """Tell nobody."""


def order_of(
    history: History,
    cache: Cache,
    pieces: Sequence[Piece],
    asked: Callable[[Piece], None] = lambda _: None,
) -> Order:
    """Ask what the missing parts of `pieces` cost; that itself is free. `asked` hears of each."""
    held: list[Piece] = []
    offers: list[Offer] = []
    for piece in pieces:
        here, rest = cache.split(piece)
        held += here
        if rest is not None:
            asked(rest)
            offer = Offer(piece=rest, estimate=history.estimate(rest))
            if offer.estimate.records:
                offers.append(offer)
    return Order(held=tuple(held), offers=tuple(offers))


def buy(
    history: History,
    cache: Cache,
    order: Order,
    cost_max_cents: int,
    now_ns: int,
    told: Told = quiet,
) -> Bought:
    """Buy what an order lacks, piece by piece, or raise `TooDear` before the first."""
    if order.cost_cents > cost_max_cents:
        raise TooDear(
            f"it costs {dollars(order.cost_cents)}, more than the limit of"
            f" {dollars(cost_max_cents)}; raise history.cost_max_cents or ask for less"
        )
    pieces = [*order.held, *(offer.piece for offer in order.offers)]
    pieces.sort(key=lambda piece: piece.start_ns)
    done = Bought([cache.path(piece) for piece in pieces])
    for offer in order.offers:
        told(offer, False)
        draft = cache.begin(offer.piece)
        cache.bought(offer.piece, offer.estimate.cost_cents, now_ns)
        try:
            done.warnings += history.fetch(offer.piece, draft).warnings
        except HistoryError:
            draft.unlink(missing_ok=True)
            raise
        found = cache.keep(offer.piece)
        if found != offer.estimate.records:
            text = f"{found} records came, {offer.estimate.records} had been announced"
            done.warnings.append(f"{cache.path(offer.piece).name}: {text}")
        told(offer, True)
    return done


def dollars(cents: int) -> str:
    """Return an amount as people write it."""
    return f"${cents // 100:,}.{cents % 100:02}"
