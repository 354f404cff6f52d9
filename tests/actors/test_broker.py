"""The paper broker as a shell: what it publishes, and that a death changes nothing."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import Trades
from protocol.market import Cut, FeedLost, FeedRestored, Settled
from protocol.orders import Leg
from protocol.patterns import Direction
from protocol.reports import (
    AccountReported,
    OrderAccepted,
    OrderFilled,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from protocol.units import NANOS_PER_S
from tests.actors.core.orders.paper_market import (
    QUEUE,
    RULE,
    account,
    cancel,
    limit,
    modify,
    ms,
    status,
)
from tests.actors.core.patterns.sessions import real_trades
from tests.actors.paper_floor import PaperFloor
from tests.makers import make_flatten, make_submitted, make_trades


def held() -> PaperFloor:
    floor = PaperFloor(RULE)
    floor.cut(ms(0), [make_submitted()])
    floor.trade(make_trades([(ms(100), 1000, "B", 1)]))
    return floor


def test_an_order_is_answered_and_filled_in_the_brokers_stream():
    floor = held()
    assert [type(fact) for fact in floor.out] == [Cut, OrderAccepted, Settled, OrderFilled]


def test_what_a_feed_says_of_itself_is_handed_on_behind_what_its_trades_did_and_changes_nothing():
    floor = held()
    state = floor.shell.inspect()
    for change in (FeedLost(contract="ESZ5", reason="line"), FeedRestored(contract="ESZ5")):
        floor.take("feed", change)
        assert floor.out[-1] == change
    floor.start()
    assert [type(fact) for fact in floor.out[-3:]] == [OrderFilled, FeedLost, FeedRestored]
    assert floor.shell.inspect() == state


def test_a_cut_tells_first_what_time_has_ended():
    floor = PaperFloor(RULE)
    floor.cut(ms(0), [limit(1000, expires_ns=ms(500)), limit(1001, client_id="client-2")])
    floor.cut(ms(10), [cancel(10, client_id="client-2")])
    before = len(floor.out)
    floor.cut(ms(500))
    kinds = [fact.KIND for fact in floor.out[before:]]
    assert kinds == ["order.cancelled", "order.expired", "market.cut", "market.settled"]


def test_every_command_has_its_answer():
    floor = held()
    floor.cut(ms(200), [modify(200, 990), status(), account(0, 200)])
    floor.trade(make_trades([(ms(300), 1000, "B", 1)]))
    floor.cut(ms(400), [cancel(400), make_flatten(ts_ns=ms(400))])
    kinds = {type(fact) for fact in floor.facts()}
    assert {OrderReported, AccountReported, OrderModified, OrderRejected} <= kinds
    accepted = [fact for fact in floor.facts() if isinstance(fact, OrderAccepted)]
    assert {fact.leg for fact in accepted} == {Leg.ENTRY, Leg.FLATTEN}


def test_a_question_before_the_first_trade_is_answered():
    floor = PaperFloor(RULE)
    floor.cut(ms(0), [account()])
    (reported,) = floor.facts()
    assert reported.contracts == ()


def test_a_broker_that_died_publishes_the_same_stream_again():
    floor = held()
    said = list(floor.out)
    floor.start()
    assert floor.out == said
    floor.cut(ms(200), [status()])
    assert floor.out[len(said) + 1] == said[1]


def test_an_order_that_is_late_is_not_filled_by_what_was_traded_before_it_came():
    floor = PaperFloor(RULE)
    floor.trade(make_trades([(ms(900), 1000, "B", 1)]))
    floor.cut(ms(1_000), [make_submitted(ts_ns=ms(0))])
    assert [f.active_ns for f in floor.facts() if isinstance(f, OrderAccepted)] == [ms(900) + 1]


def test_the_trades_of_another_month_touch_no_position():
    floor = held()
    floor.contract = "ESH6"
    floor.trade(make_trades([(ms(200), 1, "B", 1)]))
    assert floor.shell.inspect()["positions"]


def test_a_screen_sees_plain_values():
    floor = held()
    floor.cut(ms(200), [modify(200, 990), make_flatten(ts_ns=ms(200))])
    seen = floor.shell.inspect()
    assert set(seen["positions"]) == {"client-1"}
    assert set(seen["flattens"]) == {"flatten-1"}
    assert set(seen["requests"]) == {"modify-1"}
    assert (seen["answered"], seen["executions"]) == (2, 1)


@lru_cache(maxsize=1)
def morning() -> Trades:
    """Return the first 60,000 trades of a real session."""
    return real_trades().slice(300_000, 360_000)


def plan(trades: Trades, count: int = 60) -> list:
    """Return brackets of every kind along a session, with requests and flattens among them."""
    orders: list = []
    for number in range(count):
        row = number * len(trades) // count
        ts, price = int(trades.ts_event[row]), int(trades.price[row])
        fields = {
            "client_id": f"client-{number}",
            "ts_ns": ts,
            "direction": (Direction.LONG, Direction.SHORT)[number % 2],
            "quantity": 1 + number % 3,
            "stop_ticks": 6,
            "target_ticks": 8,
            "breakeven_ticks": (0, 4)[number % 2],
            "breakeven_offset_ticks": number % 2,
            "trail_start_ticks": (0, 0, 3)[number % 3],
            "trail_ticks": 2,
        }
        expires = ts + 120 * NANOS_PER_S
        if number % 4 == 1:
            orders.append(limit(price - 1 + number % 3, expires_ns=expires, **fields))
        else:
            orders.append(make_submitted(**fields))
        about = {"client_id": f"client-{number}", "ts_ns": ts + NANOS_PER_S}
        if number % 5 == 0:
            orders.append(modify(0, price - 4, request_id=f"modify-{number}", **about))
        if number % 7 == 1:
            orders.append(cancel(0, request_id=f"cancel-{number}", **about))
        if number % 20 == 19:
            orders.append(make_flatten(client_id=f"flatten-{number}", ts_ns=ts + NANOS_PER_S))
    return orders


@pytest.mark.parametrize("rule", [RULE, QUEUE], ids=["through", "queue"])
def test_on_a_real_session_neither_cuts_nor_deaths_change_a_fact(rule):
    trades = morning()
    orders = plan(trades)
    whole = PaperFloor(rule).play(trades, orders, batch=20_000)
    kinds = [type(fact) for fact in whole]
    assert kinds.count(OrderFilled) > 60
    assert kinds.count(OrderModified) > 10
    random = np.random.default_rng(3)
    for batch in (1_024, 7_777):
        deaths = set(random.integers(0, 80, 6).tolist())
        found = PaperFloor(rule).play(trades, orders, batch, deaths)
        # A request that ends between two trades is dated by whichever comes first, trade or cut.
        assert [undated(fact) for fact in found] == [undated(fact) for fact in whole]


def undated(fact):
    request = isinstance(fact, OrderRejected) or fact.KIND in ("order.cancelled", "order.expired")
    return (fact.KIND, fact.client_id) if request else fact


@given(st.integers(0, 2**32), st.integers(1, 40), st.sets(st.integers(0, 20), max_size=4))
@settings(max_examples=40)
def test_a_death_anywhere_leaves_the_same_journal(seed, batch, deaths):
    random = np.random.default_rng(seed)
    prices = 1000 + np.cumsum(random.integers(-2, 3, 200))
    trades = make_trades([(ms(40 * n), int(price), "B", 2) for n, price in enumerate(prices)])
    orders = plan(trades, 12)
    calm = PaperFloor(QUEUE).play(trades, orders, batch)
    assert PaperFloor(QUEUE).play(trades, orders, batch, deaths) == calm
