"""The special days of an exchange: the facts of venues F, overrides, and what is refused."""

from datetime import date

import pytest

from actors.adapters.calendar import BadCalendar, special_days
from actors.core.session.calendar import Schedule
from protocol.instruments import INSTRUMENTS

EQUITY = "CME Globex Equity"
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
AT_NOON = ("01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "11-26")


def overrides(tmp_path, *rows, version="version = 1"):
    path = tmp_path / "overrides.toml"
    given = 'calendar = "CME Globex Equity"\nreason = "r"\nsource = "s"\n'
    path.write_text("\n".join([version, *(f"[[day]]\n{given}{row}\n" for row in rows)]))
    return path


def test_the_equity_futures_of_2026_are_those_the_exchange_has_announced():
    """Venues F: times there are of Chicago, one hour behind New York."""
    found = special_days(EQUITY, *YEAR)
    assert found.closed == ("2026-01-01", "2026-12-25")
    wanted = [f"2026-{day} 13:00" for day in AT_NOON]
    wanted += ["2026-04-03 09:15", "2026-11-27 13:15", "2026-12-24 13:15"]
    assert found.early == tuple(sorted(wanted))


@pytest.mark.parametrize("calendar", ["CMEGlobex_CL", "CMEGlobex_GC", "CMEGlobex_SI"])
def test_energy_and_metals_of_2026_are_closed_on_good_friday(calendar):
    found = special_days(calendar, *YEAR)
    assert found.closed == ("2026-01-01", "2026-04-03", "2026-12-25")
    clocks = dict(entry.split() for entry in found.early)
    assert (clocks["2026-11-27"], clocks["2026-12-24"]) == ("14:45", "13:45")
    assert clocks["2026-01-19"] == clocks["2026-09-07"] == "14:30"


def test_labour_day_2013_ended_when_the_recording_of_that_day_ends():
    found = special_days(EQUITY, date(2013, 9, 2), date(2013, 9, 3))
    assert found.early == ("2013-09-02 11:30",)


def test_only_the_days_asked_for_are_told_both_ends_included():
    assert special_days(EQUITY, date(2026, 11, 27), date(2026, 12, 24)).early == (
        "2026-11-27 13:15",
        "2026-12-24 13:15",
    )
    assert special_days(EQUITY, date(2026, 11, 28), date(2026, 12, 23)).early == ()
    assert special_days(EQUITY, date(2026, 12, 25), date(2026, 12, 25)).closed == ("2026-12-25",)


@pytest.mark.parametrize("calendar", sorted({own.calendar for own in INSTRUMENTS.values()}))
def test_every_instrument_has_a_calendar_whose_days_are_a_schedule(calendar):
    found = special_days(calendar, date(2025, 12, 1), date(2027, 1, 31))
    schedule = Schedule.of(found.closed, found.early)
    assert {date(2025, 12, 25), date(2026, 1, 1), date(2026, 12, 25)} <= schedule.closed


def test_a_year_that_the_library_does_not_know_is_refused():
    """Seed of the mistake: of 2027 it reports every weekday open, without a word."""
    assert len(special_days("NSE", *YEAR).closed) == 16
    with pytest.raises(BadCalendar, match="no holiday in 2027.*wanted days up to 2026"):
        special_days("NSE", date(2026, 12, 1), date(2027, 1, 4))


@pytest.mark.parametrize(
    ("calendar", "first", "last", "wanted"),
    [
        ("CME Globex Equities", *YEAR, "'CME Globex Equities' is not in"),
        (EQUITY, date(2026, 1, 2), date(2026, 1, 1), "in order"),
        (EQUITY, date(2026, 1, 1), date(2036, 12, 31), "at most 3660"),
    ],
)
def test_what_no_calendar_can_answer_is_refused(calendar, first, last, wanted):
    with pytest.raises(BadCalendar, match=wanted):
        special_days(calendar, first, last)


def test_an_override_wins_over_the_library(tmp_path):
    path = overrides(
        tmp_path,
        'date = 2026-11-27\nclose = "13:30"',
        "date = 2026-12-24\nclosed = true",
        "date = 2026-12-25\nopen = true",
        'date = 2026-12-28\nclose = "12:00"',
        "date = 2027-01-04\nclosed = true",
    )
    found = special_days(EQUITY, date(2026, 11, 27), date(2026, 12, 31), path)
    assert found.closed == ("2026-12-24",)
    assert found.early == ("2026-11-27 13:30", "2026-12-28 12:00")


def test_an_override_of_another_calendar_changes_nothing(tmp_path):
    path = overrides(tmp_path, 'date = 2026-11-27\nclose = "13:30"')
    plain = special_days("CMEGlobex_CL", *YEAR)
    assert special_days("CMEGlobex_CL", *YEAR, path) == plain


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ('date = "2026-11-27"\nclosed = true', "day 1: date '2026-11-27', wanted"),
        ("date = 2026-11-27T00:00:00\nclosed = true", "date datetime"),
        ("date = 2026-11-28\nclosed = true", "2026-11-28 is no weekday"),
        ("date = 2026-11-27", "wanted one of close, closed and open"),
        ('date = 2026-11-27\nclosed = true\nclose = "13:00"', "wanted one of"),
        ("date = 2026-11-27\nclosed = false", "closed False, wanted true"),
        ("date = 2026-11-27\nopen = 1", "open 1, wanted true"),
        ('date = 2026-11-27\nclose = "1pm"', "clock time '1pm', wanted HH:MM"),
        ("date = 2026-11-27\nclose = 13:00:00", "in quotes"),
        ('date = 2026-11-27\nclose = "18:00"', "before 17:00"),
        ("date = 2026-11-27\nclosed = true\nwhy = 1", "wanted the keys"),
    ],
)
def test_an_override_that_says_nothing_clear_is_refused_with_its_place(tmp_path, row, wanted):
    with pytest.raises(BadCalendar, match=wanted):
        special_days(EQUITY, *YEAR, overrides(tmp_path, row))


def test_two_overrides_of_one_day_are_refused(tmp_path):
    path = overrides(tmp_path, *["date = 2026-11-27\nclosed = true"] * 2)
    with pytest.raises(BadCalendar, match="day 2: 2026-11-27 of CME Globex Equity stands twice"):
        special_days(EQUITY, *YEAR, path)


def test_an_override_without_a_source_is_refused(tmp_path):
    path = tmp_path / "overrides.toml"
    path.write_text(
        'version = 1\n[[day]]\ndate = 2026-11-27\nclosed = true\ncalendar = "NSE"\nreason = "r"\n'
    )
    with pytest.raises(BadCalendar, match="source None, wanted words"):
        special_days(EQUITY, *YEAR, path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("version = 2", "version 2, wanted 1"),
        ("", "version None, wanted 1"),
        ("version = 1\ndays = []", "wanted version and"),
        ("version = 1\nday = 3", "wanted version and"),
        ("version = 1\nday = [3]", "day 1: 3, wanted the keys"),
        ("version", "wanted a TOML file"),
    ],
)
def test_a_file_of_overrides_that_is_none_is_refused(tmp_path, text, wanted):
    path = tmp_path / "overrides.toml"
    path.write_text(text)
    with pytest.raises(BadCalendar, match=wanted):
        special_days(EQUITY, *YEAR, path)


def test_a_file_of_overrides_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadCalendar, match="nowhere.toml: No such file"):
        special_days(EQUITY, *YEAR, tmp_path / "nowhere.toml")
