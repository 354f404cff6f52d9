"""The trading fence: a set of causes, and who takes each away."""

from itertools import chain, combinations

import pytest

from actors.core.orders.desk_state import DETAILS_MAX, DeskState, apply
from actors.core.orders.fence import closing, fenced, open_fence
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.orders import BracketEnded, BracketSubmitted
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
from tests.makers import make_bracket

CAUSES = list(chain.from_iterable(combinations(FenceCause, n) for n in (1, 2)))


def closed(*causes):
    """Return a desk whose fence is closed by causes."""
    state = DeskState()
    for cause in causes:
        apply(state, FenceClosed(ts_ns=s(0), cause=cause, detail="found"))
    return state


@pytest.mark.parametrize("causes", CAUSES)
def test_an_entry_is_refused_while_any_cause_stands(causes):
    state = closed(*causes)
    ended = of(send(state, make_bracket()), BracketEnded)
    assert ended.reason == f"not sent: fenced by {', '.join(sorted(causes))}"
    for cause in causes:
        assert fenced(state)
        for fact in open_fence(state, cause, s(1), "me", "looked at it"):
            apply(state, fact)
    assert fenced(state) == ""
    assert isinstance(send(state, make_bracket(bracket_id="b"))[0], BracketSubmitted)


def test_a_cause_is_recorded_once_with_each_detail():
    state = closed(FenceCause.UNCONFIRMED)
    assert closing(state, FenceCause.UNCONFIRMED, s(1), "found") == []
    (again,) = closing(state, FenceCause.UNCONFIRMED, s(1), "more")
    apply(state, again)
    assert state.fence == {FenceCause.UNCONFIRMED: ("found", "more")}
    for number in range(2 * DETAILS_MAX):
        apply(state, FenceClosed(ts_ns=s(2), cause=FenceCause.UNCONFIRMED, detail=str(number)))
    assert len(state.fence[FenceCause.UNCONFIRMED]) == DETAILS_MAX


def test_what_does_not_stand_cannot_be_opened():
    assert open_fence(closed(FenceCause.KILL), FenceCause.FOREIGN, s(1), "me", "why") == []


@pytest.mark.parametrize(("who", "reason"), [("", "why"), ("me", "")])
def test_a_person_says_who_and_why(who, reason):
    with pytest.raises(ValueError, match="wanted both"):
        open_fence(closed(FenceCause.KILL), FenceCause.KILL, s(1), who, reason)


def test_what_a_person_opened_says_who_and_why():
    (opened,) = open_fence(closed(FenceCause.KILL), FenceCause.KILL, s(1), "me", "found it")
    assert (opened.cause, opened.detail) == (FenceCause.KILL, "by me: found it")


def test_a_lost_link_opens_by_itself_once_the_books_agree():
    state = desk(fill(), cut(1))
    send(state, account(state, **held_there()))
    lost = of(send(state, link(False, 3)), FenceClosed)
    assert (lost.cause, lost.detail) == (FenceCause.LINK, "down: line")
    assert kinds(send(state, link(True, 9))) == ["AccountAsked"]
    facts = send(state, account(state, ts_ns=s(10), **held_there()))
    assert kinds(facts) == ["BooksAgreed", "FenceOpened"]
    assert of(facts, FenceOpened).cause is FenceCause.LINK
    assert fenced(state) == ""


def test_a_lost_link_stays_closed_while_the_books_differ_and_nothing_else_opens_by_itself():
    state = desk(fill(), cut(1))
    send(state, account(state, **held_there()))
    send(state, link(False, 3), link(True, 9))
    for seconds in (10, 20):
        send(state, account(state, ts_ns=s(seconds)))
        send(state, cut(seconds + 10))
    assert set(state.fence) == {FenceCause.LINK, FenceCause.MISMATCH}
    send(state, account(state, ts_ns=s(31), **held_there()))
    assert set(state.fence) == {FenceCause.MISMATCH}


def test_an_answer_to_a_question_from_before_the_loss_opens_nothing():
    state = desk(cut(1))
    older = account(state)
    send(state, link(False, 3))
    assert send(state, older) == []
    assert kinds(send(state, cut(4))) == ["AccountAsked"]


def test_the_fence_stands_after_a_restart_as_it_stood():
    state = closed(*FenceCause)
    again = closed(*FenceCause, *FenceCause)
    assert again == state and len(state.fence) == len(FenceCause)


def test_the_fourth_loss_of_the_link_within_ten_minutes_needs_a_person():
    state = DeskState()
    for minute in (0, 3, 6):
        facts = send(state, link(False, 60 * minute), link(True, 60 * minute + 1))
        assert [fact.cause for fact in facts if isinstance(fact, FenceClosed)] == [FenceCause.LINK]
    fourth = send(state, link(False, 60 * 9))
    assert [fact.cause for fact in fourth] == [FenceCause.LINK, FenceCause.RECONNECTS]
    assert fourth[1].detail == "lost 4 times within 10 minutes, at most 3 pass"
    assert send(state, link(False, 60 * 9)) == []  # The same report again.


@pytest.mark.parametrize(("minute", "fences"), [(10 - 1 / 60, 2), (10, 1)])
def test_a_loss_of_ten_minutes_ago_counts_no_more(minute, fences):
    state = DeskState()
    send(state, link(False, 0), link(False, 60), link(False, 120))
    assert len(send(state, link(False, 60 * minute))) == fences
