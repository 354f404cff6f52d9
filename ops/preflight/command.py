"""`start.py check`: looks, judges, and shows the verdict as a table or as JSON.

The exit code is 0 for GO, 3 for WARN and 4 for NO-GO: 1 is that of an uncaught error and 2 that of
a wrong command line, and neither must look like a verdict.
"""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from actors.adapters.whole_file import replace_file
from actors.core.session.calendar import trading_date
from actors.core.session.chores import VERDICT_CODES
from ops.preflight.checks import Finding, Rule, judge, payload, summary, verdict_of
from ops.preflight.look import clock, look
from protocol.day import Verdict
from protocol.day_settings import PreflightSettings
from protocol.settings import Settings

SCHEMA = 1
COLOURS = {Verdict.GO: "green", Verdict.WARN: "yellow", Verdict.NO_GO: "red"}


def check(
    settings: Settings, own: PreflightSettings, run_dir: Path, console: Console, as_json: bool
) -> int:
    """Show the preflight of a run; return the exit code of its verdict."""
    document = preflight(settings, own, run_dir, time.time_ns())
    if as_json:
        console.print_json(json.dumps(document))
    else:
        console.print(table(document))
        console.print(escape(document["summary"]), soft_wrap=True)
    return VERDICT_CODES[Verdict(document["verdict"])]


def preflight(
    settings: Settings, own: PreflightSettings, run_dir: Path, now_ns: int
) -> dict[str, Any]:
    """Return the preflight of a run as plain values; the calendar must be filled in."""
    seen = look(settings, own, run_dir, now_ns)
    findings = judge(seen, Rule(own, settings.watch))
    return {
        "schema": SCHEMA,
        "checked_at": clock(now_ns),
        "trading_date": trading_date(now_ns).isoformat(),
        "verdict": str(verdict_of(findings)),
        "summary": summary(findings),
        "payload": payload(seen.beat),
        "checks": [_plain(one) for one in findings],
    }


def kept(document: dict[str, Any], data: Path) -> Path:
    """Keep a preflight among the data of its run, one a trading date, and return where."""
    directory = data / "preflight"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{document['trading_date']}.json"
    replace_file(path, (json.dumps(document, indent=1) + "\n").encode())
    return path


def table(document: dict[str, Any]) -> Table:
    """Return the checks as a table for the terminal."""
    shown = Table("check", "verdict", "found", "wanted", "what to do", box=None)
    for one in document["checks"]:
        colour = COLOURS[Verdict(one["verdict"])]
        words = [escape(one[key]) for key in ("found", "wanted", "remedy")]
        verdict = one["verdict"].upper().replace("_", "-")
        shown.add_row(one["code"], f"[{colour}]{verdict}[/]", *words)
    return shown


def _plain(one: Finding) -> dict[str, str]:
    return dataclasses.asdict(one) | {"verdict": str(one.verdict)}
