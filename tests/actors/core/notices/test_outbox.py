"""What waits keeps its order, what is critical is never dropped, what is dropped is said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice, Severity
from actors.core.notices.outbox import (
    Outbox,
    kept,
    outbox_of,
    put,
    refuse,
    sent,
    shut,
    waiting,
)

INFO, WARNING, CRITICAL = Severity


def note(severity, number=0):
    return Notice(severity=severity, code="X", title=str(number), ts_ns=number)


def filled(*severities, size_max=3):
    box = Outbox(size_max)
    for number, severity in enumerate(severities, 1):
        put(box, note(severity, number))
    return box


def titles(box, most=99):
    return [notice.title for notice in waiting(box, box.number, most)[1]]


def test_a_full_outbox_drops_the_oldest_information_first():
    box = filled(WARNING, INFO, INFO, CRITICAL)
    assert list(box.notices) == [1, 3, 4]
    assert box.dropped == {"info": 1}


def test_then_it_drops_the_oldest_warning():
    box = filled(WARNING, CRITICAL, WARNING, WARNING)
    assert list(box.notices) == [2, 3, 4]


def test_information_that_comes_where_only_worse_waits_is_dropped_itself():
    assert list(filled(WARNING, CRITICAL, WARNING, INFO).notices) == [1, 2, 3]


def test_critical_notices_are_kept_beyond_the_limit():
    box = filled(*[CRITICAL] * 5)
    assert list(box.notices) == [1, 2, 3, 4, 5]
    put(box, note(WARNING, 6))
    assert 6 not in box.notices


def test_what_was_dropped_is_said_once_before_the_next_notices():
    box = filled(INFO, INFO, INFO, INFO)
    numbers, notices = waiting(box, box.number, 2)
    assert numbers == [0, 2]
    assert notices[0].code == Told.NOTICES_DROPPED
    assert "1 of info" in notices[0].lines[0]
    sent(box, numbers)
    assert titles(box) == ["3", "4"]


def test_what_is_dropped_while_that_is_on_its_way_is_said_the_next_time():
    box = filled(INFO, INFO, INFO, INFO)
    numbers, _ = waiting(box, box.number, 2)
    put(box, note(INFO, 5))
    sent(box, numbers)
    assert "1 of info" in waiting(box, box.number, 9)[1][0].lines[0]


def test_what_was_dropped_is_not_forgotten_when_the_message_fails():
    box = filled(INFO, INFO, INFO, INFO)
    waiting(box, box.number, 2)
    put(box, note(INFO, 5))
    assert "2 of info" in waiting(box, box.number, 9)[1][0].lines[0]


def test_only_what_is_safe_is_offered():
    box = filled(INFO, INFO)
    assert waiting(box, 0, 9) == ([], [])
    assert waiting(box, 1, 9)[0] == [1]


def test_a_shut_outbox_keeps_critical_notices_alone():
    box = filled(INFO, CRITICAL, WARNING)
    shut(box)
    put(box, note(WARNING, 4))
    put(box, note(CRITICAL, 5))
    assert [one.title for one in box.notices.values()] == ["2", "5"]
    assert box.dropped == {"info": 1, "warning": 2}


def test_a_refused_notice_goes_and_a_critical_one_is_kept_aside():
    box = filled(INFO, CRITICAL)
    refuse(box, 1)
    refuse(box, 2)
    refuse(box, 77)
    assert (box.notices, [one.title for one in box.refused]) == ({}, ["2"])


@given(st.lists(st.sampled_from(Severity), max_size=40), st.integers(1, 8))
def test_no_critical_notice_is_lost_and_the_order_is_kept(severities, size_max):
    box = filled(*severities, size_max=size_max)
    critical = [str(n) for n, one in enumerate(severities, 1) if one is CRITICAL]
    waits = [one.title for one in box.notices.values()]
    assert [title for title in waits if title in critical] == critical
    assert [int(title) for title in waits] == sorted(int(title) for title in waits)
    assert len(waits) <= max(size_max, len(critical))
    assert len(waits) + sum(box.dropped.values()) == len(severities)
    again = outbox_of(json.loads(json.dumps(kept(box))), size_max)
    assert again == box


@pytest.mark.parametrize("broken", [{}, [], None, {"number": 1, "notices": [[1, {}]]}])
def test_what_is_no_outbox_is_refused(broken):
    with pytest.raises(ValueError, match="wanted"):
        outbox_of(broken, 9)
