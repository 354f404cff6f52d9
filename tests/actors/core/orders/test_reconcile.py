"""Whether the books of the broker are those of the desk, and what follows if not."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orders.desk_state import DeskState, apply, held
from actors.core.orders.lifecycle import Order
from actors.core.orders.reconcile import adopt, believe, incremental_entry
from protocol.fence import BooksDiffer, FenceCause, FenceClosed, PositionAdopted
from protocol.market import CutReason
from protocol.orders import (
    AccountAsked,
    BracketEnded,
    FlattenSubmitted,
    Leg,
    PositionClosed,
    StatusAsked,
)
from protocol.patterns import Direction
from tests.actors.core.orders.desk_told import (
    CLIENT,
    accepted,
    account,
    cancelled,
    cut,
    desk,
    due,
    fill,
    flatten,
    held_there,
    kinds,
    link,
    modified,
    of,
    s,
    send,
    status,
)
from tests.makers import CONTRACT, make_bracket

TICKS = 4  # Of a point in ES.


def compare(state, seconds=100.0, **fields):
    """Put the question that is due at a cut and answer it."""
    send(state, cut(seconds))
    return send(state, account(state, ts_ns=s(seconds), **fields))


def test_t7_9_an_unexplained_increase_entered_at_6001_50():
    price = incremental_entry(3, 3 * 24_002, 2, 2 * 24_000)
    assert price == Fraction(24_006) == Fraction("6001.50") * TICKS


@pytest.mark.parametrize(("theirs", "ours"), [(2, 2), (1, 2), (0, 1), (-3, 2), (3, -2)])
def test_only_more_in_the_same_direction_is_an_increase(theirs, ours):
    assert incremental_entry(theirs, abs(theirs) * 100, ours, abs(ours) * 100) is None


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9_000), st.integers(1, 9_000))
def test_the_incremental_entry_is_the_price_that_makes_the_sums_agree(ours, more, price, added):
    theirs = ours + more
    their_sum = ours * price + more * added
    assert incremental_entry(theirs, their_sum, ours, ours * price) == added
    assert incremental_entry(-theirs, their_sum, -ours, ours * price) == added


def test_the_desk_asks_at_its_first_cut_and_then_only_when_something_happened():
    state = DeskState()
    asked = of(send(state, cut(0)), AccountAsked)
    assert asked.since_ns == s(0)
    assert kinds(send(state, account(state))) == ["BooksAgreed"]
    assert send(state, cut(1_000)) == []
    send(state, make_bracket())
    send(state, fill(ts_ns=s(1_001)))
    asked = of(send(state, cut(1_300)), AccountAsked)
    assert asked.since_ns == s(0)  # Of the last agreement.
    assert kinds(send(state, account(state, **held_there()))) == ["BooksAgreed"]
    assert send(state, cut(1_600)) == []


@pytest.mark.parametrize(("seconds", "asks"), [(9.999, 0), (10, 1), (11, 1)])
def test_timer_cuts_bring_a_question_every_10_s_even_if_nothing_happened(seconds, asks):
    state = DeskState()
    send(state, cut(0))
    send(state, account(state))
    assert kinds(send(state, cut(seconds, CutReason.TIMER))) == ["AccountAsked"] * asks


def test_a_question_without_an_answer_is_put_again():
    state = DeskState()
    first = of(send(state, cut(0)), AccountAsked)
    assert send(state, cut(9.999)) == []
    second = of(send(state, cut(10)), AccountAsked)
    assert first.request_id != second.request_id
    assert send(state, account(state, request_id=first.request_id)) == []
    assert kinds(send(state, account(state))) == ["BooksAgreed"]


def test_one_difference_is_asked_about_and_the_same_again_closes_the_fence():
    state = desk(fill())
    facts = compare(state, 10, **held_there(2, 46_130))
    assert kinds(facts) == ["BooksDiffer", "StatusAsked"]
    differ = of(facts, BooksDiffer)
    assert (differ.ours, differ.theirs, differ.contract) == (1, 2, CONTRACT)
    assert "+1 from 23069.00 ticks" in differ.detail
    assert send(state, cut(19)) == []  # What differs gets its time.
    facts = compare(state, 20, **held_there(2, 46_130))
    assert of(facts, FenceClosed).cause is FenceCause.MISMATCH
    assert "the broker holds +2, the desk +1" in of(facts, FenceClosed).detail
    # Recorded once, however often it is found again.
    assert "FenceClosed" not in kinds(compare(state, 30, **held_there(2, 46_130)))


def test_a_difference_that_is_gone_at_the_next_comparison_closes_nothing():
    state = desk(fill())
    compare(state, 10)
    assert kinds(compare(state, 20, **held_there())) == ["BooksAgreed"]
    assert kinds(compare(state, 30)) == []
    assert state.fence == {}


def test_the_sign_counts():
    state = desk(fill())
    differ = of(compare(state, 10, **held_there(-1)), BooksDiffer)
    assert (differ.ours, differ.theirs) == (1, -1)


def test_a_broker_that_is_flat_tells_the_missing_executions_and_no_trade_is_invented():
    state = desk(fill())
    facts = compare(state, 10, exec_ids=("exec-entry", "exec-stop"))
    assert kinds(facts) == ["BooksDiffer", "BooksDiffer", "BooksDiffer", "StatusAsked"]
    assert held(state) == {CONTRACT: 1}  # Nothing is over before its execution is here.
    answer = status(state, filled=1, ts_ns=s(11))
    facts = send(state, fill(), fill(Leg.STOP, 23_045), answer)
    assert kinds(facts) == ["PositionClosed"]
    closed = of(facts, PositionClosed)
    assert (closed.exit_sum, closed.reason) == (23_045, "stop")
    assert kinds(compare(state, 20)) == ["BooksAgreed"]
    assert state.fence == {}


def test_a_round_trip_that_was_lost_whole_is_found_by_its_executions():
    state = desk(accepted())
    facts = compare(state, 10, exec_ids=("a", "b"))
    assert [fact.detail for fact in facts if isinstance(fact, BooksDiffer)] == [
        "bracket bracket-1: the entry does not work at the broker", "executions not told: a, b",
    ]  # fmt: skip
    assert of(facts, StatusAsked).client_id == CLIENT
    assert state.brackets[CLIENT].entry is Order.UNSURE


def test_a_bracket_that_was_given_up_and_traded_unheard_is_found_by_its_executions():
    state = desk()
    due(state, 10)
    send(state, status(state, known=False, ts_ns=s(10)), link(False, 11))
    assert kinds(due(state, 20)) == ["BracketEnded"]
    send(state, link(True, 21))
    asked = of(send(state, account(state, exec_ids=("exec-entry", "exec-stop"))), StatusAsked)
    assert asked.client_id == CLIENT
    answer = status(state, filled=1, ts_ns=s(23))
    facts = send(state, accepted(), fill(), fill(Leg.STOP, 23_045), cancelled(Leg.TARGET), answer)
    assert of(facts, PositionClosed).pnl_cents == -16 * 1250 - 124
    assert kinds(compare(state, 40)) == ["BooksAgreed", "FenceOpened"]


def test_at_the_start_what_is_foreign_closes_the_fence_at_once():
    for there in (held_there(2), {"order_ids": ("x",), "order_legs": ("entry",),
                                  "order_quantities": (1,)}):  # fmt: skip
        state = DeskState()
        closed = of(compare(state, 0, **there), FenceClosed)
        assert closed.cause is FenceCause.FOREIGN
        assert of(send(state, make_bracket()), BracketEnded).reason.endswith("foreign")


def test_a_stop_that_does_not_work_is_found_twice_and_the_position_left_after_its_bound():
    state = desk(fill())
    naked = held_there(stop=0)
    assert "the stop works for 0 of 1" in of(compare(state, 10, **naked), BooksDiffer).detail
    assert state.brackets[CLIENT].naked_ns is None
    compare(state, 20, **naked)
    assert state.brackets[CLIENT].naked_ns == s(20)
    assert due(state, 24.999) == []
    assert of(due(state, 25), FlattenSubmitted).contract == CONTRACT


def test_a_stop_that_works_for_less_than_is_held_differs_and_one_that_is_back_protects():
    state = desk(quantity=2)
    send(state, fill(quantity=2))
    assert "for 1 of 2" in of(compare(state, 10, **held_there(2, stop=1)), BooksDiffer).detail
    compare(state, 20, **held_there(2, stop=1))
    assert state.brackets[CLIENT].naked_ns == s(20)
    send(state, modified(23_045, ts_ns=s(21)), status(state, filled=2, held=2))
    assert state.brackets[CLIENT].naked_ns is None
    assert due(state, 1_000) == []


def test_an_order_of_a_bracket_that_is_over_is_a_difference():
    state = desk(fill(), fill(Leg.TARGET, 23_085))
    stray = {"order_ids": (CLIENT,), "order_legs": ("stop",), "order_quantities": (1,)}
    assert "is not ours" in of(compare(state, 10, **stray), BooksDiffer).detail
    assert kinds(compare(state, 20, **stray)) == ["BooksDiffer", "FenceClosed"]


def test_an_entry_at_work_agrees_and_a_flatten_at_work_is_no_difference():
    state = desk(accepted())
    works = {"order_ids": (CLIENT, "f"), "order_legs": ("entry", "flatten"),
             "order_quantities": (1, 0)}  # fmt: skip
    assert kinds(compare(state, 10, **works)) == ["BooksAgreed"]


def test_an_entry_on_its_way_need_not_be_listed():
    assert kinds(compare(desk(), 5)) == ["BooksAgreed"]


def test_brackets_of_one_contract_are_netted_as_the_account_nets_them():
    state = desk(fill())
    send(state, make_bracket(bracket_id="bracket-2", direction=Direction.SHORT, quantity=2))
    other = next(key for key in state.open if key != CLIENT)
    send(state, fill(client_id=other, direction=Direction.SHORT, quantity=2, exec_id="b"))
    assert held(state) == {CONTRACT: -1}
    works = {
        "contracts": (CONTRACT,), "quantities": (-1,), "entry_sums": (23_061,),
        "order_ids": (CLIENT, other), "order_legs": ("stop", "stop"), "order_quantities": (1, 2),
    }  # fmt: skip
    assert kinds(compare(state, 10, **works)) == ["BooksAgreed"]


def sync(state, quantity, entry_sum):
    """Believe the broker, as a person tells it."""
    facts = adopt(state, CONTRACT, quantity, entry_sum, s(50), "me", "it is so")
    for fact in facts:
        apply(state, fact)
    return facts


def test_what_a_person_adopts_is_held_and_left_by_a_flatten():
    state = DeskState()
    compare(state, 0, **held_there(-2, 46_000))
    (adopted,) = sync(state, -2, 46_000)
    assert (adopted.who, adopted.reason) == ("me", "it is so")
    assert held(state) == {CONTRACT: -2}
    assert kinds(compare(state, 60, **held_there(-2, 46_000, stop=0))) == ["BooksAgreed"]
    flattened = of(send(state, flatten()), FlattenSubmitted)
    short = {"direction": Direction.SHORT, "client_id": flattened.client_id}
    send(state, fill(Leg.FLATTEN, exec_id="a", **short))
    assert held(state) == {CONTRACT: -1} and state.leaving
    send(state, fill(Leg.FLATTEN, exec_id="b", **short))
    assert held(state) == {} and state.leaving == state.adopted == {}


def test_only_what_is_beyond_our_brackets_is_adopted():
    state = desk(fill())
    sync(state, 3, 69_200)
    assert held(state) == {CONTRACT: 3}
    assert state.adopted == {CONTRACT: (2, 69_200 - 23_061)}
    send(state, fill(Leg.STOP, 23_045))
    assert held(state) == {CONTRACT: 2}


def test_where_the_broker_is_flat_our_brackets_are_over_until_their_executions_come():
    state = desk(fill())
    assert [type(fact) for fact in sync(state, 0, 0)] == [BracketEnded, PositionAdopted]
    assert held(state) == {} and state.open == {}
    late = of(send(state, fill(Leg.STOP, 23_045)), PositionClosed)
    assert late.pnl_cents == -16 * 1250 - 124
    assert held(state) == {}


def test_a_person_believes_a_report_where_it_differs_and_nowhere_else():
    state = desk(fill())
    send(state, cut(10))
    there = {"contracts": (CONTRACT, "ESH6"), "quantities": (1, 2), "entry_sums": (23_061, 46_000)}
    (adopted,) = believe(state, account(state, **there), s(50), "me", "it is so")
    assert (adopted.contract, adopted.quantity, adopted.entry_sum) == ("ESH6", 2, 46_000)
    assert [type(fact) for fact in believe(state, account(state), s(50), "me", "flat")] == [
        BracketEnded, PositionAdopted,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("quantity", "entry_sum", "who", "reason"),
    [(1, 0, "me", "x"), (0, 5, "me", "x"), (1, -5, "me", "x"), (1, 5, "", "x"), (1, 5, "me", "")],
)
def test_an_adoption_that_says_half_is_refused(quantity, entry_sum, who, reason):
    with pytest.raises(ValueError, match="wanted both words"):
        adopt(DeskState(), CONTRACT, quantity, entry_sum, s(1), who, reason)


def test_a_cancelled_rest_is_no_difference():
    state = desk(accepted(), quantity=2)
    send(state, fill(quantity=1), cancelled(left=1))
    assert kinds(compare(state, 10, **held_there())) == ["BooksAgreed"]
