"""The paper exchange: stops that move by themselves (7.5), and requests to change and cancel."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.orders.book import ExchangeState
from protocol.orders import Leg, StopCause
from protocol.paper import RequestTaken
from protocol.patterns import Direction
from protocol.reports import OrderCancelled, OrderFilled, OrderModified, OrderRejected
from tests.actors.core.orders.paper_market import (
    PARTIAL,
    brief,
    cancel,
    held,
    limit,
    modify,
    ms,
    order,
    run,
    wait,
)
from tests.makers import make_submitted

TOUCH_IN_PARTS = dataclasses.replace(PARTIAL, target_fill="touch")


# Break-even and trailing (7.5).


def test_t7_5_break_even_moves_the_stop_and_is_left_a_tick_worse():
    """LONG 100.00, trigger 8, offset 1: 102.00 moves the stop to 100.25, left at 100.00."""
    state = ExchangeState()
    order(state, make_submitted(breakeven_ticks=8, breakeven_offset_ticks=1))
    run(state, [(100, 399)])  # Filled at 400, which is 100.00.
    assert run(state, [(110, 407)]) == []
    (moved,) = run(state, [(120, 408)])
    assert (moved.price, moved.cause, moved.request_id) == (401, StopCause.BREAKEVEN, "")
    assert brief(run(state, [(130, 401)])) == [(Leg.STOP, 400, 130)]


def test_the_stop_trails_the_best_price_and_never_goes_back():
    state = held(trail_start_ticks=8, trail_ticks=5)
    facts = run(state, [(200, 23_068), (210, 23_069), (220, 23_065), (230, 23_072)])
    assert [(f.price, f.cause) for f in facts] == [
        (23_064, StopCause.TRAIL),
        (23_067, StopCause.TRAIL),
    ]
    assert brief(run(state, [(240, 23_067)])) == [(Leg.STOP, 23_066, 240)]


def test_a_short_trails_alike():
    state = ExchangeState()
    order(state, make_submitted(direction=Direction.SHORT, trail_start_ticks=4, trail_ticks=2))
    run(state, [(100, 1000)])  # Filled at 999.
    (moved,) = run(state, [(110, 995)])
    assert moved.price == 997
    assert brief(run(state, [(120, 997)])) == [(Leg.STOP, 998, 120)]


def test_a_stop_moves_from_the_next_event_on():
    state = held(breakeven_ticks=8, breakeven_offset_ticks=7)
    facts = run(state, [(200, 23_069), (210, 23_068)])
    assert [(type(f), f.price) for f in facts] == [(OrderModified, 23_068), (OrderFilled, 23_067)]


def test_the_tighter_of_break_even_and_trail_counts():
    both = {"breakeven_ticks": 4, "breakeven_offset_ticks": 1} | {
        "trail_start_ticks": 4,
        "trail_ticks": 2,
    }
    facts = run(held(**both), [(200, 23_065)])
    assert [(f.price, f.cause) for f in facts] == [(23_063, StopCause.TRAIL)]


@given(
    steps=st.lists(st.integers(-4, 4), min_size=1, max_size=60),
    breakeven=st.integers(0, 6),
    start=st.integers(0, 6),
    trail=st.integers(1, 6),
    short=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_the_best_price_need_not_be_remembered(steps, breakeven, start, trail, short):
    """The reference keeps the best price since the entry, as 7.5 is written."""
    sign, offset = (-1 if short else 1), min(1, breakeven - 1)
    state = ExchangeState()
    terms = {"breakeven_ticks": breakeven, "breakeven_offset_ticks": offset if breakeven else 0}
    terms |= {"trail_start_ticks": start, "trail_ticks": trail}
    direction = Direction.SHORT if short else Direction.LONG
    order(state, make_submitted(direction=direction, target_ticks=500, stop_ticks=9, **terms))
    run(state, [(100, 1000)])
    entry = 1000 + sign
    stop, best, price = entry - sign * 9, 0, entry
    for number, step in enumerate(steps):
        price += sign * step
        facts = run(state, [(200 + number, price)])
        if sign * (price - stop) <= 0:
            assert [fact.leg for fact in facts] == [Leg.STOP]
            return
        best, before = max(best, sign * (price - entry)), stop
        if breakeven and best >= breakeven:
            stop = sign * max(sign * stop, sign * (entry + sign * offset))
        if start and best >= start:
            stop = sign * max(sign * stop, sign * (entry + sign * (best - trail)))
        assert [fact.price for fact in facts] == ([stop] if stop != before else [])


# Requests.


def test_a_cancel_takes_its_latency_and_a_fill_may_cross_it():
    state = ExchangeState()
    order(state, limit(1000))
    taken = order(state, cancel(100))
    assert (type(taken), taken.active_ns) == (RequestTaken, ms(150))
    entered, crossed = run(state, [(149.999_999, 999), (151, 1000)])
    assert entered.leg is Leg.ENTRY
    assert (type(crossed), crossed.request_id) == (OrderRejected, "cancel-1")
    assert crossed.reason == "too late: filled"
    assert state.positions


def test_a_cancel_in_time_ends_the_entry_by_a_trade_or_by_time_alone():
    for how in (lambda s: run(s, [(150, 900)]), lambda s: wait(s, 150)):
        state = ExchangeState()
        order(state, limit(1000))
        order(state, cancel(100))
        assert wait(state, 149.999_999) == []
        (ended,) = how(state)
        assert (type(ended), ended.request_id, ended.left) == (OrderCancelled, "cancel-1", 1)
        assert not state.entries and not state.requests


def test_a_cancel_of_the_rest_leaves_stop_and_target_with_what_was_filled():
    state = ExchangeState()
    order(state, make_submitted(quantity=3), PARTIAL)
    run(state, [(100, 1000, 1)], rule=PARTIAL)
    order(state, cancel(110))
    (ended,) = wait(state, 160)
    assert (ended.leg, ended.left) == (Leg.ENTRY, 2)
    (stop,) = run(state, [(200, 900, 9)], rule=PARTIAL)
    assert (stop.leg, stop.quantity, stop.left) == (Leg.STOP, 1, 0)


def test_two_cancels_of_one_entry_are_told_apart():
    for how in (lambda s: run(s, [(170, 1001)]), lambda s: wait(s, 170)):
        state = ExchangeState()
        order(state, limit(1000))
        order(state, cancel(100))
        order(state, cancel(101, request_id="cancel-2"))
        first, second = how(state)
        assert (type(first), first.request_id) == (OrderCancelled, "cancel-1")
        assert (type(second), second.request_id) == (OrderRejected, "cancel-2")
        assert not state.requests


def test_a_stop_and_a_target_are_moved_after_the_latency_from_the_next_event_on():
    state = held()
    order(state, modify(200, 23_055))
    order(state, modify(200, 23_070, Leg.TARGET, request_id="modify-2"))
    assert run(state, [(249, 23_050)]) == []
    stop, target = run(state, [(250, 23_060)])
    assert (stop.leg, stop.price, stop.cause) == (Leg.STOP, 23_055, StopCause.AMENDED)
    assert (target.leg, target.price, target.request_id) == (Leg.TARGET, 23_070, "modify-2")
    assert brief(run(state, [(260, 23_055)])) == [(Leg.STOP, 23_054, 260)]


@pytest.mark.parametrize(
    ("leg", "price", "fits"),
    [
        (Leg.STOP, 23_059, True),
        (Leg.STOP, 23_060, False),
        (Leg.STOP, 23_061, False),
        (Leg.TARGET, 23_061, True),
        (Leg.TARGET, 23_060, False),
        (Leg.TARGET, 23_059, False),
    ],
)
def test_a_stop_on_the_wrong_side_of_the_market_is_refused(leg, price, fits):
    state = held()
    order(state, modify(200, price, leg))
    (fact,) = run(state, [(250, 23_060)])
    assert type(fact) is (OrderModified if fits else OrderRejected)
    assert fact.request_id == "modify-1"


def test_a_person_has_the_last_word_over_the_terms_at_one_event():
    state = held(trail_start_ticks=4, trail_ticks=2)
    order(state, modify(200, 23_050))
    trailed, amended = run(state, [(250, 23_070)])
    assert (trailed.price, trailed.cause) == (23_068, StopCause.TRAIL)
    assert (amended.price, amended.cause) == (23_050, StopCause.AMENDED)
    assert state.positions["client-1"].stop_price == 23_050


def test_a_change_that_comes_too_late_is_refused():
    state = held()
    order(state, modify(200, 23_055))
    stop, refused = run(state, [(250, 23_045)])
    assert (stop.leg, refused.reason) == (Leg.STOP, "too late: filled")
    assert not state.requests


def test_a_price_that_a_person_set_outlives_a_further_part_of_the_entry():
    state = ExchangeState()
    order(state, limit(1000, quantity=2), TOUCH_IN_PARTS)
    run(state, [(100, 1000, 1)], rule=TOUCH_IN_PARTS)
    order(state, modify(101, 980), TOUCH_IN_PARTS)
    order(state, modify(101, 1030, Leg.TARGET, request_id="modify-2"), TOUCH_IN_PARTS)
    run(state, [(151, 1004, 1)], rule=TOUCH_IN_PARTS)
    (fill,) = run(state, [(160, 1000, 1)], rule=TOUCH_IN_PARTS)
    assert (fill.stop_price, fill.target_price) == (980, 1030)
    assert state.positions["client-1"].stop_cause is StopCause.AMENDED


def test_a_stop_that_was_moved_is_not_loosened_by_a_further_part():
    state = ExchangeState()
    terms = {"breakeven_ticks": 4, "breakeven_offset_ticks": -3}
    order(state, limit(1000, quantity=2, **terms), TOUCH_IN_PARTS)
    run(state, [(100, 1000, 1), (110, 1004, 1)], rule=TOUCH_IN_PARTS)
    assert state.positions["client-1"].stop_price == 997
    (fill,) = run(state, [(120, 1000, 1)], rule=TOUCH_IN_PARTS)
    assert (fill.leg, fill.stop_price, fill.target_price) == (Leg.ENTRY, 997, 1024)
    assert state.positions["client-1"].stop_cause is StopCause.BREAKEVEN
