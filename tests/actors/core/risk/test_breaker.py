"""The circuit breaker (domain 7.7, 7.9): at which loss it trips, and how often it says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.breaker import breaker_cents, tripped
from actors.core.risk.ledger import apply
from actors.core.risk.state import RiskState
from protocol.fence import FenceCause, FenceClosed, FenceOpened, FenceOrdered
from protocol.risk_settings import RiskSettings
from tests.actors.core.risk.accounts import fold, make_rule
from tests.makers import at, make_bar, make_closed, make_opened

RULE = make_rule()
LIMIT = 50_000
NOW = at("12:00")
OPENED = FenceOpened(ts_ns=NOW, cause=FenceCause.CIRCUIT_BREAKER, detail="by anna: looked")


def lost(cents: int, **fields: Any) -> RiskState:
    return fold(make_closed(pnl_cents=-cents, ts_ns=at("11:00"), **fields))


def test_without_a_breaker_in_the_settings_nothing_trips():
    assert breaker_cents(RiskSettings()) == 0
    assert tripped(lost(10**9), NOW, RULE, 0) == []


def test_t7_7_the_breaker_of_500_is_of_the_account_and_its_currency():
    assert breaker_cents(RiskSettings(breaker_dollars=500.0)) == LIMIT
    (order,) = tripped(lost(LIMIT), NOW, RULE, LIMIT)
    assert order.detail == "daily loss of 50000 cents USD, the breaker is at 50000"
    assert (order.cause, order.ts_ns) == (FenceCause.CIRCUIT_BREAKER, NOW)


@pytest.mark.parametrize(("cents", "orders"), [(LIMIT - 1, 0), (LIMIT, 1), (LIMIT + 1, 1)])
def test_it_trips_at_the_limit_and_not_a_cent_before(cents, orders):
    assert len(tripped(lost(cents), NOW, RULE, LIMIT)) == orders


@pytest.mark.parametrize(("price", "orders"), [(19_985, 0), (19_984, 1), (19_983, 1)])
def test_what_is_open_counts_by_its_mark(price, orders):
    # 16 ticks of ES are 20,000 cents; the rest is realised, the commission of the entry inside.
    state = fold(
        make_closed(bracket_id="b", pnl_cents=-30_000 + 225, ts_ns=at("11:00")),
        make_opened(ts_ns=at("11:30")),
        make_bar(close=price),
    )
    assert len(tripped(state, NOW, RULE, LIMIT)) == orders


def test_what_was_ordered_fences_at_once_and_is_not_ordered_again():
    state = lost(LIMIT)
    (order,) = tripped(state, NOW, RULE, LIMIT)
    apply(state, order)
    assert state.fence == {FenceCause.CIRCUIT_BREAKER}
    assert tripped(state, NOW, RULE, LIMIT) == []
    apply(state, FenceClosed(ts_ns=NOW, cause=order.cause, detail=order.detail))
    assert tripped(state, NOW, RULE, LIMIT) == []


def test_opened_by_hand_it_trips_again_while_the_loss_stands_and_not_on_another_day():
    state = lost(LIMIT)
    (order,) = tripped(state, NOW, RULE, LIMIT)
    apply(state, order)
    assert tripped(state, at("12:00", "2025-12-03"), RULE, LIMIT) == []
    assert FenceCause.CIRCUIT_BREAKER in state.fence  # The next day does not open it.
    apply(state, OPENED)
    assert len(tripped(state, NOW, RULE, LIMIT)) == 1
    assert tripped(state, at("12:00", "2025-12-03"), RULE, LIMIT) == []


@given(st.lists(st.integers(-60_000, 60_000), max_size=6), st.integers(1, 100_000))
def test_it_trips_where_the_sum_of_the_day_says_so(results, limit):
    trips = [
        make_closed(bracket_id=str(n), exec_id=str(n), pnl_cents=cents, ts_ns=at("11:00"))
        for n, cents in enumerate(results)
    ]
    assert bool(tripped(fold(*trips), NOW, RULE, limit)) == (sum(results) <= -limit)


OF_RISK = {"circuit_breaker", "clock_skew", "preflight"}


@pytest.mark.parametrize("cause", sorted(set(FenceCause) - OF_RISK))
def test_only_what_a_person_must_look_at_and_the_desk_cannot_know_is_ordered(cause):
    with pytest.raises(ValueError, match="wanted one of preflight, clock_skew, circuit_breaker"):
        FenceOrdered(ts_ns=NOW, cause=cause, detail="x")
    with pytest.raises(ValueError, match="and words"):
        FenceOrdered(ts_ns=NOW, cause=FenceCause.CLOCK_SKEW, detail="")
