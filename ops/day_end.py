"""What is done when a day is over, by hand or by the schedule: recap, day files, export.

And the sentinel, which is there when all else is not: a process apart that only looks.
"""

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from actors.adapters.notify.discord import webhook_of
from actors.core.export.plan import TooEarly
from actors.core.session.calendar import trading_date
from ops.calendars import with_calendar
from ops.export import RECAPS, Exported, export
from ops.live import FLOOR, data_directory
from ops.look import NotRunning
from ops.recap.command import NotSettled, recap
from ops.recap.sources import run_of
from ops.sentinel.__main__ import SETTINGS
from protocol.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAUSES_S = (1, 2, 4, 8, 15, 30, 60)  # Between looks at the books: two minutes in all.


def write_recap(
    settings: Settings,
    run_dir: Path | None,
    day: date | None,
    console: Console,
    *,
    sends: bool,
    waits: bool,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Write the recap of a day beside its data; with `sends` it is sent where days go.

    With `waits` a floor that comes back after the roll has time to catch up first; what it has
    not told by then is missing, and a recap of a day without a feed is written all the same.
    """
    run_dir = run_dir or run_of(settings)
    place = run_dir if run_dir is not None else Path(settings.run.directory).resolve()
    out_dir = data_directory(place) / RECAPS
    for pause_s in PAUSES_S if waits else ():
        try:
            paths = recap(settings, run_dir, day, out_dir, time.time_ns(), settled=True)
            break
        except NotSettled:
            wait(pause_s)
    else:
        paths = recap(settings, run_dir, day, out_dir, time.time_ns())
    for path in paths:
        console.print(str(path), soft_wrap=True)
    if not sends or settings.export.to == "nowhere":
        return 0
    try:
        return send_days(settings, place, day, console)
    except TooEarly as early:
        console.print(f"not sent yet: {early}", style="dim", soft_wrap=True)
        return 0


def send_days(
    settings: Settings, run_dir: Path | None, day: date | None, console: Console
) -> int:
    """Make the day files that are due and send what is due, of `day` alone if given."""
    run_dir = run_dir or run_of(settings)
    if run_dir is None:
        raise NotRunning(f"no run in {settings.run.directory}: name one with --run")
    data = data_directory(run_dir)
    done = export(data, settings.recorder, settings.export, day, time.time_ns())
    for text in _told(done):
        console.print(text, soft_wrap=True)
    return done.code


def _told(done: Exported) -> list[str]:
    rolled = done.rolled
    lines = [f"made {path}" for path in rolled.written]
    lines += [f"refused: {text}" for text in rolled.refused]
    lines += [f"sent {name} to {done.destination}" for name in done.sent]
    lines += [f"not sent, the next start tries again: {text}" for text in done.failed]
    lines += [f"removed {name}" for name in done.removed]
    lines += [f"look at this: {text}" for text in done.alarms]
    return lines or ["nothing was due"]


def become_sentinel(settings: Settings) -> NoReturn:
    """Become the process that watches the floor; settings and secrets stand in no argument."""
    webhook_of(settings.notify)  # Refused here, where somebody reads it.
    settings = with_calendar(settings, trading_date(time.time_ns()))
    days = {"closed": settings.calendar.closed, "early": settings.calendar.early}
    sections = {
        "watch": dataclasses.asdict(settings.watch),
        "notify": dataclasses.asdict(settings.notify),
        "calendar": days,
    }
    run_dir = Path(settings.run.directory).resolve() / FLOOR
    os.chdir(ROOT)
    os.execve(
        sys.executable,
        [sys.executable, "-m", "ops.sentinel", "--run", str(run_dir)],
        os.environ | {SETTINGS: json.dumps(sections)},
    )
