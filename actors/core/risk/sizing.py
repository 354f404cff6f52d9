"""How many contracts an entry takes (domain 7.6).

Inside a tier that scales: the base, one more for patterns of two families that agree, one more
in a trend, one more after three wins in a row or one less after two losses, held between 1 and
the tier's maximum; then the regime's share of it, at least 1 unless the regime trades nothing.
Evidence counts by family: a stack and its members are one observation, and what the router let
fall is none.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.core.risk.tiers import Tier
from protocol.patterns import FAMILY, Direction
from protocol.signals import PPM, Regime, SignalApproved

TRENDS = frozenset({Regime.TRENDING_UP, Regime.TRENDING_DOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRule:
    """When a contract more or less is taken, and each regime's share of the size."""

    quantity: int  # Where no tier says it.
    quantity_max: int
    families_min: int
    wins_min: int
    losses_min: int
    ranging_ppm: int
    volatile_ppm: int

    def __post_init__(self) -> None:
        if not 1 <= self.quantity <= self.quantity_max:
            raise ValueError(f"quantity {self.quantity}, wanted 1 to {self.quantity_max}")


@dataclass(frozen=True, slots=True)
class Streak:
    """The round trips in a row that were won, or lost; one of the two is 0."""

    wins: int = 0
    losses: int = 0


def confluence(signals: Iterable[SignalApproved], direction: Direction) -> int:
    """Return of how many families there is an approved signal in `direction`."""
    return len({FAMILY[signal.pattern] for signal in signals if signal.direction is direction})


def streak(results_cents: Iterable[int]) -> Streak:
    """Return the streak at the end of net results, given latest first; a zero counts for none."""
    wins = losses = 0
    for result in results_cents:
        if (result > 0 and losses) or (result < 0 and wins):
            break
        wins += result > 0
        losses += result < 0
    return Streak(wins, losses)


def size(
    tier: Tier | None, families: int, regime: Regime, standing: Streak, rule: SizeRule
) -> int:
    """Return the contracts of an entry; 0 where the regime trades nothing."""
    contracts = rule.quantity if tier is None else tier.base
    if tier is not None and tier.scaled:
        contracts += (families >= rule.families_min) + (regime in TRENDS)
        if standing.wins >= rule.wins_min:
            contracts += 1
        elif standing.losses >= rule.losses_min:
            contracts -= 1
    most = rule.quantity_max if tier is None else tier.quantity_max
    contracts = min(max(contracts, 1), most)
    share = regime_ppm(regime, rule)
    return max(contracts * share // PPM, 1) if share else 0


def regime_ppm(regime: Regime, rule: SizeRule) -> int:
    """Return the share of the size that is taken in a regime (domain 4.3)."""
    if regime in TRENDS:
        return PPM
    shares = {Regime.RANGING: rule.ranging_ppm, Regime.VOLATILE: rule.volatile_ppm}
    return shares.get(regime, 0)
