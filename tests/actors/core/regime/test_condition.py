"""The market condition of domain 4.4: each clause, its boundary, and what is absent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.regime.condition import (
    UNKNOWN_AUCTION,
    AuctionContext,
    Migration,
    market_condition,
)
from protocol.signals import FlowRegime, MarketCondition
from tests.makers import at

UP, DOWN = MarketCondition.TREND_UP, MarketCondition.TREND_DOWN
BALANCE, PENDING = MarketCondition.BALANCE, MarketCondition.BREAKOUT_PENDING
ROTATIONAL, BULLISH, BEARISH = FlowRegime.ROTATIONAL, FlowRegime.BULLISH, FlowRegime.BEARISH
NARROW = {"ib_low": 20_000, "ib_high": 20_009, "ib_range_mean": 19.0}


def condition(clock="11:00", close=20_005, vwap=20_000.0, flow=ROTATIONAL, **auction):
    return market_condition(at(clock), close, vwap, flow, AuctionContext(**auction)).condition


def test_without_an_auction_the_market_is_in_balance():
    """Value absent: nothing is made up."""
    for flow in FlowRegime:
        for close in (19_000, 20_000, 21_000):
            light = market_condition(at("11:00"), close, 20_000.0, flow, UNKNOWN_AUCTION)
            assert light == (BALANCE, "no value migration known")


@pytest.mark.parametrize(
    ("migration", "flow", "close", "vwap", "wanted"),
    [
        (Migration.BULLISH, ROTATIONAL, 20_000, 20_000.0, UP),
        (Migration.BULLISH, BULLISH, 20_001, 20_000.0, UP),
        (Migration.BULLISH, BEARISH, 20_001, 20_000.0, BALANCE),
        (Migration.BULLISH, BULLISH, 20_000, 20_000.25, BALANCE),
        (Migration.BULLISH, BULLISH, 20_000, None, BALANCE),
        (Migration.BEARISH, ROTATIONAL, 20_000, 20_000.0, DOWN),
        (Migration.BEARISH, BEARISH, 19_999, 20_000.0, DOWN),
        (Migration.BEARISH, BULLISH, 19_999, 20_000.0, BALANCE),
        (Migration.BEARISH, BEARISH, 20_001, 20_000.25, BALANCE),
        (Migration.BEARISH, BEARISH, 20_000, None, BALANCE),
        (Migration.NEUTRAL, BULLISH, 20_001, 20_000.0, BALANCE),
        (Migration.BREAKOUT_PENDING, BULLISH, 20_001, 20_000.0, PENDING),
        (None, BULLISH, 20_001, 20_000.0, BALANCE),
    ],
)
def test_a_trend_needs_migration_flow_and_price(migration, flow, close, vwap, wanted):
    assert condition(close=close, vwap=vwap, flow=flow, migration=migration) is wanted


@pytest.mark.parametrize(
    ("clock", "change", "wanted"),
    [
        ("10:29:59.999", {}, BALANCE),
        ("10:30", {}, PENDING),
        ("16:00", {}, PENDING),
        ("16:05", {}, BALANCE),
        ("20:00", {}, BALANCE),
        ("11:00", {"ib_range_mean": 18.0}, BALANCE),  # Exactly half as wide as usual.
        ("11:00", {"ib_range_mean": 18.1}, PENDING),
        ("11:00", {"close": 20_009}, PENDING),
        ("11:00", {"close": 20_010}, BALANCE),
        ("11:00", {"close": 20_000}, PENDING),
        ("11:00", {"close": 19_999}, BALANCE),
        ("11:00", {"ib_range_mean": None}, BALANCE),
        ("11:00", {"ib_low": None}, BALANCE),
        ("11:00", {"ib_high": None}, BALANCE),
    ],
)
def test_a_narrow_initial_balance_holds_a_breakout_back(clock, change, wanted):
    assert condition(clock, **(NARROW | change)) is wanted


def test_a_breakout_that_is_pending_comes_before_any_trend():
    assert condition(migration=Migration.BULLISH, flow=BULLISH, **NARROW) is PENDING
    assert condition("10:29", migration=Migration.BULLISH, flow=BULLISH, **NARROW) is UP


@given(
    st.sampled_from([None, *Migration]), st.sampled_from(FlowRegime),
    st.none() | st.floats(19_990, 20_010), st.integers(19_990, 20_010), st.booleans(),
)  # fmt: skip
def test_the_condition_mirrors_with_the_prices(migration, flow, vwap, close, narrow):
    mirror = {
        Migration.BULLISH: Migration.BEARISH, Migration.BEARISH: Migration.BULLISH,
        BULLISH: BEARISH, BEARISH: BULLISH, UP: DOWN, DOWN: UP,
    }  # fmt: skip
    ib = NARROW if narrow else {}
    turned = {"ib_low": -20_009, "ib_high": -20_000, "ib_range_mean": 19.0} if narrow else {}
    one = condition(close=close, vwap=vwap, flow=flow, migration=migration, **ib)
    other = condition(
        close=-close, vwap=None if vwap is None else -vwap, flow=mirror.get(flow, flow),
        migration=mirror.get(migration, migration), **turned,
    )  # fmt: skip
    assert mirror.get(one, one) is other
