"""The numbers that risk decides by: money in cents, shares in parts per million.

One record for the account and one per instrument, because a feed can have a full-sized contract
while its micro is traded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from actors.core.orders.money import TickValue
from actors.core.risk.sizing import SizeRule
from actors.core.risk.tiers import Tier, TierRule, root
from actors.core.risk.windows import Hours
from protocol.instruments import INSTRUMENTS
from protocol.orders import EntryKind
from protocol.signals import PPM


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an instrument costs and where its bracket stands."""

    tick: TickValue
    commission_cents: int  # Per side and contract.
    stop_ticks: int
    target_ticks: int
    margin_cents: int | None  # The broker's day margin of a contract; None: not known.

    def __post_init__(self) -> None:
        if self.stop_ticks < 1 or self.target_ticks < 1:
            raise ValueError(
                f"stop {self.stop_ticks} and target {self.target_ticks} ticks, wanted above 0"
            )
        if self.commission_cents < 0:
            raise ValueError(f"commission {self.commission_cents} cents, wanted at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRule:
    """How a position is entered, and how its stop moves (domain 7.3, 7.5); 0: it does not."""

    kind: EntryKind = EntryKind.MARKET
    life_ns: int = 0  # Of a limit entry.
    breakeven_ticks: int = 0
    breakeven_offset_ticks: int = 0
    trail_start_ticks: int = 0
    trail_ticks: int = 0

    def __post_init__(self) -> None:
        if self.kind is EntryKind.LIMIT and self.life_ns <= 0:
            raise ValueError(f"a limit entry that lives {self.life_ns} ns, wanted above 0")
        if self.breakeven_ticks and self.breakeven_offset_ticks >= self.breakeven_ticks:
            raise ValueError(
                f"break-even {self.breakeven_offset_ticks} ticks beyond the entry,"
                f" wanted less than the {self.breakeven_ticks} that bring it"
            )
        if self.trail_start_ticks and not self.trail_ticks:
            raise ValueError("a trailing stop 0 ticks behind, wanted at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The shares of the loss limit from which the size is halved and entries end."""

    halve_ppm: int
    stop_ppm: int

    def __post_init__(self) -> None:
        if not 0 < self.halve_ppm <= self.stop_ppm <= PPM:
            raise ValueError(
                f"band {self.halve_ppm} to {self.stop_ppm} ppm, wanted 0 < halve <= stop <= {PPM}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """The limits of the account."""

    symbol: str  # The root that bars and signals are of.
    currency: str
    terms: Mapping[str, Terms]  # By root.
    tiers: TierRule | None  # None: one size and the feed's own instrument.
    size: SizeRule
    hours: Hours
    entry: EntryRule
    band: Band | None
    stop_slippage_ticks: int
    loss_limit_cents: int  # Above 0.
    profit_target_cents: int
    balance_cents: int  # Before the first round trip.
    positions_max: int
    symbol_positions_max: int
    trades_max: int  # Entries of a trading date; 0: no limit.
    flatten_again_ns: int
    reject_block_ns: int
    low_quality_allowed: bool
    cooldown_ns: int  # From the last close to the next entry of the metrics.
    hold_min_ns: int  # How long a position is held before the metrics can close it.
    locked_when_lost: bool  # A halt stands to 18:00 and nobody can resume (domain 7.7, Topstep).
    scaled_at_start: bool  # Streaks count from the start of the session on, not at once.

    def __post_init__(self) -> None:
        if self.loss_limit_cents <= 0:
            raise ValueError(f"daily loss limit {self.loss_limit_cents} cents, wanted above 0")
        for name in ("positions_max", "symbol_positions_max", "flatten_again_ns"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)}, wanted at least 1")
        if self.symbol not in self.terms:
            raise ValueError(f"no terms of {self.symbol}, wanted them among {list(self.terms)}")


def day_margins(texts: Iterable[str]) -> dict[str, int]:
    """Return the day margin in cents by root, of texts like "ES:500" in dollars."""
    margins: dict[str, int] = {}
    for text in texts:
        symbol, _, dollars = text.partition(":")
        known = symbol in INSTRUMENTS and symbol not in margins
        if not (known and dollars.isascii() and dollars.isdecimal()):
            raise ValueError(f"day margin {text!r}, wanted symbol:dollars, each symbol once")
        margins[symbol] = int(dollars) * 100
    return margins


def tier_at(number: int, rule: RiskRule) -> Tier | None:
    """Return a tier by its number; None where tiers are off or none stands yet."""
    return rule.tiers.tiers[number - 1] if rule.tiers is not None and number else None


def loss_limit_cents(tier: Tier | None, rule: RiskRule) -> int:
    """Return the tightest of the limits on the loss of a day (domain 7.7)."""
    if tier is None:
        return rule.loss_limit_cents
    return min(rule.loss_limit_cents, tier.loss_limit_cents)


def terms_of(contract: str, rule: RiskRule) -> Terms | None:
    """Return the terms of the instrument of a contract; None for one we know nothing of."""
    return rule.terms.get(root(contract) or "")
