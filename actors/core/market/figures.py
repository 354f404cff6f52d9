"""What a live link says of itself: how much comes, how late, and what was wrong with it.

Rates and lags are over the last whole second of receipt. The lag is from the exchange's time of a
trade to its receipt by the clock of this machine, so it holds the error of that clock, too.
"""

from dataclasses import dataclass, field
from typing import Any

from protocol.units import NANOS_PER_MS, NANOS_PER_S


@dataclass(slots=True)
class Figures:
    """Counters since the start of the actor."""

    records: int = 0
    records_s: int = 0  # Of the last whole second.
    lag_ns: int = 0  # The largest of the last whole second.
    slow_warnings: int = 0
    gaps: int = 0
    repeated: int = 0  # Trades that came again at a seam.
    said: str = ""  # The last thing that the gateway said of itself.
    status: str = ""  # Whether our contract trades.
    statistics: dict[int, int] = field(default_factory=dict)  # The last price or number, by type.
    _second: int = 0
    _count: int = 0
    _worst_ns: int = 0

    def came(self, count: int, at_ns: int) -> None:
        """Count records that came at `at_ns`, UTC."""
        self._roll(at_ns)
        self.records += count
        self._count += count

    def lagged(self, ts_event: int, at_ns: int) -> None:
        """Note the time of a trade that came at `at_ns`, UTC."""
        self._roll(at_ns)
        self._worst_ns = max(self._worst_ns, at_ns - ts_event)

    def _roll(self, at_ns: int) -> None:
        second = at_ns // NANOS_PER_S
        if second != self._second:
            self.records_s = self._count if second == self._second + 1 else 0
            self.lag_ns = self._worst_ns if self._count else 0
            self._second, self._count, self._worst_ns = second, 0, 0

    def shown(self) -> dict[str, Any]:
        """Return them for a screen."""
        return {
            "records": self.records,
            "records_per_s": max(self.records_s, self._count),
            "lag_ms": max(self.lag_ns, self._worst_ns) // NANOS_PER_MS,
            "slow_reader_warnings": self.slow_warnings,
            "gaps": self.gaps,
            "repeated": self.repeated,
            "said": self.said,
            "status": self.status,
            "statistics": {str(kind): value for kind, value in self.statistics.items()},
        }
