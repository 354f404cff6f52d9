"""Replay a recorded day, in either runtime, and say what came of it."""

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import assert_never

from actors.adapters.books import Books, MemoryBooks, digest
from actors.adapters.feeds.ingest import Recording, not_empty
from actors.adapters.feeds.port import Refusals
from actors.adapters.feeds.tape import Lead, Summary, Tally, TapeRule, tape
from actors.books import BooksShell
from actors.core.columns import trades_of
from actors.core.session.calendar import trading_date, trading_day
from ops.round_trips import ExcursionShell, OpenTrip, Reach, RoundTrip, open_trips, trips_of
from protocol.market import BarClosed, TradeBatch, Window
from protocol.message import Message
from protocol.orders import BracketDenied, BracketSubmitted
from protocol.patterns import Pattern
from protocol.reports import OrderFilled
from protocol.settings import Settings
from protocol.signals import (
    ConditionJudged,
    DropReason,
    MarketCondition,
    Regime,
    RegimeJudged,
    SignalApproved,
    SignalDropped,
    SignalRaised,
    TargetNoted,
)
from supervision.guarded import resolve
from supervision.local import LocalRun
from supervision.shell import Shell
from supervision.spec import ChildSpec, walk
from supervision.tree import floor

LOCAL_BATCH_TRADES_MAX = 1_000_000
JUDGING = ("detector", "regime", "router")  # Whose streams hold what is counted by day.
# The tape drives; there is nothing to record, to watch, to tell or to show.
NOT_LOCAL = ("feed", "recorder", "watchdog", "notifier", "web")


@dataclass(slots=True)
class PatternCount:
    """How often a pattern was raised, and what became of its signals."""

    raised: int = 0
    approved: int = 0
    noted: int = 0  # As targets.
    dropped: Counter[DropReason] = field(default_factory=Counter)


@dataclass(slots=True)
class SessionCount:
    """What was found in one part of a trading date."""

    date: date
    window: Window
    patterns: dict[Pattern, PatternCount] = field(default_factory=dict)
    regimes: Counter[Regime] = field(default_factory=Counter)  # Judgements, one for every bar.
    conditions: Counter[MarketCondition] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Result:
    """What a replay came to: the floor's decisions, counted, and the digest over all of them."""

    bars: int
    signals: int
    approved: int
    denied: int
    orders: int
    fills: int
    trips: tuple[RoundTrip, ...]
    open_trips: tuple[OpenTrip, ...]  # Held at the end: neither won nor lost.
    digest: str
    seconds: float
    simulated_bars: int  # Of those above: made of simulated trades.
    counts: tuple[SessionCount, ...]

    @property
    def pnl_cents(self) -> int:
        """Net result of all round trips, in cents."""
        return sum(trip.closed.pnl_cents for trip in self.trips)


def result_of(books: Books, seconds: float, reach: Reach | None = None) -> Result:
    """Count what the books hold; `reach` is how far the market went, where the tape is at hand."""
    reach = reach or Reach()
    return Result(
        bars=_count(books.entries("bars"), BarClosed),
        signals=_count(books.entries("detector"), SignalRaised),
        approved=_count(books.entries("router"), SignalApproved),
        denied=_count(books.entries("risk"), BracketDenied),
        orders=_count(books.entries("desk"), BracketSubmitted),
        fills=_count(books.entries("broker"), OrderFilled),
        trips=tuple(RoundTrip(trip, reach.done.get(trip.bracket_id)) for trip in trips_of(books)),
        open_trips=tuple(open_trips(books, reach)),
        digest=digest(books),
        seconds=seconds,
        simulated_bars=sum(
            message.simulated
            for message in books.entries("bars")
            if isinstance(message, BarClosed)
        ),
        counts=counts_by_day(books),
    )


def counts_by_day(books: Books) -> tuple[SessionCount, ...]:
    """Count patterns, regimes and conditions by trading date and part of the day, in order."""
    sessions: dict[tuple[date, Window], SessionCount] = {}
    for stream in JUDGING:
        for message in books.entries(stream):
            if isinstance(message, _Counted):
                on, window = session_of(message.ts_ns)
                session = sessions.setdefault((on, window), SessionCount(on, window))
                _count_in(session, message)
    return tuple(sessions[key] for key in sorted(sessions, key=_in_time))


def session_of(ts_ns: int) -> tuple[date, Window]:
    """Return the trading date and the part of it in which a decision of `ts_ns` was prepared.

    A decision at the end of a bar belongs to the bar, so the bar that ends at 09:30 is the last
    one of the night and the one that ends at 16:00 the last one of the day. All that is not
    regular session is overnight here, the hour after 16:00 too.
    """
    last_ns = ts_ns - 1
    day = trading_day(last_ns)
    regular = day.rth_open_ns <= last_ns < day.rth_close_ns
    return day.date, Window.RTH if regular else Window.OVERNIGHT


_Counted = (
    SignalRaised | SignalApproved | SignalDropped | TargetNoted | RegimeJudged | ConditionJudged
)


def _count_in(session: SessionCount, message: _Counted) -> None:
    match message:
        case RegimeJudged():
            session.regimes[message.regime] += 1
        case ConditionJudged():
            session.conditions[message.condition] += 1
        case SignalRaised():
            _of(session, message.pattern).raised += 1
        case SignalApproved():
            _of(session, message.pattern).approved += 1
        case TargetNoted():
            _of(session, message.pattern).noted += 1
        case SignalDropped():
            _of(session, message.pattern).dropped[message.reason] += 1
        case _:
            assert_never(message)


def _of(session: SessionCount, pattern: Pattern) -> PatternCount:
    return session.patterns.setdefault(pattern, PatternCount())


def _in_time(key: tuple[date, Window]) -> tuple[date, bool]:
    on, window = key
    return on, window is Window.RTH  # The night comes before its day.


def _count(messages: Iterable[Message], kind: type[Message]) -> int:
    return sum(isinstance(message, kind) for message in messages)


def workers(settings: Settings) -> list[ChildSpec]:
    """Return the specs of the floor's actors in start order."""
    return [spec for spec in walk(floor(settings.supervision)) if isinstance(spec, ChildSpec)]


def local_floor(
    settings: Settings, books: Books, directory: str, watch: ExcursionShell | None = None
) -> LocalRun:
    """Return the floor in the local runtime, its shells configured; `watch` looks on."""
    shells: dict[str, Shell] = {}
    specs = workers(settings)
    if watch is not None:
        specs.append(ChildSpec(id="watch", start="", reads=("feed", "desk")))
        shells["watch"] = watch
    for spec in specs:
        if spec.id not in (*NOT_LOCAL, *shells):
            shells[spec.id] = BooksShell(books) if spec.id == "books" else resolve(spec.start)()
            shells[spec.id].configure(settings, directory)
    return LocalRun(specs, shells)


def first_day(files: Sequence[Path], settings: Settings) -> date:
    """Return the trading date of the first trade of `files` that can be used."""
    with TemporaryDirectory() as aside:
        source = Recording(files, settings.feed.symbol, Refusals(Path(aside)), settings.feed)
        first = next(not_empty(tape(source, TapeRule.of(settings.feed, settings.bars)), source))
    assert isinstance(first, TradeBatch)  # A cut stands behind a trade.
    return trading_date(int(trades_of(first).ts_event[0]))


def replay_local(
    files: Sequence[Path],
    settings: Settings,
    quarantine: Path,
    progress: Callable[[int], None] = lambda _: None,
    lead: Lead = iter,
) -> tuple[Summary, Result]:
    """Replay `files` in this process, straight from the reader, behind what `lead` puts first."""
    refusals, tally = Refusals(quarantine), Tally()
    source = Recording(files, settings.feed.symbol, refusals, settings.feed)
    own = TapeRule.of(
        settings.feed, settings.bars, settings.flow, settings.risk, settings.calendar
    )
    rule = dataclasses.replace(own, batch_trades_max=LOCAL_BATCH_TRADES_MAX, batch_ns=0)
    books, watch = MemoryBooks(), ExcursionShell()
    began = time.perf_counter()
    with TemporaryDirectory() as directory:
        run = local_floor(settings, books, directory, watch)
        messages = lead(not_empty(tape(source, rule, tally), source))
        if settings.flow.enabled:  # Nobody else here reads the book, and deriving it takes long.
            messages = source.with_depth(messages, rule)
        run.run(_told(messages, tally, progress))
    seconds = time.perf_counter() - began
    result = result_of(books, seconds, watch.reach)
    return tally.summary(refusals.counts, refusals.path), result


def _told(
    messages: Iterable[Message], tally: Tally, progress: Callable[[int], None]
) -> Iterable[Message]:
    for message in messages:
        progress(tally.trades)
        yield message
