"""The commands of start.py that keep a floor: its days, its backups, its log, its services."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ops.options import RunDirectory, SettingsFile, console, date_of, settings_of

app = typer.Typer()


class BoughtSchema(StrEnum):
    """What `replay` can read of all that Databento sells."""

    TRADES = "trades"
    TBBO = "tbbo"
    MBP_1 = "mbp-1"
    MBP_10 = "mbp-10"
    MBO = "mbo"


@app.command()
def check(
    run_dir: RunDirectory = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Check the running floor before the open: GO, WARN or NO-GO."""
    from ops.upkeep import look_over

    return look_over(settings_of(settings_file), run_dir, console, as_json)


@app.command()
def recap(
    day: Annotated[str, typer.Option("--date", help="Trading date; else the last one.")] = "",
    run_dir: RunDirectory = None,
    no_export: Annotated[bool, typer.Option(help="Only write it; send nothing.")] = False,
    wait: Annotated[bool, typer.Option(help="First let the floor catch up with the day.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Write the recap of a trading date, as JSON and as a page to look at, and send it."""
    from ops.day_end import write_recap

    settings = settings_of(settings_file)
    sends = not no_export
    return write_recap(settings, run_dir, date_of(day), console, sends=sends, waits=wait)


@app.command()
def export(
    day: Annotated[str, typer.Option("--date", help="Trading date; else all that are due.")] = "",
    run_dir: RunDirectory = None,
    settings_file: SettingsFile = None,
) -> int:
    """Make the day files that are due and send what has not been sent."""
    from ops.day_end import send_days

    return send_days(settings_of(settings_file), run_dir, date_of(day), console)


@app.command()
def fetch(
    symbol: Annotated[str, typer.Option(help="Root, ES, contract, ESH4, or ES.v.0.")],
    first: Annotated[str, typer.Option("--from", help="Trading date, or 2023-12-25T23:00Z.")],
    last: Annotated[str, typer.Option("--to", help="The same; a date is in. Else one date.")] = "",
    schema: Annotated[BoughtSchema, typer.Option(help="What to buy.")] = BoughtSchema.TRADES,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it costs.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Buy history of Databento, within the limit of the settings, into files for `replay`."""
    from ops.fetch import fetch_history

    settings = settings_of(settings_file)
    return fetch_history(
        settings, symbol, first, last, schema, console, only_estimate=estimate
    )


@app.command()
def backup(
    into: Annotated[Path, typer.Argument(help="Directory in which the backup is made.")],
    run_dir: RunDirectory = None,
    settings_file: SettingsFile = None,
) -> int:
    """Copy a run, also while it works: every store whole, and none ahead of what it reads."""
    from ops.upkeep import keep

    return keep(settings_of(settings_file), into, run_dir, console)


@app.command()
def restore(
    kept: Annotated[Path, typer.Argument(metavar="BACKUP", help="What `backup` has made.")],
    run_dir: RunDirectory = None,
    replace: Annotated[
        str, typer.Option(help="Name of the run that is moved aside for it.")
    ] = "",
    settings_file: SettingsFile = None,
) -> int:
    """Make a run from a backup, checked file by file; what is there is never removed."""
    from ops.upkeep import bring_back

    return bring_back(settings_of(settings_file), kept, run_dir, replace, console)


@app.command()
def log(
    run_dir: RunDirectory = None,
    trail: Annotated[str, typer.Option(help="Id of a signal: only what came of it.")] = "",
    settings_file: SettingsFile = None,
) -> int:
    """Show the decisions of a run, line by line."""
    from ops.upkeep import show_decisions

    return show_decisions(settings_of(settings_file), run_dir, trail)


@app.command("install-service")
def install_service(
    user: Annotated[str, typer.Option(help="Who the services run as.")],
    prefix: Annotated[Path, typer.Option(help="Checkout with its environment.")],
    run_directory: Annotated[Path, typer.Option(help="Where runs are kept.")] = Path(
        "/var/lib/floorwatch"
    ),
    memory_mb: Annotated[int, typer.Option(help="At which the floor is ended.")] = 1024,
    root: Annotated[Path, typer.Option(help="Put before every path written.")] = Path("/"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the units.")] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Write the units of systemd for floor and sentinel, or only show them."""
    from ops.upkeep import serve_by_systemd

    settings = settings_of(settings_file)
    return serve_by_systemd(
        settings, user, prefix, run_directory, memory_mb, root, dry_run=dry_run
    )


@app.command()
def sentinel(settings_file: SettingsFile = None) -> int:
    """Watch the floor from outside, sharing nothing with it but its heartbeat file."""
    from ops.day_end import become_sentinel

    become_sentinel(settings_of(settings_file))
