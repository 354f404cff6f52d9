"""Capital tiers: what is traded and how much may be lost, by the balance (domain 7.6).

A tier is judged at the start of a session only, at the first cut of a trading date, and only
when flat; whoever is not flat then keeps the tier for that date. It is gained at its minimum and
lost a share below it, so a balance around a minimum does not flip it day by day. An instrument
can never change within a session.

Full-sized and micro contracts have the same prices: bars and signals of ES decide, MES can be
what is traded, with its own tick value and commission.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from protocol.instruments import INSTRUMENTS, UnknownSymbol, root_of
from protocol.risk_settings import TierSettings
from protocol.signals import PPM

FULL_SIZED = {
    "MES": "ES", "MNQ": "NQ", "M2K": "RTY", "MYM": "YM", "MCL": "CL", "MGC": "GC", "SIL": "SI",
}  # fmt: skip
SCALING = {"scaled": True, "fixed": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One row of the table; money in cents."""

    name: str
    minimum_cents: int  # Inclusive.
    instrument: str
    base: int
    quantity_max: int
    loss_limit_cents: int
    scaled: bool  # Size follows confluence, regime and streaks.

    def __post_init__(self) -> None:
        if self.instrument not in INSTRUMENTS:
            known = ", ".join(INSTRUMENTS)
            raise ValueError(f"tier {self.name!r} of {self.instrument!r}, wanted one of {known}")
        if not 1 <= self.base <= self.quantity_max:
            raise ValueError(
                f"tier {self.name!r} of base {self.base} and at most {self.quantity_max},"
                " wanted 1 to the maximum"
            )
        if self.loss_limit_cents <= 0:
            raise ValueError(
                f"tier {self.name!r} with a loss limit of {self.loss_limit_cents} cents,"
                " wanted above 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRule:
    """The table, and how far below its minimum a tier is kept."""

    tiers: tuple[Tier, ...]
    demote_ppm: int

    def __post_init__(self) -> None:
        minima = [tier.minimum_cents for tier in self.tiers]
        if not minima or minima != sorted(set(minima)) or minima[0] != 0:
            raise ValueError(f"tiers from {minima} cents, wanted rising balances from 0")

    @classmethod
    def of(cls, settings: TierSettings) -> "TierRule":
        """Return the table of `settings`."""
        table = tuple(tier_of(text) for text in settings.table)
        return cls(tiers=table, demote_ppm=round(settings.demote_share * PPM))


def tier_of(text: str) -> Tier:
    """Return the tier of "name:balance from:instrument:base:max:daily loss:scaled or fixed"."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 7 or parts[6] not in SCALING:
        raise ValueError(
            f"tier {text!r}, wanted name:balance from:instrument:base:max:daily loss:scaled"
            " (or fixed)"
        )
    name, minimum, instrument, base, most, loss, scaled = parts
    if not all(number.isascii() and number.isdecimal() for number in (minimum, base, most, loss)):
        raise ValueError(f"tier {text!r}, wanted whole numbers of dollars and contracts")
    return Tier(
        name=name,
        minimum_cents=int(minimum) * 100,
        instrument=instrument,
        base=int(base),
        quantity_max=int(most),
        loss_limit_cents=int(loss) * 100,
        scaled=SCALING[scaled],
    )


def standing_tier(balance_cents: int, before: int, rule: TierRule) -> int:
    """Return the tier, 1 the lowest, at a balance; `before` is the one that stood, 0 for none."""
    tier = max(before, 1)
    while tier < len(rule.tiers) and balance_cents >= rule.tiers[tier].minimum_cents:
        tier += 1
    if before:
        while tier > 1 and _lost(balance_cents, rule.tiers[tier - 1], rule):
            tier -= 1
    return tier


def _lost(balance_cents: int, tier: Tier, rule: TierRule) -> bool:
    return balance_cents * PPM < tier.minimum_cents * (PPM - rule.demote_ppm)


@lru_cache(maxsize=256)
def root(contract: str) -> str | None:
    """Return the root of a contract, or None if it is the contract of no instrument."""
    try:
        return root_of(contract)
    except UnknownSymbol:
        return None


def same_prices(symbols: Sequence[str]) -> bool:
    """Say whether these roots, full-sized or micro, are traded at the same prices."""
    return len({FULL_SIZED.get(symbol, symbol) for symbol in symbols}) == 1


def contract_of(instrument: str, contract: str) -> str | None:
    """Return the month of `instrument` that has the prices of `contract`; None if it has not."""
    found = root(contract)
    if found is None or not same_prices((instrument, found)):
        return None
    return instrument + contract[len(found) :]


def has_prices_of(contract: str, other: str) -> bool:
    """Say whether two contracts are one month of one market: ESZ5 and MESZ5."""
    found = root(other)
    return contract == other or (found is not None and contract_of(found, contract) == other)
