"""Scales and ticks of the drawings, pure: where a value lies, and which values are written."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from math import ceil, floor, log10

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
SLACK = 1e-9
DECIMALS_MAX = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from values to pixels."""

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        """Return where a value lies, in pixels to a tenth."""
        wide = (self.high - self.low) or 1.0
        share = (value - self.low) / wide
        return round(self.at_low + share * (self.at_high - self.at_low), 1)


class Hours:
    """A map from instants to pixels in which some stretches of time are drawn wider.

    `knots` are instants in order, `weights` how wide a second between each and the next is.
    """

    def __init__(
        self, knots: Sequence[float], weights: Sequence[float], left: float, right: float
    ) -> None:
        spans = list(pairwise(knots))
        wide = [(end - begin) * weight for (begin, end), weight in zip(spans, weights, strict=True)]
        together = sum(wide) or 1.0
        self._knots = list(knots)
        self._at = [left, *(left + (right - left) * w / together for w in accumulate(wide))]

    @property
    def left(self) -> float:
        """Where the first knot lies."""
        return self._at[0]

    @property
    def right(self) -> float:
        """Where the last knot lies."""
        return self._at[-1]

    def __call__(self, instant: float) -> float:
        """Return where an instant lies, in pixels to a tenth; what is outside lies at the end."""
        inside = min(max(instant, self._knots[0]), self._knots[-1])
        place = min(max(bisect_right(self._knots, inside) - 1, 0), len(self._knots) - 2)
        begin, end = self._knots[place : place + 2]
        share = (inside - begin) / ((end - begin) or 1.0)
        return round(self._at[place] + share * (self._at[place + 1] - self._at[place]), 1)


def padded(values: Sequence[float], share: float = 0.06) -> tuple[float, float]:
    """Return a range that holds all values with some room; around one value a range of one."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = (high - low) * share or 0.5
    return low - room, high + room


def ticks_between(low: float, high: float, most: int) -> list[float]:
    """Return round values within a range, at most so many, evenly apart."""
    if not high > low or most < 1:
        return [low]
    power = 10.0 ** floor(log10((high - low) / most))
    for step in (power * factor for factor in (*STEPS, 20.0)):
        first, last = ceil(low / step - SLACK), floor(high / step + SLACK)
        if last - first < most:
            return [round(place * step, 10) for place in range(first, last + 1)]
    return [low]


def decimals_of(values: Sequence[float]) -> int:
    """Return how many decimals tell all values exactly, at most those of the finest tick."""
    return next(
        (n for n in range(DECIMALS_MAX) if all(abs(v - round(v, n)) < SLACK for v in values)),
        DECIMALS_MAX,
    )


def hours_between(start: datetime, end: datetime) -> list[datetime]:
    """Return the whole hours within a stretch of time."""
    first = start.replace(minute=0, second=0, microsecond=0)
    count = int((end - first) / timedelta(hours=1)) + 1
    hours = [first + timedelta(hours=n) for n in range(count + 1)]
    return [hour for hour in hours if start <= hour <= end]


class Labels:
    """Finds room for labels so that none lies on another."""

    def __init__(self, left: float, top: float, right: float, bottom: float) -> None:
        self._bounds = left, top, right, bottom
        self._taken: list[tuple[float, float, float, float]] = []

    def block(self, left: float, top: float, right: float, bottom: float) -> None:
        """Take a rectangle: no label may lie on it."""
        self._taken.append((left, top, right, bottom))

    def place(
        self, x: float, y: float, width: float, height: float
    ) -> tuple[float, float] | None:
        """Return left and middle of the nearest free place around a point; None without one."""
        left, top, right, bottom = self._bounds
        for away in range(1, 9):
            for down in (-1, 1):
                middle = y + down * (4 + away * height * 0.75)
                for begin in (x + 6, x - width - 6, x - width / 2, x + 24, x - width - 24):
                    box = (begin, middle - height / 2, begin + width, middle + height / 2)
                    inside = box[0] >= left and box[2] <= right
                    if inside and box[1] >= top and box[3] <= bottom and self._free(box):
                        self._taken.append(box)
                        return begin, middle
        return None

    def _free(self, box: tuple[float, float, float, float]) -> bool:
        return all(
            box[2] <= left or box[0] >= right or box[3] <= top or box[1] >= bottom
            for left, top, right, bottom in self._taken
        )
