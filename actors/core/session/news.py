"""Scheduled news, and the minutes around it in which nothing should be decided (domain 4.3).

Events come as words, "2025-12-10T19:00:00Z FOMC", written by whoever read the file. An instant
without an offset is refused: nobody can say whose clock it was read from.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocol.units import NANOS_PER_S

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class News:
    """One scheduled event; UTC nanoseconds."""

    ts_ns: int
    title: str


def scheduled(entries: Iterable[str]) -> tuple[News, ...]:
    """Return the events "instant title" in order of time."""
    return tuple(sorted(_news(entry) for entry in entries))


def news_near(news: tuple[News, ...], ts_ns: int, minutes: int) -> News | None:
    """Return the event nearest to `ts_ns` among those at most `minutes` away, both ends included.

    Of two equally near the earlier is returned.
    """
    after = bisect_left(news, News(ts_ns, ""))
    around = news[max(after - 1, 0) : after + 1]
    nearest = min(around, key=lambda event: abs(event.ts_ns - ts_ns), default=None)
    if nearest is None or abs(nearest.ts_ns - ts_ns) > minutes * 60 * NANOS_PER_S:
        return None
    return nearest


def instant_ns(words: str) -> int:
    """Return the UTC nanoseconds of an ISO 8601 instant with its offset."""
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        raise ValueError(f"instant {words!r}, wanted ISO 8601 like 2025-12-10T19:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"instant {words!r} has no offset, wanted one: Z or -05:00")
    return (moment - _EPOCH) // _MICROSECOND * 1000


def _news(entry: str) -> News:
    instant, _, title = entry.partition(" ")
    if not title.strip():
        raise ValueError(f"news {entry!r}, wanted an instant, a space and a title")
    return News(instant_ns(instant), title.strip())
