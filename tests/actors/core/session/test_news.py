"""Scheduled news: what an entry says, and which event is near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.session.news import News, instant_ns, news_near, scheduled
from protocol.units import NANOS_PER_S
from tests.makers import at

MINUTE = 60 * NANOS_PER_S


def test_an_entry_is_an_instant_and_a_title_of_any_words():
    (news,) = scheduled(["2025-12-10T19:00:00Z FOMC rate decision"])
    assert news == News(at("14:00", "2025-12-10"), "FOMC rate decision")


def test_any_offset_is_understood_and_the_order_is_that_of_time():
    found = scheduled(["2025-12-10T14:00:00-05:00 Later", "2025-12-10T19:30:00+01:00 Earlier"])
    assert [news.title for news in found] == ["Earlier", "Later"]
    assert found[1].ts_ns - found[0].ts_ns == 30 * MINUTE


def test_an_instant_is_exact_to_the_microsecond():
    assert instant_ns("2025-12-10T19:00:00.123457Z") == at("14:00", "2025-12-10") + 123_457_000


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("2025-12-10T19:00:00 FOMC", "no offset"),
        ("2025-12-10 FOMC", "no offset"),
        ("tomorrow FOMC", "ISO 8601"),
        ("2025-12-10T19:00:00Z", "title"),
        ("2025-12-10T19:00:00Z  ", "title"),
        ("", "title"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_found(entry, wanted):
    with pytest.raises(ValueError, match=wanted):
        scheduled([entry])


NEWS = scheduled(["2025-12-02T15:00:00Z ISM", "2025-12-02T15:30:00Z Oil"])


@pytest.mark.parametrize(
    ("clock", "title"),
    [
        ("09:44:59.999", None),
        ("09:45", "ISM"),
        ("10:15", "ISM"),
        ("10:15:00.001", "Oil"),
        ("10:45", "Oil"),
        ("10:45:00.001", None),
    ],
)
def test_both_ends_of_the_minutes_around_news_are_included(clock, title):
    found = news_near(NEWS, at(clock), 15)
    assert (found and found.title) == title


def test_without_news_nothing_is_near():
    assert news_near((), at("10:00"), 15) is None


@given(st.lists(st.integers(0, 500)), st.integers(0, 500), st.integers(0, 50))
def test_an_event_is_found_exactly_if_one_is_near_enough(minutes, now, around):
    news = tuple(sorted(News(minute * MINUTE, "x") for minute in minutes))
    found = news_near(news, now * MINUTE, around)
    distances = [abs(minute - now) for minute in minutes]
    if found is None:
        assert all(distance > around for distance in distances)
    else:
        assert abs(found.ts_ns // MINUTE - now) == min(distances) <= around
