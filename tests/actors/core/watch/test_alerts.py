"""When a finding is told: the cooldown of its code, not of its text (domain 8.5, 12 no. 28)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.notices.notice import Severity
from actors.core.watch.alerts import (
    TITLES,
    Alarms,
    Word,
    alarms_of,
    judge,
    kept,
    notice_of_alert,
)
from actors.core.watch.checks import Code, Finding
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings

WATCH = WatchSettings()
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
RAISED, WORSE, STILL, RECOVERED = Word


def finding(severity=WARNING, code=Code.MEM_HIGH, text="", once=""):
    return Finding(code=code, severity=severity, text=text, once=once)


def looks(alarms, *found, every_s=60, from_s=0):
    """Return the word of each look, the findings of which are given; None for silence."""
    words = []
    for number, severity in enumerate(found):
        given = [] if severity is None else [finding(severity, text=f"{85.3 + number} %")]
        told = judge(alarms, given, (from_s + number * every_s) * NANOS_PER_S, WATCH)
        words.append(told[0].word if told else None)
    return words


def test_every_code_has_its_title():
    assert set(TITLES) == set(Code)


def test_a_warning_is_told_once_and_again_after_fifteen_minutes_though_its_text_changes():
    words = looks(Alarms({}), *[WARNING] * 17)
    assert words == [RAISED, *[None] * 14, STILL, None]


def test_what_gets_worse_is_told_at_once():
    assert looks(Alarms({}), WARNING, CRITICAL, CRITICAL) == [RAISED, WORSE, None]


def test_what_swings_between_warning_and_critical_is_not_told_at_each_swing():
    assert looks(Alarms({}), CRITICAL, WARNING, CRITICAL, WARNING) == [RAISED, None, None, None]


def test_what_is_gone_is_taken_back_exactly_once():
    assert looks(Alarms({}), WARNING, None, None, None) == [RAISED, RECOVERED, None, None]


def test_a_warning_that_comes_back_waits_for_the_cooldown_and_a_critical_one_does_not():
    alarms = Alarms({})
    assert looks(alarms, WARNING, None, WARNING, None) == [RAISED, RECOVERED, None, None]
    assert looks(alarms, WARNING, from_s=900) == [RAISED]
    assert looks(Alarms({}), CRITICAL, None, CRITICAL) == [RAISED, RECOVERED, RAISED]


def test_each_code_has_a_cooldown_of_its_own():
    alarms = Alarms({})
    both = [finding(), finding(code=Code.CPU_HIGH)]
    assert len(judge(alarms, both[:1], 0, WATCH)) == 1
    assert [alert.code for alert in judge(alarms, both, 1, WATCH)] == [Code.CPU_HIGH]


def test_the_cooldown_ends_with_its_last_nanosecond():
    alarms = Alarms({})
    judge(alarms, [finding()], 0, WATCH)
    assert judge(alarms, [finding()], 900 * NANOS_PER_S - 1, WATCH) == []
    assert judge(alarms, [finding()], 900 * NANOS_PER_S, WATCH)[0].word is STILL


def test_what_is_told_once_a_day_is_neither_repeated_nor_taken_back():
    alarms = Alarms({})
    many = finding(code=Code.RECONNECTS_MANY, once="2025-12-02")
    told = [judge(alarms, given, n * 10**12, WATCH) for n, given in
            enumerate(([many], [many], [], [many]))]  # fmt: skip
    assert [len(each) for each in told] == [1, 0, 0, 0]
    later = finding(code=Code.RECONNECTS_MANY, once="2025-12-03")
    assert judge(alarms, [later], 10**13, WATCH)[0].word is RAISED


def test_the_third_look_in_a_row_at_a_stale_heartbeat_is_critical():
    alarms, stale = Alarms({}), finding(code=Code.HEARTBEAT_STALE)

    def look(*found, n):
        return [(one.word, one.severity) for one in judge(alarms, found, n * 10**9, WATCH)]

    assert look(stale, n=0) == [(RAISED, WARNING)]
    assert look(stale, n=1) == []
    assert look(n=2) == [(RECOVERED, WARNING)]
    assert [look(stale, n=n) for n in (3, 4)] == [[], []]  # Counted from the first again.
    assert look(stale, n=5) == [(RAISED, CRITICAL)]


def test_a_clock_that_was_set_back_does_not_silence_a_code_for_longer_than_a_cooldown():
    alarms = Alarms({})
    judge(alarms, [finding()], 10**18, WATCH)
    assert judge(alarms, [finding()], 0, WATCH) == []
    assert judge(alarms, [finding()], 900 * NANOS_PER_S, WATCH)[0].word is STILL


def test_a_notice_says_what_is_wrong_how_it_stands_and_who_saw_it():
    alarms = Alarms({})
    first, over = (
        notice_of_alert(judge(alarms, given, now, WATCH)[0], "watchdog")
        for now, given in ((1, [finding(text="91.0 %")]), (2, []))
    )
    assert (first.severity, first.code, first.title) == (WARNING, "MEM_HIGH", "Memory runs short")
    assert (first.lines, first.fields) == (("91.0 %",), (("seen by", "watchdog"),))
    assert (over.severity, over.title) == (Severity.INFO, "over: Memory runs short")


SEVERITIES = st.lists(st.sampled_from([None, WARNING, CRITICAL]), max_size=60)


@given(SEVERITIES)
def test_every_recovery_follows_a_raise_and_no_code_is_told_more_often_than_it_may(severities):
    words = looks(Alarms({}), *severities)
    open_ = False
    for word, severity in zip(words, severities, strict=True):
        if word is RAISED:
            assert not open_
            open_ = True
        elif word is RECOVERED:
            assert open_
            assert severity is None
            open_ = False
        elif word in (WORSE, STILL):
            assert open_
        if severity is CRITICAL:
            assert open_  # Who is told of anything knows that it is critical.
    assert open_ or not severities or severities[-1] is not CRITICAL


@given(SEVERITIES, st.integers(0, 60))
def test_a_restart_at_any_point_repeats_nothing(severities, point):
    alarms = Alarms({})
    first = looks(alarms, *severities[:point])
    again = alarms_of(json.loads(json.dumps(kept(alarms))))
    rest = looks(again, *severities[point:], from_s=60 * len(first))
    assert first + rest == looks(Alarms({}), *severities)


@pytest.mark.parametrize("broken", [{}, [], None, {"standing": {"X": {}}, "stale": 0}])
def test_what_was_not_kept_by_us_is_refused(broken):
    with pytest.raises(ValueError, match="wanted"):
        alarms_of(broken)
