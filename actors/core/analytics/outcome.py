"""A closed round trip with everything that statistics ask of it (domain 9).

Fills, signal, regime and tier come from different actors; whoever joins them makes one of these,
and every table below is made of these alone.
"""

from dataclasses import dataclass

from protocol.patterns import FAMILY, Direction, Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One closed round trip; instants in UTC ns, money in cents, excursions in ticks, 0 or above.

    None and the empty string stand for what was not told.
    """

    opened_ns: int
    closed_ns: int
    symbol: str  # Root, "ES".
    direction: Direction
    quantity: int
    net_cents: int
    commission_cents: int
    risk_cents: int | None  # At the stop, as approved.
    ticks: float  # Realised, of the average entry and exit.
    mae_ticks: float | None
    mfe_ticks: float | None
    slippage_ticks: float | None  # Entry fill against the market at the decision; above 0: worse.
    stop_slippage_ticks: float | None  # Exit fill against the stop, of an exit by a stop.
    reason: str
    pattern: Pattern | None
    regime: str
    condition: str
    flow: str
    tier: int  # 0: none.
    confluence: int  # Families with an approved signal of this direction at the same instant.
    strength_ppm: int | None
    confidence_ppm: int | None  # Of the regime.
    synthetic: bool

    @property
    def family(self) -> str:
        """The family of the pattern."""
        return FAMILY[self.pattern] if self.pattern is not None else ""

    @property
    def efficiency(self) -> float | None:
        """Realised ticks by the best excursion; None where nothing went in favour."""
        return self.ticks / self.mfe_ticks if self.mfe_ticks else None

    @property
    def held_ns(self) -> int:
        """How long it was held; 0 where an opening was never told."""
        return max(0, self.closed_ns - self.opened_ns) if self.opened_ns else 0
