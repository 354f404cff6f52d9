"""What is asked of a vendor of history, what it answers, and what becomes of refusals."""

import math
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Protocol

from actors.adapters.feeds.port import FeedError


class HistoryError(FeedError):
    """No history can be had: the text says what was asked, what came, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One file's worth of history: all records of a contract from an instant up to another."""

    dataset: str
    schema: str
    contract: str  # Raw symbol, "ESH4".
    start_ns: int
    end_ns: int  # Exclusive.

    def __post_init__(self) -> None:
        if not 0 <= self.start_ns < self.end_ns:
            raise HistoryError(
                f"{self.contract} from {self.start_ns} to {self.end_ns} ns, wanted them in order"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the vendor says of a piece before it is bought."""

    cost_cents: int  # Rounded up.
    records: int
    size_bytes: int  # Unpacked; what it is billed by.


@dataclass(slots=True)
class Fetched:
    """What a vendor said while it delivered."""

    warnings: list[str] = field(default_factory=list)


class History(Protocol):
    """The port to a vendor of history. All but `fetch` is free of charge."""

    def until_ns(self, dataset: str) -> int:
        """Return where the history of a data set ends."""

    def contracts(self, dataset: str, symbol: str, from_day: str, to_day: str) -> "Spans":
        """Return which contract a symbol means on which days, both "2023-12-25", to exclusive."""

    def estimate(self, piece: Piece) -> Estimate:
        """Return what a piece costs."""

    def fetch(self, piece: Piece, draft: Path) -> Fetched:
        """Buy a piece and write it to `draft`, which does not exist; it may stay half written."""


# (first day, day behind the last, raw symbol), in order.
Spans = tuple[tuple[str, str, str], ...]


def cents_of(dollars: object) -> int:
    """Return a vendor's price in cents, rounded up; what is no price is never taken for one."""
    if isinstance(dollars, bool) or not isinstance(dollars, int | float):
        raise HistoryError(f"found {dollars!r} as a cost, wanted a number of dollars")
    if not math.isfinite(dollars) or dollars < 0:
        raise HistoryError(f"found {dollars!r} dollars as a cost, wanted 0 or more")
    return int((Decimal(str(dollars)) * 100).to_integral_value(ROUND_CEILING))
