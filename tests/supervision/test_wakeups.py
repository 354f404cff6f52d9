"""Timers cannot be taken back, so as few as possible are asked for."""

from hypothesis import given
from hypothesis import strategies as st

from supervision.wakeups import DELAY_MIN_NS, OVERDUE_NS, Wakeups

MS = 10**6


def test_a_timer_on_its_way_that_comes_early_enough_is_enough() -> None:
    wakeups = Wakeups()
    assert wakeups.plan(0, 100 * MS) == 100 * MS
    assert wakeups.plan(0, 100 * MS) is None
    assert wakeups.plan(0, 500 * MS) is None


def test_an_earlier_wish_brings_one_more_timer() -> None:
    wakeups = Wakeups()
    wakeups.plan(0, 100 * MS)
    assert wakeups.plan(0, 10 * MS) == 10 * MS
    wakeups.fired(10 * MS)
    assert wakeups.plan(10 * MS, 110 * MS) is None  # The first still comes, at 100.
    wakeups.fired(100 * MS)
    assert wakeups.plan(100 * MS, 110 * MS) == 10 * MS


def test_an_overdue_wish_is_never_armed_with_nothing() -> None:
    assert Wakeups().plan(1000 * MS, 0) == DELAY_MIN_NS


def test_a_lost_timer_is_asked_for_again() -> None:
    wakeups = Wakeups()
    wakeups.plan(0, 10 * MS)
    late_ns = 10 * MS + OVERDUE_NS
    assert wakeups.plan(late_ns - 1, late_ns + MS) is None
    assert wakeups.plan(late_ns, late_ns + MS) == MS


def test_a_timer_that_was_never_asked_for_changes_nothing() -> None:
    wakeups = Wakeups()
    wakeups.plan(0, 10 * MS)
    wakeups.fired(99)
    assert wakeups.plan(0, 10 * MS) is None


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=200))
def test_wishes_that_come_and_go_never_pile_up_timers(waits_ms: list[int]) -> None:
    wakeups, now_ns, coming = Wakeups(), 0, []
    for wait in waits_ms:
        delay = wakeups.plan(now_ns, now_ns + wait * MS)
        if delay is not None:
            coming.append(wakeups.newest)
        assert len(coming) <= 10 + 1000 .bit_length()  # Each is earlier than all others.
        assert min(coming) <= now_ns + wait * MS
        now_ns = min(coming)
        coming.remove(now_ns)
        wakeups.fired(now_ns)
