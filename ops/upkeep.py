"""The commands that keep a floor: backup, restore, its log, and its services."""

import os
import sys
import time
from pathlib import Path

from rich.console import Console

from actors.adapters.secrets import secrets_of
from actors.core.session.calendar import trading_date
from ops.backup import backup
from ops.calendars import with_calendar
from ops.live import FLOOR
from ops.look import NotRunning, latest_run
from ops.preflight.command import check
from ops.restore import restore
from ops.service.install import MACHINE, install, service_for, shown
from protocol.settings import Settings

MEGABYTE = 1_000_000


def run_or_floor(settings: Settings, run_dir: Path | None) -> Path:
    """Return the run that is named, else the one that runs, else that of the floor."""
    if run_dir is not None:
        return run_dir.resolve()
    try:
        return latest_run(settings)
    except NotRunning:
        return Path(settings.run.directory).resolve() / FLOOR


def look_over(
    settings: Settings, run_dir: Path | None, console: Console, as_json: bool
) -> int:
    """Show the preflight of a run; return the exit code of its verdict."""
    settings = with_calendar(settings, trading_date(time.time_ns()))
    return check(settings, settings.preflight, run_or_floor(settings, run_dir), console, as_json)


def keep(settings: Settings, into: Path, run_dir: Path | None, console: Console) -> int:
    """Make a backup of a run, also while it is at work."""
    found = run_or_floor(settings, run_dir)
    target, manifest = backup(found, into, time.time_ns())
    reached = ", ".join(f"{stream} up to {seq}" for stream, seq in manifest.reached.items())
    size = f"{len(manifest.files)} files, {manifest.size / MEGABYTE:.1f} MB"
    console.print(f"backup of {found} in {target}: {size}; {reached}", soft_wrap=True)
    return 0


def bring_back(
    settings: Settings, kept: Path, run_dir: Path | None, replace: str, console: Console
) -> int:
    """Make a run from a backup, that of the floor if none is named."""
    target = run_dir or Path(settings.run.directory).resolve() / FLOOR
    done = restore(kept, target, replace)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(done.manifest.made_ns // 10**9))
    files = f"{len(done.manifest.files)} files, all as they were on {stamp}"
    console.print(f"restored {done.run_dir}: {files}", soft_wrap=True)
    if done.aside is not None:
        console.print(f"what was there lies in {done.aside}", soft_wrap=True)
    return 0


def show_decisions(settings: Settings, run_dir: Path | None, trail: str) -> int:
    """Write the log of a run to the output; 1 if there is no line of that trail."""
    from ops.logs import show_log

    found = run_or_floor(settings, run_dir)
    return 0 if show_log(found, settings.log, secrets_of(settings), sys.stdout, trail) else 1


def serve_by_systemd(
    settings: Settings,
    user: str,
    prefix: Path,
    run_directory: Path,
    memory_mb: int,
    root: Path = MACHINE,
    *,
    dry_run: bool,
) -> int:
    """Write the units of systemd, or only show them; plain text, for it may go to a file."""
    service = service_for(settings, user, prefix, run_directory, memory_mb)
    text = shown(service, root) if dry_run else install(service, os.geteuid(), root)
    sys.stdout.write(f"{text}\n")
    return 0
