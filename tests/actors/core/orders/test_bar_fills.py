"""Fills by bars: the stop first, no target in the bar of the entry, and a stamp on every result."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.orders.bar_fills import bar_trips
from actors.core.orders.tick_fills import FillModel, tick_trips
from protocol.orders import EntryKind, ExitReason
from protocol.patterns import Direction
from protocol.units import NANOS_PER_S
from tests.actors.core.orders.paper_market import QUEUE, RULE, T0, TOUCH, limit
from tests.makers import make_bar, make_flatten, make_submitted, make_trades

MINUTE = 60 * NANOS_PER_S


def bars(*rows: tuple[int, int, int, int]):
    """Return minute bars of open, high, low and close from 10:05 on."""
    made = []
    for number, (first, high, low, last) in enumerate(rows):
        levels = (1,) * (high - low + 1)
        start = T0 + number * MINUTE
        fields = {"series": "time:60", "start_ns": start, "end_ns": start + MINUTE}
        made.append(make_bar(low=low, sells=levels, buys=levels, open=first, close=last, **fields))
    return made


def only(rows, rule=RULE, orders=(), **fields):
    """Return the one round trip of a bracket 5 and 8 ticks, made at 10:05."""
    bracket = make_submitted(**({"stop_ticks": 5, "target_ticks": 8} | fields))
    (trip,) = bar_trips(bars(*rows), [bracket, *orders], rule)
    assert trip.fill_model is FillModel.BAR
    return trip


QUIET = (1000, 1002, 999, 1001)  # Entered at 1001: stop 996, target 1009.


def test_an_order_is_entered_at_the_open_of_the_next_bar_and_slippage():
    trip = only([QUIET, (1001, 1010, 1000, 1010)])
    assert (trip.entry_sum, trip.exit_sum, trip.reason) == (1001, 1009, ExitReason.TARGET)
    assert (trip.entry_ns, trip.exit_ns) == (T0, T0 + 2 * MINUTE)
    assert (trip.ambiguous, trip.commission_cents) == (False, 124)


def test_a_bar_that_began_before_the_order_fills_nothing():
    bracket = make_submitted(ts_ns=T0 + 1)
    assert bar_trips(bars((1000, 1100, 900, 1000)), [bracket], RULE) == []


def test_stop_and_target_in_one_bar_are_the_stop_and_ambiguous():
    trip = only([QUIET, (1001, 1010, 996, 1005)])
    assert (trip.reason, trip.exit_sum, trip.ambiguous) == (ExitReason.STOP, 995, True)


def test_the_stop_alone_is_not_ambiguous():
    trip = only([QUIET, (1001, 1009, 996, 1005)])  # The target is touched, not traded through.
    assert (trip.reason, trip.ambiguous) == (ExitReason.STOP, False)
    assert only([QUIET, (1001, 1009, 996, 1005)], TOUCH).ambiguous


def test_the_bar_of_the_entry_counts_its_stop_and_not_its_target():
    trip = only([(1000, 1002, 996, 1001)])
    assert (trip.reason, trip.exit_sum, trip.ambiguous) == (ExitReason.STOP, 995, False)
    assert only([(1000, 1010, 996, 1001)]).ambiguous
    trip = only([(1000, 1010, 997, 1001), (1001, 1010, 1000, 1010)])
    assert (trip.reason, trip.exit_ns) == (ExitReason.TARGET, T0 + 2 * MINUTE)


def test_a_gap_through_the_stop_fills_at_the_open():
    trip = only([QUIET, (990, 992, 989, 991)])
    assert (trip.reason, trip.exit_sum) == (ExitReason.STOP, 989)


def test_a_short_mirrors():
    rows = [(1000, 1001, 998, 999), (999, 1004, 990, 995)]  # Entered at 999: 1004 and 991.
    trip = only(rows, direction=Direction.SHORT)
    assert (trip.reason, trip.exit_sum, trip.ambiguous) == (ExitReason.STOP, 1005, True)


@pytest.mark.parametrize(("rule", "low", "filled"), [
    (RULE, 995, False), (RULE, 994, True), (TOUCH, 995, True), (TOUCH, 996, False),
    (QUEUE, 995, False),
])  # fmt: skip
def test_a_limit_entry_needs_a_bar_beyond_it_and_pays_its_price(rule, low, filled):
    rows = [(1000, 1001, low, 1000), (990, 991, 980, 985)]
    trips = bar_trips(bars(*rows), [limit(995, stop_ticks=5, target_ticks=8)], rule)
    at_first = [trip for trip in trips if trip.entry_ns == T0]
    assert bool(at_first) == filled
    assert all(trip.entry_sum == 995 for trip in trips)


def test_a_limit_that_arrives_at_a_better_open_pays_the_open_and_slippage():
    rows = [(990, 991, 985, 988), (988, 989, 970, 971)]
    (trip,) = bar_trips(bars(*rows), [limit(1000, stop_ticks=9, target_ticks=50)], RULE)
    assert (trip.entry_sum, trip.exit_sum) == (991, 981)
    (near,) = bar_trips(bars(*rows), [limit(990, stop_ticks=5, target_ticks=50)], RULE)
    assert near.entry_sum == 990
    # One bar later it rests, and a gap through it fills it at its price.
    later = [(1005, 1006, 1001, 1002), *rows]
    (rested,) = bar_trips(bars(*later), [limit(1000, stop_ticks=9, target_ticks=50)], RULE)
    assert (rested.entry_sum, rested.exit_sum) == (1000, 989)  # The open was beyond the stop.


def test_a_limit_entry_is_not_filled_in_a_bar_that_outlasts_it():
    rows = bars((1000, 1001, 990, 1000))
    assert bar_trips(rows, [limit(995, expires_ns=T0 + MINUTE - 1, stop_ticks=2)], RULE) == []
    assert len(bar_trips(rows, [limit(995, expires_ns=T0 + MINUTE, stop_ticks=2)], RULE)) == 1


def test_a_flatten_leaves_at_the_open_of_the_next_bar_unless_that_is_beyond_the_stop():
    flatten = make_flatten(ts_ns=T0 + MINUTE)
    trip = only([QUIET, (1001, 1020, 900, 1000)], orders=[flatten])
    assert (trip.reason, trip.exit_sum) == (ExitReason.AUTO_FLATTEN, 1000)
    assert trip.exit_ns == T0 + MINUTE
    trip = only([QUIET, (996, 1020, 900, 1000)], orders=[flatten])
    assert (trip.reason, trip.exit_sum) == (ExitReason.STOP, 995)
    late = [limit(900, stop_ticks=2), flatten]
    assert bar_trips(bars(QUIET, (1001, 1020, 800, 1000)), late, RULE) == []


def test_a_stop_moves_at_the_end_of_a_bar_and_not_in_the_bar_of_the_entry():
    terms = {"breakeven_ticks": 3, "breakeven_offset_ticks": 1}
    rows = [(1000, 1008, 999, 1001), (1001, 1003, 1000, 1001), (1001, 1005, 1001, 1004)]
    trip = only([*rows, (1004, 1004, 1002, 1003)], **terms)
    assert (trip.reason, trip.exit_sum) == (ExitReason.BREAKEVEN, 1001)
    assert trip.exit_ns == T0 + 4 * MINUTE


def test_what_is_open_in_the_end_is_left_out():
    assert bar_trips(bars(QUIET), [make_submitted()], RULE) == []
    assert bar_trips([], [make_submitted()], RULE) == []


def test_a_limit_without_a_price_is_refused():
    bracket = make_submitted(entry=EntryKind.LIMIT)
    with pytest.raises(ValueError, match="limit entry client-1 without a price, wanted one"):
        bar_trips(bars(QUIET), [bracket], RULE)


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=60, deadline=None)
def test_by_bars_no_trip_is_better_than_by_ticks_but_for_the_entry(seed, short):
    """The same ticks as bars of a minute: whoever wins by bars wins by ticks too."""
    random = np.random.default_rng(seed)
    count = 1_200
    price = 1000 + np.cumsum(random.integers(-1, 2, count))
    rows = [(T0 + n * NANOS_PER_S, int(p), "B", 1) for n, p in enumerate(price)]
    free = dataclasses.replace(RULE, latency_ns=0, slippage_ticks=0)
    direction = Direction.SHORT if short else Direction.LONG
    # The bar opens at its first trade; an order made just before is filled by that trade.
    bracket = make_submitted(ts_ns=T0 - 1, direction=direction, stop_ticks=7, target_ticks=9)
    minutes = [price[start : start + 60] for start in range(0, count, 60)]
    made = bars(*((int(m[0]), int(m.max()), int(m.min()), int(m[-1])) for m in minutes))
    by_tick = tick_trips(make_trades(rows), [bracket], free)
    by_bar = bar_trips(made, [bracket], free)
    for trip in by_bar:
        (other,) = by_tick
        assert trip.entry_sum == other.entry_sum
        if trip.reason is ExitReason.TARGET:
            assert other.reason is ExitReason.TARGET
        if not trip.ambiguous and other.reason is ExitReason.STOP:
            assert trip.reason is ExitReason.STOP
