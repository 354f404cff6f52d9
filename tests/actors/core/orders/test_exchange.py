"""The paper exchange: the examples of domain 7.3 and 7.5, its edges, and a slow twin."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import Trades
from actors.core.orders.answers import answer
from actors.core.orders.book import ExchangeState, apply
from actors.core.orders.exchange import elapse, execute, seen
from actors.core.orders.fills import PaperRule
from actors.core.orders.money import SIGN, TickValue, result_cents
from protocol.orders import EntryKind, Leg, StopCause
from protocol.paper import LimitRested, QueueAdvanced, RequestTaken
from protocol.patterns import Direction
from protocol.reports import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
)
from protocol.units import NANOS_PER_MS
from tests.actors.core.orders.paper_market import (
    PARTIAL,
    QUEUE,
    RULE,
    T0,
    TOUCH,
    brief,
    but_rests,
    cancel,
    held,
    limit,
    modify,
    ms,
    order,
    run,
    wait,
)
from tests.actors.core.orders.slow_exchange import SlowExchange
from tests.makers import CONTRACT, make_flatten, make_submitted, make_trades

TOUCH_IN_PARTS = dataclasses.replace(PARTIAL, target_fill="touch")


def test_an_idle_exchange_does_nothing():
    state = ExchangeState()
    assert run(state, [(100, 1)]) == []
    assert state == ExchangeState(last_ns=T0 + 100 * NANOS_PER_MS)
    assert execute(state, make_trades(), RULE) == []


def test_t7_3_ex_1_a_long_leaves_when_the_market_trades_through_its_target():
    """T7.3 Ex-1, in quarter points: 5765.25 is 23061."""
    state = held()
    (position,) = state.positions.values()
    assert (position.stop_price, position.target_price) == (23_045, 23_085)
    assert run(state, [(200, 23_085)]) == []
    (fill,) = run(state, [(300, 23_086)])
    assert (fill.leg, fill.price, fill.commission_cents) == (Leg.TARGET, 23_085, 62)
    assert state.positions == {}


def test_t7_3_ex_2_a_gap_through_the_stop_fills_at_the_gap():
    """T7.3 Ex-2."""
    assert brief(run(held(), [(200, 23_046), (300, 23_043)])) == [(Leg.STOP, 23_042, 300)]


def test_t7_3_ex_3_a_stop_that_is_touched_fills_one_tick_worse():
    """T7.3 Ex-3."""
    assert brief(run(held(), [(200, 23_045)])) == [(Leg.STOP, 23_044, 200)]


def test_t7_3_ex_4_an_entry_never_fills_at_the_price_of_its_pattern():
    """T7.3 Ex-4: level 5762.75, next ask 5764.00."""
    state = ExchangeState()
    order(state, make_submitted())
    (fill,) = run(state, [(100, 23_056)], [(23_055, 23_056)])
    assert fill.price == 23_057


@pytest.mark.parametrize(
    ("after", "ticks", "cents"),
    [((23_085, 23_086), 24, 2_876), ((23_046, 23_043), -19, -2_499), ((23_045,), -17, -2_249)],
)
def test_t7_3_the_examples_come_to_these_cents_in_mes(after, ticks, cents):
    state, mes = ExchangeState(), TickValue(125, 1)
    order(state, make_submitted())
    (entry,) = run(state, [(100, 23_060)], [(23_059, 23_060)])
    (leave,) = run(state, [(200 + n, price) for n, price in enumerate(after)])
    assert leave.price - entry.price == ticks
    commission = entry.commission_cents + leave.commission_cents
    assert result_cents(ticks, 1, mes) - commission == cents


def test_shorts_mirror_longs():
    state = ExchangeState()
    order(state, make_submitted(direction=Direction.SHORT))
    (entry,) = run(state, [(100, 1000)], [(1000, 1001)])
    assert (entry.price, entry.stop_price, entry.target_price) == (999, 1015, 975)
    assert run(state, [(200, 975)]) == []
    assert brief(run(state, [(300, 974)])) == [(Leg.TARGET, 975, 300)]
    state = ExchangeState()
    order(state, make_submitted(direction=Direction.SHORT))
    run(state, [(100, 1000)])
    assert brief(run(state, [(200, 1018)])) == [(Leg.STOP, 1019, 200)]


def test_a_touch_fills_the_target_only_where_the_rule_says_so():
    assert run(held(), [(200, 23_085)]) == []
    assert brief(run(held(), [(200, 23_085)], rule=TOUCH)) == [(Leg.TARGET, 23_085, 200)]
    assert run(held(), [(200, 23_084)], rule=TOUCH) == []


def test_nothing_fills_before_the_activation():
    state = ExchangeState()
    accepted = order(state, make_submitted())
    assert accepted.active_ns == T0 + 50 * NANOS_PER_MS
    assert run(state, [(0, 1000), (49.999_999, 1000)]) == []
    assert brief(run(state, [(50, 1000)])) == [(Leg.ENTRY, 1001, 50)]


def test_without_latency_the_event_that_made_the_order_cannot_fill_it():
    state, rule = ExchangeState(), dataclasses.replace(RULE, latency_ns=0)
    order(state, make_submitted(), rule)
    assert run(state, [(0, 1000)], rule=rule) == []
    assert brief(run(state, [(0.000_001, 1000)], rule=rule)) == [(Leg.ENTRY, 1001, 0)]


def test_an_order_that_arrives_late_is_not_filled_in_the_past():
    state = ExchangeState()
    run(state, [(400, 990)])
    assert order(state, make_submitted()).active_ns == T0 + 400 * NANOS_PER_MS + 1
    assert run(state, [(400, 990)]) == []
    assert brief(run(state, [(401, 1000)])) == [(Leg.ENTRY, 1001, 401)]


def test_trades_of_the_same_nanosecond_as_the_entry_cannot_end_it():
    state = ExchangeState()
    order(state, make_submitted())
    facts = run(state, [(100, 1000), (100, 900), (101, 960)])
    assert brief(facts) == [(Leg.ENTRY, 1001, 100), (Leg.STOP, 959, 101)]


@pytest.mark.parametrize(
    ("quote", "price", "wanted"),
    [
        ((999, 1001), 1000, 1002),
        ((999, 1000), 1003, 1004),  # The touch is gone: the trade shows it.
        ((1001, 1001), 1000, 1001),  # Locked: no valid quote.
        ((0, 0), 1000, 1001),
    ],
)
def test_a_market_buy_pays_the_worse_of_ask_and_trade(quote, price, wanted):
    state = ExchangeState()
    order(state, make_submitted())
    assert run(state, [(100, price)], [quote])[0].price == wanted


def test_a_command_that_comes_again_is_answered_once():
    state = ExchangeState()
    assert isinstance(order(state, make_submitted()), OrderAccepted)
    assert order(state, make_submitted()) is None
    run(state, [(100, 1000), (200, 900)])
    assert order(state, make_submitted()) is None
    assert isinstance(order(state, make_submitted(client_id="bad", quantity=0)), OrderRejected)
    assert order(state, make_submitted(client_id="bad", quantity=0)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"contract": "ESH6"},
        {"direction": Direction.NONE},
        {"quantity": 0},
        {"stop_ticks": 0},
        {"target_ticks": 0},
    ],
)
def test_a_bracket_that_makes_no_sense_is_rejected(fields):
    state = ExchangeState()
    assert isinstance(order(state, make_submitted(**fields)), OrderRejected)
    assert run(state, [(100, 1000)]) == []


def test_a_flatten_leaves_a_position_at_the_market_after_its_latency():
    state = held()
    order(state, make_flatten(ts_ns=T0 + 200 * NANOS_PER_MS))
    assert run(state, [(249, 23_060)]) == []
    facts = run(state, [(250, 23_060)], [(23_059, 23_060)])
    assert brief(facts) == [(Leg.FLATTEN, 23_058, 250)]
    assert facts[0].client_id == "client-1"
    assert not state.positions and not state.flattens


def test_a_stop_that_is_hit_on_the_way_out_is_a_stop():
    state = held()
    order(state, make_flatten(ts_ns=T0 + 200 * NANOS_PER_MS))
    assert brief(run(state, [(250, 23_040)])) == [(Leg.STOP, 23_039, 250)]
    assert not state.flattens


def test_a_flatten_cancels_an_entry_that_is_not_filled_yet():
    state = ExchangeState()
    order(state, make_submitted())
    order(state, make_flatten(ts_ns=T0 + 10))
    facts = run(state, [(51, 1000), (60, 1000)])
    assert [(type(fact), fact.leg) for fact in facts] == [(OrderCancelled, Leg.ENTRY)]
    assert not state.entries and not state.flattens


def test_an_entry_filled_before_the_flatten_is_active_is_flattened_after():
    state = ExchangeState()
    order(state, make_submitted())
    order(state, make_flatten(ts_ns=T0 + 10 * NANOS_PER_MS))
    facts = run(state, [(55, 1000), (60, 1000), (61, 1000)])
    assert brief(facts) == [(Leg.ENTRY, 1001, 55), (Leg.FLATTEN, 999, 60)]


def test_there_is_nothing_to_flatten_when_flat_and_no_entry_while_flattening():
    state = ExchangeState()
    assert order(state, make_flatten()).reason == "nothing to flatten"
    state = held()
    order(state, make_flatten(client_id="flatten-2", ts_ns=T0 + 200 * NANOS_PER_MS))
    late = make_submitted(client_id="client-2", ts_ns=T0 + 201 * NANOS_PER_MS)
    assert order(state, late).reason == "a flatten is at work"


def test_a_time_that_falls_counts_as_the_latest_before_it():
    state = ExchangeState()
    order(state, make_submitted())
    facts = run(state, [(40, 1000), (60, 1000), (20, 900)])
    assert brief(facts) == [(Leg.ENTRY, 1001, 60)]
    assert run(state, [(30, 900)]) == []
    assert brief(run(state, [(61, 900)])) == [(Leg.STOP, 899, 61)]


def test_a_time_that_falls_between_batches_counts_alike():
    whole, parts = held(), held()
    rows = [(200, 23_060), (90, 23_040)]
    wanted = [(Leg.STOP, 23_039, 200)]
    assert brief(run(whole, rows)) == wanted
    assert brief([fact for row in rows for fact in run(parts, [row])]) == wanted


def test_the_state_is_the_fold_of_the_facts():
    state, journal = ExchangeState(), []
    journal.append(order(state, make_submitted()))
    journal += run(state, [(100, 1000)])
    journal.append(order(state, make_flatten(ts_ns=T0 + 200 * NANOS_PER_MS)))
    again = ExchangeState(last_ns=state.last_ns)
    for fact in journal + journal:  # Each twice: a repeat changes nothing.
        apply(again, fact)
    assert again == state
    # A restart that also lost the time of the last trade goes on alike.
    again.last_ns = -(2**63)
    assert run(again, [(300, 1000)]) == run(state, [(300, 1000)])


def test_execute_changes_nothing_itself():
    state = ExchangeState()
    order(state, make_submitted())
    before = dataclasses.replace(state, entries=dict(state.entries))
    trades = make_trades([(T0 + 60 * NANOS_PER_MS, 1000, "B", 1)])
    assert execute(state, trades, RULE) == execute(state, trades, RULE)
    assert state == before


# Limit entries.


def test_a_limit_entry_is_filled_at_its_price_once_the_market_trades_through_it():
    state = ExchangeState()
    order(state, limit(1000))
    (rests,) = run(state, [(100, 1001), (110, 1000)])
    assert rests == LimitRested(client_id="client-1", contract=CONTRACT, ts_ns=ms(100))
    (fill,) = run(state, [(120, 999)])
    assert (fill.price, fill.stop_price, fill.target_price) == (1000, 984, 1024)
    assert fill.commission_cents == 62


def test_a_short_limit_entry_mirrors():
    state = ExchangeState()
    order(state, limit(1000, direction=Direction.SHORT))
    assert but_rests(run(state, [(110, 1000)])) == []
    (fill,) = run(state, [(120, 1001)])
    assert (fill.price, fill.stop_price, fill.target_price) == (1000, 1016, 976)


def test_a_touch_fills_a_limit_entry_only_where_the_rule_says_so():
    state = ExchangeState()
    order(state, limit(1000), TOUCH)
    assert but_rests(run(state, [(100, 1001)], rule=TOUCH)) == []
    assert brief(run(state, [(110, 1000)], rule=TOUCH)) == [(Leg.ENTRY, 1000, 110)]


def test_a_limit_entry_is_not_filled_before_its_activation():
    state = ExchangeState()
    order(state, limit(1000))
    assert run(state, [(49.999_999, 900)]) == []
    assert brief(run(state, [(50, 999)])) == [(Leg.ENTRY, 1000, 50)]


@pytest.mark.parametrize(
    ("quote", "price", "paid"),
    [
        ((989, 990), 990, 991),  # As a market order would pay.
        ((998, 999), 999, 1000),
        ((997, 999), 998, 1000),
        (None, 998, 999),
        (None, 999, 1000),
    ],
)
def test_a_limit_that_arrives_at_a_better_market_pays_the_market(quote, price, paid):
    state = ExchangeState()
    order(state, limit(1000))
    (fill,) = run(state, [(100, price)], quote and [quote])
    assert (fill.price, fill.stop_price) == (paid, paid - 16)


@pytest.mark.parametrize(
    ("quote", "price"), [((999, 1000), 1000), ((999, 1000), 999), (None, 1000)]
)
def test_a_limit_that_arrives_at_its_own_price_has_to_wait(quote, price):
    state, rule = ExchangeState(), dataclasses.replace(RULE, target_fill="through")
    order(state, limit(1000), rule)
    facts = run(state, [(100, price)], quote and [quote], rule)
    # A trade below its price fills it all the same, at its price.
    assert [type(f) for f in facts] == (
        [LimitRested, OrderFilled] if price < 1000 else [LimitRested]
    )


def test_a_limit_that_rests_is_filled_at_its_price_by_a_gap_through_it():
    state, facts = ExchangeState(), []
    facts.append(order(state, limit(1000)))
    facts += run(state, [(100, 1001)])
    again = ExchangeState()
    for fact in facts + facts:
        apply(again, fact)
    for one in (state, again):  # Also after a restart, which has forgotten every trade.
        assert brief(run(one, [(110, 950)])) == [(Leg.ENTRY, 1000, 110)]


def test_in_a_queue_more_must_trade_than_stood_before_it_and_itself():
    """Ten are taken to be displayed, two are ours: twelve are not enough, thirteen are."""
    state = ExchangeState()
    order(state, limit(1000, quantity=2), QUEUE)
    rows = [(100, 1000, 4), (110, 1001, 50), (120, 1000, 8)]
    told = but_rests(run(state, rows, rule=QUEUE))
    assert [(type(fact), fact.traded) for fact in told] == [
        (QueueAdvanced, 4),
        (QueueAdvanced, 12),
    ]
    advanced, fill = run(state, [(130, 1000, 1)], rule=QUEUE)
    assert (advanced.traded, fill.quantity, fill.left, fill.price) == (13, 2, 0, 1000)


def test_in_a_queue_a_trade_through_the_price_fills_at_once():
    state = ExchangeState()
    order(state, limit(1000), QUEUE)
    assert brief(run(state, [(100, 999)], rule=QUEUE)) == [(Leg.ENTRY, 1000, 100)]


def test_a_place_in_the_queue_outlives_a_restart():
    state = ExchangeState()
    facts = [order(state, limit(1000), QUEUE)]
    facts += run(state, [(100, 1000, 11)], rule=QUEUE)
    again = ExchangeState()
    for fact in facts + facts:
        apply(again, fact)
    wanted = run(state, [(110, 1000, 1)], rule=QUEUE)
    assert [type(fact) for fact in wanted] == [QueueAdvanced, OrderFilled]
    assert run(again, [(110, 1000, 1)], rule=QUEUE) == wanted


def test_a_target_queues_from_its_placement_on_and_anew_where_it_is_moved():
    state = held(QUEUE)
    run(state, [(200, 23_085, 11)], rule=QUEUE)
    order(state, modify(210, 23_084, Leg.TARGET), QUEUE)
    run(state, [(300, 23_070)], rule=QUEUE)
    assert state.positions["client-1"].traded == 0
    assert [type(f) for f in run(state, [(310, 23_084, 11)], rule=QUEUE)] == [QueueAdvanced]
    advanced, fill = run(state, [(320, 23_084, 1)], rule=QUEUE)
    assert (fill.leg, fill.price) == (Leg.TARGET, 23_084)


def test_a_limit_entry_expires_at_its_instant_by_a_trade_or_by_time_alone():
    expires = ms(1_000)
    for fill_ms, wanted in ((999.999_999, OrderFilled), (1_000, OrderExpired)):
        state = ExchangeState()
        order(state, limit(1000, expires_ns=expires))
        (fact,) = run(state, [(fill_ms, 999)])
        assert type(fact) is wanted
    state = ExchangeState()
    order(state, limit(1000, expires_ns=expires))
    assert wait(state, 999.999_999) == []
    (expired,) = wait(state, 1_000)
    assert (expired.left, expired.ts_ns) == (1, expires)
    assert run(state, [(1_001, 900)]) == []


def test_an_entry_that_would_expire_before_it_is_active_is_rejected():
    state = ExchangeState()
    assert isinstance(order(state, limit(1000, expires_ns=ms(50))), OrderRejected)
    late = limit(1000, client_id="client-2", expires_ns=ms(50.000_001))
    assert isinstance(order(state, late), OrderAccepted)


# Parts.


def test_in_parts_an_entry_takes_no_more_than_each_trade_had_and_rests_at_the_average():
    state = ExchangeState()
    order(state, make_submitted(quantity=3), PARTIAL)
    first, second = run(state, [(100, 1000, 1), (110, 1005, 5)], rule=PARTIAL)
    assert (first.quantity, first.left, first.price) == (1, 2, 1001)
    assert (first.stop_price, first.target_price) == (985, 1025)
    # 1001 + 2 x 1006 = 3013: 1004.33, rounded towards the target: 1005.
    assert (second.quantity, second.left, second.price) == (2, 0, 1006)
    assert (second.stop_price, second.target_price) == (989, 1029)
    assert first.exec_id != second.exec_id
    assert second.commission_cents == 124


def test_the_average_of_a_short_is_rounded_down():
    state = ExchangeState()
    order(state, make_submitted(quantity=3, direction=Direction.SHORT), PARTIAL)
    _, second = run(state, [(100, 1000, 1), (110, 995, 5)], rule=PARTIAL)
    # 999 + 2 x 994 = 2987: 995.67.
    assert (second.stop_price, second.target_price) == (995 + 16, 995 - 24)


def test_a_stop_that_is_filled_in_part_goes_on_at_the_market_and_its_target_is_gone():
    state = held(PARTIAL, quantity=3)
    facts = run(state, [(200, 23_045, 2), (210, 23_090, 5)], rule=PARTIAL)
    assert [(f.leg, f.quantity, f.left, f.price) for f in facts] == [
        (Leg.STOP, 2, 1, 23_044),
        (Leg.STOP, 1, 0, 23_089),
    ]
    assert len({fact.exec_id for fact in facts}) == 2


def test_a_target_that_is_filled_in_part_leaves_a_stop_for_the_rest():
    rule = dataclasses.replace(PARTIAL, target_fill="touch")
    state = held(rule, quantity=3)
    (part,) = run(state, [(200, 23_085, 2)], rule=rule)
    assert (part.leg, part.quantity, part.left) == (Leg.TARGET, 2, 1)
    (stop,) = run(state, [(210, 23_045, 9)], rule=rule)
    assert (stop.leg, stop.quantity, stop.left) == (Leg.STOP, 1, 0)


def test_the_rest_of_an_entry_ends_with_its_position():
    state = ExchangeState()
    order(state, make_submitted(quantity=3), PARTIAL)
    run(state, [(100, 1000, 1)], rule=PARTIAL)
    stop, rest = run(state, [(110, 900, 1)], rule=PARTIAL)
    assert (stop.leg, stop.left) == (Leg.STOP, 0)
    assert (type(rest), rest.leg, rest.left) == (OrderCancelled, Leg.ENTRY, 2)
    assert not state.entries and not state.positions


def test_a_flatten_in_parts_goes_on_until_flat():
    state = held(PARTIAL, quantity=3)
    order(state, make_flatten(ts_ns=ms(200)), PARTIAL)
    facts = run(state, [(250, 23_060, 1), (251, 23_061, 1), (252, 23_062, 9)], rule=PARTIAL)
    assert [(f.leg, f.quantity, f.left) for f in facts] == [
        (Leg.FLATTEN, 1, 2),
        (Leg.FLATTEN, 1, 1),
        (Leg.FLATTEN, 1, 0),
    ]
    assert not state.flattens


def test_more_than_is_displayed_costs_a_tick_more_where_the_rule_says_so():
    deep = dataclasses.replace(RULE, depth_slippage=True)
    for quantity, wanted in ((10, 1001), (11, 1002)):
        state = ExchangeState()
        order(state, make_submitted(quantity=quantity), deep)
        assert run(state, [(100, 1000)], rule=deep)[0].price == wanted
        stop = run(state, [(200, 900)], rule=deep)[0]
        assert stop.price == 900 - (wanted - 1000)


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


# What no event of the tape may do.


def test_orders_of_another_contract_see_nothing_of_the_trades():
    state = held()
    other = dataclasses.replace(RULE, contract="ESH6")
    assert run(state, [(200, 1), (300, 99_999)], rule=other) == []
    assert brief(run(state, [(400, 23_045)])) == [(Leg.STOP, 23_044, 400)]
    order(state, make_submitted(client_id="client-2", ts_ns=ms(500)))
    order(state, make_flatten(ts_ns=ms(500)))
    assert run(state, [(600, 1)], rule=other) == []
    assert isinstance(
        order(state, make_submitted(client_id="n", contract="ESH6", ts_ns=ms(600)), other),
        OrderAccepted,
    )


KINDS = ["long", "long", "short", "long", "flatten", "cancel", "stop", "target"]


@st.composite
def rules(draw: st.DrawFn) -> PaperRule:
    """Draw the terms of an exchange."""
    return dataclasses.replace(
        RULE,
        target_fill=draw(st.sampled_from(["through", "touch", "queue"])),
        partial=draw(st.booleans()),
        displayed=draw(st.integers(1, 6)),
        depth_slippage=draw(st.booleans()),
        latency_ns=draw(st.sampled_from([0, 50])) * NANOS_PER_MS,
    )


@st.composite
def days(draw: st.DrawFn) -> tuple[Trades, list, list[int]]:
    """Draw a tape, commands along it, and places to cut it."""
    count = draw(st.integers(1, 80))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = random.choice([0, 1, 10, 30, 60], count) * NANOS_PER_MS
    price = 1000 + np.cumsum(random.integers(-4, 5, count))
    bid = price + random.integers(-2, 2, count)
    trades = Trades(
        T0 + np.cumsum(steps),
        price.astype(np.int32),
        random.integers(1, 5, count).astype(np.int32),
        np.ones(count, np.uint8),
        np.ones(count, np.uint8),
        np.zeros(count, np.uint8),
        bid.astype(np.int32),
        (bid + random.integers(0, 3, count)).astype(np.int32),
    )
    commands: list = []
    places = draw(st.lists(st.integers(0, count - 1), max_size=8))
    for number, row in enumerate(sorted(places)):
        commands.append(draw_command(draw, number, int(trades.ts_event[row]), int(price[row])))
    return trades, commands, draw(st.lists(st.integers(0, count), max_size=5))


def draw_command(draw: st.DrawFn, number: int, ts: int, price: int):
    kind = draw(st.sampled_from(KINDS))
    about = f"client-{draw(st.integers(0, max(0, number - 1)))}"
    at_ms = (ts - T0) / NANOS_PER_MS
    if kind == "flatten":
        return make_flatten(client_id=f"flatten-{number}", ts_ns=ts)
    if kind == "cancel":
        return cancel(at_ms, request_id=f"request-{number}", client_id=about)
    if kind in ("stop", "target"):
        wished = price + draw(st.integers(-8, 8))
        fields = {"request_id": f"request-{number}", "client_id": about}
        return modify(at_ms, wished, Leg(kind), **fields)
    breakeven = draw(st.sampled_from([0, 0, 2, 4]))
    limited = draw(st.booleans())
    return make_submitted(
        client_id=f"client-{number}",
        ts_ns=ts,
        direction=Direction(kind),
        quantity=draw(st.integers(1, 6)),
        entry=EntryKind.LIMIT if limited else EntryKind.MARKET,
        limit_price=price + draw(st.integers(-4, 4)) if limited else None,
        expires_ns=ts + draw(st.integers(1, 400)) * NANOS_PER_MS if limited else None,
        stop_ticks=draw(st.integers(1, 8)),
        target_ticks=draw(st.integers(1, 8)),
        breakeven_ticks=breakeven,
        breakeven_offset_ticks=draw(st.integers(-2, 1)) if breakeven else 0,
        trail_start_ticks=draw(st.sampled_from([0, 0, 1, 3])),
        trail_ticks=draw(st.integers(1, 5)),
    )


def fast(
    trades: Trades, commands: Sequence, cuts: Sequence[int], rule: PaperRule
) -> tuple[list, list]:
    """Run the exchange as the runtime does: a command comes before the trades of its instant.

    At every cut the state is made anew from its facts, as after a restart.
    """
    state, facts, told = ExchangeState(), [], []
    rows: dict[int, list] = {}
    for command in commands:
        rows.setdefault(int(np.searchsorted(trades.ts_event, command.ts_ns)), []).append(command)
    edges = sorted({0, len(trades), *cuts, *rows})
    for start, stop in zip(edges, [*edges[1:], len(trades)], strict=True):
        if start in cuts:
            again = ExchangeState(last_ns=state.last_ns)
            for fact in facts:
                apply(again, fact)
            assert again == state
            state = again
        for command in rows.get(start, []):
            now = answer(state, command, rule)
            for fact in now:
                apply(state, fact)
            facts += now
        part = trades.slice(start, stop)
        before = (dict(state.entries), dict(state.positions), dict(state.requests))
        now = execute(state, part, rule)
        assert (state.entries, state.positions, state.requests) == before
        for fact in now:
            apply(state, fact)
        seen(state, part)
        facts += now
        told += now
    return facts, told


def told_by(facts: Sequence) -> list[tuple]:
    """Return what the slow twin notes, of facts of the tape."""
    told = []
    for fact in facts:
        match fact:
            case OrderFilled():
                told.append((fact.client_id, fact.leg.value, fact.ts_ns, fact.price, fact.quantity))
            case OrderModified():
                told.append((fact.client_id, f"moved {fact.leg}", fact.ts_ns, fact.price, 0))
            case OrderCancelled():
                told.append((fact.client_id, "cancelled", fact.ts_ns, None, fact.left))
            case OrderExpired():
                told.append((fact.client_id, "expired", fact.ts_ns, None, fact.left))
            case OrderRejected():
                told.append((fact.client_id, "refused", fact.ts_ns, None, 0))
    return told


@given(days(), rules())
@settings(max_examples=500, deadline=None)
def test_fills_equal_the_slow_twin_however_the_tape_is_cut(day, rule):
    trades, commands, cuts = day
    facts, told = fast(trades, commands, cuts, rule)
    assert facts == fast(trades, commands, [], rule)[0]
    slow, waiting = SlowExchange(rule), list(commands)
    columns = (trades.ts_event, trades.price, trades.size, trades.bid, trades.ask)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        while waiting and waiting[0].ts_ns <= row[0]:
            slow.command(waiting.pop(0))
        slow.trade(*row)
    assert told_by(told) == slow.told
    active = {f.client_id: f.active_ns for f in facts if isinstance(f, OrderAccepted)}
    fills = [fact for fact in told if isinstance(fact, OrderFilled)]
    assert all(fill.ts_ns >= active[fill.client_id] for fill in fills)
    assert len({fill.exec_id for fill in fills}) == len(fills)
    by_number = {c.client_id: c for c in commands if hasattr(c, "bracket_id")}
    for fill in fills:
        if fill.leg is Leg.ENTRY and by_number[fill.client_id].entry is EntryKind.LIMIT:
            wished, sign = by_number[fill.client_id].limit_price, SIGN[fill.direction]
            assert sign * fill.price <= sign * wished


def test_time_alone_ends_nothing_early():
    state = ExchangeState()
    order(state, limit(1000, expires_ns=ms(500)))
    assert elapse(state, ms(499)) == []
