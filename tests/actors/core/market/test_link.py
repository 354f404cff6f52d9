"""When a link opens, gives up, waits and is trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.market.ends import AGED_OUT, AUTH_FAILED, End, Fault
from actors.core.market.link import PPM, Link, LinkRule, Phase, Step, pause_ns

S = 1_000_000_000
RULE = LinkRule(stall_ns=15 * S, backoff_ns=S, backoff_max_ns=60 * S)


def live(now_ns: int = 0, replays: int = 0) -> Link:
    link = Link(RULE)
    link.opened(now_ns, replays)
    link.heard(now_ns)
    for _ in range(replays):
        link.replayed()
    link.acknowledged()
    assert link.phase is Phase.LIVE
    return link


def test_a_new_link_is_opened_at_once_whatever_the_clock_says():
    assert Link(RULE).step(-5 * S) is Step.OPEN
    assert Link(RULE).step(0) is Step.OPEN


def test_silence_is_measured_from_the_attempt_on_and_not_only_from_the_first_record():
    link = Link(RULE)
    link.opened(0, 0)
    assert link.step(15 * S - 1) is None
    assert link.step(15 * S) is Step.CLOSE


def test_silence_after_the_header_is_found_too_and_every_record_puts_it_off():
    link = live(2 * S)
    assert link.step(17 * S - 1) is None
    link.heard(10 * S)
    assert link.step(25 * S - 1) is None
    assert link.step(25 * S) is Step.CLOSE


@pytest.mark.parametrize("end", [End.CLOSED, End.RESET, End.UNREACHABLE, End.SILENT, End.GARBLED,
                                 End.DIED])  # fmt: skip
def test_any_end_is_followed_by_a_new_attempt_the_orderly_one_too(end):
    link = live()
    link.ended(100 * S, Fault(end), PPM)
    assert link.phase is Phase.WAITING
    assert link.step(101 * S - 1) is None
    assert link.step(101 * S) is Step.OPEN


def test_three_refused_attempts_wait_longer_each_time_and_then_it_is_live():
    link, now_ns, pauses = Link(RULE), 0, []
    for _ in range(3):
        assert link.step(now_ns) is Step.OPEN
        link.opened(now_ns, 0)
        link.ended(now_ns, Fault(End.UNREACHABLE), PPM)
        began_ns = now_ns
        while link.step(now_ns) is None:
            now_ns += S // 10
        pauses.append((now_ns - began_ns) // S)
    assert pauses == [1, 2, 4]
    link.opened(now_ns, 0)
    link.heard(now_ns)
    link.acknowledged()
    assert (link.phase, link.failures, link.reconnects, link.why) == (Phase.LIVE, 0, 3, "")


def test_a_link_with_something_to_be_sent_again_is_not_live_before_all_of_it_came():
    link = Link(RULE)
    link.opened(0, 2)
    link.heard(1)
    link.acknowledged()
    link.replayed()
    assert link.phase is Phase.REPLAYING
    link.replayed()
    assert link.phase is Phase.LIVE


def test_an_acknowledgement_before_any_record_or_after_the_end_means_nothing():
    link = Link(RULE)
    link.acknowledged()
    link.heard(1)
    link.replayed()
    assert link.phase is Phase.WAITING
    link.ended(5, Fault(End.CLOSED), 0)
    assert (link.phase, link.failures) == (Phase.WAITING, 0)


LASTING = [Fault(End.NO_KEY), Fault(End.DATASET), Fault(End.TICK), Fault(End.ERROR, AUTH_FAILED),
           Fault(End.DENIED, 0, "bad")]  # fmt: skip


@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_ends_the_attempts_for_good(fault):
    link = live()
    link.ended(S, fault, 0)
    assert link.phase is Phase.REFUSED
    assert link.step(10**18) is None
    link.heard(2 * S)
    link.acknowledged()
    assert link.phase is Phase.REFUSED


def test_what_is_too_old_to_be_sent_again_does_not_end_the_attempts():
    link = live()
    link.ended(S, Fault(End.ERROR, AGED_OUT), 0)
    assert link.phase is Phase.WAITING


def test_a_subscription_that_is_renewed_is_opened_at_once_and_counts_as_no_failure():
    link = live()
    link.ended(S, Fault(End.RENEWED), PPM)
    assert (link.step(S), link.failures) == (Step.OPEN, 0)


@given(st.integers(1, 10_000), st.integers(0, PPM))
def test_a_pause_is_half_chance_and_never_longer_than_its_limit(failures, jitter_ppm):
    whole = RULE.backoff_max_ns if failures > 7 else min(2 ** (failures - 1), 60) * S
    found = pause_ns(RULE, failures, jitter_ppm)
    assert whole // 2 <= found <= whole
    assert pause_ns(RULE, failures, 0) == whole // 2
    assert pause_ns(RULE, failures, PPM) == whole


@pytest.mark.parametrize(("failures", "jitter_ppm"), [(0, 0), (1, -1), (1, PPM + 1)])
def test_a_pause_after_nothing_or_with_an_odd_jitter_is_refused(failures, jitter_ppm):
    with pytest.raises(ValueError, match="wanted at least 1 and 0 to 1000000"):
        pause_ns(RULE, failures, jitter_ppm)
