"""All detectors of one symbol: what is asked of a bar and of the tape, and in which order.

The order is that of the specification, domain 2.1 to 2.9, the same for every bar, because whoever
reads the signals may act on the first: imbalances with what became of the zones, horizontal
imbalances, exhaustion, trend exhaustion, absorption in the zone and at the level, effort without
result, divergence, participation, unfinished auctions with what became of the levels, trapped
traders, initiative. On the tape: by time, at an instant the metrics before absorption.

Only bars of the decision series are looked at: a pattern in bars that nobody decides on would be
counted as evidence twice. Bars and trades come by different ways, and at a change of contract one
way can be ahead of the other; so each side begins anew with its own first message of another
contract, and with the first bar the old one's zones and levels are given up. Made-up trades and
bars never continue real ones.

The signals are a function of the messages alone: whoever feeds a fresh set with the same messages,
batched however, has the same signals.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING

from actors.core.columns import concat, grouped, trades_of
from actors.core.patterns.absorbed_windows import TapeAbsorptionRule
from actors.core.patterns.absorption import (
    AbsorptionRule,
    LevelAbsorptionRule,
    absorptions,
    level_absorptions,
)
from actors.core.patterns.divergence import DeltaDivergence, DivergenceRule
from actors.core.patterns.effort import Effort, EffortRule
from actors.core.patterns.exhaustion import ExhaustionRule, exhaustions
from actors.core.patterns.horizontal import HorizontalRule, horizontals
from actors.core.patterns.initiative import Initiative, InitiativeRule
from actors.core.patterns.levels import refuse_unsound
from actors.core.patterns.marks import Mark
from actors.core.patterns.participation import Participation, ParticipationRule
from actors.core.patterns.tape_absorption import CHUNK_TRADES, TapeAbsorption
from actors.core.patterns.trapped import Trapped, TrappedRule
from actors.core.patterns.trend_exhaustion import TrendExhaustion, TrendExhaustionRule
from actors.core.patterns.unfinished import Unfinished, UnfinishedRule
from actors.core.patterns.zones import ZoneRule, Zones
from protocol.instruments import Instrument
from protocol.market import BarClosed, DepthBatch, TradeBatch, ValueJudged
from protocol.settings import Settings
from protocol.signals import FlowTurned, SignalRaised, ZoneChanged

if TYPE_CHECKING:
    from actors.core.flow.engine import FlowEngine
    from actors.core.flow.score import Metrics

Found = list[SignalRaised | ZoneChanged]
OnTape = list[SignalRaised | FlowTurned]
Detector = Callable[[BarClosed], Sequence[SignalRaised | ZoneChanged]]


class DetectorSet:
    """Every enabled detector of one symbol."""

    def __init__(self, settings: Settings, own: Instrument) -> None:
        self.settings = settings
        self.own = own
        self.series = settings.bars.series[0]
        self.bars: BarDetectors | None = None
        self.tape: TapeDetectors | None = None

    def add(self, bar: BarClosed) -> Found:
        """Return what `bar` confirms; nothing for a bar that no decision is taken on."""
        if bar.series != self.series:
            return []
        bars, given_up = self.bars, list[ZoneChanged]()
        if bars is None or bars.contract != bar.contract or bars.simulated != bar.simulated:
            given_up = [] if bars is None else bars.clear(bar.end_ns)
            bars = self.bars = BarDetectors(self.settings, bar.contract, self.own, bar.simulated)
        found = bars.add(bar)
        return [*given_up, *found] if given_up else found

    def warm(self, bar: BarClosed) -> None:
        """Learn a bar of the past: averages and swings know it, zones and levels do not.

        Nobody was told of what it marked, so nothing may be heard of that later.
        """
        self.add(bar)
        if self.bars is not None:
            self.bars.clear(bar.end_ns)

    def value(self, judged: ValueJudged) -> None:
        """Take in the value area of a session so far.

        It follows a bar of its contract; without one there is nothing yet that it could measure.
        """
        if self.bars is not None and self.bars.contract == judged.contract:
            self.bars.value(judged)

    def foresee(self, batches: Sequence[TradeBatch]) -> None:
        """Learn the next batches: what absorption finds in them is found at once."""
        if batches and (self.tape is None or self.tape.fits(batches[0])):
            tape = self._tape_of(batches[0].contract, batches[0].simulated)
            tape.foresee(list(takewhile(tape.fits, batches)))

    def add_trades(self, batch: TradeBatch) -> OnTape:
        """Return what the trades of `batch` confirm."""
        return self._tape_of(batch.contract, batch.simulated).add_trades(batch)

    def add_depth(self, batch: DepthBatch) -> OnTape:
        """Return what the changes of the book in `batch` confirm."""
        return self._tape_of(batch.contract, batch.simulated).add_depth(batch)

    def lose_book(self, contract: str) -> None:
        """Take note that nobody knows the book of `contract` any more, since its feed is lost."""
        flow = None if self.tape is None else self.tape.flow
        if flow is not None and (flow.contract, flow.simulated) == (contract, False):
            flow.lose_book()

    def until(self, ts_ns: int) -> OnTape:
        """Return what the tape confirms once all before `ts_ns` is known to have been seen."""
        return [] if self.tape is None else self.tape.until(ts_ns)

    def metrics(self) -> "Metrics | None":
        """Return the metrics of the last slice; None without one or where they are off."""
        flow = None if self.tape is None else self.tape.flow
        return None if flow is None else flow.metrics

    def roll(self, ts_ns: int) -> list[ZoneChanged]:
        """Give up what belongs to trading days that were over at `ts_ns`.

        The next bar would do the same: asked at 17:00, nobody waits for it until 18:00.
        """
        return [] if self.bars is None else self.bars.roll(ts_ns)

    def zones(self) -> list[Mark]:
        """Return the zones of stacked imbalance that stand, oldest first."""
        return [] if self.bars is None else self.bars.zones.marks.standing

    def unfinished(self) -> list[Mark]:
        """Return the unfinished levels that stand, oldest first."""
        return [] if self.bars is None else self.bars.unfinished.marks.standing

    def _tape_of(self, contract: str, simulated: bool) -> "TapeDetectors":
        if self.tape is None or (self.tape.contract, self.tape.simulated) != (contract, simulated):
            self.tape = TapeDetectors(self.settings, contract, self.own, simulated)
        return self.tape


class BarDetectors:
    """The detectors that look at the bars of one contract."""

    def __init__(
        self, settings: Settings, contract: str, own: Instrument, simulated: bool
    ) -> None:
        self.contract = contract
        self.simulated = simulated
        self.zones = Zones(ZoneRule.of(settings.imbalance, own))
        self.unfinished = Unfinished(UnfinishedRule.of(settings.unfinished, own))
        self.initiative = Initiative(InitiativeRule.of(settings.initiative, own))
        self.detectors = tuple(
            detector for enabled, detector in self._ordered(settings, own) if enabled
        )

    def add(self, bar: BarClosed) -> Found:
        """Return what each detector finds in `bar`, in the order of this module."""
        refuse_unsound(bar.sells, bar.buys)
        found: Found = []
        for detector in self.detectors:
            found += detector(bar)
        return found

    def value(self, judged: ValueJudged) -> None:
        """Take in the value area of a session so far."""
        self.initiative.value(judged)

    def roll(self, ts_ns: int) -> list[ZoneChanged]:
        """Give up the zones and levels of trading days that were over at `ts_ns`."""
        return [*self.zones.marks.roll(ts_ns), *self.unfinished.marks.roll(ts_ns)]

    def clear(self, ts_ns: int) -> list[ZoneChanged]:
        """Give up all zones and levels."""
        return [*self.zones.marks.clear(ts_ns), *self.unfinished.marks.clear(ts_ns)]

    def _ordered(self, settings: Settings, own: Instrument) -> tuple[tuple[bool, Detector], ...]:
        """Return every detector of bars in order, with whether it is enabled."""
        s = settings
        horizontal = HorizontalRule.of(s.horizontal, own)
        exhaustion = ExhaustionRule.of(s.exhaustion, own)
        trend = TrendExhaustionRule.of(s.trend_exhaustion, own)
        absorption = AbsorptionRule.of(s.absorption, own)
        level = LevelAbsorptionRule.of(s.level_absorption, own)
        participation = ParticipationRule.of(s.participation, own)
        return (
            (s.imbalance.enabled, self.zones.add),
            (s.horizontal.enabled, partial(horizontals, rule=horizontal)),
            (s.exhaustion.enabled, partial(exhaustions, rule=exhaustion)),
            (s.trend_exhaustion.enabled, TrendExhaustion(trend).add),
            (s.absorption.enabled, partial(absorptions, rule=absorption)),
            (s.level_absorption.enabled, partial(level_absorptions, rule=level)),
            (s.effort.enabled, Effort(EffortRule.of(s.effort, own)).add),
            (s.divergence.enabled, DeltaDivergence(DivergenceRule.of(s.divergence, own)).add),
            (s.participation.enabled, Participation(participation).add),
            (s.unfinished.enabled, self.unfinished.add),
            (s.trapped.enabled, Trapped(TrappedRule.of(s.trapped, own)).add),
            (s.initiative.enabled, self.initiative.add),
        )


class TapeDetectors:
    """The detectors that look at the tape of one contract."""

    def __init__(
        self, settings: Settings, contract: str, own: Instrument, simulated: bool
    ) -> None:
        self.contract = contract
        self.simulated = simulated
        self.absorption: TapeAbsorption | None = None
        if settings.tape_absorption.enabled:
            rule = TapeAbsorptionRule.of(settings.tape_absorption, own)
            self.absorption = TapeAbsorption(rule, contract, simulated)
        self.flow = _flow(settings, contract, own, simulated) if settings.flow.enabled else None
        self.foreseen: deque[list[SignalRaised]] = deque()  # Absorption in the next batches.

    def fits(self, batch: TradeBatch) -> bool:
        """Whether a batch is of this tape; made-up trades never continue real ones."""
        return (batch.contract, batch.simulated) == (self.contract, self.simulated)

    def foresee(self, batches: Sequence[TradeBatch]) -> None:
        """Learn the next batches, all of this tape."""
        if self.absorption is None:
            return
        for parts in grouped(map(trades_of, batches), CHUNK_TRADES):
            found = self.absorption.find(concat(parts, quotes=False))
            rows = [row for row, _ in found]
            start = 0
            for end in accumulate(map(len, parts)):
                stop = bisect_left(rows, end, start)
                self.foreseen.append([signal for _, signal in found[start:stop]])
                start = stop

    def add_trades(self, batch: TradeBatch) -> OnTape:
        """Return what `batch` confirms, by time: however the trades are cut it is the same.

        At an instant the verdicts of the metrics come first: they are of the slice before it.
        """
        absorbed = self._absorbed(batch)
        if self.flow is None or not (found := self.flow.add_trades(trades_of(batch))):
            return [*absorbed]
        return sorted([*found, *absorbed], key=attrgetter("ts_ns"))

    def _absorbed(self, batch: TradeBatch) -> list[SignalRaised]:
        if self.foreseen:
            return self.foreseen.popleft()
        return [] if self.absorption is None else self.absorption.add(trades_of(batch))

    def add_depth(self, batch: DepthBatch) -> OnTape:
        """Return the verdicts of the metrics that `batch` confirms."""
        return [] if self.flow is None else self.flow.add_depth(batch)

    def until(self, ts_ns: int) -> OnTape:
        """Return the verdict of the metrics on the slice that is over at `ts_ns`."""
        return [] if self.flow is None else self.flow.until(ts_ns)


def _flow(settings: Settings, contract: str, own: Instrument, simulated: bool) -> "FlowEngine":
    # Off by default, and a package of its own: whoever goes without does not load it.
    from actors.core.flow.engine import FlowEngine
    from actors.core.flow.rules import FlowRule

    return FlowEngine(FlowRule.of(settings.flow, own), contract, simulated)
