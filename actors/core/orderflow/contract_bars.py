"""All bars of one contract, series beside series, and the value areas that follow from the first.

What comes out must not depend on how the trades were cut into batches. A bar that ends with a
trade ends a nanosecond after it, and until then trades of the same nanosecond can end a bar of
another series; so what is closed is held back until the tape has reached its end: until a trade
or a cut at or after it. From there on no earlier end can come up, so the bars go out in one order,
by end, series and number, whatever the batches were. On a tape with its cuts this is at the cut of
the bar's own end, in time for the decision there.
"""

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

import numpy as np

from actors.core.columns import Trades, concat, grouped
from actors.core.orderflow.footprint import CHUNK_TRADES, BarBuilder, BarRule
from actors.core.orderflow.session_profiles import SessionProfiles
from protocol.market import BarClosed, ValueJudged

NEVER, FOREVER = -(2**63), 2**63 - 1


class ContractBars:
    """Builds every series of one contract. A new contract needs a new record.

    Decisions are taken on the first series: each of its bars is followed by the value area of its
    session so far.
    """

    def __init__(self, rules: tuple[BarRule, ...], simulated: bool) -> None:
        self.rules = rules
        self.contract = rules[0].contract
        self.simulated = simulated
        self._builders = [BarBuilder(rule, simulated) for rule in rules]
        self._profiles: SessionProfiles | None = None
        self._held: list[tuple[int, int, int, BarClosed]] = []  # End, series, number, bar.
        self.reached_ns = NEVER  # What of the tape is over.
        self._foreseen = 0  # How many of the next calls of `add` bring what is built already.

    @property
    def late(self) -> dict[str, int]:
        """How many trades each series left out because they came late."""
        return {str(builder.rule.series): builder.late for builder in self._builders}

    def fits(self, contract: str, simulated: bool) -> bool:
        """Whether trades of `contract` belong in these bars; made-up ones never join real ones."""
        return (contract, simulated) == (self.contract, self.simulated)

    def warm(self, bar: BarClosed) -> None:
        """Take in a bar of the first series from before the first trade.

        The sums of the session so far go on from there; nothing is said of it.
        """
        for builder in self._builders:
            builder.resume(bar)
        self._profiles_from(bar.start_ns).add(bar)

    def foresee(self, parts: Sequence[Trades]) -> None:
        """Take in the next trades at once; their bars are held until `add` has reached them."""
        self._foreseen = len(parts)
        for group in grouped(parts, CHUNK_TRADES):
            self._build(concat(group, quotes=False))

    def add(self, trades: Trades) -> list[BarClosed | ValueJudged]:
        """Take in `trades` and return what ended before the last of them."""
        foreseen, self._foreseen = self._foreseen > 0, max(self._foreseen - 1, 0)
        if len(trades) == 0:
            return []
        self._profiles_from(int(trades.ts_event[0]))
        if not foreseen:
            self._build(trades)
        self.reached_ns = max(self.reached_ns, int(np.maximum.reduce(trades.ts_event)))
        return self._released(self.reached_ns)

    def close_at(self, ts_ns: int) -> list[BarClosed | ValueJudged]:
        """Return what ended at or before `ts_ns`, by the clock or by a trade."""
        for index, builder in enumerate(self._builders):
            self._hold(index, builder.close_at(ts_ns))
        self.reached_ns = max(self.reached_ns, ts_ns)
        return self._released(self.reached_ns)

    def close_now(self, ts_ns: int) -> list[BarClosed | ValueJudged]:
        """Return all that is left: the tape is over at `ts_ns`."""
        for index, builder in enumerate(self._builders):
            self._hold(index, builder.close_now(ts_ns))
        return self._released(FOREVER)

    def closed(self) -> list[BarClosed | ValueJudged]:
        """Return the closed bars held back so far: the contract is over, its open bars are lost."""
        return self._released(FOREVER)

    def _profiles_from(self, first_ns: int) -> SessionProfiles:
        """Return the profiles; where there are none yet they begin with a trade of `first_ns`."""
        if self._profiles is None:
            first = self.rules[0]
            self._profiles = SessionProfiles(first.value_area_ppm, first.value_rows, first_ns)
        return self._profiles

    def _build(self, trades: Trades) -> None:
        for index, builder in enumerate(self._builders):
            self._hold(index, builder.add(trades))

    def _hold(self, index: int, bars: list[BarClosed]) -> None:
        for bar in bars:
            self._held.append((bar.end_ns, index, bar.order, bar))

    def _released(self, reached_ns: int) -> list[BarClosed | ValueJudged]:
        """Return the bars that end at or before `reached_ns`, in their one order."""
        if not self._held:
            return []
        self._held.sort(key=itemgetter(0, 1, 2))
        count = bisect_right(self._held, reached_ns, key=itemgetter(0))
        ready, self._held = self._held[:count], self._held[count:]
        found: list[BarClosed | ValueJudged] = []
        for _, index, _, bar in ready:
            found.append(bar)
            if index == 0 and self._profiles is not None:
                value = self._profiles.add(bar)
                if value is not None:
                    found.append(value)
        return found
