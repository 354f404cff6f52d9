"""What one event fills, of which order, at what price."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.ids import derived_id
from actors.core.orders.fills import (
    SEARCH_MIN,
    Event,
    first_outside,
    limit_quantity,
    market_price,
)
from protocol.orders import Leg
from protocol.reports import OrderFilled
from tests.actors.core.orders.paper_market import (
    PARTIAL,
    QUEUE,
    RULE,
    T0,
    TOUCH,
    held,
    order,
    run,
)
from tests.makers import make_submitted, make_trades


def event(price: int, size: int = 1, bid: int | None = None, ask: int | None = None) -> Event:
    return Event(T0, price, size, bid, ask)


@pytest.mark.parametrize(
    ("rule", "price", "size", "traded", "wanted"),
    [
        (RULE, 100, 99, 0, 0),
        (RULE, 99, 1, 0, 3),
        (TOUCH, 101, 1, 0, 0),
        (TOUCH, 100, 1, 0, 3),
        (QUEUE, 100, 13, 0, 0),  # Ten displayed and three of ours: not more than these.
        (QUEUE, 100, 14, 0, 3),
        (QUEUE, 100, 1, 13, 3),
        (QUEUE, 99, 1, 0, 3),
        (QUEUE, 101, 99, 0, 0),
    ],
)
def test_a_buying_limit_at_100_gets_what_its_mode_believes(rule, price, size, traded, wanted):
    assert limit_quantity(True, 100, 3, 0, traded, event(price, size), rule) == wanted
    mirrored = event(200 - price, size)
    assert limit_quantity(False, 100, 3, 0, traded, mirrored, rule) == wanted


def test_in_parts_the_queue_is_served_one_contract_after_the_other():
    rule = dataclasses.replace(PARTIAL, target_fill="queue")
    sizes = [(11, 0), (12, 1), (13, 2), (14, 3), (15, 3)]
    for size, wanted in sizes:
        assert limit_quantity(True, 100, 3, 0, 0, event(100, size), rule) == wanted
    # One of the three was filled before: 12 have traded.
    assert limit_quantity(True, 100, 2, 1, 12, event(100, 1), rule) == 1


def test_a_market_order_pays_the_far_touch_and_slippage():
    assert market_price(True, 1, event(100, 1, 99, 101), RULE) == 102
    assert market_price(False, 1, event(100, 1, 99, 101), RULE) == 98
    assert market_price(True, 1, event(100), RULE) == 101


def test_an_execution_is_named_by_client_id_leg_and_running_number():
    state = held(PARTIAL, quantity=2)
    first, second = run(state, [(200, 23_000, 1), (210, 23_000, 1)], rule=PARTIAL)
    assert first.exec_id == derived_id("exec", "client-1", Leg.STOP, 1)
    assert second.exec_id == derived_id("exec", "client-1", Leg.STOP, 2)


def test_no_order_is_filled_at_a_price_the_market_had_left():
    """Defect 1: an entry at the extreme of a bar that was over."""
    random = np.random.default_rng(7)
    price = 1_000 + np.cumsum(random.integers(-3, 4, 4_000))
    rows = [(number, int(p)) for number, p in enumerate(price)]
    for rule in (RULE, TOUCH, QUEUE, PARTIAL):
        state = held(rule)
        state.positions.clear()
        fills = []
        for number, start in enumerate(range(200, 4_000, 200)):
            ts = T0 + start * 1_000_000
            order(state, make_submitted(client_id=f"c{number}", ts_ns=ts), rule)
            fills += run(state, rows[start : start + 200], rule=rule)
        filled = [fill for fill in fills if isinstance(fill, OrderFilled)]
        assert len(filled) > 20
        for fill in filled:
            at = int(price[(fill.ts_ns - T0) // 1_000_000])
            sells = fill.leg is not Leg.ENTRY
            # No better than the trade itself; a target may only be worse.
            assert fill.price <= at if sells else fill.price >= at


@given(
    st.lists(st.integers(90, 110), max_size=3 * SEARCH_MIN),
    st.integers(0, 40),
    st.integers(88, 100),
    st.integers(100, 112),
)
def test_the_search_finds_the_first_price_outside(prices, start, low, high):
    column = np.array(prices, np.int32)
    rows = (row for row, p in enumerate(prices) if row >= start and not low < p < high)
    assert first_outside(column, start, (low, high)) == next(rows, None)


def test_the_search_goes_beyond_its_first_part():
    column = np.full(5 * SEARCH_MIN, 100, np.int32)
    for row in (0, SEARCH_MIN - 1, SEARCH_MIN, 3 * SEARCH_MIN, 5 * SEARCH_MIN - 1):
        one = column.copy()
        one[row] = 90
        assert first_outside(one, 0, (90, 110)) == row
        assert first_outside(one, row + 1, (90, 110)) is None


def test_a_quote_counts_only_where_it_is_valid():
    trades = make_trades([(T0, 100, "B", 3), (T0 + 1, 100, "B", 1)], [(99, 100), (100, 100)])
    assert Event.of(trades, 0, T0) == Event(T0, 100, 3, 99, 100)
    assert Event.of(trades, 1, T0 + 1) == Event(T0 + 1, 100, 1, None, None)
