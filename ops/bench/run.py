"""What this machine does with Floorwatch, as figures beside a named peer or the figure to reach.

Every figure is measured in this run: processes are real, the tape is recorded or simulated, and
nothing is taken over from an earlier run.
"""

import dataclasses
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.bench import (
    backtest,
    beside,
    depth,
    floor,
    late,
    latency,
    market,
    page,
    patterns,
    peers,
    replays,
    service,
    store,
    wire,
)
from ops.bench.floor import Walk
from ops.bench.program import NoAnswer
from ops.bench.row import Row, percentile
from protocol.market import BarClosed
from protocol.settings import Settings, StoreSettings

RECORDING = "es-ticks-2013/tick_data.csv.gz"
REACH_NAUTILUS = 30.0  # Times as fast as it.
REACH_BARS = 40e6
REACH_BATCH_US = 1_000.0
REACH_HUNG_S = 4.0
REACH_PSS_MB = 300.0
REACH_GREEN_S = 5.0


def run_bench(
    settings: Settings, console: Console, *, quick: bool, python: Path | None = None
) -> int:
    """Measure everything and print it as it comes; `python` has NautilusTrader."""
    console.print(machine())
    with tempfile.TemporaryDirectory(prefix="fw-bench-") as directory:
        return report(measures(settings, Path(directory), python, quick=quick), console)


def report(measures: Iterable[Callable[[], Iterator[Row]]], console: Console) -> int:
    """Print each row as it comes, then all of them; return 1 if something of ours failed."""
    failed = []
    table = Table(box=None, pad_edge=False)
    for heading in ("what", "found", "against", ""):
        table.add_column(heading, overflow="fold")
    for measure in measures:
        for row in measure():
            mark = {None: "", True: "reached", False: "NOT reached"}[row.reached]
            cells = row.what, row.found, row.against, "FAILED" if row.failed else mark
            table.add_row(*map(escape, cells))  # The last word of a peer may hold any brackets.
            found = escape(f"{row.what}: {row.found}")
            console.print(found, style="dim")
            if row.failed:
                failed.append(found)
    console.print(table)
    for found in failed:
        console.print(f"FAILED: {found}", style="bold red")
    return 1 if failed else 0


def measures(
    settings: Settings, directory: Path, python: Path | None, *, quick: bool
) -> Sequence[Callable[[], Iterator[Row]]]:
    """Return the measurements in the order in which they are made.

    The floor is measured on files; a server that the settings name, beside them.
    """
    url, settings = settings.store.url, dataclasses.replace(settings, store=StoreSettings())
    return (
        lambda: wire_rows(quick=quick),
        lambda: bar_rows(settings, quick=quick),
        lambda: calculation_rows(quick=quick),
        lambda: depth.depth_rows(recordings(), quick=quick),
        lambda: market.market_rows(quick=quick),
        lambda: replays.replay_rows(settings, recording(), directory, quick=quick),
        lambda: backtest_rows(settings, python, quick=quick),
        lambda: store.store_rows(url, directory, quick=quick),
        lambda: latency.latency_rows(settings, directory, quick=quick),
        lambda: page.page_rows(settings, directory, quick=quick),
        lambda: service_rows(settings, directory, quick=quick),
        lambda: late.late_rows(settings, recording(), directory, quick=quick),
    )


def machine() -> str:
    """Return the machine in a line."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in info if "model name" in line), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"machine: {os.cpu_count()} x {model}, {memory:.0f} GiB, Linux {platform.release()},"
        f" Python {platform.python_version()}, load {load:.1f} at the start"
    )


def wire_rows(*, quick: bool, limit_s: float = wire.LIMIT_S) -> Iterator[Row]:
    """Compare both planes with Thespian as it comes, which may fail; ours may not."""
    count = 2_000 if quick else 10_000
    stream = wire.stream(count * 10)
    try:
        stock = wire.thespian(count, stock=True, limit_s=limit_s)
        trips = f"p50 {stock.p50_ms:.2f} ms, {stock.per_s:,.0f}/s"
        flood = f"{stock.flood_per_s:,.0f}/s (ratio {stream.per_s / stock.flood_per_s:.0f})"
    except NoAnswer as error:
        trips = flood = f"not measured: it {error}"
    try:
        ours = wire.thespian(count, stock=False, limit_s=limit_s)
        found, failed = f"p50 {ours.p50_ms:.2f} ms, {ours.per_s:,.0f}/s", False
    except NoAnswer as error:
        found, failed = f"not measured: it {error}", True
    yield Row(
        "round trip, control plane", found, f"Thespian as it comes: {trips}", failed=failed
    )
    yield Row(
        "messages/s, stream plane",
        f"{stream.per_s:,.0f}/s of 100 bytes, each decoded and checked",
        f"Thespian as it comes, one way: {flood}",
    )
    yield Row(
        "round trip, stream plane",
        f"p50 {stream.p50_ms:.2f} ms",
        f"Thespian as it comes: {trips}",
    )


def bar_rows(settings: Settings, *, quick: bool) -> Iterator[Row]:
    """Compare the footprint on columns with how others would make it, on the same trades."""
    rounds = 1 if quick else 3
    trades = Walk(rate=500, seconds=600 if quick else 2_000, seed=3).trades()
    columns = max(floor.bars_from_columns(trades) for _ in range(rounds))
    rivals = peers.rates(trades, rounds)
    against = "; ".join(
        f"{name} {rate / 1e6:.1f} M (ratio {columns / rate:.1f})" for name, rate in rivals.items()
    )
    yield Row(
        "footprint bars from columns",
        f"{columns / 1e6:.1f} M trades/s",
        f"{REACH_BARS / 1e6:.0f} M; bare footprint: {against}",
        columns >= REACH_BARS,
    )


def calculation_rows(*, quick: bool) -> Iterator[Row]:
    """Measure bars of every kind, each pattern, the indicators and the whole chain.

    The settings are the default ones: the peers know no others.
    """
    settings, found = Settings(), recording()
    trades = (
        Walk(rate=25, seconds=20_000, seed=5).trades()
        if found is None
        else patterns.trades_of_file(found)
    )
    of = f"{len(trades):,} {'simulated' if found is None else 'recorded'} trades"
    rivals = peers.rates(trades, 1 if quick else 5)
    for name, rate in rivals.items():
        yield Row(f"{name}, bare footprint of {of}", f"{rate / 1e6:.1f} M trades/s", "a peer")
    for series in ("time:300", "time:60", "tick:1000", "volume:5000", "range:16"):
        rate = patterns.series_rate(trades, series)
        against = ", ".join(f"{rate / rival:.1f} x {name}" for name, rival in rivals.items())
        yield Row(f"bars {series}", f"{rate / 1e6:.1f} M trades/s", f"{against}: bare footprint")
    p50, p99 = patterns.live_batch_us(trades)
    yield Row(
        "one live batch of 50 trades through the aggregator",
        f"p50 {p50:.0f} us, p99 {p99:.0f} us",
        f"p99 {REACH_BATCH_US:.0f} us",
        p99 < REACH_BATCH_US,
    )
    built = patterns.bars_of(trades, settings)
    count = sum(isinstance(message, BarClosed) for message in built)
    for one in (*beside.detectors(built), *beside.tape(trades)):
        yield Row(one.what, _rates(one.ours_s, len(trades), count), one.ratios())
    for what, rate in (
        ("all detectors of bars", patterns.detectors_rate(built, settings)),
        ("indicators, regime, flow, condition", patterns.regime_rate(built, settings)),
    ):
        yield Row(what, _rates(count / rate, len(trades), count), "")


def _rates(seconds: float, trades: int, bars: int) -> str:
    return f"{bars / seconds:,.0f} bars/s, {trades / seconds / 1e6:.1f} M trades/s"


def backtest_rows(settings: Settings, python: Path | None, *, quick: bool) -> Iterator[Row]:
    """Compare the back-test of the whole floor with NautilusTrader making bars and a footprint."""
    reach = f"{REACH_NAUTILUS:.0f} x"
    if python is None:
        found = "not measured: give --nautilus PYTHON"
        yield Row("back-test beside NautilusTrader", found, reach)
        return
    walk = Walk(rate=100, seconds=5_000 if quick else 10_000, seed=5)
    for name, given in backtest.tapes(walk, recording()).items():
        what = f"back-test, whole floor, one core, {len(given.trades):,} {name}"
        try:
            turns = backtest.in_turns(settings, python, given, 1 if quick else 5)
        except NoAnswer as error:
            yield Row(what, f"not measured: NautilusTrader {error}", reach)
            continue
        ratio, rival = median(turns.ratios), turns.rivals[0]
        yield Row(
            what,
            f"{median(turns.ours) / 1e6:.2f} M trades/s, {ratio:.0f} x the peer"
            f" (in turns {turns.ratios[0]:.0f} to {turns.ratios[-1]:.0f})",
            f"{reach} {rival.name}, bars and footprint in Python:"
            f" {median(one.rate for one in turns.rivals) / 1e6:.2f} M trades/s",
            ratio >= REACH_NAUTILUS,
        )


def service_rows(settings: Settings, directory: Path, *, quick: bool) -> Iterator[Row]:
    """Measure the start, the memory, and the return of killed and hung actors."""
    with service.served(settings, directory) as served:
        yield Row(
            "start to all green",
            f"{served.green_s:.2f} s",
            f"{REACH_GREEN_S:.0f} s",
            served.green_s < REACH_GREEN_S,
        )
        yield memory_row("memory of the whole tree (PSS)", served)
        kills = served.kill_times_s(10 if quick else 60)
        p50, p99 = percentile(kills, 50), percentile(kills, 99)
        yield Row(
            f"killed to back in service with its state, {len(kills)} single kills",
            f"p50 {p50:.3f} s, p99 {p99:.3f} s",
            f"p99 {service.REACH_BACK_S} s",
            p99 < service.REACH_BACK_S,
        )
        hung = served.hang_times_s(1 if quick else 5)
        yield Row(
            f"stopped to found, killed and back, {len(hung)} times",
            f"worst {max(hung):.2f} s",
            f"{REACH_HUNG_S:.0f} s",
            max(hung) < REACH_HUNG_S,
        )
        yield memory_row("the same after all these deaths and an hour of market time", served)


def memory_row(what: str, served: service.Served) -> Row:
    """Return how much memory the processes of a floor take together."""
    pss = served.pss_mb()
    return Row(
        what,
        f"{pss:.0f} MB in {served.processes} processes",
        f"{REACH_PSS_MB:.0f} MB",
        pss < REACH_PSS_MB,
    )


def recording() -> Path | None:
    """Return the recorded day if this machine has it."""
    path = recordings() / RECORDING
    return path if path.exists() else None


def recordings() -> Path:
    """Return the folder of recordings, which need not be there."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("FLOORWATCH_DATA") or root.parent / "shared" / "data")
