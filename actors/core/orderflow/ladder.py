"""Volume by side and price that grows as trades come in: the footprint of a bar or of a session.

The columns are dense and widened when a price beyond them trades, so that one piece of trades is
added with one call, whatever it holds. What has been added is never looked at again.
"""

import numpy as np
from numpy.typing import NDArray

LEVELS_MAX = 1_000_000  # Of one ladder: beyond this a price is garbage and memory in danger.
SIDES = 3


class Ladder:
    """Volume by side, shape (3, high - low + 1); row `i` is of the `Aggressor` with that value."""

    __slots__ = ("levels", "low")

    def __init__(self, low: int) -> None:
        self.low = low  # Ticks.
        self.levels: NDArray[np.int64] = np.zeros((SIDES, 0), np.int64)

    @property
    def high(self) -> int:
        """The highest price, ticks."""
        width: int = self.levels.shape[1]
        return self.low + width - 1

    def add(self, low: int, levels: NDArray[np.int64]) -> None:
        """Add volume by side of shape (3, n), its first level at the price `low`."""
        width = levels.shape[1]
        self._widen(low, low + width - 1)
        start = low - self.low
        self.levels[:, start : start + width] += levels

    def _widen(self, low: int, high: int) -> None:
        """Make room for the prices from `low` to `high`."""
        width = self.levels.shape[1]
        above, below = max(high - self.high, 0), max(self.low - low, 0)
        if above == below == 0:
            return
        if width + above + below > LEVELS_MAX:
            raise ValueError(
                f"prices from {min(low, self.low)} to {max(high, self.high)} ticks,"
                f" wanted at most {LEVELS_MAX} levels"
            )
        wider = np.zeros((SIDES, width + above + below), np.int64)
        wider[:, below : below + width] = self.levels
        self.levels = wider
        self.low -= below
