"""The floor in processes: replay, demonstration, and service until it is stopped."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rich.console import Console

from actors.adapters.feeds.ingest import ingest
from actors.adapters.feeds.port import Chunk, FeedError
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import Lead, Summary, TapeRule, tape, write_tape
from actors.adapters.frames import FrameLog
from actors.adapters.store import SqlBooks, database_for
from actors.core.session.calendar import clock_minute, clock_ns, trading_date
from ops.calendars import with_calendar
from ops.config import settings_json
from ops.days_off import closed_today
from ops.kept_settings import keep
from ops.replay import Result, first_day, result_of
from ops.report import EXIT_DATA, counting, show_result, show_summary
from ops.round_trips import reach_over
from ops.warming import run_dirs_of, warming
from protocol.codec import decode
from protocol.instruments import root_of
from protocol.settings import Settings
from supervision.host import Host
from supervision.inspection import NoAnswer, ask
from supervision.tree import floor
from web.auth.exposure import check_exposure
from web.port import PortTaken, check_port

FLOOR = "floor"
DEMO_FROM = "07:30"  # New York: the regime knows enough when the day opens two hours later.
GREEN_LIMIT_S = 30.0
LOOK_S = 0.05


def data_directory(run_dir: Path) -> Path:
    """Return where a run keeps its data; made with mode 700."""
    path = run_dir / "data"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def new_run(settings: Settings, kind: str) -> Path:
    """Return a fresh directory for a run of its own."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    base = Path(settings.run.directory).resolve()
    for number in range(100):
        path = base / (f"{kind}-{stamp}" + (f"-{number}" if number else ""))
        try:
            path.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{base}: a hundred runs began in this second")


def host_for(settings: Settings, run_dir: Path) -> Host:
    """Return the host of the whole floor in `run_dir`, which keeps the settings it decides by.

    A page that strangers could open is refused.
    """
    check_exposure(settings.web)
    keep(settings, data_directory(run_dir))
    run = settings.run
    notify = settings.notify
    tells = bool(notify.discord_webhook or notify.discord_webhook_file)
    live = settings.feed.source != "simulated"
    tree = floor(settings.supervision, tells=tells, live=live)
    return Host(tree, run_dir, settings_json(settings), run.method, run.admin_port)


def is_complete(run_dir: Path) -> bool:
    """Say whether the books have kept every stream up to the end of the tape."""
    try:
        return bool(ask(run_dir, "books", limit_s=1.0)["state"]["complete"])
    except NoAnswer:  # It may be on its way back.
        return False


def play(
    settings: Settings, run_dir: Path, done: Callable[[], bool] | None = None
) -> tuple[int, float]:
    """Run the floor on the tape in `run_dir`; return the exit code and the seconds it took.

    They begin with the start of the first process: the tape does not wait for the last one.
    """
    host = host_for(settings, run_dir)
    began = ended = time.perf_counter()
    host.start()
    host.wait_green(GREEN_LIMIT_S)

    def complete() -> bool:
        nonlocal ended
        if (done or (lambda: is_complete(run_dir)))():
            ended = time.perf_counter()
            return True
        return False

    code = host.watch(complete, LOOK_S)
    return code, ended - began


def books_of(settings: Settings, run_dir: Path) -> SqlBooks:
    """Open the books of a run that has ended."""
    return SqlBooks(database_for(settings.store.url, str(data_directory(run_dir)), "books"))


def record_tape(
    files: list[Path], settings: Settings, run_dir: Path, console: Console, lead: Lead = iter
) -> Summary:
    """Ingest `files` into the tape of a run, behind what `lead` puts first, showing progress."""
    with counting(console, "reading") as progress:
        return ingest(
            files,
            settings.feed.symbol,
            data_directory(run_dir) / "tape.frames",
            run_dir / "quarantine",
            settings.feed,
            settings.bars,
            settings.flow,
            settings.risk,
            settings.calendar,
            progress=lambda trades, _: progress(trades),
            lead=lead,
        )


def replay_live(
    files: list[Path], settings: Settings, console: Console, after: Path | None = None
) -> int:
    """Replay in processes, warmed up by the run `after`, and print what came of it."""
    settings = without_fixed_port(settings)
    run_dir = new_run(settings, "replay")
    try:
        settings = with_calendar(settings, first_day(files, settings))
        with warming(settings, [] if after is None else [after], console) as lead:
            summary = record_tape(files, settings, run_dir, console, lead)
    except FeedError as error:
        console.print(f"[red]{error}[/red]")
        return EXIT_DATA
    show_summary(summary, console)
    with ExitStack() as shown:
        code, seconds = play(settings, run_dir, watcher(run_dir, summary.cuts, shown, console))
    if code == 0:
        books = books_of(settings, run_dir)
        frames = FrameLog.read_only(data_directory(run_dir) / "tape.frames")
        reach = reach_over(map(decode, frames.frames()), books)
        result: Result = result_of(books, seconds, reach)
        frames.close()
        books.close()
        show_result(summary, result, settings, console)
    console.print(f"run {run_dir}", style="dim")
    return code


def watcher(
    run_dir: Path, cuts: int, shown: ExitStack, console: Console
) -> Callable[[], bool]:
    """Return what to ask whether a replay is over; it shows how far the books have come."""
    bar: list[Callable[[int], None]] = []

    def over() -> bool:
        if not bar:
            # Only now that all processes are there: the bar has a thread, and forks want none.
            console.print(f"page {page(run_dir)}", style="dim")
            bar.append(shown.enter_context(counting(console, "replaying", "decisions", cuts)))
        try:
            books = ask(run_dir, "books", limit_s=1.0)
        except NoAnswer:  # It may be on its way back.
            return False
        bar[0](int(books["cut"]))
        return bool(books["state"]["complete"])

    return over


def page(run_dir: Path) -> str:
    """Return the address of a run's page."""
    return str(json.loads((run_dir / "web.json").read_text())["url"])


def without_fixed_port(settings: Settings) -> Settings:
    """Return settings whose dashboard takes any free port: a replay may run beside the floor."""
    return dataclasses.replace(settings, web=dataclasses.replace(settings.web, port=0))


def demonstrate(settings: Settings, console: Console) -> int:
    """Run the floor on a simulated session until it is stopped."""
    try:
        check_port(settings.web)
    except PortTaken as error:
        console.print(f"{error}; taking any free one", style="yellow")
        settings = without_fixed_port(settings)
    settings = with_calendar(settings, simulated(settings).trading_date)
    run_dir = new_run(settings, "demo")
    record_simulation(simulated(settings), settings, run_dir, DEMO_FROM)
    return serve(settings, run_dir, console)


def run_floor(settings: Settings, console: Console) -> int:
    """Run the floor in its own directory; a second start goes on where the first ended."""
    check_port(settings.web)
    if settings.day.clock == "wall":
        settings = with_calendar(settings, trading_date(time.time_ns()))
        if (why := closed_today(settings, time.time_ns())) is not None:
            console.print(why)
            return 0
    settings = with_calendar(settings, simulated(settings).trading_date)
    run_dir = Path(settings.run.directory).resolve() / FLOOR
    if not (data_directory(run_dir) / "tape.frames").exists():
        earlier = [path for path in run_dirs_of(settings) if path != run_dir]
        with warming(settings, earlier, console) as lead:
            record_simulation(simulated(settings), settings, run_dir, lead=lead)
    return serve(settings, run_dir, console)


def simulated(settings: Settings) -> SimulatedSession:
    """Return the made-up session of the settings."""
    feed = settings.feed
    return SimulatedSession(root_of(feed.symbol), feed.seed, feed.session_trades)


def record_simulation(
    session: SimulatedSession,
    settings: Settings,
    run_dir: Path,
    from_clock: str = "",
    lead: Lead = iter,
) -> None:
    """Write the tape of a simulated session; `from_clock` leaves out the night before it."""
    rule = TapeRule.of(
        settings.feed, settings.bars, settings.flow, settings.risk, settings.calendar
    )
    source = later(session, from_clock) if from_clock else session
    write_tape(data_directory(run_dir) / "tape.frames", lead(tape(source, rule)))


def later(session: SimulatedSession, from_clock: str) -> Iterator[Chunk]:
    """Yield the trades of a session from a time of its day on."""
    from_ns = clock_ns(session.trading_date, clock_minute(from_clock))
    for chunk in session:
        start = int(np.searchsorted(chunk.trades.ts_event, from_ns))
        trades = chunk.trades.slice(start, len(chunk.trades))
        if len(trades):
            yield dataclasses.replace(chunk, trades=trades)


def serve(
    settings: Settings,
    run_dir: Path,
    console: Console,
    look: Callable[[], bool] | None = None,
) -> int:
    """Run the floor in the foreground until a signal stops it or it is lost."""
    host = host_for(settings, run_dir)
    host.start()
    host.wait_green(GREEN_LIMIT_S)
    console.print(f"floor is green: {page(run_dir)}  (Ctrl-C stops it)")
    code = host.watch(look)
    console.print("stopped in order" if code == 0 else f"lost: see {run_dir / 'alarms.jsonl'}")
    return code
