"""The order desk: its lifecycle pair by pair, repeats, and what round trips earn."""

import dataclasses
from itertools import product

import pytest

from actors.core.orders.desk import (
    LIFECYCLE,
    DeskState,
    Disagreement,
    Event,
    Phase,
    apply,
    client_id,
    decide,
    next_phase,
)
from actors.core.orders.money import TickValue
from protocol.orders import (
    BracketEnded,
    BracketSubmitted,
    ExitReason,
    FlattenOrdered,
    FlattenSubmitted,
    Leg,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionClosed,
    PositionOpened,
)
from protocol.patterns import Direction
from tests.makers import CONTRACT, at, make_bracket

MES = TickValue(125, 1)
CLIENT = client_id("bracket-1")


def send(state, message, tick=MES):
    """Decide and fold, as shell and journal do."""
    facts = decide(state, message, tick)
    for fact in facts:
        apply(state, fact)
    return facts


def fill(leg=Leg.ENTRY, price=23_061, **fields):
    values = {
        "exec_id": f"exec-{leg}",
        "client_id": CLIENT,
        "contract": CONTRACT,
        "ts_ns": at("10:05:01"),
        "leg": leg,
        "direction": Direction.LONG,
        "quantity": 1,
        "price": price,
        "commission_cents": 62,
        "stop_price": price - 16 if leg is Leg.ENTRY else None,
        "target_price": price + 24 if leg is Leg.ENTRY else None,
    }
    return OrderFilled(**(values | fields))


def accepted(client=CLIENT):
    return OrderAccepted(
        client_id=client, contract=CONTRACT, ts_ns=at("10:05"), leg=Leg.ENTRY,
        direction=Direction.LONG, quantity=1, stop_ticks=16, target_ticks=24,
        active_ns=at("10:05"), reason=None,
    )


def rejected(client=CLIENT):
    return OrderRejected(client_id=client, contract=CONTRACT, ts_ns=at("10:05"), reason="no")


def cancelled(leg=Leg.ENTRY):
    return OrderCancelled(
        client_id=CLIENT, contract=CONTRACT, ts_ns=at("10:05"), leg=leg, reason="flattened"
    )


def flatten(flatten_id="flatten-1", reason=ExitReason.AUTO_FLATTEN):
    return FlattenOrdered(
        flatten_id=flatten_id, contract=CONTRACT, ts_ns=at("15:55"), reason=reason
    )


def opened_desk(**fields):
    state = DeskState()
    send(state, make_bracket(**fields))
    send(state, fill(**fields))
    return state


@pytest.mark.parametrize(("phase", "event"), list(product(Phase, Event)))
def test_every_pair_of_phase_and_event_is_in_the_table_or_raises(phase, event):
    wanted = {
        (Phase.SUBMITTED, Event.ACCEPTED): Phase.SUBMITTED,
        (Phase.SUBMITTED, Event.REJECTED): Phase.ENDED,
        (Phase.SUBMITTED, Event.CANCELLED): Phase.ENDED,
        (Phase.SUBMITTED, Event.ENTRY_FILLED): Phase.OPEN,
        (Phase.OPEN, Event.EXIT_FILLED): Phase.CLOSED,
        (Phase.OPEN, Event.ACCEPTED): Phase.OPEN,
        (Phase.CLOSED, Event.ACCEPTED): Phase.CLOSED,
        (Phase.ENDED, Event.ACCEPTED): Phase.ENDED,
        (Phase.ENDED, Event.REJECTED): Phase.ENDED,
        (Phase.ENDED, Event.CANCELLED): Phase.ENDED,
    }
    if (phase, event) in wanted:
        assert next_phase(phase, event, "order") is wanted[phase, event]
    else:
        with pytest.raises(Disagreement, match="wanted one of"):
            next_phase(phase, event, "order")
    assert wanted == LIFECYCLE


def test_an_approved_bracket_is_submitted_once_under_an_id_of_its_own():
    state = DeskState()
    (submitted,) = send(state, make_bracket())
    assert isinstance(submitted, BracketSubmitted)
    assert (submitted.client_id, submitted.stop_ticks, submitted.target_ticks) == (CLIENT, 16, 24)
    assert send(state, make_bracket()) == []
    assert client_id("bracket-2") != CLIENT


def test_an_approval_that_comes_again_after_the_round_trip_is_not_submitted():
    state = opened_desk()
    send(state, fill(Leg.TARGET, 23_085))
    assert send(state, make_bracket()) == []


def test_an_entry_fill_opens_a_position_with_its_stop_and_target():
    state = DeskState()
    send(state, make_bracket())
    assert send(state, accepted()) == []
    (opened,) = send(state, fill())
    assert isinstance(opened, PositionOpened)
    assert (opened.entry_price, opened.stop_price, opened.target_price) == (23_061, 23_045, 23_085)
    assert send(state, fill()) == []
    assert send(state, accepted()) == []


def test_an_entry_without_its_stop_at_the_broker_raises():
    state = DeskState()
    send(state, make_bracket())
    with pytest.raises(Disagreement, match="without stop"):
        send(state, fill(stop_price=None))


@pytest.mark.parametrize(
    ("leg", "price", "reason", "pnl"),
    [
        (Leg.TARGET, 23_085, ExitReason.TARGET, 2876),  # T7.3 Ex-1.
        (Leg.STOP, 23_042, ExitReason.STOP, -2499),  # T7.3 Ex-2.
        (Leg.STOP, 23_044, ExitReason.STOP, -2249),  # T7.3 Ex-3.
        (Leg.STOP, 23_061, ExitReason.STOP, -124),
    ],
)
def test_a_round_trip_is_worth_its_ticks_less_both_commissions(leg, price, reason, pnl):
    (closed,) = send(opened_desk(), fill(leg, price))
    assert isinstance(closed, PositionClosed)
    assert (closed.pnl_cents, closed.commission_cents, closed.reason) == (pnl, 124, reason)


def test_a_short_earns_when_the_price_falls():
    state = opened_desk(direction=Direction.SHORT)
    (closed,) = send(state, fill(Leg.TARGET, 23_037, direction=Direction.SHORT))
    assert closed.pnl_cents == 2876


def test_a_tick_worth_a_fraction_of_a_cent_is_rounded_once():
    state = opened_desk()
    (closed,) = send(state, fill(Leg.STOP, 23_062), tick=TickValue(3125, 2))
    assert closed.pnl_cents == 1563 - 124


def test_fills_that_come_again_do_nothing():
    state = opened_desk()
    exit_fill = fill(Leg.STOP, 23_044)
    send(state, exit_fill)
    assert send(state, exit_fill) == send(state, fill()) == []


def test_a_second_exit_of_the_same_position_raises():
    state = opened_desk()
    send(state, fill(Leg.STOP, 23_044))
    with pytest.raises(Disagreement):
        send(state, fill(Leg.TARGET, 23_085))


def test_an_exit_before_the_entry_raises():
    state = DeskState()
    send(state, make_bracket())
    with pytest.raises(Disagreement):
        send(state, fill(Leg.STOP, 23_044))


def test_an_exit_of_another_size_raises():
    with pytest.raises(Disagreement, match="the whole"):
        send(opened_desk(), fill(Leg.STOP, 23_044, quantity=2))


@pytest.mark.parametrize(
    ("message", "words"), [(rejected(), "rejected: no"), (cancelled(), "cancelled: flattened")]
)
def test_a_bracket_that_the_broker_does_not_take_ends_without_a_position(message, words):
    state = DeskState()
    send(state, make_bracket())
    (ended,) = send(state, message)
    assert isinstance(ended, BracketEnded)
    assert (ended.bracket_id, ended.reason) == ("bracket-1", words)
    assert send(state, message) == []


def test_a_stop_that_is_cancelled_while_the_position_is_open_raises():
    with pytest.raises(Disagreement):
        send(opened_desk(), cancelled(Leg.STOP))


def test_the_other_half_of_a_bracket_that_is_over_may_be_cancelled():
    state = opened_desk()
    send(state, fill(Leg.TARGET, 23_085))
    assert send(state, cancelled(Leg.STOP)) == []


@pytest.mark.parametrize("message", [accepted("x"), rejected("x"), fill(client_id="x")])
def test_an_order_nobody_submitted_raises(message):
    with pytest.raises(Disagreement, match="never submitted"):
        send(DeskState(), message)


def test_a_flatten_goes_out_once_and_only_if_there_is_something():
    state = DeskState()
    assert send(state, flatten()) == []
    send(state, make_bracket())
    (submitted,) = send(state, flatten())
    assert isinstance(submitted, FlattenSubmitted)
    assert submitted.client_id == client_id("flatten-1")
    assert send(state, flatten()) == []
    assert send(state, accepted(submitted.client_id)) == []
    assert send(state, rejected(submitted.client_id)) == []


def test_a_flatten_of_another_contract_does_not_touch_this_one():
    state = opened_desk()
    assert send(state, dataclasses.replace(flatten(), contract="ESH6")) == []


@pytest.mark.parametrize("reason", [ExitReason.AUTO_FLATTEN, ExitReason.HALT_FLATTEN])
def test_a_flattened_position_says_why(reason):
    state = opened_desk()
    send(state, flatten(reason=reason))
    (closed,) = send(state, fill(Leg.FLATTEN, 23_050))
    assert (closed.reason, closed.pnl_cents) == (reason, -11 * 125 - 124)
    assert send(state, flatten("flatten-2")) == []


def test_a_stop_hit_during_a_flatten_is_a_stop_and_ends_the_flatten():
    state = opened_desk()
    send(state, flatten())
    (closed,) = send(state, fill(Leg.STOP, 23_044))
    assert closed.reason is ExitReason.STOP
    assert state.leaving == {} and state.open == {}


def test_a_flatten_fill_that_nobody_ordered_raises():
    with pytest.raises(Disagreement, match="no flatten"):
        send(opened_desk(), fill(Leg.FLATTEN, 23_050))


def test_the_state_is_the_fold_of_the_facts_and_repeats_change_nothing():
    state, journal = DeskState(), []
    history = [
        make_bracket(), accepted(), fill(), flatten(), fill(Leg.FLATTEN, 23_050),
        make_bracket(bracket_id="bracket-2"), rejected(client_id("bracket-2")),
        make_bracket(bracket_id="bracket-3"),
    ]
    for message in history:
        journal += send(state, message)
    assert len(journal) == 7
    again = DeskState()
    for fact in journal + journal[::-1]:
        apply(again, fact)
    assert again == state
    # Everything sent again to the recovered desk yields nothing.
    assert [fact for message in history for fact in send(again, message)] == []


def test_deciding_changes_nothing():
    state = DeskState()
    assert decide(state, make_bracket(), MES) == decide(state, make_bracket(), MES)
    assert state == DeskState()
