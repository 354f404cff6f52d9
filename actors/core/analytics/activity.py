"""How much was traded and at which price against what was meant (domain 9)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.analytics.breakdown import mean
from actors.core.analytics.outcome import Outcome
from protocol.units import NANOS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the round trips of some days took of the market's time, and what the fills cost."""

    trades_per_day: float | None
    held_s: float | None  # Mean.
    exposure: float | None  # Share of the time given in which something was held.
    sizes: tuple[tuple[int, int], ...]  # Contracts, and how many round trips had them.
    mae_ticks: float | None  # Means, like all below.
    mfe_ticks: float | None
    efficiency: float | None  # Of those that were left in favour: a loss has no share of a gain.
    slippage_ticks: float | None
    stop_slippage_ticks: float | None


def activity_of(outcomes: Sequence[Outcome], days: int, market_ns: int) -> Activity:
    """Return the activity over `days` in which the market was open for `market_ns`."""
    if days < 0 or market_ns < 0:
        raise ValueError(f"{days} days of {market_ns} ns, wanted 0 or above")
    spans = [(outcome.opened_ns, outcome.closed_ns) for outcome in outcomes if outcome.opened_ns]
    held_s = mean([outcome.held_ns / NANOS_PER_S for outcome in outcomes])
    return Activity(
        trades_per_day=len(outcomes) / days if days else None,
        held_s=held_s,
        exposure=min(1.0, covered_ns(spans) / market_ns) if market_ns else None,
        sizes=tuple(sorted(Counter(outcome.quantity for outcome in outcomes).items())),
        mae_ticks=mean([outcome.mae_ticks for outcome in outcomes]),
        mfe_ticks=mean([outcome.mfe_ticks for outcome in outcomes]),
        efficiency=mean([one.efficiency for one in outcomes if one.ticks > 0]),
        slippage_ticks=mean([outcome.slippage_ticks for outcome in outcomes]),
        stop_slippage_ticks=mean([outcome.stop_slippage_ticks for outcome in outcomes]),
    )


def covered_ns(spans: Sequence[tuple[int, int]]) -> int:
    """Return how long at least one of the spans lasts, in ns; what overlaps counts once."""
    covered, reached = 0, None
    for start, end in sorted(spans):
        begin = start if reached is None else max(start, reached)
        covered += max(0, end - begin)
        reached = end if reached is None else max(reached, end)
    return covered
