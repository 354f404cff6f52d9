"""Bars of the past before a tape: looked for in a child, since reading them is heavy.

What reads day files, or buys history, must not stay in the process that all actors are forked from.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from actors.adapters.apart import Died, apart
from actors.adapters.feeds.port import FeedError
from actors.adapters.feeds.tape import Lead, OnTape
from actors.core.columns import trades_of
from protocol.market import BarClosed, BarWarm, Cut, TradeBatch
from protocol.settings import Settings


@contextmanager
def warming(
    settings: Settings, run_dirs: Sequence[Path], console: Console, *, paid: bool = False
) -> Iterator[Lead]:
    """Yield what puts the last bars of earlier runs before a tape, and say what came of it.

    With `paid`, for a floor and not for a replay, history may be bought as the settings allow it.
    """
    said: list[str] = []
    yield partial(_warmed, settings, run_dirs, said, paid and settings.history.warmup)
    for line in said:
        console.print(line, style="dim", soft_wrap=True)


def _warmed(
    settings: Settings,
    run_dirs: Sequence[Path],
    said: list[str],
    paid: bool,
    messages: Iterator[TradeBatch | Cut],
) -> Iterator[OnTape]:
    """Yield the bars of the past that fit a tape, then the tape."""
    for first in messages:
        if (run_dirs or paid) and settings.warmup.bars:
            assert isinstance(first, TradeBatch), f"a tape begins with {first.KIND}, wanted trades"
            now_ns = int(trades_of(first).ts_event[0])
            of = {"simulated": first.simulated, "paid": paid}
            bars, lines = warm_apart(settings, run_dirs, first.contract, now_ns, **of)
            said += lines
            yield from (BarWarm(bar=bar) for bar in bars)
        yield first
        yield from messages


def warm_apart(
    settings: Settings,
    run_dirs: Sequence[Path],
    contract: str,
    now_ns: int,
    *,
    simulated: bool,
    paid: bool,
) -> tuple[Sequence[BarClosed], list[str]]:
    """Return the bars to begin with at `now_ns`, found in a child, and whence or why not."""
    of = {"contract": contract, "now_ns": now_ns, "simulated": simulated, "paid": paid}
    try:
        bars, source, refused = apart(lambda: _found(settings, run_dirs, of))
    except Died:
        raise FeedError("the search for warm-up bars died; warmup.bars = 0 does without") from None
    lines = [f"no warm-up by {name}: {why}" for name, _, why in refused]
    return bars, [*lines, f"warm-up: {len(bars)} bars" + (f", {source}" if source else "")]


def _found(
    settings: Settings, run_dirs: Sequence[Path], of: dict[str, Any]
) -> tuple[tuple[BarClosed, ...], str, tuple[tuple[str, str, str], ...]]:
    from ops.warmup import warm_bars

    found = warm_bars(settings, run_dirs, **of)
    return found.bars, found.source, found.refused


def run_dirs_of(settings: Settings) -> list[Path]:
    """Return the directories of earlier runs, the newest first."""
    base = Path(settings.run.directory).resolve()
    found: list[tuple[int, Path]] = []
    for path in base.glob("*/data"):
        with suppress(OSError):  # It may be cleared away while we look.
            found.append((path.stat().st_mtime_ns, path.parent))
    return [path for _, path in sorted(found, reverse=True)]
