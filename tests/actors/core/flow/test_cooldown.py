"""The cooldown of domain 3: from the last signal and from the last close, one position."""

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


def test_a_close_blocks_as_a_signal_does_and_the_later_of_both_counts():
    cooldown = Cooldown(WAIT)
    cooldown.signalled(1_000)
    cooldown.opened(1_001)
    cooldown.closed(1_200)
    assert [cooldown.allows(ts) for ts in (1_300, 1_499, 1_500)] == [False, False, True]
    cooldown.signalled(1_500)
    assert [cooldown.allows(ts) for ts in (1_799, 1_800)] == [False, True]


def test_an_open_position_blocks_however_long_it_lasts():
    cooldown = Cooldown(WAIT)
    cooldown.opened(1_000)
    assert not cooldown.allows(10**12)


def test_symbols_cool_down_each_on_its_own():
    gold, silver = Cooldown(WAIT), Cooldown(WAIT)
    gold.signalled(1_000)
    assert not gold.allows(1_001)
    assert silver.allows(1_001)


def test_late_and_repeated_reports_change_nothing():
    cooldown = Cooldown(WAIT)
    cooldown.opened(1_000)
    cooldown.closed(1_200)
    cooldown.closed(1_200)
    cooldown.opened(1_000)
    cooldown.signalled(900)
    assert [cooldown.allows(ts) for ts in (1_499, 1_500)] == [False, True]


REPORTS = st.lists(
    st.tuples(st.sampled_from(["signalled", "closed"]), st.integers(0, 2_000)), max_size=8
)


@given(REPORTS, st.integers(0, 4_000))
def test_allowed_is_what_lies_a_cooldown_after_every_report(reports, ts):
    cooldown = Cooldown(WAIT)
    for kind, when in reports:
        getattr(cooldown, kind)(when)
    assert cooldown.allows(ts) == all(ts - when >= WAIT for _, when in reports)
