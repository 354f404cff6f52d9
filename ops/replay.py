"""Replay a recorded day, in either runtime, and say what came of it."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.adapters.books import Books, MemoryBooks, digest
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.adapters.feeds.tape import Summary, Tally, TapeRule, tape
from actors.books import BooksShell
from protocol.market import BarClosed
from protocol.message import Message
from protocol.orders import BracketDenied, BracketSubmitted, OrderFilled, PositionClosed
from protocol.settings import Settings
from protocol.signals import SignalApproved, SignalRaised
from supervision.guarded import resolve
from supervision.local import LocalRun
from supervision.shell import Shell
from supervision.spec import ChildSpec, walk
from supervision.tree import floor

LOCAL_BATCH_TRADES_MAX = 1_000_000
NOT_LOCAL = ("feed", "recorder", "web")  # The tape drives; nothing to record or to show.


@dataclass(frozen=True, slots=True)
class Result:
    """What a replay came to: the floor's decisions, counted, and the digest over all of them."""

    bars: int
    signals: int
    approved: int
    denied: int
    orders: int
    fills: int
    round_trips: int
    pnl_cents: int
    digest: str
    seconds: float


def result_of(books: Books, seconds: float) -> Result:
    """Count what the books hold."""
    closed = [m for m in books.entries("desk") if isinstance(m, PositionClosed)]
    return Result(
        bars=_count(books.entries("bars"), BarClosed),
        signals=_count(books.entries("detector"), SignalRaised),
        approved=_count(books.entries("router"), SignalApproved),
        denied=_count(books.entries("risk"), BracketDenied),
        orders=_count(books.entries("desk"), BracketSubmitted),
        fills=_count(books.entries("broker"), OrderFilled),
        round_trips=len(closed),
        pnl_cents=sum(trip.pnl_cents for trip in closed),
        digest=digest(books),
        seconds=seconds,
    )


def _count(messages: Iterable[Message], kind: type[Message]) -> int:
    return sum(isinstance(message, kind) for message in messages)


def workers(settings: Settings) -> list[ChildSpec]:
    """Return the specs of the floor's actors in start order."""
    return [spec for spec in walk(floor(settings.supervision)) if isinstance(spec, ChildSpec)]


def local_floor(settings: Settings, books: Books, directory: str) -> LocalRun:
    """Return the floor in the local runtime, its shells configured."""
    shells: dict[str, Shell] = {}
    specs = workers(settings)
    for spec in specs:
        if spec.id not in NOT_LOCAL:
            shells[spec.id] = BooksShell(books) if spec.id == "books" else resolve(spec.start)()
            shells[spec.id].configure(settings, directory)
    return LocalRun(specs, shells)


def replay_local(
    files: Sequence[Path],
    settings: Settings,
    quarantine: Path,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[Summary, Result]:
    """Replay `files` in this process, straight from the reader."""
    refusals, tally = Refusals(quarantine), Tally()
    source = Recording(files, settings.feed.symbol, refusals, settings.feed)
    rule = TapeRule(
        bar_ns=TapeRule.of(settings.feed, settings.bars).bar_ns,
        batch_trades_max=LOCAL_BATCH_TRADES_MAX,
    )
    books = MemoryBooks()
    began = time.perf_counter()
    with TemporaryDirectory() as directory:
        run = local_floor(settings, books, directory)
        run.run(_told(tape(source, rule, tally), tally, progress))
    seconds = time.perf_counter() - began
    return tally.summary(refusals.counts, refusals.path), result_of(books, seconds)


def _told(
    messages: Iterable[Message], tally: Tally, progress: Callable[[int], None]
) -> Iterable[Message]:
    for message in messages:
        progress(tally.trades)
        yield message
