"""The bars that an actor may know before the first live one, and where they come from (8.3).

Sources in order: the bars that earlier runs have kept, the day files of their recorders, and, where
the settings and the caller allow it, trades bought of a vendor within the limit of the settings.
The first that has enough is taken whole; sources are never mixed, because two of them may have cut
the same minutes differently. Nothing is raised on these bars and nothing is traded: they stand on
the tape as what they are, in front of its first trade, so a restart reads them there again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.adapters.day_files import DAYS
from actors.adapters.day_writer import SIMULATED
from actors.adapters.fault import StoreFault
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Chunk, FeedError, Refusals
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.orderflow.sides import SideInference, SideRule
from actors.core.rules import bar_rules
from actors.core.session.calendar import Schedule, day_of, trading_date
from actors.core.warmup.stretch import Refusal, Unfit, WarmRule, open_before, stretch
from ops.recap.sources import books_of_run
from protocol.instruments import root_of
from protocol.market import BarClosed
from protocol.settings import Settings
from protocol.units import NANOS_PER_MS, NANOS_PER_S

DAY_NS = 86_400 * NANOS_PER_S
DAYS_OPEN = 5  # Calendar days that hold the last two trading dates, a long weekend between them.


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """The bars, oldest first, their source, and why each source before it was refused."""

    bars: tuple[BarClosed, ...]
    source: str  # Empty where no source had enough.
    refused: tuple[tuple[str, Refusal, str], ...]  # Source, kind of reason, words.


def warm_bars(
    settings: Settings,
    run_dirs: Sequence[Path],
    contract: str,
    now_ns: int,
    *,
    simulated: bool = False,
    paid: bool = False,
) -> Warmth:
    """Return the bars to begin with at `now_ns`; `run_dirs` are asked in their order.

    With `paid`, and `history.warmup` in the settings, trades may be bought if no run has enough.

    Without enough bars anywhere there are none, and the market must deliver them itself.
    """
    warmup = settings.warmup
    if warmup.bars == 0:
        return Warmth(bars=(), source="", refused=())
    rule = WarmRule(
        contract=contract,
        series=settings.bars.series[0],
        simulated=simulated,
        bars=warmup.bars,
        bars_min=min(warmup.bars_min, warmup.bars),
        schedule=Schedule.of(settings.calendar.closed, settings.calendar.early),
    )
    since_ns = now_ns - warmup.days_max * DAY_NS
    refused: list[tuple[str, Refusal, str]] = []
    buys = paid and settings.history.warmup and not simulated
    for source, bars in _sources(settings, run_dirs, rule, since_ns, now_ns, buys):
        try:
            found = stretch(list(bars), rule, now_ns)
        except Unfit as unfit:
            refused.append((source, unfit.refusal, str(unfit)))
        except (StoreFault, FeedError, OSError) as error:
            refused.append((source, Refusal.NONE, str(error)))
        else:
            return Warmth(bars=found, source=source, refused=tuple(refused))
    return Warmth(bars=(), source="", refused=tuple(refused))


def _sources(
    settings: Settings,
    run_dirs: Sequence[Path],
    rule: WarmRule,
    since_ns: int,
    now_ns: int,
    buys: bool,
) -> Iterator[tuple[str, Iterable[BarClosed]]]:
    for run_dir in run_dirs:
        yield f"bars of {run_dir.name}", stored_bars(settings, run_dir, rule.series, since_ns)
    for run_dir in run_dirs:
        folder = root_of(rule.contract) + (SIMULATED if rule.simulated else "")
        days = run_dir / "data" / DAYS / folder
        yield f"ticks of {run_dir.name}", tick_bars(settings, days, rule.contract, now_ns)
    if buys:
        yield "bought history", paid_bars(settings, rule, now_ns)


def stored_bars(
    settings: Settings, run_dir: Path, series: str, since_ns: int
) -> Iterator[BarClosed]:
    """Yield the bars of a series that a run has kept, those that began at `since_ns` or later."""
    with books_of_run(run_dir, settings) as books:
        for message in books.entries("bars"):
            if isinstance(message, BarClosed) and message.series == series:
                if message.start_ns >= since_ns:
                    yield message


def tick_bars(
    settings: Settings, days: Path, contract: str, now_ns: int
) -> Iterator[BarClosed]:
    """Yield the bars of the day files in `days`, those of the last two trading dates there are."""
    today = trading_date(now_ns)
    names = [f"{today - timedelta(days=back)}.parquet" for back in range(DAYS_OPEN, -1, -1)]
    found = [path for name in names if (path := days / name).exists()][-2:]
    if not found:
        return
    with TemporaryDirectory() as aside:
        recording = Recording(found, contract, Refusals(Path(aside)))
        # A day file is made when its day is over: behind its last trade there was none.
        until_ns = day_of(date.fromisoformat(found[-1].stem)).end_ns
        yield from bars_of(settings, recording, contract, min(until_ns, now_ns))


def paid_bars(settings: Settings, rule: WarmRule, now_ns: int) -> Iterator[BarClosed]:
    """Yield the bars of this trading date and the open one before it, their trades bought."""
    from ops.history import paid_trades  # Heavy, and mostly not needed.

    start_ns = day_of(open_before(trading_date(now_ns), rule.schedule)).start_ns
    trades = paid_trades(settings, rule.contract, start_ns, now_ns)
    yield from bars_of(settings, trades, rule.contract, trades.until_ns)


def bars_of(
    settings: Settings, chunks: Iterable[Chunk], contract: str, until_ns: int
) -> Iterator[BarClosed]:
    """Yield the bars decided on of all trades before `until_ns`; one still open then is none."""
    side_rule = SideRule(quote_max_age_ns=settings.feed.quote_max_age_ms * NANOS_PER_MS)
    inference, bars = SideInference(side_rule), None
    for chunk in chunks:
        if chunk.contract != contract or len(chunk.trades) == 0:
            continue
        if bars is None or not bars.fits(contract, chunk.simulated):
            bars = ContractBars(bar_rules(settings.bars, contract), chunk.simulated)
            inference = SideInference(side_rule)
        yield from _decided(bars.add(inference.infer(chunk.trades)), settings)
    if bars is not None:
        yield from _decided(bars.close_at(until_ns), settings)


def _decided(found: Iterable[object], settings: Settings) -> Iterator[BarClosed]:
    for one in found:
        if isinstance(one, BarClosed) and one.series == settings.bars.series[0]:
            yield one
