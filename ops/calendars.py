"""The days that differ and the scheduled news, filled into the settings before anything starts.

What an actor decides by must be the same after its restart and in both runtimes, so calendar and
news are found once, from the first trading date on, and travel with the settings. The library of
calendars brings pandas with it: it is asked in a process of its own, this module, which ends with
the answer, so that nothing of its size stays in the tree.
"""

import dataclasses
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from actors.adapters.calendar import DAYS_MAX, BadCalendar, special_days
from actors.adapters.news import read_news
from protocol.instruments import instrument_of
from protocol.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BEFORE = timedelta(days=7)  # The regular session before the first trade is looked back on.
REFUSED = 65  # EX_DATAERR: the reason stands on the error output.


def with_calendar(settings: Settings, first: date) -> Settings:
    """Return `settings` with the special days of the symbol's exchange and the news filled in.

    They reach ten years from `first`, the first trading date, on.
    """
    chosen = settings.calendar
    begin = first - BEFORE
    asked = [instrument_of(settings.feed.symbol).calendar, str(begin)]
    if chosen.overrides_file:
        asked.append(str(Path(chosen.overrides_file).resolve()))
    answer = subprocess.run(
        [sys.executable, "-m", __name__, *asked], cwd=ROOT, capture_output=True, text=True
    )
    if answer.returncode != 0:
        raise BadCalendar(answer.stderr.strip())
    news = read_news(Path(chosen.news_file)) if chosen.news_file else ()
    days = json.loads(answer.stdout)
    closed, early = tuple(days["closed"]), tuple(days["early"])
    filled = dataclasses.replace(chosen, news=news, closed=closed, early=early)
    return dataclasses.replace(settings, calendar=filled)


def main(calendar: str, first: str, overrides: str = "") -> int:
    """Print the special days of ten years as JSON; the answer of the process apart."""
    begin = date.fromisoformat(first)
    end = begin + timedelta(days=DAYS_MAX)
    try:
        days = special_days(calendar, begin, end, Path(overrides) if overrides else None)
    except BadCalendar as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    json.dump(dataclasses.asdict(days), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
