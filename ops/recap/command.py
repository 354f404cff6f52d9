"""Write the recap of a trading date: one JSON document and one page, each whole or not at all."""

import json
import os
import socket
from datetime import date
from pathlib import Path
from typing import Any

from actors.core.session.calendar import Schedule, trading_date
from ops.kept_settings import as_kept
from ops.recap.document import Surroundings, document
from ops.recap.page import page
from ops.recap.sources import (
    alarms_of,
    away_of,
    books_of_run,
    extremes_of,
    heartbeat_of,
    is_replay,
    is_settled,
    mode_of,
    run_of,
)
from ops.recap.told import Told, last_date, told_of
from protocol.settings import Settings


class NotSettled(Exception):
    """The books do not tell the trading date to its end yet; the text says which."""


def recap(
    settings: Settings,
    run_dir: Path | None,
    day: date | None,
    out_dir: Path,
    now_ns: int,
    *,
    settled: bool = False,
) -> tuple[Path, Path]:
    """Write the recap of `day` at `now_ns` into `out_dir`; return the paths of document and page.

    Without `run_dir` the running floor is told of, else the run that was written last; without
    `day` the last trading date of its bars, else that of now. It is told by the settings that the
    run decides by. With `settled` a date that the floor has not lived to its end is refused:
    `NotSettled`.
    """
    run_dir = run_dir if run_dir is not None else run_of(settings)
    if run_dir is not None:
        settings = as_kept(settings, run_dir / "data")
    told = _told(settings, run_dir, day, now_ns, settled)
    written = document(told, _around(settings, run_dir, told, now_ns))
    out_dir.mkdir(parents=True, exist_ok=True)
    name = f"{told.date.isoformat()}_recap"
    paths = out_dir / f"{name}.json", out_dir / f"{name}.html"
    _replace(paths[0], as_json(written))
    _replace(paths[1], page(written))
    return paths


def as_json(written: dict[str, Any]) -> str:
    """Return the document as text; what JSON has no number for is refused."""
    return json.dumps(written, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _told(
    settings: Settings, run_dir: Path | None, day: date | None, now_ns: int, settled: bool
) -> Told:
    with books_of_run(run_dir, settings) as books:
        on = day or last_date(books) or trading_date(now_ns)
        if settled and not is_settled(books, on):
            raise NotSettled(f"the books do not tell {on} to its end yet")
        return told_of(books, on, settings.bars.series[0])


def _around(settings: Settings, run_dir: Path | None, told: Told, now_ns: int) -> Surroundings:
    return Surroundings(
        now_ns=now_ns,
        server=socket.gethostname(),
        mode=mode_of(run_dir),
        replayed=is_replay(run_dir),
        paper=settings.paper,
        symbol=settings.feed.symbol,
        schedule=Schedule.of(settings.calendar.closed, settings.calendar.early),
        alarms=alarms_of(run_dir),
        aways=away_of(run_dir),
        heartbeat=heartbeat_of(run_dir),
        far=extremes_of(run_dir, told.trips()),
    )


def _replace(path: Path, text: str) -> None:
    """Write a file beside its place, on the disk, and put it there in one step."""
    draft = path.with_suffix(f"{path.suffix}.tmp")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
