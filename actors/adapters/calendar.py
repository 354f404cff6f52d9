"""The days on which an exchange differs: closed, or closing early (domain 8.1, venues F).

The library of calendars is the default and the exchange's notice the truth: a TOML file of
overrides, each with its reason and source, wins over what the library computes. Everything is
found once, before anything starts, and handed on as plain settings; no calendar is asked later.

    version = 1
    [[day]]
    date = 2026-11-27
    calendar = "CME Globex Equity"
    close = "13:15"            # New York; or `closed = true`, or `open = true` for a regular day.
    reason = "day after Thanksgiving"
    source = "CME notice of 2026-10-30"
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from actors.core.session.calendar import NEW_YORK, SATURDAY, Schedule

VERSION = 1
DAYS_MAX = 3_660  # Ten years: more is a slip of the pen.
KEYS = {"date", "calendar", "close", "closed", "open", "reason", "source"}


class BadCalendar(ValueError):
    """A calendar or a file of overrides that cannot be used."""


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """The days that differ, in the words of the settings and in order."""

    closed: tuple[str, ...]  # "2025-12-25".
    early: tuple[str, ...]  # "2025-11-28 13:15", New York.


def special_days(
    calendar: str, first: date, last: date, overrides: Path | None = None
) -> SpecialDays:
    """Return the weekdays from `first` to `last` on which `calendar` is closed or closes early.

    A year in which the library closes no weekday at all is one that it knows nothing about, and
    is refused: every exchange has holidays. `calendar` is a name of pandas_market_calendars.
    """
    if not first <= last <= first + timedelta(days=DAYS_MAX):
        raise BadCalendar(f"days {first} to {last}, wanted at most {DAYS_MAX} in order")
    days = _library_days(calendar, first, last)
    if overrides is not None:
        for day, clock in _override_days(overrides, calendar):
            if first <= day <= last:
                days[day] = clock
    closed = tuple(str(day) for day in sorted(days) if days[day] == "closed")
    early = tuple(f"{day} {days[day]}" for day in sorted(days) if ":" in days[day])
    Schedule.of(closed, early)  # Refuses a close that no session could have.
    return SpecialDays(closed, early)


def _library_days(calendar: str, first: date, last: date) -> dict[date, str]:
    """Return "closed" or the early close as "HH:MM" by date, from the library."""
    # Pandas takes a second to import: only whoever asks for a calendar pays for it.
    import pandas_market_calendars

    try:
        exchange = pandas_market_calendars.get_calendar(calendar)
    except RuntimeError:
        raise BadCalendar(
            f"calendar {calendar!r} is not in pandas_market_calendars;"
            " wanted one like 'CME Globex Equity'"
        ) from None
    from_day, to_day = date(first.year, 1, 1), date(last.year, 12, 31)
    rows = exchange.schedule(str(from_day), str(to_day), tz=exchange.tz)["market_close"]
    closes = {label.date(): close.to_pydatetime() for label, close in rows.items()}
    days = {day: "closed" for day in _weekdays(from_day, to_day) if day not in closes}
    for year in range(first.year, last.year + 1):
        if not any(day.year == year for day in days):
            raise BadCalendar(
                f"calendar {calendar!r} has no holiday in {year}: the library ends before it;"
                f" wanted days up to {year - 1}, or a newer pandas_market_calendars"
            )
    for day, close in closes.items():
        if close.time() < exchange.close_time:
            days[day] = f"{close.astimezone(NEW_YORK):%H:%M}"
    return {day: clock for day, clock in days.items() if first <= day <= last}


def _weekdays(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() < SATURDAY:
            yield day


def _override_days(path: Path, calendar: str) -> list[tuple[date, str]]:
    """Return date and "closed", "regular" or "HH:MM" of each override of `calendar`."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadCalendar(f"overrides {path}: {error.strerror}; wanted a TOML file") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadCalendar(f"overrides {path}: {error}; wanted a TOML file") from None
    if content.get("version") != VERSION:
        raise BadCalendar(f"overrides {path}: version {content.get('version')!r}, wanted {VERSION}")
    rows = content.get("day", [])
    if set(content) - {"version", "day"} or not isinstance(rows, list):
        raise BadCalendar(f"overrides {path}: {sorted(content)}, wanted version and [[day]]")
    found: dict[tuple[date, str], str] = {}
    for number, row in enumerate(rows, 1):
        key, clock = _override(row, f"overrides {path}, day {number}")
        if key in found:
            raise BadCalendar(f"overrides {path}, day {number}: {key[0]} of {key[1]} stands twice")
        found[key] = clock
    return [(day, clock) for (day, name), clock in found.items() if name == calendar]


def _override(row: Any, place: str) -> tuple[tuple[date, str], str]:
    if not isinstance(row, dict) or not set(row) <= KEYS:
        raise BadCalendar(f"{place}: {row!r}, wanted the keys {', '.join(sorted(KEYS))}")
    day = row.get("date")
    if type(day) is not date:  # A datetime is a date, too, and not meant.
        raise BadCalendar(f"{place}: date {day!r}, wanted one like 2026-11-27 without quotes")
    if day.weekday() >= SATURDAY:
        raise BadCalendar(f"{place}: {day} is no weekday; trading dates are Monday to Friday")
    for key in ("calendar", "reason", "source"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise BadCalendar(f"{place}: {key} {row.get(key)!r}, wanted words")
    said = [key for key in ("close", "closed", "open") if key in row]
    if len(said) != 1:
        raise BadCalendar(f"{place}: {said}, wanted one of close, closed and open")
    return (day, row["calendar"]), _clock(row, said[0], place)


def _clock(row: dict[str, Any], key: str, place: str) -> str:
    if key != "close":
        if row[key] is not True:
            raise BadCalendar(f"{place}: {key} {row[key]!r}, wanted true")
        return "closed" if key == "closed" else "regular"
    clock = row["close"]
    try:
        if not isinstance(clock, str):
            raise ValueError(f"close {clock!r}, wanted \"HH:MM\" in quotes")
        Schedule.of((), (f"{row['date']} {clock}",))
    except ValueError as error:
        raise BadCalendar(f"{place}: {error}") from None
    return clock
