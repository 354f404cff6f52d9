"""The cooldown of domain 3, of the metrics themselves: from the last signal."""

from hypothesis import given
from hypothesis import strategies as st

from actors.core.flow.cooldown import Cooldown

WAIT = 300


def test_the_first_entry_is_allowed_at_once():
    assert Cooldown(WAIT).allows(0)


def test_a_signal_blocks_until_the_cooldown_has_run_out():
    cooldown = Cooldown(WAIT)
    cooldown.signalled(1_000)
    assert [cooldown.allows(ts) for ts in (1_000, 1_299, 1_300)] == [False, False, True]


def test_symbols_cool_down_each_on_its_own():
    gold, silver = Cooldown(WAIT), Cooldown(WAIT)
    gold.signalled(1_000)
    assert not gold.allows(1_001)
    assert silver.allows(1_001)


def test_late_and_repeated_reports_change_nothing():
    cooldown = Cooldown(WAIT)
    for ts in (1_200, 1_200, 900):
        cooldown.signalled(ts)
    assert [cooldown.allows(ts) for ts in (1_499, 1_500)] == [False, True]


@given(st.lists(st.integers(0, 2_000), max_size=8), st.integers(0, 4_000))
def test_allowed_is_what_lies_a_cooldown_after_every_signal(signals, ts):
    cooldown = Cooldown(WAIT)
    for when in signals:
        cooldown.signalled(when)
    assert cooldown.allows(ts) == all(ts - when >= WAIT for when in signals)
