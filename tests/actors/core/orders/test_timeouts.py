"""What the desk does because something did not happen, to the second: below, at, above."""

import pytest

from actors.core.orders.brackets import client_id
from actors.core.orders.desk_state import apply
from actors.core.orders.lifecycle import Order
from protocol.fence import FenceCause, FenceClosed
from protocol.orders import (
    BracketEnded,
    BracketSubmitted,
    CancelSubmitted,
    EntryKind,
    ExitReason,
    FlattenSubmitted,
    Leg,
    PositionClosed,
    PositionOpened,
    StatusAsked,
)
from tests.actors.core.orders.desk_told import (
    CLIENT,
    accepted,
    cancelled,
    desk,
    due,
    fill,
    flatten,
    kinds,
    of,
    rejected,
    s,
    send,
    status,
)
from tests.makers import make_bracket


def lost(times=1):
    """Return a desk whose bracket was sent `times` times and never known."""
    state, at = desk(), 0.0
    for attempt in range(times):
        at += 10
        due(state, at)
        send(state, status(state, known=False, ts_ns=s(at)))
        if attempt + 1 < times:
            at += 4
            assert of(due(state, at), BracketSubmitted).attempt == attempt + 2
    return state, at


@pytest.mark.parametrize(("seconds", "asked"), [(0, 0), (9.999, 0), (10, 1), (11, 1)])
def test_without_an_acknowledgement_the_broker_is_asked_and_nothing_is_sent_again(seconds, asked):
    facts = due(desk(), seconds)
    assert kinds(facts) == ["StatusAsked"] * asked


@pytest.mark.parametrize("answer", [accepted(), fill()])
def test_an_acknowledged_or_filled_bracket_is_not_asked_about(answer):
    assert due(desk(answer), 10_000) == []


def test_a_question_is_put_again_only_after_its_own_time_and_a_person_is_called_in_the_end():
    state = desk()
    assert kinds(due(state, 10)) == ["StatusAsked"]
    assert due(state, 19.999) == []
    assert kinds(due(state, 20)) == ["StatusAsked"]
    assert kinds(due(state, 30)) == ["StatusAsked"]
    facts = due(state, 40)
    assert kinds(facts) == ["StatusAsked", "FenceClosed"]
    assert of(facts, FenceClosed).cause is FenceCause.UNCONFIRMED
    assert kinds(due(state, 50)) == ["StatusAsked"]  # Said once; the question goes on.
    assert len({state.brackets[CLIENT].question.request_id}) == 1


def test_an_order_the_broker_knows_is_adopted_and_not_sent_again():
    state = desk()
    due(state, 10)
    send(state, accepted(), status(state, left=1, ts_ns=s(11)))
    assert state.brackets[CLIENT].entry is Order.WORKING
    assert due(state, 1_000) == []


def test_an_answer_without_its_events_is_adopted_too():
    state = desk()
    due(state, 10)
    send(state, status(state, left=1, ts_ns=s(11)))
    assert (state.brackets[CLIENT].entry, state.brackets[CLIENT].question) == (Order.WORKING, None)


def test_fills_that_were_lost_come_before_the_answer():
    state = desk()
    due(state, 10)
    answer = status(state, filled=1, held=1, ts_ns=s(11))
    assert of(send(state, fill(), answer), PositionOpened).quantity == 1
    assert state.brackets[CLIENT].question is None


def test_an_answer_that_knows_of_more_than_was_told_settles_nothing():
    state = desk()
    due(state, 10)
    assert send(state, status(state, filled=1, held=1, ts_ns=s(11))) == []
    assert state.brackets[CLIENT].entry is Order.UNSURE
    for seconds in (20, 30):
        due(state, seconds)
    assert of(send(state, status(state, filled=1, held=1)), FenceClosed).cause == "unconfirmed"
    assert kinds(send(state, fill())) == ["PositionOpened"]


def test_an_answer_to_an_older_question_says_nothing():
    state = desk()
    due(state, 10)
    older = status(state, known=False)
    due(state, 20)
    assert send(state, older) == []


def test_an_entry_that_ended_unheard_ends_by_the_answer():
    state = desk()
    due(state, 10)
    ended = of(send(state, status(state, ts_ns=s(11))), BracketEnded)
    assert (ended.rejected, state.open) == (False, {})


@pytest.mark.parametrize(("attempt", "backoff"), [(1, 0.5), (2, 1.0)])
def test_what_the_broker_does_not_know_is_sent_again_after_a_growing_pause(attempt, backoff):
    state, at = lost(attempt)
    assert due(state, at + backoff - 0.001) == []
    again = of(due(state, at + backoff), BracketSubmitted)
    assert (again.attempt, again.client_id, again.quantity) == (attempt + 1, CLIENT, 1)
    assert due(state, at + backoff + 9.999) == []  # The new attempt has its own time.
    assert kinds(due(state, at + backoff + 10)) == ["StatusAsked"]


def test_after_three_attempts_the_bracket_is_given_up_and_the_fence_closes():
    state, at = lost(3)
    facts = due(state, at + 1)
    assert kinds(facts) == ["BracketEnded", "FenceClosed"]
    assert of(facts, FenceClosed).cause is FenceCause.UNCONFIRMED
    assert not of(facts, BracketEnded).rejected
    assert state.open == {} and due(state, at + 100) == []


def test_behind_a_closed_fence_or_in_a_flatten_nothing_is_sent_again():
    for message, words in ((fill(exec_id="x", client_id="y"), "mismatch"), (flatten(), "flatten")):
        state, at = lost()
        send(state, message)
        ended = of(due(state, at + 4), BracketEnded)
        assert words in ended.reason


def test_a_limit_entry_whose_time_is_over_is_not_sent_again():
    state = desk(entry=EntryKind.LIMIT, limit_price=23_000, expires_ns=s(12))
    due(state, 10)
    send(state, status(state, known=False, ts_ns=s(11)))
    assert "expired" in of(due(state, 12), BracketEnded).reason


def test_an_order_that_lives_after_it_was_given_up_is_cancelled():
    state, at = lost(3)
    due(state, at + 1)
    assert kinds(send(state, accepted(ts_ns=s(at + 2)))) == ["CancelSubmitted"]
    assert CLIENT in state.open
    assert kinds(send(state, cancelled(ts_ns=s(at + 3)))) == ["BracketEnded"]


def test_a_fill_of_an_order_that_was_given_up_is_booked_and_left_at_once():
    state, at = lost(3)
    due(state, at + 1)
    facts = send(state, fill(ts_ns=s(at + 2)))
    assert kinds(facts) == ["PositionOpened", "FenceClosed", "FlattenSubmitted"]
    assert of(facts, FlattenSubmitted).reason is ExitReason.RECONCILED
    assert of(send(state, fill(Leg.FLATTEN, 23_050)), PositionClosed).pnl_cents < 0


@pytest.mark.parametrize(("seconds", "cancels"), [(15.999, 0), (16, 1), (17, 1)])
def test_t7_9_what_is_left_of_a_partly_filled_entry_is_given_up_after_15_s(seconds, cancels):
    state = desk(accepted(), quantity=3)
    send(state, fill(quantity=1, ts_ns=s(1)))
    assert kinds(due(state, seconds)) == ["CancelSubmitted"] * cancels


def test_a_cancel_without_an_answer_is_asked_about_and_sent_again_if_the_order_still_works():
    state = desk(accepted(), quantity=3)
    send(state, fill(quantity=1))
    first = of(due(state, 16), CancelSubmitted)
    assert due(state, 25.999) == []
    assert kinds(due(state, 26)) == ["StatusAsked"]
    send(state, status(state, filled=1, left=2, held=1, ts_ns=s(27)))
    again = of(due(state, 28), CancelSubmitted)
    assert again.request_id != first.request_id


def test_a_cancel_that_crosses_the_last_fill_is_refused_and_all_is_well():
    state = desk(accepted(), quantity=2)
    send(state, fill(quantity=1))
    request = of(due(state, 16), CancelSubmitted).request_id
    send(state, fill(exec_id="b"), rejected(request_id=request, reason="too late: filled"))
    assert state.brackets[CLIENT].entry is Order.FILLED
    assert due(state, 1_000) == []


def test_the_refusal_of_an_older_cancel_says_nothing_of_the_newer():
    state = desk(accepted(), quantity=3)
    send(state, fill(quantity=1))
    older = of(due(state, 16), CancelSubmitted).request_id
    due(state, 26)
    send(state, status(state, filled=1, left=2, held=1, ts_ns=s(27)))
    due(state, 28)
    assert send(state, rejected(request_id=older)) == []
    assert state.brackets[CLIENT].entry is Order.CANCELLING


def test_a_step_that_is_folded_again_later_changes_nothing():
    state, at = desk(), 10.0
    due(state, at)
    (step,) = send(state, status(state, known=False, ts_ns=s(at)))
    due(state, at + 1)
    assert state.brackets[CLIENT].entry is Order.SENT
    apply(state, step)
    assert state.brackets[CLIENT].entry is Order.SENT


def test_a_refused_cancel_whose_fill_does_not_come_is_asked_about():
    state = desk(accepted(), quantity=2)
    send(state, fill(quantity=1))
    request = of(due(state, 16), CancelSubmitted).request_id
    send(state, rejected(request_id=request))
    assert kinds(due(state, 17)) == ["StatusAsked"]


def test_fills_that_must_exist_and_do_not_come_are_asked_for():
    state = desk(accepted(), quantity=2)
    send(state, cancelled(left=1, ts_ns=s(20)))  # So one was filled.
    assert due(state, 29.999) == []
    assert kinds(due(state, 30)) == ["StatusAsked"]


@pytest.mark.parametrize(("seconds", "attempt"), [(64.999, None), (65, 2), (66, 2)])
def test_a_flatten_is_repeated_until_flat_and_the_position_is_kept_until_then(seconds, attempt):
    state = desk(fill(), flatten(seconds=60))
    facts = due(state, seconds)
    assert [fact.attempt for fact in facts] == ([attempt] if attempt else [])
    assert state.open and state.leaving["ESZ5"].client_id == client_id("flatten-1")
    send(state, fill(Leg.FLATTEN, 23_050))
    assert due(state, 1_000) == []


def test_a_flatten_of_an_entry_at_work_is_repeated_until_the_entry_is_gone():
    state = desk(accepted(), flatten(seconds=60))
    assert kinds(due(state, 70)) == ["FlattenSubmitted"]
    assert kinds(due(state, 75)) == ["FlattenSubmitted"]
    send(state, cancelled())
    assert due(state, 1_000) == [] and state.leaving == {}


@pytest.mark.parametrize("bare", [fill(stop_price=None), (fill(), cancelled(Leg.STOP))])
def test_a_position_without_a_working_stop_is_left_after_its_bound(bare):
    state = desk(*(bare if isinstance(bare, tuple) else (bare,)))
    assert due(state, 5.999) == []
    facts = due(state, 6)
    assert kinds(facts) == ["FenceClosed", "FlattenSubmitted"]
    assert of(facts, FlattenSubmitted).reason is ExitReason.TIMEOUT
    assert of(facts, FenceClosed).cause is FenceCause.UNCONFIRMED
    assert kinds(due(state, 11)) == ["FlattenSubmitted"]


def test_a_target_that_is_cancelled_leaves_a_position_with_its_stop():
    assert due(desk(fill(), cancelled(Leg.TARGET)), 1_000) == []


def test_a_stop_that_is_cancelled_because_the_target_was_filled_is_no_danger():
    state = desk(fill(), cancelled(Leg.STOP))  # Told before its cause.
    send(state, fill(Leg.TARGET, 23_085))
    assert due(state, 1_000) == []


def test_brackets_are_waited_for_one_by_one():
    state = desk()
    send(state, make_bracket(bracket_id="bracket-2", ts_ns=s(5)))
    assert [fact.client_id for fact in due(state, 10)] == [CLIENT]
    assert [fact.client_id for fact in due(state, 15)] == [client_id("bracket-2")]
    assert isinstance(state.brackets[CLIENT].question, StatusAsked)
