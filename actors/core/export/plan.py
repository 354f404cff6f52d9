"""What is to be sent, and when: levels, not edges (domain 8.2).

A file is known by its name and its content. It is due when its trading date is over, 17:01 New
York, and the journal of exports does not say that just this content arrived at just this place.
So a missed export is made up by the next look, one that was done is never done again, and a day
that was amended by late trades is sent again as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from actors.core.session.calendar import NANOS_PER_MINUTE, day_of

AFTER_NS = NANOS_PER_MINUTE  # 17:00 rolls the day, 17:01 exports it.
BACKOFF_S_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFile:
    """A finished file of one trading date."""

    name: str  # "ES/2025-12-02.parquet", the same here and there.
    date: date
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the journal says has arrived whole."""

    name: str
    date: date
    size: int
    sha256: str
    destination: str
    done_ns: int


class TooEarly(ValueError):
    """The trading date that was asked for is not over."""


def due_ns(on: date) -> int:
    """Return the instant of a trading date's export: 17:01 New York."""
    return day_of(on).end_ns + AFTER_NS


def to_send(
    files: Iterable[DayFile],
    sent: Iterable[Sent],
    destination: str,
    now_ns: int,
    only: date | None = None,
) -> tuple[DayFile, ...]:
    """Return the files that are due, oldest date first; with `only` those of that date alone."""
    if only is not None and due_ns(only) > now_ns:
        raise TooEarly(f"trading date {only} is exported from 17:01 New York on, not before")
    done = {(s.name, s.size, s.sha256) for s in sent if s.destination == destination}
    due = [
        file
        for file in files
        if (file.name, file.size, file.sha256) not in done
        and due_ns(file.date) <= now_ns
        and only in (None, file.date)
    ]
    return tuple(sorted(due, key=lambda file: (file.date, file.name)))


def pause_s(attempt: int, backoff_s: int) -> int:
    """Return the pause after failed attempt 0, 1, 2 ...: backoff x 2^n, 60 s at most."""
    if attempt < 0 or backoff_s < 0:
        raise ValueError(f"attempt {attempt} and back-off {backoff_s}, wanted none below 0")
    return min(backoff_s << min(attempt, 16), BACKOFF_S_MAX)
