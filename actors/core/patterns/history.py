"""The last bars of one contract and series, and which of them share a cumulative delta.

A pattern over several bars compares them with each other, so they must follow each other: a bar
of another contract or series, or one that is not later than the last, is refused. Whoever changes
the contract begins with a new detector.

Cumulative delta begins anew at its reset, and a difference over a reset says nothing. A bar tells
by itself where that is: its delta leads from where the bar before left the count to where it
stands now; where it does not, the count began anew, or bars between the two are missing.

Research calls the patterns on columns of its own making, where a value that is no number would
pass or fail any comparison in silence; such values are refused here, too.
"""

from collections import deque
from collections.abc import Sequence
from math import inf

from protocol.market import BarClosed


class BarHistory:
    """The last `bars_max` bars, oldest first, each with the number of its count of delta."""

    def __init__(self, bars_max: int) -> None:
        self.bars: deque[BarClosed] = deque(maxlen=bars_max)
        self.counts: deque[int] = deque(maxlen=bars_max)  # Equal numbers: no reset in between.

    def add(self, bar: BarClosed) -> None:
        """Take in the next bar; refuse a volume below 0 and a bar that does not follow."""
        count = 0
        if bar.volume < 0:
            refuse_unsound_values("volume", (bar.volume,), 0)
        bars = self.bars
        if bars:
            last = bars[-1]
            if (
                bar.end_ns <= last.end_ns
                or bar.contract != last.contract
                or bar.series != last.series
            ):
                _follow(last, bar)
            count = self.counts[-1] + (bar.cvd - bar.delta != last.cvd)
        bars.append(bar)
        self.counts.append(count)

    def __len__(self) -> int:
        return len(self.bars)

    def one_count(self, bars: int) -> bool:
        """Return whether the last `bars` bars are all there and of one count of delta."""
        return len(self.counts) >= bars and self.counts[-bars] == self.counts[-1]


def refuse_unsound_values(what: str, values: Sequence[float], least: float = -inf) -> None:
    """Refuse values that are no finite numbers, or lie below `least`."""
    # The sum of finite numbers is finite, and no other sum is.
    if len(values) and not (-inf < sum(values) < inf and min(values) >= least):
        unsound = next(value for value in values if not least <= value < inf or value == -inf)
        raise ValueError(f"{what} {unsound}, wanted finite numbers from {least}")


def _follow(last: BarClosed, bar: BarClosed) -> None:
    if (bar.contract, bar.series) != (last.contract, last.series):
        raise ValueError(
            f"a bar of {bar.contract} {bar.series}, wanted {last.contract} {last.series}"
        )
    if (bar.end_ns, bar.order) <= (last.end_ns, last.order):
        raise ValueError(
            f"a bar that ends at {bar.end_ns} ({bar.order}),"
            f" wanted one after {last.end_ns} ({last.order})"
        )
