"""Bars by their definition, one trade at a time: what the columns are compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from actors.core.columns import Trades
from actors.core.orderflow.cvd import CvdReset
from actors.core.orderflow.footprint import BarRule
from actors.core.session.calendar import bar_bounds, segment
from protocol.market import BarClosed, SideSource
from protocol.series import BarKind, parse_series
from protocol.units import NANOS_PER_S
from tests.makers import CONTRACT, at

SECOND = NANOS_PER_S
NEVER = -(2**63)
SERIES = (
    "time:300", "time:7200", "tick:1", "tick:2", "tick:7", "volume:3", "volume:25", "volume:400",
    "range:1", "range:2", "range:6",
)  # fmt: skip


def bar_rule(
    series: str = "time:300",
    split: bool = True,
    cvd_reset: CvdReset = CvdReset.RTH_OPEN,
    value_rows: int = 2,
) -> BarRule:
    return BarRule(
        contract=CONTRACT,
        series=parse_series(series),
        split=split,
        value_area_ppm=700_000,
        value_rows=value_rows,
        cvd_reset=cvd_reset,
    )


@dataclass
class SlowBar:
    """A bar that trades are added to."""

    start: int
    due: int
    end: int = 0
    order: int = 0
    prices: list[int] = field(default_factory=list)
    levels: dict[tuple[int, int], int] = field(default_factory=dict)
    deltas: list[int] = field(default_factory=lambda: [0])
    inferred: int = 0
    size: int = 0

    def add(self, price: int, size: int, side: int, source: int) -> None:
        self.prices.append(price)
        self.levels[price, side] = self.levels.get((price, side), 0) + size
        self.deltas.append(self.deltas[-1] + {0: 0, 1: size, 2: -size}[side])
        self.inferred += size if source in (SideSource.NONE, SideSource.TICKRULE) else 0
        self.size += size


class SlowBars:
    """Builds the bars of one series, trade by trade."""

    def __init__(self, rule: BarRule) -> None:
        self.rule = rule
        self.bars: list[SlowBar] = []
        self.open: SlowBar | None = None
        self.late = 0
        self.frontier = NEVER
        self.last = NEVER

    def add(self, trades: Trades) -> "SlowBars":
        columns = (trades.ts_event, trades.price, trades.size, trades.aggressor, trades.source)
        for row in zip(*(column.tolist() for column in columns), strict=True):
            self._trade(*row)
        return self

    def finish(self) -> "SlowBars":
        if self.open is not None:
            self._close(self.open.due if self._by_time else self.last + 1)
        return self

    @property
    def _by_time(self) -> bool:
        return self.rule.series.kind is BarKind.TIME

    def _trade(self, ts: int, price: int, size: int, side: int, source: int) -> None:
        if ts < self.frontier:
            self.late += 1
            return
        ended_by_this = max(self.last, ts) + 1
        self.last = max(self.last, ts)
        if self.open is not None and ts >= self.open.due:
            self._close(self.open.due)
        kind, limit = self.rule.series.kind, self.rule.series.size
        if kind is BarKind.RANGE and self.open is not None:
            prices = [*self.open.prices, price]
            if max(prices) - min(prices) > limit:
                self._close(ended_by_this)
        left = size
        while left:
            bar = self._opened(ts)
            part = left
            if kind is BarKind.VOLUME and self.rule.split:
                part = min(left, limit - bar.size)
            bar.add(price, part, side, source)
            left -= part
            full = kind is BarKind.TICK and len(bar.prices) == limit
            if full or (kind is BarKind.VOLUME and bar.size >= limit):
                self._close(ended_by_this)
                self.frontier = ts

    def _opened(self, ts: int) -> SlowBar:
        if self.open is None:
            start, due = ts, segment(ts).end_ns
            if self._by_time:
                start, due = bar_bounds(ts, self.rule.series.size * NANOS_PER_S)
            self.open = SlowBar(start, due)
            self.frontier = start
        return self.open

    def _close(self, end: int) -> None:
        assert self.open is not None
        self.open.end = end
        self.open.order = sum(bar.end == end for bar in self.bars)
        self.bars.append(self.open)
        self.open = None


def assert_same(bar: BarClosed, slow: SlowBar) -> None:
    assert (bar.start_ns, bar.end_ns, bar.order) == (slow.start, slow.end, slow.order)
    assert (bar.open, bar.close) == (slow.prices[0], slow.prices[-1])
    assert (bar.high, bar.low) == (max(slow.prices), min(slow.prices))
    for side, column in enumerate((bar.unknowns, bar.buys, bar.sells)):
        wanted = [slow.levels.get((p, side), 0) for p in range(bar.low, bar.high + 1)]
        assert list(column) == wanted
    assert bar.trades == len(slow.prices)
    assert bar.delta == slow.deltas[-1]
    assert (bar.delta_max, bar.delta_min) == (max(slow.deltas), min(slow.deltas))
    assert (bar.volume, bar.inferred_volume) == (slow.size, slow.inferred)
    assert bar.price_volume == sum(p * size for (p, _), size in slow.levels.items())
    assert bar.price2_volume == sum(p * p * size for (p, _), size in slow.levels.items())


STEPS = [0, 0, 0, 1, SECOND, 90 * SECOND, 7 * 60 * SECOND]
FALLS = [-1, -SECOND, -400 * SECOND]


@st.composite
def tapes(draw: st.DrawFn, falling: bool = True, most: int = 60) -> Trades:
    """Draw up to `most` trades from 15:30 on; times may fall now and then."""
    count = draw(st.integers(1, most))
    choices = st.sampled_from(STEPS + FALLS if falling else STEPS)
    steps = draw(st.lists(choices, min_size=count, max_size=count))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = random.choice(np.array([1, 2, 3, 5, 20, 70]), count)
    return Trades(
        at("15:30") + np.cumsum(np.array(steps, np.int64)),
        (100 + np.cumsum(random.integers(-2, 3, count))).astype(np.int32),
        sizes.astype(np.int32),
        random.integers(0, 3, count).astype(np.uint8),
        random.integers(0, 4, count).astype(np.uint8),
        np.zeros(count, np.uint8),
    )


def parts_of(tape: Trades, places: Sequence[int]) -> list[Trades]:
    """Return `tape` cut before the rows `places`; a part may be empty."""
    edges = [0, *sorted(min(place, len(tape)) for place in places), len(tape)]
    return [tape.slice(start, stop) for start, stop in zip(edges, edges[1:], strict=False)]
