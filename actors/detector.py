"""The detectors of one symbol: patterns in its closed bars and on its tape."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from actors.core.patterns.detectors import DetectorSet
from actors.core.patterns.marks import Mark
from protocol.instruments import instrument_of
from protocol.market import (
    BarClosed,
    BarWarm,
    Cut,
    DepthBatch,
    FeedLost,
    TradeBatch,
    ValueJudged,
)
from protocol.message import Message
from protocol.patterns import Pattern
from protocol.settings import Settings
from protocol.signals import SignalRaised
from supervision.shell import Shell, handles


class DetectorShell(Shell):
    """Raises signals and tells what became of the zones and levels they marked.

    Keeps the memory of the detectors and the counts by pattern; after a restart both are as before.
    """

    resumes = True

    def configure(self, settings: Settings, directory: str) -> None:
        self.detectors = DetectorSet(settings, instrument_of(settings.feed.symbol))
        self.counts: Counter[Pattern] = Counter()

    def foresee(self, messages: Sequence[Message]) -> None:
        """Look for absorption in all the trades at once."""
        self.detectors.foresee([m for m in messages if isinstance(m, TradeBatch)])

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> Iterable[Message]:
        """Raise what the trades confirm by themselves."""
        return self._counted(self.detectors.add_trades(batch))

    @handles(DepthBatch)
    def on_depth(self, batch: DepthBatch) -> Iterable[Message]:
        """Raise what the changes of the book confirm."""
        return self._counted(self.detectors.add_depth(batch))

    @handles(FeedLost, source="feed")
    def on_feed_lost(self, lost: FeedLost) -> None:
        """Forget the book: a feed that is back tells all of it again."""
        self.detectors.lose_book(lost.contract)

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> Iterable[Message]:
        """Raise what the bar confirms, and say which zones and levels it changed."""
        return self._counted(self.detectors.add(bar))

    @handles(BarWarm, source="bars")
    def on_bar_warm(self, warm: BarWarm) -> None:
        """Learn a bar of the past, and raise nothing on it."""
        self.detectors.warm(warm.bar)

    @handles(ValueJudged)
    def on_value_judged(self, judged: ValueJudged) -> None:
        """Learn the value area, the measure of tomorrow's excursions."""
        self.detectors.value(judged)

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Judge the slice of the metrics that is over, and give up what ends with the day."""
        return self._counted([*self.detectors.until(cut.ts_ns), *self.detectors.roll(cut.ts_ns)])

    def inspect(self) -> dict[str, Any]:
        metrics = self.detectors.metrics()
        return {
            "signals": {pattern.value: self.counts[pattern] for pattern in sorted(self.counts)},
            "zones": [_shown(mark) for mark in self.detectors.zones()],
            "unfinished": [_shown(mark) for mark in self.detectors.unfinished()],
            "metrics": {} if metrics is None else dataclasses.asdict(metrics),
        }

    def _counted(self, found: Iterable[Message]) -> Iterable[Message]:
        messages = list(found)
        self.counts.update(m.pattern for m in messages if isinstance(m, SignalRaised))
        return messages


def _shown(mark: Mark) -> dict[str, Any]:
    signal = mark.signal
    return {
        "pattern": signal.pattern.value,
        "low": signal.zone_low,
        "high": signal.zone_high,
        "since_ns": signal.ts_ns,
        "state": mark.state.value,
        "visits": mark.visits,
    }
