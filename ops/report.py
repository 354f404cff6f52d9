"""What a replay prints: what was read, what was refused, what came of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from actors.adapters.feeds.port import FeedError
from actors.adapters.feeds.tape import Summary
from ops.calendars import with_calendar
from ops.replay import Result, SessionCount, first_day, replay_local
from ops.round_trips import OpenTrip, RoundTrip
from ops.warming import warming
from protocol.instruments import instrument_of
from protocol.market import Aggressor, SideSource, Window
from protocol.patterns import Pattern
from protocol.settings import Settings
from protocol.units import NANOS_PER_S

NEW_YORK = ZoneInfo("America/New_York")
EXIT_DATA = 65  # EX_DATAERR: the files cannot be used.
TRIP_HEADINGS = (
    "entry", "side", "size", "from", "to", "exit", "reason", "MAE", "MFE", "fees", "net",
)  # fmt: skip
TRIP_WORDS = ("entry", "side", "exit", "reason")
INFERRED_SHARE_MAX = 0.20  # Domain 1.2: above it the quality is low.
FILL_MODEL = (
    "fill model: paper, tick level, active {latency_ms} ms after the decision, market and stop"
    " orders slip {slippage_ticks} and {stop_slippage_ticks} tick, targets fill {target_fill}"
)
SIMULATED = (
    "SIMULATED: the trades of {bars:,} of these bars were never traded, they are simulated from"
    " minute bars or by the demonstration; signals from them are synthetic, no claim rests on them"
)
PARTS = {Window.RTH: "RTH", Window.OVERNIGHT: "overnight"}


def show_local_replay(
    files: list[Path], settings: Settings, console: Console, after: Path | None = None
) -> int:
    """Replay in this process, warmed up by the run `after`, and print what came of it."""
    quarantine = Path(settings.run.directory) / "quarantine"
    try:
        settings = with_calendar(settings, first_day(files, settings))
        with (
            warming(settings, [] if after is None else [after], console) as lead,
            counting(console, "replaying") as progress,
        ):
            summary, result = replay_local(files, settings, quarantine, progress, lead)
    except FeedError as error:
        console.print(f"[red]{error}[/red]")
        return EXIT_DATA
    show_summary(summary, console)
    show_result(summary, result, settings, console)
    return 0


@contextmanager
def counting(
    console: Console, doing: str, what: str = "trades", total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Show how many have passed while the body runs."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn(f"{{task.completed:,}} {what}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda passed: progress.update(task, completed=passed)


def show_summary(summary: Summary, console: Console) -> None:
    """Print what was read and what was refused."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("contracts", ", ".join(summary.contracts))
    table.add_row("trades", f"{summary.trades:,}")
    table.add_row("volume", f"{summary.volume:,}")
    table.add_row(
        "aggressor",
        f"buy {summary.buy_volume:,}  sell {summary.sell_volume:,}  none {summary.none_volume:,}",
    )
    for (side, source), volume in summary.volumes.items():
        if side is not Aggressor.UNKNOWN:
            table.add_row("", f"{side.name.lower()} by {source.name.lower()}: {volume:,}")
    for reason, count in summary.refused.items():
        table.add_row("refused", f"{count:,} {reason}")
    if summary.quarantine is not None:
        table.add_row("quarantine", str(summary.quarantine))
    console.print(table)


def show_result(summary: Summary, result: Result, settings: Settings, console: Console) -> None:
    """Print what the floor made of it, with the fill model it rests on."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("bars", f"{result.bars:,}")
    table.add_row("signals", f"{result.signals:,} raised, {result.approved:,} approved")
    table.add_row(
        "orders", f"{result.orders:,} brackets, {result.denied:,} denied, {result.fills:,} fills"
    )
    table.add_row(
        "round trips", f"{len(result.trips):,}, net {result.pnl_cents / 100:,.2f} dollars"
    )
    table.add_row("digest", result.digest)
    rate = summary.trades / result.seconds if result.seconds else 0.0
    table.add_row("took", f"{result.seconds:.2f} s, {rate:,.0f} trades/s")
    console.print(table)
    show_trips((*result.trips, *result.open_trips), console)
    show_counts(result.counts, console)
    paper = settings.paper
    console.print(
        FILL_MODEL.format(
            latency_ms=paper.latency_ms,
            slippage_ticks=paper.slippage_ticks,
            stop_slippage_ticks=paper.stop_slippage_ticks,
            target_fill=paper.target_fill,
        ),
        style="dim",
    )
    if result.simulated_bars:
        console.print(SIMULATED.format(bars=result.simulated_bars), style="yellow")
    if inferred_share(summary) > INFERRED_SHARE_MAX:
        console.print(
            f"quality LOW: the side of {inferred_share(summary):.1%} of the volume was inferred"
            f" or is unknown; entries on it: {settings.risk.low_quality_entries}",
            style="yellow",
        )


def show_trips(trips: Sequence[RoundTrip | OpenTrip], console: Console) -> None:
    """Print each round trip: its fills, how far the market went, what it cost and brought.

    What is still open has no exit: it goes to the last price, and `net` is what it is worth there.
    """
    if not trips:
        return
    rows = [TRIP_HEADINGS, *(_row(trip) for trip in trips)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    console.print()
    for row in rows:
        cells = (
            cell.ljust(width) if heading in TRIP_WORDS else cell.rjust(width)
            for cell, width, heading in zip(row, widths, TRIP_HEADINGS, strict=True)
        )
        # Whole lines, even where they are longer than the screen: half a price is worse.
        console.print("  ".join(cells), soft_wrap=True, highlight=False)


def _row(trip: RoundTrip | OpenTrip) -> tuple[str, ...]:
    return _trip(trip) if isinstance(trip, RoundTrip) else _open(trip)


def _open(trip: OpenTrip) -> tuple[str, ...]:
    held, extremes, mark = trip.held, trip.extremes, trip.mark
    tick, far = instrument_of(held.contract).tick, ("", "")
    if extremes is not None:
        far = (f"{extremes.mae_ticks(held):.4g}", f"{extremes.mfe_ticks(held):.4g}")
    return (
        _clock(trip.opened_ns, "%Y-%m-%d %H:%M:%S"),
        str(held.direction),
        f"{held.quantity:,}",
        price_text(held.entry_sum, held.quantity, tick),
        "" if mark is None else price_text(mark, 1, tick),
        "",
        "open",
        *far,
        f"{held.commission_cents / 100:,.2f}",
        "" if trip.net_cents is None else f"{trip.net_cents / 100:,.2f}",
    )


def _trip(trip: RoundTrip) -> tuple[str, ...]:
    closed, extremes = trip.closed, trip.extremes
    size, tick = max(1, closed.quantity), instrument_of(closed.contract).tick
    prices = (price_text(total, size, tick) for total in (closed.entry_sum, closed.exit_sum))
    far = ("", "")
    if extremes is not None:
        far = (f"{extremes.mae_ticks(closed):.4g}", f"{extremes.mfe_ticks(closed):.4g}")
    return (
        _clock(closed.opened_ns, "%Y-%m-%d %H:%M:%S"),
        str(closed.direction),
        f"{closed.quantity:,}",
        *prices,
        _clock(closed.ts_ns, "%H:%M:%S"),
        str(closed.reason),
        *far,
        f"{closed.commission_cents / 100:,.2f}",
        f"{closed.pnl_cents / 100:,.2f}",
    )


def price_text(total: int, size: int, tick: Decimal) -> str:
    """Return an average price, `total` in ticks times contracts, with two decimals more if odd."""
    decimals = max(0, -int(tick.normalize().as_tuple().exponent))
    average = total * tick / size
    return f"{average:.{decimals if total % size == 0 else decimals + 2}f}"


def _clock(ts_ns: int, form: str) -> str:
    return datetime.fromtimestamp(ts_ns // NANOS_PER_S, NEW_YORK).strftime(form)


def show_counts(counts: tuple[SessionCount, ...], console: Console) -> None:
    """Print the states of the market and the patterns, part of the day by part of the day."""
    for session in counts:
        console.print(f"\n{session.date} {PARTS[session.window]}", style="bold")
        states = Table(box=None, show_header=False, pad_edge=False)
        for name, found in (("regimes", session.regimes), ("conditions", session.conditions)):
            if found:
                states.add_row(name, _told(found))
        console.print(states)
        if session.patterns:
            console.print(_patterns(session))
    console.print()


def _patterns(session: SessionCount) -> Table:
    """Return one row per pattern: how often it was raised, and what became of its signals."""
    table = Table(box=None, pad_edge=False)
    table.add_column("pattern", no_wrap=True, min_width=max(map(len, Pattern)))
    for heading in ("raised", "approved", "target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("dropped")
    for pattern in [pattern for pattern in Pattern if pattern in session.patterns]:
        found = session.patterns[pattern]
        numbers = (found.raised, found.approved, found.noted)
        cells = (f"{number:,}" if number else "" for number in numbers)
        table.add_row(pattern, *cells, _told(found.dropped))
    return table


def _told(counts: Counter[Any]) -> str:
    """Return what was counted in words, the most frequent first."""
    # Name and number hold together when a line is folded.
    return ", ".join(f"{name}={number:,}" for name, number in counts.most_common())


def inferred_share(summary: Summary) -> float:
    """Return the share of the volume whose side came from the tick rule, or from nothing."""
    inferred = sum(
        volume
        for (_, source), volume in summary.volumes.items()
        if source in (SideSource.TICKRULE, SideSource.NONE)
    )
    return inferred / summary.volume if summary.volume else 0.0
