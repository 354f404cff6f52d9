"""The calendar of a run: filled in from the library, the exchange's own words and the news."""

import dataclasses
from datetime import date

import pytest

from actors.adapters.calendar import BadCalendar
from actors.adapters.news import BadNews
from ops.calendars import with_calendar
from protocol.settings import CalendarSettings, Settings

OVERRIDE = """
version = 1
[[day]]
date = 2013-09-02
calendar = "CME Globex Equity"
closed = true
reason = "a test"
source = "made up"
"""


def with_files(**files: str) -> Settings:
    return dataclasses.replace(Settings(), calendar=CalendarSettings(**files))


def test_holidays_and_early_closes_are_those_of_the_symbol_s_exchange():
    filled = with_calendar(Settings(), date(2013, 9, 2)).calendar
    assert "2013-09-02 11:30" in filled.early  # Labor Day, New York time.
    assert "2013-12-25" in filled.closed
    assert filled.news == ()


def test_what_the_exchange_announced_wins_and_news_stand_in_order_of_time(tmp_path):
    days, news = tmp_path / "days.toml", tmp_path / "news.csv"
    days.write_text(OVERRIDE)
    news.write_text("instant,title\n2013-09-18T14:00:00-04:00,FOMC\n2013-09-03T14:00:00Z,ISM\n")
    settings = with_files(overrides_file=str(days), news_file=str(news))
    filled = with_calendar(settings, date(2013, 9, 2)).calendar
    assert "2013-09-02" in filled.closed
    assert filled.news == ("2013-09-03T14:00:00Z ISM", "2013-09-18T18:00:00Z FOMC")


def test_a_bad_file_is_refused_in_words(tmp_path):
    bad = tmp_path / "bad"
    bad.write_text("version = 2")
    with pytest.raises(BadCalendar, match="version 2, wanted 1"):
        with_calendar(with_files(overrides_file=str(bad)), date(2013, 9, 2))
    with pytest.raises(BadNews, match="wanted 'instant,title'"):
        with_calendar(with_files(news_file=str(bad)), date(2013, 9, 2))
