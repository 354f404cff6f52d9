"""Silent feeds, the breaker and the clock: what closes the fence, and what opens it again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orders.desk_state import DeskState, apply
from actors.core.orders.fence import fenced, open_fence
from actors.core.orders.notices import Noticed
from protocol.fence import FenceCause, FenceClosed, FenceOpened, FenceOrdered
from protocol.market import CutReason, FeedLost, FeedRestored
from protocol.orders import BracketEnded
from tests.actors.core.orders.desk_told import (
    account,
    cut,
    desk,
    fill,
    held_there,
    kinds,
    link,
    of,
    s,
    send,
)
from tests.makers import CONTRACT, make_bracket

OTHER = "GCZ5"


def lost(seconds: float = 3, contract: str = CONTRACT, reason: str = "no trade for 15 s"):
    return Noticed(FeedLost(contract=contract, reason=reason), s(seconds))


def back(seconds: float = 9, contract: str = CONTRACT):
    return Noticed(FeedRestored(contract=contract), s(seconds))


def skewed(seconds: float = 3, detail: str = "2.4 s behind, at most 2 s pass"):
    order = FenceOrdered(ts_ns=1, cause=FenceCause.CLOCK_SKEW, detail=detail)
    return Noticed(order, s(seconds))


def agreed() -> DeskState:
    """Return a desk that holds a position and whose books have agreed."""
    state = desk(fill(), cut(1))
    send(state, account(state, **held_there()))
    return state


def test_t7_9_a_silent_feed_closes_the_fence_and_leaves_brackets_where_they_are():
    state = agreed()
    facts = send(state, lost())
    assert kinds(facts) == ["FeedLost", "FenceClosed"]
    closed = of(facts, FenceClosed)
    assert (closed.cause, closed.ts_ns) == (FenceCause.SILENT_FEED, s(3))
    assert closed.detail == f"{CONTRACT}: no trade for 15 s"
    refused = of(send(state, make_bracket(bracket_id="b")), BracketEnded)
    assert refused.reason == "not sent: fenced by silent_feed"
    assert send(state, lost(4)) == []  # The same silence.


def test_it_opens_by_itself_when_the_feed_is_back_and_the_next_comparison_agrees():
    state = agreed()
    send(state, lost())
    assert kinds(send(state, back())) == ["FeedRestored"]
    assert fenced(state) == "silent_feed"  # Back alone is not enough.
    assert kinds(send(state, cut(10))) == ["AccountAsked"]
    facts = send(state, account(state, ts_ns=s(10), **held_there()))
    assert kinds(facts) == ["BooksAgreed", "FenceOpened"]
    assert of(facts, FenceOpened).cause is FenceCause.SILENT_FEED
    assert fenced(state) == ""
    assert send(state, back(11)) == []  # Told again.


def test_an_agreement_while_the_feed_is_silent_opens_nothing():
    state = agreed()
    send(state, lost(), link(False, 4), link(True, 5))
    facts = send(state, account(state, ts_ns=s(6), **held_there()))
    assert [fact.cause for fact in facts if isinstance(fact, FenceOpened)] == [FenceCause.LINK]
    assert fenced(state) == "silent_feed"


def test_an_answer_to_a_question_from_before_the_return_opens_nothing():
    state = agreed()
    send(state, cut(20, CutReason.TIMER))
    older = account(state, ts_ns=s(20), **held_there())
    send(state, lost(21), back(22))
    assert send(state, older) == []
    assert fenced(state) == "silent_feed"


def test_while_the_books_differ_it_stays_closed():
    state = agreed()
    send(state, lost(), back(), cut(10))
    send(state, account(state, ts_ns=s(10)))
    assert fenced(state) == "silent_feed"
    send(state, cut(21))
    send(state, account(state, ts_ns=s(21), **held_there()))
    assert fenced(state) == ""


def test_all_silent_feeds_must_be_back():
    state = agreed()
    send(state, lost(), lost(4, OTHER), back())
    send(state, cut(10))
    assert kinds(send(state, account(state, ts_ns=s(10), **held_there()))) == ["BooksAgreed"]
    send(state, back(11, OTHER), cut(20))
    opened = send(state, account(state, ts_ns=s(20), **held_there()))
    assert kinds(opened) == ["BooksAgreed", "FenceOpened"]


def test_a_feed_that_is_lost_again_before_the_comparison_keeps_it_closed():
    state = agreed()
    send(state, lost(), back(4), lost(5), cut(10))
    send(state, account(state, ts_ns=s(10), **held_there()))
    assert fenced(state) == "silent_feed"


def test_a_person_who_opens_it_knows_of_the_silence_and_the_next_one_closes_it_again():
    state = agreed()
    send(state, lost())
    for fact in open_fence(state, FenceCause.SILENT_FEED, s(4), "me", "a holiday"):
        apply(state, fact)
    assert state.silent == frozenset()
    assert kinds(send(state, lost(5))) == ["FeedLost", "FenceClosed"]


def test_a_feed_that_was_never_lost_cannot_come_back():
    assert send(agreed(), back()) == []


def test_a_clock_that_cannot_be_believed_closes_the_fence_until_a_person_opens_it():
    state = agreed()
    closed = of(send(state, skewed()), FenceClosed)
    # At the time of the market, whatever the clock in doubt says.
    assert (closed.cause, closed.ts_ns) == (FenceCause.CLOCK_SKEW, s(3))
    assert send(state, skewed(9, "2.6 s behind")) == []  # It stands already.
    send(state, cut(20, CutReason.TIMER))
    send(state, account(state, ts_ns=s(20), **held_there()))
    assert fenced(state) == "clock_skew"
    for fact in open_fence(state, FenceCause.CLOCK_SKEW, s(21), "me", "set it"):
        apply(state, fact)
    assert kinds(send(state, skewed(22))) == ["FenceClosed"]


STEPS = st.lists(
    st.sampled_from(["lost", "lost other", "back", "back other", "agree", "differ", "open"]),
    max_size=14,
)


@given(STEPS)
def test_the_fence_is_what_a_slow_look_at_the_steps_says(steps):
    state, silent, closed = agreed(), set[str](), False
    for number, step in enumerate(steps):
        seconds = 30 * (number + 1)
        contract = OTHER if "other" in step else CONTRACT
        if step.startswith("lost"):
            send(state, lost(seconds, contract))
            silent, closed = silent | {contract}, True
        elif step.startswith("back"):
            send(state, back(seconds, contract))
            silent -= {contract}
        elif step == "open":
            closed_facts = open_fence(state, FenceCause.SILENT_FEED, s(seconds), "me", "why")
            for fact in closed_facts:
                apply(state, fact)
            silent, closed = (set[str](), False) if closed else (silent, closed)
        else:
            there = held_there() if step == "agree" else held_there(2, 46_122, stop=2)
            send(state, cut(seconds, CutReason.TIMER))
            send(state, account(state, ts_ns=s(seconds), **there))
            closed = closed and not (step == "agree" and not silent)
        assert (FenceCause.SILENT_FEED in state.fence) == closed
        assert state.silent == silent


@pytest.mark.parametrize("known", [False, True])
def test_the_fold_of_the_facts_knows_the_silence_after_a_restart(known):
    state = agreed()
    facts = [*send(state, lost()), *(send(state, back()) if known else ())]
    again = agreed()
    for fact in [*facts, *facts]:
        apply(again, fact)
    assert (again.silent, again.fence) == (state.silent, state.fence)
    assert again.silent == (frozenset() if known else {CONTRACT})
