"""What was written down: the audit, the log of decisions, and the recaps of past days."""

import json
from pathlib import Path
from typing import Any

from web.api.audit import NAME as AUDIT
from web.api.endpoint import Answer, Call
from web.api.excursions import RECAP_BYTES_MAX, RECAPS
from web.api.lines import Line, last_lines
from web.api.problems import Problem

DECISIONS = "decisions.jsonl"
LEVELS = ("debug", "info", "warning", "error")


def audit(call: Call) -> Answer:
    """Every action somebody took, the newest first."""
    return _page(call, [call.house.run_dir / AUDIT], b"", lambda line: True)


def logs(call: Call) -> Answer:
    """The decisions of the floor, the newest first; of one trail, one actor or from a level on."""
    trail, actor, level = (call.values[name] for name in ("trail", "actor", "level"))
    least = LEVELS.index(level)

    def fits(line: Line) -> bool:
        told = line.get("level")
        return (
            trail in (None, line.get("trail"))
            and actor in (None, line.get("actor"))
            and (told not in LEVELS or LEVELS.index(told) >= least)
        )

    return _page(call, log_files(call.house.run_dir), (trail or "").encode(), fits)


def log_files(run_dir: Path) -> list[Path]:
    """Return the files of the log of decisions, the newest first."""
    def age(path: Path) -> int:
        suffix = path.name.removeprefix(DECISIONS).removeprefix(".")
        return int(suffix) if suffix.isdecimal() else 0

    return sorted((run_dir / "logs").glob(f"{DECISIONS}*"), key=age)


def recaps(call: Call) -> Answer:
    """The recaps that were written, the newest day first."""
    rows = []
    cursor, limit = call.values["cursor"], call.values["limit"]
    for path in sorted(_recaps_of(call).glob("????-??-??_recap.json"), reverse=True):
        date = path.name.removesuffix("_recap.json")
        if cursor is None or date < cursor:
            found = path.stat()
            rows.append({"date": date, "written_ms": found.st_mtime_ns // 1_000_000,
                         "bytes": found.st_size})  # fmt: skip
    page = rows[:limit]
    return Answer({"rows": page, "next": page[-1]["date"] if len(rows) > limit else None})


def recap(call: Call) -> Answer:
    """The recap of a trading date, as `start.py recap` wrote it."""
    path = _recaps_of(call) / f"{call.values['date']}_recap.json"
    try:
        if path.stat().st_size > RECAP_BYTES_MAX:
            raise Problem(503, f"{path.name} is too large to be shown")
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Problem(404, f"no recap of {call.values['date']} was written") from None
    except (OSError, ValueError) as error:
        raise Problem(503, f"{path.name} cannot be read: {type(error).__name__}") from None
    return Answer(document)


def _recaps_of(call: Call) -> Path:
    return call.house.run_dir / "data" / RECAPS


def _page(call: Call, files: list[Path], holding: bytes, fits: Any) -> Answer:
    limit, cursor = call.values["limit"], call.values["cursor"]
    rows, follows = last_lines(files, limit, cursor, holding, fits)
    return Answer({"rows": rows, "next": follows})
