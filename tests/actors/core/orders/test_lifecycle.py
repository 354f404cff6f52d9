"""The life of an order, pair by pair, and that a misbehaving venue reaches nothing else."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.orders.faults import FaultRates
from actors.core.orders.lifecycle import (
    ALIVE,
    IMPOSSIBLE,
    LIFECYCLE,
    Disagreement,
    Order,
    next_order,
)
from protocol.desk import Step
from protocol.fence import FenceClosed
from tests.actors.core.orders.desk_floor import Run

ENDS = {Order.FILLED, Order.CANCELLED, Order.EXPIRED, Order.REJECTED, Order.GIVEN_UP}


@pytest.mark.parametrize(("state", "step"), list(product(Order, Step)))
def test_every_pair_of_state_and_step_is_in_the_table_or_impossible_for_a_reason(state, step):
    assert ((state, step) in LIFECYCLE) is not ((state, step) in IMPOSSIBLE)
    if (state, step) in LIFECYCLE:
        assert next_order(state, step, "x") is LIFECYCLE[state, step]
    else:
        with pytest.raises(Disagreement, match=f"order x is {state} and was {step}: "):
            next_order(state, step, "x")
        assert len(IMPOSSIBLE[state, step]) > 10


def test_there_are_no_pairs_of_unknown_states_or_steps():
    assert set(LIFECYCLE) | set(IMPOSSIBLE) == set(product(Order, Step))


def test_an_order_is_alive_or_at_its_end_or_not_there_yet():
    assert ALIVE | ENDS | {Order.ABSENT} == set(Order)
    assert ALIVE & ENDS == set()


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        ((Step.ACCEPTED, Step.PART_FILLED, Step.FILLED), Order.FILLED),
        ((Step.FILLED, Step.ACCEPTED), Order.FILLED),  # The answer is overtaken by the fill.
        ((Step.REJECTED,), Order.REJECTED),
        ((Step.ACCEPTED, Step.EXPIRED), Order.EXPIRED),
        ((Step.ACCEPTED, Step.PART_FILLED, Step.CANCEL_SENT, Step.CANCELLED), Order.CANCELLED),
        # A cancel crosses the last fill.
        ((Step.ACCEPTED, Step.CANCEL_SENT, Step.CANCEL_REFUSED, Step.FILLED), Order.FILLED),
        ((Step.ACCEPTED, Step.CANCEL_SENT, Step.FILLED, Step.CANCEL_REFUSED), Order.FILLED),
        # The end overtakes a fill.
        ((Step.ACCEPTED, Step.CANCELLED, Step.PART_FILLED), Order.CANCELLED),
        # Nothing is heard: asked, not known, sent again, known.
        ((Step.ASKED, Step.NOT_FOUND, Step.SENT_AGAIN, Step.ACCEPTED), Order.WORKING),
        ((Step.ASKED, Step.FOUND), Order.WORKING),
        ((Step.ASKED, Step.NOT_FOUND, Step.GIVEN_UP), Order.GIVEN_UP),
        ((Step.ASKED, Step.NOT_FOUND, Step.GIVEN_UP, Step.ACCEPTED), Order.WORKING),
    ],
)
def test_an_entry_lives_by_the_table(steps, ends):
    state = Order.SENT
    for step in steps:
        state = next_order(state, step, "entry")
    assert state is ends


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        ((Step.PLACED, Step.PLACED, Step.MODIFIED, Step.PART_FILLED, Step.FILLED), Order.FILLED),
        ((Step.PLACED, Step.DONE), Order.CANCELLED),  # Its sibling was filled.
        ((Step.PLACED, Step.DONE, Step.CANCELLED), Order.CANCELLED),
        ((Step.PLACED, Step.FILLED, Step.PLACED), Order.WORKING),  # The entry grew again.
        ((Step.FILLED, Step.PLACED, Step.DONE), Order.CANCELLED),  # Told before its entry.
        ((Step.PLACED, Step.UNLISTED, Step.FOUND), Order.WORKING),
        ((Step.PLACED, Step.UNLISTED, Step.MODIFIED), Order.WORKING),
    ],
)
def test_a_stop_or_target_lives_by_the_same_table(steps, ends):
    state = Order.ABSENT
    for step in steps:
        state = next_order(state, step, "stop")
    assert state is ends


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.builds(
        FaultRates,
        command_lost=st.floats(0, 0.3),
        command_late=st.floats(0, 0.3),
        command_twice=st.floats(0, 0.3),
        refused=st.floats(0, 0.3),
        event_lost=st.floats(0, 0.3),
        event_late=st.floats(0, 0.3),
        event_twice=st.floats(0, 0.3),
        disconnect=st.floats(0, 0.02),
    ),
)
def test_whatever_a_venue_does_reaches_only_pairs_of_the_table(seed, rates):
    run = Run(seed, rates)
    run.play(30)
    told = [fact.detail for fact in run.journal if isinstance(fact, FenceClosed)]
    assert [detail for detail in told if detail.endswith(tuple(IMPOSSIBLE.values()))] == []
