"""The paper exchange: entries at a limit, queues, and fills in parts."""

import dataclasses

import pytest

from actors.core.orders.book import ExchangeState, apply
from protocol.orders import Leg
from protocol.paper import LimitRested, QueueAdvanced
from protocol.patterns import Direction
from protocol.reports import OrderAccepted, OrderCancelled, OrderExpired, OrderFilled, OrderRejected
from tests.actors.core.orders.paper_market import (
    PARTIAL,
    QUEUE,
    RULE,
    TOUCH,
    brief,
    but_rests,
    held,
    limit,
    modify,
    ms,
    order,
    run,
    wait,
)
from tests.makers import CONTRACT, make_flatten, make_submitted

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
