"""Notices as plain values, and the words that numbers become."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.notices.notice import Notice, Severity, notice_of, plain
from actors.core.notices.words import average, clock, dollars, percent, price, span
from tests.makers import at

NOTICES = st.builds(
    Notice,
    severity=st.sampled_from(Severity),
    code=st.text(max_size=20),
    title=st.text(max_size=300),
    ts_ns=st.integers(0, 2**62),
    lines=st.lists(st.text(max_size=30), max_size=3).map(tuple),
    fields=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=3).map(tuple),
)


@given(NOTICES)
def test_a_notice_survives_its_way_through_a_file(notice):
    assert notice_of(json.loads(json.dumps(plain(notice)))) == notice


@pytest.mark.parametrize(
    "broken",
    [{}, [], None, "x", {"severity": "loud"}, {"severity": "info", "code": 1}],
)
def test_what_is_no_notice_is_refused_with_what_was_wanted(broken):
    with pytest.raises(ValueError, match="wanted"):
        notice_of(broken)


def test_severities_rise_from_info_to_critical():
    assert [each.rank for each in (Severity.INFO, Severity.WARNING, Severity.CRITICAL)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("cents", "signed", "words"),
    [(0, True, "$0.00"), (5, False, "$0.05"), (123_450, True, "+$1,234.50"),
     (-1_250, False, "-$12.50"), (-5, True, "-$0.05")],
)  # fmt: skip
def test_amounts_are_shown_to_the_cent_with_their_sign(cents, signed, words):
    assert dollars(cents, signed) == words


def test_prices_are_shown_in_the_steps_of_their_contract():
    assert price("ESZ5", 20_003) == "5000.75"
    assert average("ESZ5", 20_003 + 20_004, 2) == "5000.875"
    assert average("ESZ5", 60_010, 3) == "5000.8333"  # A third of a tick above.
    with pytest.raises(ValueError, match="wanted at least 1"):
        average("ESZ5", 1, 0)


def test_times_are_those_of_new_york_in_winter_and_summer():
    assert clock(at("10:05:01")) == "2025-12-02 10:05:01 ET"
    assert clock(at("09:30", "2025-07-01")) == "2025-07-01 09:30:00 ET"


def test_shares_and_spans_are_shown_in_plain_words():
    assert percent(625_000) == "62.5 %"
    assert [span(s * 10**9) for s in (-1, 8, 59, 60, 3_599, 3_600)] == [
        "0 s", "8 s", "59 s", "1 min 00 s", "59 min 59 s", "1 h 00 min",
    ]  # fmt: skip
