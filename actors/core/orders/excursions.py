"""How far a round trip went against and for us: MAE and MFE, from the trades between its fills.

Trades pass by as columns. Only what lies since the last cut is kept, because a fill is told after
the trades that made it and before the next cut; of a longer trip its lowest and highest price so
far are enough.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from actors.core.orders.money import SIGN
from protocol.patterns import Direction

LATEST_NS = 2**63 - 1


class Entered(Protocol):
    """A position, held or left, as the desk tells it."""

    @property
    def direction(self) -> Direction: ...
    @property
    def quantity(self) -> int: ...
    @property
    def entry_sum(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Extremes:
    """The lowest and the highest price that was traded during a trip, in ticks."""

    low: int
    high: int

    def mae_ticks(self, trip: Entered) -> float:
        """Return the worst excursion from the average entry, 0 or below, in ticks."""
        return min(0.0, *self._ticks(trip))

    def mfe_ticks(self, trip: Entered) -> float:
        """Return the best excursion from the average entry, 0 or above, in ticks."""
        return max(0.0, *self._ticks(trip))

    def _ticks(self, trip: Entered) -> tuple[float, float]:
        sign, size = SIGN[trip.direction], max(1, trip.quantity)
        low, high = ((price * size - trip.entry_sum) / size for price in (self.low, self.high))
        return sign * low, sign * high


class Excursions:
    """Follows the trades of a tape and the positions held meanwhile, by bracket id."""

    def __init__(self) -> None:
        self.done: dict[str, Extremes | None] = {}  # None: no trade between the fills.
        self._open: dict[str, tuple[int, Extremes | None]] = {}
        self._kept: list[tuple[NDArray[np.int64], NDArray[np.int32]]] = []

    def trades(self, ts_ns: NDArray[np.int64], price: NDArray[np.int32]) -> None:
        """Take trades in, in the order of the tape."""
        self._kept.append((ts_ns, price))

    def opened(self, bracket_id: str, ts_ns: int) -> None:
        """Note that a position was opened by one of the last trades."""
        if bracket_id not in self.done:
            self._open.setdefault(bracket_id, (ts_ns, None))

    def closed(self, bracket_id: str, ts_ns: int) -> None:
        """Note that a position was closed by one of the last trades; the first time counts."""
        if bracket_id in self._open:
            from_ns, so_far = self._open.pop(bracket_id)
            self.done[bracket_id] = self._widened(so_far, from_ns, ts_ns)

    def going(self) -> dict[str, Extremes | None]:
        """Return the extremes so far of what is not closed."""
        return {
            bracket_id: self._widened(so_far, from_ns, LATEST_NS)
            for bracket_id, (from_ns, so_far) in self._open.items()
        }

    def cut(self) -> None:
        """Forget the trades so far: all fills they made have been told."""
        for bracket_id, so_far in self.going().items():
            self._open[bracket_id] = self._open[bracket_id][0], so_far
        self._kept.clear()

    def _widened(self, so_far: Extremes | None, from_ns: int, to_ns: int) -> Extremes | None:
        """Return the extremes with those of the kept trades from `from_ns` to `to_ns`."""
        found = [so_far.low, so_far.high] if so_far is not None else []
        for ts_ns, price in self._kept:
            inside = price[np.searchsorted(ts_ns, from_ns) : np.searchsorted(ts_ns, to_ns, "right")]
            if len(inside):
                found += [int(inside.min()), int(inside.max())]
        return Extremes(min(found), max(found)) if found else None
