"""Executions that the venue corrects or takes back, before and after the trip is over."""

import pytest

from actors.core.orders.desk_state import held
from protocol.fence import FenceClosed
from protocol.orders import FlattenSubmitted, Leg, PositionChanged, PositionClosed
from tests.actors.core.orders.desk_told import desk, due, fill, kinds, of, s, send

TICK = 1250


def corrected(leg=Leg.ENTRY, price=23_061, **fields):
    """Return the correction of the execution of a leg."""
    return fill(leg, price, **({"exec_id": "new", "corrects": f"exec-{leg}"} | fields))


def test_an_entry_at_another_price_changes_the_position_and_what_it_earns():
    state = desk(fill())
    changed = of(send(state, corrected(price=23_063, commission_cents=70)), PositionChanged)
    assert (changed.quantity, changed.entry_sum, changed.exec_id) == (1, 23_063, "new")
    closed = of(send(state, fill(Leg.TARGET, 23_085)), PositionClosed)
    assert (closed.entry_sum, closed.pnl_cents) == (23_063, 22 * TICK - 132)


def test_a_correction_that_comes_again_or_is_overtaken_by_its_original_changes_nothing():
    state = desk(fill())
    send(state, corrected(price=23_063))
    assert send(state, corrected(price=23_063)) == send(state, fill()) == []


def test_a_correction_can_be_corrected():
    state = desk(fill())
    send(state, corrected(price=23_063))
    again = corrected(price=23_064, exec_id="newer", corrects="new")
    assert of(send(state, again), PositionChanged).entry_sum == 23_064
    assert list(state.brackets.values())[0].trip.entered == 1


def test_a_correction_that_comes_before_its_original_counts_in_its_place():
    state = desk()
    assert kinds(send(state, corrected(price=23_063))) == ["PositionOpened"]
    assert send(state, fill()) == []
    assert held(state) == {"ESZ5": 1}


def test_an_execution_that_was_taken_back_before_it_was_told_never_counts():
    state = desk()
    assert kinds(send(state, corrected(quantity=0))) == []
    assert send(state, fill()) == [] and held(state) == {}


def test_a_corrected_trip_that_is_over_is_told_again_with_its_new_figures():
    state = desk(fill(), fill(Leg.STOP, 23_045, ts_ns=s(9)))
    facts = send(state, corrected(Leg.STOP, 23_046, ts_ns=s(99)))
    assert kinds(facts) == ["PositionClosed"]
    closed = of(facts, PositionClosed)
    assert (closed.pnl_cents, closed.ts_ns, closed.bracket_id) == (
        -15 * TICK - 124, s(9), "bracket-1",
    )  # fmt: skip
    assert state.open == {}


@pytest.mark.parametrize("exit_first", [True, False])
def test_first_in_first_out_holds_after_a_correction_of_the_first(exit_first):
    state = desk(quantity=2)
    for id, price in (("a", 23_061), ("b", 23_071)):
        send(state, fill(price=price, exec_id=id))
    messages = [fill(Leg.TARGET, 23_090), corrected(price=23_062, exec_id="c", corrects="a")]
    for message in messages if exit_first else messages[::-1]:
        changed = of(send(state, message), PositionChanged)
    assert (changed.entry_sum, changed.realised_cents) == (23_071, 28 * TICK - 186)


def test_an_exit_that_is_taken_back_is_held_again_without_a_stop_and_left():
    state = desk(fill(), fill(Leg.STOP, 23_045))
    facts = send(state, corrected(Leg.STOP, 23_045, quantity=0, ts_ns=s(50)))
    assert kinds(facts) == ["PositionChanged", "FenceClosed"]
    assert of(facts, PositionChanged).quantity == 1
    assert held(state) == {"ESZ5": 1}
    assert due(state, 54.999) == []
    left = due(state, 55)
    assert of(left, FlattenSubmitted).contract == "ESZ5"
    closed = of(send(state, fill(Leg.FLATTEN, 23_050)), PositionClosed)
    assert closed.pnl_cents == -11 * TICK - 124


def test_an_entry_that_is_taken_back_while_it_is_held_leaves_nothing():
    state = desk(fill())
    closed = of(send(state, corrected(quantity=0)), PositionClosed)
    assert (closed.quantity, closed.pnl_cents, closed.reason) == (0, 0, "reconciled")
    assert held(state) == {} and state.open == {}


def test_an_entry_that_is_taken_back_after_its_exit_leaves_the_other_side_for_a_person():
    state = desk(fill(), fill(Leg.STOP, 23_045))
    facts = send(state, corrected(quantity=0))
    assert kinds(facts) == ["FenceClosed"]
    assert "0 entered and 1 left" in of(facts, FenceClosed).detail
    assert held(state) == {"ESZ5": -1}
