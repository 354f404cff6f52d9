"""The paper exchange at the market: the examples of domain 7.3, and the edges."""

import dataclasses

import pytest

from actors.core.orders.book import ExchangeState, apply
from actors.core.orders.exchange import execute
from actors.core.orders.money import TickValue, result_cents
from protocol.orders import Leg
from protocol.patterns import Direction
from protocol.reports import OrderAccepted, OrderCancelled, OrderRejected
from protocol.units import NANOS_PER_MS
from tests.actors.core.orders.paper_market import RULE, T0, TOUCH, brief, held, order, run
from tests.makers import make_flatten, make_submitted, make_trades


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
