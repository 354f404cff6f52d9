"""What a bench prints: a figure beside what it is held against."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what, how much, and what it is held against."""

    what: str
    found: str
    against: str
    reached: bool | None = None
    failed: bool = False  # Something of ours did not work at all, so the bench fails with it.


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of what was measured, by interpolation."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
