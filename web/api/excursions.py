"""How far the market went against round trips and in their favour, as the recaps of the days tell.

A recap is read once, and once more when it is written anew: statistics ask for all days at every
look. A day without one, as today, has nothing to tell yet.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from protocol.units import Nanos
from web.records import trading_date

RECAPS = "recaps"
DAYS_MAX = 260  # A year of trading dates; of more the newest.
RECAP_BYTES_MAX = 16 * 1024 * 1024
Written = tuple[int, int, int]  # What tells one writing of a file from the next.


class Far(NamedTuple):
    """How far in ticks, 0 or above; None where it is not known."""

    against: float | None
    in_favour: float | None


class Excursions:
    """The excursions of round trips by bracket, and what is kept of the recaps they stand in."""

    def __init__(self, run_dir: Path) -> None:
        self._dir = run_dir / "data" / RECAPS
        self._kept: dict[str, tuple[Written, dict[str, Far]]] = {}
        self._lock = Lock()  # Looks come on several threads; none reads what another reads.

    def of(self, closed_ns: Iterable[Nanos]) -> dict[str, Far]:
        """Return what the recaps of these instants tell, by the id of the bracket."""
        days = sorted({trading_date(ts_ns).isoformat() for ts_ns in closed_ns}, reverse=True)
        found: dict[str, Far] = {}
        with self._lock:
            for day in days[:DAYS_MAX]:
                found |= self._of_day(day)
        return found

    def _of_day(self, day: str) -> dict[str, Far]:
        path = self._dir / f"{day}_recap.json"
        try:
            stat = path.stat()
        except OSError:
            return {}
        written = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        before = self._kept.get(day)
        if before is None or before[0] != written:
            told = _told(path) if stat.st_size <= RECAP_BYTES_MAX else {}
            self._kept[day] = written, told
            return told
        return before[1]


def _told(path: Path) -> dict[str, Far]:
    """Return what a recap tells; nothing where it is not what we know."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["trades"]
        return {
            str(row["bracket_id"]): Far(_known(row["mae"]), _known(row["mfe"]))
            for row in rows if {"bracket_id", "mae", "mfe"} <= row.keys()
        }  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _known(value: Any) -> float | None:
    return value if type(value) in (int, float) else None
