"""Wins and losses of closed round trips (domain 9), in whole cents after commissions.

A result of exactly zero is neither a win nor a loss: it is counted apart and stays in the number
that rates are taken of. What cannot be known is None, never a zero or an infinity: without a
loss there is no profit factor, without a round trip there is no rate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054  # Of the normal distribution, two-sided.
LOW_N = 30  # Fewer say little.


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a set of round trips came to; money in cents, rates as shares of 1."""

    n: int
    wins: int
    losses: int
    breakeven: int
    low_n: bool
    win_rate: float | None
    win_rate_low: float | None  # Wilson, 95 %.
    win_rate_high: float | None
    gross_cents: int
    commission_cents: int
    net_cents: int
    profit_factor: float | None
    expectancy_cents: float | None
    expectancy_r: float | None  # Mean of result / initial risk, where every risk is known.
    average_win_cents: float | None
    average_loss_cents: float | None  # Below 0.
    payoff: float | None
    breakeven_rate: float | None  # The win rate at which these averages come to nothing.
    wins_in_a_row: int
    losses_in_a_row: int


def results_of(
    nets: Sequence[int],
    commissions: Sequence[int] = (),
    risks: Sequence[int | None] = (),
) -> Results:
    """Return what round trips came to, in the order in which they were closed.

    `commissions` and `risks` go with `nets`, or are left out; all in cents.
    """
    _check(nets, commissions, risks)
    won, lost = sum(net for net in nets if net > 0), sum(net for net in nets if net < 0)
    wins, losses = sum(net > 0 for net in nets), sum(net < 0 for net in nets)
    n = len(nets)
    low, high = wilson(wins, n)
    average_win, average_loss = _share(won, wins), _share(lost, losses)
    payoff = breakeven_rate = None
    if average_win is not None and average_loss is not None:
        payoff = average_win / -average_loss
        breakeven_rate = -average_loss / (average_win - average_loss)
    return Results(
        n=n,
        wins=wins,
        losses=losses,
        breakeven=n - wins - losses,
        low_n=n < LOW_N,
        win_rate=_share(wins, n),
        win_rate_low=low,
        win_rate_high=high,
        gross_cents=won + lost + sum(commissions),
        commission_cents=sum(commissions),
        net_cents=won + lost,
        profit_factor=_share(won, -lost),
        expectancy_cents=_share(won + lost, n),
        expectancy_r=_expectancy_r(nets, risks),
        average_win_cents=average_win,
        average_loss_cents=average_loss,
        payoff=payoff,
        breakeven_rate=breakeven_rate,
        wins_in_a_row=longest(net > 0 for net in nets),
        losses_in_a_row=longest(net < 0 for net in nets),
    )


def wilson(wins: int, n: int) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % interval of a rate, shares of 1 (Wilson 1927); None twice for no trial."""
    if not 0 <= wins <= n:
        raise ValueError(f"{wins} wins of {n}, wanted 0 to all of them")
    if n == 0:
        return None, None
    rate, weight = wins / n, Z_95 * Z_95 / n
    middle = (rate + weight / 2) / (1 + weight)
    half = Z_95 / (1 + weight) * sqrt(rate * (1 - rate) / n + weight / (4 * n))
    # Of none and of all the bounds are exact; the root only comes near.
    return max(0.0, middle - half) if wins else 0.0, min(1.0, middle + half) if wins < n else 1.0


def longest(held: Iterable[bool]) -> int:
    """Return the length of the longest run of true."""
    best = run = 0
    for one in held:
        run = run + 1 if one else 0
        best = max(best, run)
    return best


def checked_cents(values: Iterable[object]) -> None:
    """Refuse what is not a whole number of cents: NaN and infinity are floats, and so refused."""
    for value in values:
        if type(value) is not int:
            raise ValueError(f"found {value!r}, wanted whole cents")


def _check(
    nets: Sequence[int], commissions: Sequence[int], risks: Sequence[int | None]
) -> None:
    checked_cents(nets)
    checked_cents(commissions)
    for name, given in (("commissions", commissions), ("risks", risks)):
        if given and len(given) != len(nets):
            raise ValueError(f"{len(given)} {name} for {len(nets)} results, wanted as many or none")
    known = [risk for risk in risks if risk is not None]
    checked_cents(known)
    if any(risk <= 0 for risk in known):
        raise ValueError(f"a risk of {min(known)} cents, wanted above 0, or None if unknown")


def _expectancy_r(nets: Sequence[int], risks: Sequence[int | None]) -> float | None:
    known = [(net, risk) for net, risk in zip(nets, risks, strict=False) if risk is not None]
    if not known or len(known) < len(nets):
        return None
    return sum(net / risk for net, risk in known) / len(known)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
