"""The file of scheduled events: a CSV with the header "instant,title".

An instant is ISO 8601 with its offset. A line that cannot be read is refused with its number and
nothing is skipped: a missing event would be a trade into the news.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path

from actors.core.session.news import instant_ns
from protocol.units import NANOS_PER_S

HEADER = ["instant", "title"]


class BadNews(ValueError):
    """A file of events that cannot be used."""


def read_news(path: Path) -> tuple[str, ...]:
    """Return the events as "2025-12-10T19:00:00Z FOMC", in order of time, each once."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(enumerate(csv.reader(file, strict=True), 1))
    except OSError as error:
        raise BadNews(f"news file {path}: {error.strerror}; wanted a readable CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadNews(f"news file {path}: {error}; wanted a CSV file in UTF-8") from None
    if not rows or rows[0][1] != HEADER:
        found = ",".join(rows[0][1]) if rows else ""
        raise BadNews(f"news file {path}: header {found!r}, wanted {','.join(HEADER)!r}")
    return tuple(sorted({_entry(path, number, row) for number, row in rows[1:] if row}))


def _entry(path: Path, number: int, row: list[str]) -> str:
    place = f"news file {path}, line {number}"
    if len(row) != 2 or not row[1].strip():
        raise BadNews(f"{place}: {','.join(row)!r}, wanted an instant and a title")
    try:
        ts_ns = instant_ns(row[0].strip())
    except ValueError as error:
        raise BadNews(f"{place}: {error}") from None
    moment = datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC)  # Whole seconds sort as text.
    return f"{moment:%Y-%m-%dT%H:%M:%SZ} {' '.join(row[1].split())}"
