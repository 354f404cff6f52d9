"""`start.py fetch`: past trades or books bought of Databento into files that `replay` reads.

First everything is asked that is free: what the symbol means, what is there, what it costs. More
than the limit of the settings is refused; what is here already is not bought again. Each trading
date is a file of its own, so a fetch that breaks off has lost at most one of them.
"""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from actors.adapters.feeds.dbn_book import SCHEMAS as BOOKS
from actors.adapters.feeds.dbn_book import DbnBook
from actors.adapters.feeds.port import FeedError
from actors.adapters.history.buy import Bought, Offer, Order, Told, buy, dollars, order_of
from actors.adapters.history.cache import Cache
from actors.adapters.history.plan import pieces_of
from actors.adapters.history.port import History, HistoryError
from actors.adapters.history.spent import spent_cents
from actors.adapters.ledger import LedgerError
from actors.core.session.calendar import day_of
from ops.history import cache_of, history_of
from ops.options import Refusal
from protocol.settings import Settings
from protocol.units import NANOS_PER_S

EXIT_DATA = 65  # EX_DATAERR: it cannot be had.
MEGABYTE = 1_000_000
FAULTS = (
    "unknown", "repeated", "oversized", "malformed", "backwards", "crossed", "inside", "doubtful",
)  # fmt: skip


def fetch_history(
    settings: Settings,
    symbol: str,
    first: str,
    last: str,
    schema: str,
    console: Console,
    *,
    only_estimate: bool = False,
) -> int:
    """Buy what is missing of `symbol` from `first` to `last` and say which files it is in."""
    start_ns, end_ns = span_of(first, last or first)
    try:
        history, cache = history_of(settings), cache_of(settings)
        dataset = settings.history.dataset
        _check_end(history, dataset, end_ns)
        with cache.alone():
            pieces = pieces_of(history, dataset, schema, symbol, start_ns, end_ns)
            with _counting(console, "asking what it costs", len(pieces)) as progress:
                task = progress.task_ids[0]
                order = order_of(history, cache, pieces, lambda _: progress.advance(task))
            _show_order(order, settings.history.cost_max_cents, console)
            if only_estimate:
                return 0
            with _buying(console, cache, order) as told:
                limit = settings.history.cost_max_cents
                bought = buy(history, cache, order, limit, time.time_ns(), told)
        if schema in BOOKS:
            _show_books(order, cache, console)
        return _show_bought(bought, cache, symbol, console)
    except (FeedError, LedgerError, OSError) as error:
        console.print(str(error), style="red", soft_wrap=True)
        return EXIT_DATA


def span_of(first: str, last: str) -> tuple[int, int]:
    """Return the instants from the begin of `first` to the end of `last`.

    A date is a trading date, and the whole of it; anything else is an instant with its offset.
    """
    start, end = _bounds("--from", first)[0], _bounds("--to", last)[1]
    if start >= end:
        raise Refusal(f"--from {first} --to {last}: wanted the end behind the start")
    return start, end


def _bounds(option: str, text: str) -> tuple[int, int]:
    with suppress(ValueError):
        day = day_of(date.fromisoformat(text))
        return day.start_ns, day.end_ns
    wanted = "wanted a trading date like 2023-12-26, or an instant like 2023-12-25T23:00Z"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{option} {text}: {wanted}") from None
    if at.tzinfo is None:
        raise Refusal(f"{option} {text}: no offset from UTC; {wanted}")
    at_ns = int(at.replace(microsecond=0).timestamp()) * NANOS_PER_S + at.microsecond * 1_000
    return at_ns, at_ns


def _check_end(history: History, dataset: str, end_ns: int) -> None:
    """Refuse what is not there yet: a file of half a date would pass for the whole."""
    until_ns = history.until_ns(dataset)
    if end_ns > until_ns:
        raise HistoryError(
            f"the history of {dataset} ends at {_instant(until_ns)}, wanted it up to"
            f" {_instant(end_ns)}; ask for less with --to"
        )


def _show_order(order: Order, cost_max_cents: int, console: Console) -> None:
    size = sum(offer.estimate.size_bytes for offer in order.offers)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("here already", f"{len(order.held)} files")
    table.add_row("to buy", f"{len(order.offers)} files")
    table.add_row("records", f"{sum(offer.estimate.records for offer in order.offers):,}")
    table.add_row("size unpacked", f"{size / MEGABYTE:,.1f} MB")
    table.add_row("cost", f"{dollars(order.cost_cents)} (limit {dollars(cost_max_cents)})")
    console.print(table)


def _show_bought(bought: Bought, cache: Cache, symbol: str, console: Console) -> int:
    for line in bought.warnings:
        console.print(line, style="yellow", soft_wrap=True)
    if not bought.files:
        console.print("nothing was traded in these hours")
        return EXIT_DATA
    for path in bought.files:
        console.print(str(path), soft_wrap=True)
    spent = dollars(spent_cents(cache.directory))
    names = bought.files[0] if len(bought.files) == 1 else f"{bought.files[0].parent}/*"
    root = symbol.partition(".")[0]
    console.print(f"bought so far, in all: {spent}")
    console.print(f"replay: python3 start.py replay {names} --symbol {root}", soft_wrap=True)
    return 0


def _show_books(order: Order, cache: Cache, console: Console) -> None:
    """Build the book of each file just bought and say what does not hold together in it.

    Orders from before the begin of a file are unknown in it, up to the vendor's snapshot at
    midnight UTC; and while an exchange gathers orders before its open they may cross.
    """
    with _counting(console, "building the books", len(order.offers)) as progress:
        for offer in order.offers:
            path = cache.path(offer.piece)
            book = DbnBook(path, offer.piece.contract)
            for _ in book.changes():
                pass
            found = dataclasses.asdict(book.checks)
            wrong = [f"{found[name]:,} {name}" for name in FAULTS if found[name]]
            console.print(f"book of {path.name}: {', '.join(wrong) or 'nothing wrong'}")
            progress.advance(progress.task_ids[0])


@contextmanager
def _counting(console: Console, doing: str, total: int) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(doing, total=total)
        yield progress


@contextmanager
def _buying(console: Console, cache: Cache, order: Order) -> Iterator[Told]:
    """Show how much of an order is here, by what it is billed by."""
    total = sum(offer.estimate.size_bytes for offer in order.offers)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), _Received(),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("buying", total=total, draft=None)

        def told(offer: Offer, whole: bool) -> None:
            if whole:
                progress.update(task, advance=offer.estimate.size_bytes, draft=None)
            else:
                progress.update(
                    task, description=cache.path(offer.piece).name, draft=cache.draft(offer.piece)
                )

        yield told


class _Received(ProgressColumn):
    """How much of the file on its way has come, packed: the client itself tells nobody."""

    def render(self, task: Task) -> Text:
        draft: Path | None = task.fields["draft"]
        try:
            size = draft.stat().st_size if draft is not None else 0
        except FileNotFoundError:
            size = 0
        return Text(f"{size / MEGABYTE:,.1f} MB received")


def _instant(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
