"""What trading dates came to (domain 9): Sharpe, Sortino, Calmar and the days themselves.

The square root of 252 turns a ratio of daily results into one of a year, so these are taken of
days and never of round trips; a day without a trade is a day of zero and counts. Below twenty
days the ratios say nothing and are withheld; the formulas themselves stand alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from actors.core.analytics.equity import drawdown_of, equity_of
from actors.core.analytics.results import checked_cents

DAYS_PER_YEAR = 252
DAYS_MIN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Net results of trading dates; money in cents, ratios of a year or None."""

    n: int
    low_n: bool  # Too few for the three ratios.
    winning: int
    losing: int
    flat: int
    best_cents: int | None
    worst_cents: int | None
    average_cents: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    under_water: int  # The longest run of days that closed below the highest close before.


def days_of(daily: Sequence[int], start_cents: int) -> Days:
    """Return what all trading dates came to, those without a trade too, from a balance on."""
    checked_cents(daily)
    n, enough = len(daily), len(daily) >= DAYS_MIN
    return Days(
        n=n,
        low_n=not enough,
        winning=sum(cents > 0 for cents in daily),
        losing=sum(cents < 0 for cents in daily),
        flat=sum(cents == 0 for cents in daily),
        best_cents=max(daily, default=None),
        worst_cents=min(daily, default=None),
        average_cents=sum(daily) / n if n else None,
        sharpe=sharpe(daily) if enough else None,
        sortino=sortino(daily) if enough else None,
        calmar=calmar(daily, start_cents) if enough else None,
        under_water=drawdown_of(equity_of(start_cents, daily)).under_water,
    )


def sharpe(daily: Sequence[int]) -> float | None:
    """Return mean / deviation (n - 1) x root 252; None without a deviation."""
    if len(daily) < 2:
        return None
    mean = sum(daily) / len(daily)
    squares = sum((cents - mean) ** 2 for cents in daily)
    return mean / sqrt(squares / (len(daily) - 1)) * sqrt(DAYS_PER_YEAR) if squares else None


def sortino(daily: Sequence[int]) -> float | None:
    """Return mean / root of the mean square of losses x root 252; None without a loss."""
    squares = sum(min(cents, 0) ** 2 for cents in daily)
    if not squares:
        return None
    mean = sum(daily) / len(daily)
    return mean / sqrt(squares / len(daily)) * sqrt(DAYS_PER_YEAR)


def calmar(daily: Sequence[int], start_cents: int) -> float | None:
    """Return the return of a year, in parts of the starting balance, by the largest fall's share.

    The fall is that of daily closes. None where nothing fell or the balance is not above 0.
    """
    fall = drawdown_of(equity_of(start_cents, daily)).share
    if not fall or start_cents <= 0:
        return None
    return sum(daily) / len(daily) * DAYS_PER_YEAR / start_cents / fall
