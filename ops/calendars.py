"""The days that differ and the scheduled news, filled into the settings before anything starts.

What an actor decides by must be the same after its restart and in both runtimes, so calendar and
news are found once, from the first trading date on, and travel with the settings. The library of
calendars brings pandas with it: it is asked in a process of its own, which ends with the answer,
so that nothing of its size stays in the tree.
"""

import dataclasses
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

from actors.adapters.calendar import DAYS_MAX, special_days
from actors.adapters.news import read_news
from protocol.instruments import instrument_of
from protocol.settings import Settings

BEFORE = timedelta(days=7)  # The regular session before the first trade is looked back on.


def with_calendar(settings: Settings, first: date) -> Settings:
    """Return `settings` with the special days of the symbol's exchange and the news filled in.

    They reach ten years from `first`, the first trading date, on.
    """
    chosen = settings.calendar
    begin = first - BEFORE
    asked = (
        instrument_of(settings.feed.symbol).calendar,
        begin,
        begin + timedelta(days=DAYS_MAX),
        Path(chosen.overrides_file) if chosen.overrides_file else None,
    )
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        days = process.submit(special_days, *asked).result()
    news = read_news(Path(chosen.news_file)) if chosen.news_file else ()
    filled = dataclasses.replace(chosen, closed=days.closed, early=days.early, news=news)
    return dataclasses.replace(settings, calendar=filled)
