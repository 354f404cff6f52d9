"""The commands of start.py. Each reads the settings once and hands over to the part that works."""

import json
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops import upkeep_commands, user_commands
from ops.options import Refusal, SettingsFile, Values, console, settings_of
from protocol.commands import Action

ROOT = Path(__file__).resolve().parent.parent
EXIT_USAGE = 64  # EX_USAGE: the user can mend it.

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(upkeep_commands.app)
app.add_typer(user_commands.app, name="user")


class Runtime(StrEnum):
    """Where a replay runs."""

    LIVE = "live"
    LOCAL = "local"


class Source(StrEnum):
    """Where a floor's trades come from."""

    SIMULATED = "simulated"
    DATABENTO = "databento"


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code of the process."""
    try:
        code = app(arguments, standalone_mode=False)
    except typer.Exit as leaving:
        return leaving.exit_code
    except expected() as refusal:
        # A path that is broken over two lines can neither be copied nor searched for.
        Console(stderr=True, highlight=False).print(str(refusal), soft_wrap=True)
        return EXIT_USAGE
    except typer.Abort:
        return 130
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):
            error.show()  # type: ignore[attr-defined]
            return EXIT_USAGE
        raise
    return code if isinstance(code, int) else 0


def expected() -> tuple[type[Exception], ...]:
    """Return the errors that are the user's to mend; their texts say how."""
    from actors.adapters.calendar import BadCalendar
    from actors.adapters.fault import StoreFault
    from actors.adapters.news import BadNews
    from actors.adapters.notify.discord import BadWebhook
    from actors.adapters.secrets import BadSecret
    from actors.core.export.plan import TooEarly
    from ops.backup import NotBackedUp
    from ops.logs import NoLog
    from ops.look import NotRunning
    from ops.manifest import BadBackup
    from ops.restore import NotRestored
    from ops.service.install import NotInstalled
    from supervision.ground import AlreadyRunning, PortTaken
    from supervision.host import NotGreen
    from supervision.inspection import NoAnswer, NotTaken
    from web.auth.exposure import Exposed
    from web.auth.passwords import WeakPassword
    from web.auth.users import BadUsers
    from web.port import PortTaken as PageTaken

    page = (PageTaken, Exposed, BadUsers, WeakPassword)
    ours = (NotRunning, AlreadyRunning, PortTaken, NotGreen, NoAnswer, NotTaken)
    kept = (NotBackedUp, NotRestored, BadBackup, NotInstalled, NoLog)
    given = (BadCalendar, BadNews, BadSecret, BadWebhook, StoreFault, TooEarly)
    return (Refusal, *given, *ours, *kept, *page)


@app.command()
def demo(
    speed: Annotated[float, typer.Option(help="How many times faster than real time.")] = 60.0,
    port: Annotated[int | None, typer.Option(help="Port of the dashboard.")] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Start the whole floor on a simulated session with the paper broker."""
    from ops.live import demonstrate

    # Stacks in the direction of a trend too, so that there is something to see.
    enabled = ["stacked_buy:trending_up", "stacked_sell:trending_down"]
    enabled += ["stacked_buy:volatile", "stacked_sell:volatile"]
    router = {"synthetic": "allow", "enabled": enabled}
    # On a micro contract the daily limit leaves room for more than one trade.
    page = {"demo": True} | ({} if port is None else {"port": port})
    feed = {"source": "simulated", "speed": speed, "symbol": "MES"}
    chosen: Values = {"feed": feed, "router": router, "web": page}
    return demonstrate(settings_of(settings_file, chosen), console)


@app.command()
def run(
    feed: Annotated[Source | None, typer.Option(help="Where trades come from.")] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Start the floor from the settings and keep it running until it is stopped."""
    chosen: Values = {} if feed is None else {"feed": {"source": str(feed)}}
    settings = settings_of(settings_file, chosen)
    if Source(settings.feed.source) is not Source.SIMULATED:
        from ops.market import run_market

        return run_market(settings, console)
    from ops.live import run_floor

    return run_floor(settings, console)


@app.command()
def replay(
    files: Annotated[
        list[Path], typer.Argument(help="Recorded trades: CSV, Parquet, DBN or LEAN zip.")
    ],
    symbol: Annotated[str, typer.Option(help="Root, ES, or contract, ESH4.")],
    speed: Annotated[str, typer.Option(help="1, 10, ... or max.")] = "max",
    runtime: Annotated[Runtime, typer.Option(help="Processes, or one thread.")] = Runtime.LIVE,
    low_quality: Annotated[
        str, typer.Option(help="allow or deny entries where most sides are inferred.")
    ] = "allow",
    after: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A run whose last bars warm this one up."),
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Replay recorded trades through the floor to the paper broker."""
    feed = {"source": "simulated", "symbol": symbol, "speed": _speed(speed)}
    risk = {"low_quality_entries": low_quality}
    settings = settings_of(settings_file, {"feed": feed, "risk": risk})
    if runtime is Runtime.LOCAL:
        from ops.report import show_local_replay

        return show_local_replay(files, settings, console, after)
    from ops.live import replay_live

    return replay_live(files, settings, console, after)


@app.command()
def tree(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Show the processes of the running floor."""
    from ops.look import show_tree

    return show_tree(settings_of(settings_file), console, as_json)


@app.command()
def inspect(actor: str, settings_file: SettingsFile = None) -> int:
    """Show the state, the last messages and the counters of one actor as JSON."""
    from ops.look import inspection

    found = inspection(settings_of(settings_file), actor)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


@app.command()
def tell(
    action: Annotated[Action, typer.Argument(help="What the floor shall do.")],
    reason: Annotated[str, typer.Option(help="Why: it is kept with the command.")],
    cause: Annotated[str, typer.Option(help="Cause of the fence to open, like mismatch.")] = "",
    settings_file: SettingsFile = None,
) -> int:
    """Halt, resume, flatten or kill trading, open a fence, or believe the broker's positions."""
    from ops.look import tell_floor

    return tell_floor(settings_of(settings_file), action, cause, reason, console)


@app.command()
def stop(settings_file: SettingsFile = None) -> int:
    """Stop the running floor in order and wait until it has ended."""
    from ops.look import stop_floor

    return stop_floor(settings_of(settings_file), console)


@app.command()
def bench(
    quick: Annotated[bool, typer.Option(help="Fewer repetitions.")] = False,
    nautilus: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A Python with nautilus_trader, a peer."),
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Measure this machine: messages, replay, latency, recovery, memory, start."""
    from ops.bench.run import run_bench

    return run_bench(settings_of(settings_file), console, quick=quick, python=nautilus)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> int:
    """Run every test; further arguments go to pytest."""
    return subprocess.run([sys.executable, "-m", "pytest", *context.args], cwd=ROOT).returncode


def _speed(text: str) -> float:
    try:
        speed = 0.0 if text == "max" else float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < 1e6 or (speed == 0 and text != "max"):
        raise Refusal(f"--speed {text}: wanted a positive number like 1 or 10, or max")
    return speed
