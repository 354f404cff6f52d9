"""From a source of trades to a tape: batches of trades with numbered cuts between them.

The tape is the one form in which trades reach the floor, whether the local runtime consumes it
straight from the generator or the live one from a frame log on disk: both read the same messages.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from actors.adapters.feeds.port import Chunk, Reason, Source
from actors.adapters.frames import FrameLog, sync_directory
from actors.core.columns import Trades, batch_of, concat
from actors.core.orderflow.sides import SideInference, SideRule
from actors.core.risk.windows import Hours
from actors.core.rules import hours_of, series_of
from actors.core.session.cuts import CutPoint, Cuts
from protocol.codec import encode
from protocol.market import (
    Aggressor,
    BarWarm,
    Cut,
    CutReason,
    DepthBatch,
    SideSource,
    TradeBatch,
)
from protocol.pattern_settings import FlowSettings
from protocol.risk_settings import RiskSettings
from protocol.series import Series
from protocol.settings import BarSettings, CalendarSettings, FeedSettings
from protocol.units import NANOS_PER_MS, NANOS_PER_S, Nanos

UNPACED_TRADES_MAX = 4_096  # Of a batch that no clock ends.
Progress = Callable[[int, int], None]  # Trades so far, time of the last one.
OnTape = BarWarm | TradeBatch | DepthBatch | Cut
Lead = Callable[[Iterator[TradeBatch | Cut]], Iterator[OnTape]]  # Puts something before a tape.


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeRule:
    """How trades are cut into batches."""

    series: tuple[Series, ...]  # Whose bars' ends are cuts.
    split: bool  # A trade that overfills a bar of volume opens the next with its rest.
    batch_trades_max: int
    batch_ns: int = 0  # Event time that a batch spans at most; 0 for no limit.
    step_ns: int = 0  # Of the slices whose ends are cuts; 0 for none.
    slice_ns: int = NANOS_PER_S  # Of the slices by which changes of the book are told.
    hours: Hours = hours_of(RiskSettings(), CalendarSettings())  # Whose stops are cuts.
    sides: SideRule = SideRule()

    @classmethod
    def of(
        cls,
        feed: FeedSettings,
        bars: BarSettings,
        flow: FlowSettings = FlowSettings(),
        risk: RiskSettings = RiskSettings(),
        calendar: CalendarSettings = CalendarSettings(),
    ) -> "TapeRule":
        """Return the rule of the settings; at speed 0 no clock limits a batch.

        Then nobody waits for a trade either, and larger batches cost everybody less.

        Slices are cut only where the metrics may demand that a position be left.
        """
        return cls(
            # Bars that are only looked at bring no cuts: whoever adds some must trade as before.
            series=series_of(bars)[:1],
            split=bars.split,
            batch_trades_max=max(feed.batch_trades_max, 0 if feed.speed else UNPACED_TRADES_MAX),
            batch_ns=int(feed.batch_ms * NANOS_PER_MS * feed.speed),
            step_ns=flow.step_s * NANOS_PER_S if flow.enabled and flow.exits else 0,
            slice_ns=flow.step_s * NANOS_PER_S,
            hours=hours_of(risk, calendar),
            sides=SideRule(quote_max_age_ns=feed.quote_max_age_ms * NANOS_PER_MS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What went into a tape, and what did not."""

    contracts: tuple[str, ...]
    trades: int
    volume: int
    volumes: dict[tuple[Aggressor, SideSource], int]  # Only pairs that occur.
    cuts: int
    first_ns: int
    last_ns: int
    refused: dict[Reason, int]
    quarantine: Path | None

    @property
    def buy_volume(self) -> int:
        """Volume bought aggressively, from whatever source known."""
        return self._of(Aggressor.BUY)

    @property
    def sell_volume(self) -> int:
        """Volume sold aggressively, from whatever source known."""
        return self._of(Aggressor.SELL)

    @property
    def none_volume(self) -> int:
        """Volume without a side."""
        return self._of(Aggressor.UNKNOWN)

    def _of(self, side: Aggressor) -> int:
        return sum(volume for (found, _), volume in self.volumes.items() if found == side)


@dataclass(slots=True)
class Tally:
    """Counts what passes through a tape; `summary` says it at the end."""

    contracts: list[str] = field(default_factory=list)
    trades: int = 0
    volumes: Counter[tuple[int, int]] = field(default_factory=Counter)
    cuts: int = 0
    first_ns: int = 0
    last_ns: int = 0

    def add(self, trades: Trades, contract: str) -> None:
        """Count `trades`, their sides inferred."""
        if contract not in self.contracts:
            self.contracts.append(contract)
        self.first_ns = self.first_ns or int(trades.ts_event[0])
        self.last_ns = int(trades.ts_event[-1])
        self.trades += len(trades)
        # Exact: sums of int32 stay below 2^53, where the floats of bincount begin to round.
        pairs = trades.aggressor.astype(np.intp) * len(SideSource) + trades.source
        sums = np.bincount(pairs, weights=trades.size)
        for pair in np.flatnonzero(sums).tolist():
            self.volumes[divmod(pair, len(SideSource))] += int(sums[pair])

    def summary(self, refused: Counter[Reason], quarantine: Path | None) -> Summary:
        """Return all that was counted."""
        return Summary(
            contracts=tuple(self.contracts),
            trades=self.trades,
            volume=self.volumes.total(),
            volumes={
                (Aggressor(side), SideSource(source)): volume
                for (side, source), volume in sorted(self.volumes.items())
            },
            cuts=self.cuts,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
            refused=dict(refused),
            quarantine=quarantine,
        )


def tape(
    source: Source, rule: TapeRule, tally: Tally | None = None
) -> Iterator[TradeBatch | Cut]:
    """Yield the trades of `source` in batches, every cut in its place, and a last cut at the end.

    A batch that is not full waits for the next chunk, so the tape depends on the trades alone and
    not on how their source cuts them. A source without trades yields nothing, not even a cut.
    """
    tally = Tally() if tally is None else tally
    cuts = Cuts(rule.series, rule.split, rule.hours, rule.step_ns)
    inference, waiting = SideInference(rule.sides), None
    for chunk in source:
        if len(chunk.trades) == 0:
            continue
        if waiting is not None and not _same(waiting, chunk):
            yield batch_of(waiting.trades, waiting.contract, waiting.simulated)
            inference, waiting = SideInference(rule.sides), None
            cuts.renew()
        trades = inference.infer(chunk.trades)
        tally.add(trades, chunk.contract)
        points = cuts.add(trades)
        if waiting is not None:
            held = len(waiting.trades)
            points = [(held + index, ts, reason) for index, ts, reason in points]
            trades = concat([waiting.trades, trades])
        joined = Chunk(trades, chunk.contract, chunk.simulated)
        waiting = yield from _cut(joined, points, rule, tally)
    if waiting is not None:
        yield batch_of(waiting.trades, waiting.contract, waiting.simulated)
        tally.cuts += 1
        # One past the last trade: a cut stands before every trade at its own instant.
        yield Cut(number=tally.cuts, ts_ns=Nanos(tally.last_ns + 1), reason=CutReason.END)


def write_tape(
    path: str | Path, messages: Iterable[OnTape], progress: Progress | None = None
) -> int:
    """Store `messages` as the tape at `path` and return how many frames it has.

    It is written beside and moved into place when it is whole and on the disk: a tape that is
    there is complete.
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    log = FrameLog.open(part)
    trades = 0
    try:
        for message in messages:
            log.append(encode(message))
            if isinstance(message, TradeBatch):
                trades += len(message)
            elif isinstance(message, Cut) and progress is not None:
                progress(trades, message.ts_ns)
        log.sync()
        part.replace(path)
        sync_directory(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    finally:
        log.close()
    return log.last


def _same(one: Chunk, other: Chunk) -> bool:
    return (one.contract, one.simulated) == (other.contract, other.simulated)


def _cut(
    chunk: Chunk, points: list[CutPoint], rule: TapeRule, tally: Tally
) -> Generator[TradeBatch | Cut, None, Chunk]:
    """Yield the full batches and the cuts of `chunk`, return what is left: at least one trade."""
    trades, start = chunk.trades, 0
    for index, ts, reason in points:
        for part in _batches(trades.slice(start, index), rule):
            yield batch_of(part, chunk.contract, chunk.simulated)
        tally.cuts += 1
        yield Cut(number=tally.cuts, ts_ns=Nanos(ts), reason=reason)
        start = index
    *full, left = _batches(trades.slice(start, len(trades)), rule)
    for part in full:
        yield batch_of(part, chunk.contract, chunk.simulated)
    return Chunk(left, chunk.contract, chunk.simulated)


def _batches(trades: Trades, rule: TapeRule) -> Iterator[Trades]:
    """Yield `trades` in parts of at most the rule's count and span."""
    count = len(trades)
    start = 0
    if rule.batch_ns <= 0:
        while start < count:
            stop = min(start + rule.batch_trades_max, count)
            yield trades.slice(start, stop)
            start = stop
        return
    # For every trade the first one out of its span, all at once: a search per batch is slower.
    ends = np.searchsorted(trades.ts_event, trades.ts_event + rule.batch_ns, side="left").tolist()
    while start < count:
        stop = min(start + rule.batch_trades_max, ends[start])
        yield trades.slice(start, stop)
        start = stop
