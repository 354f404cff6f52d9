"""All that is judged of a contract: the levels of a condition, and when it is said."""

import random

import pytest

from actors.core.regime.condition import AuctionContext, Migration
from actors.core.regime.flow import FlowRegimeRule
from actors.core.regime.market import MarketState
from protocol.instruments import instrument
from protocol.market import Window
from protocol.settings import ConditionSettings
from protocol.signals import ConditionJudged, FlowRegime, MarketCondition, RegimeJudged
from protocol.units import NANOS_PER_S
from tests.actors.core.regime.conditions import make_value
from tests.actors.core.regime.test_scores import RULE
from tests.makers import at, make_bar

FLOW = FlowRegimeRule.of(ConditionSettings(threshold_mode="fixed"), instrument("ES"))
FIVE_MINUTES = 300 * NANOS_PER_S


def fresh():
    return MarketState(RULE, FLOW)


def bar(clock, day="2025-12-02", **fields):
    start = at(clock, day)
    return make_bar(start_ns=start, end_ns=start + FIVE_MINUTES, **fields)


def condition(state, made, value=None):
    """Return the condition of one bar."""
    (judged,) = state.add(made)
    assert isinstance(judged, RegimeJudged)
    (found,) = (state.add_value(value) if value else []) or state.complete()
    return found


def test_the_condition_of_a_bar_carries_its_levels():
    state = fresh()
    made = bar("10:00", low=20_000, sells=(5, 0, 5), buys=(0, 10, 0), cvd=61, close=20_001)
    assert condition(state, made, make_value()) == ConditionJudged(
        contract="ESZ5",
        ts_ns=at("10:05"),
        condition=MarketCondition.BALANCE,
        flow=FlowRegime.BULLISH,
        cvd=61,
        threshold=50,
        high=20_002,
        low=20_000,
        close=20_001,
        atr_milliticks=None,
        vwap_bands=(19_999, 20_000, 20_000, 20_001, 20_002, 20_002, 20_003),
        value_low=20_000,
        value_high=20_040,
        poc=20_020,
        reason="no value migration known",
    )


def test_the_range_stands_from_the_fourteenth_bar_on():
    state = fresh()
    found = [
        condition(state, bar(f"{10 + n // 12}:{5 * (n % 12):02}")).atr_milliticks for n in range(15)
    ]
    assert found == [None] * 13 + [2_000, 2_000]


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({}, True),
        ({"ts_ns": at("10:00")}, True),  # Of the bar before: the latest there is.
        ({"whole": False}, False),
        ({"window": Window.OVERNIGHT}, False),
        ({"date": "2025-12-01"}, False),
    ],
)
def test_value_is_that_of_the_whole_regular_session_of_the_running_date(fields, known):
    state = fresh()
    state.add_value(make_value(**fields))
    found = condition(state, bar("10:00"))
    wanted = (20_000, 20_040, 20_020) if known else (None, None, None)
    assert (found.value_low, found.value_high, found.poc) == wanted


@pytest.mark.parametrize(
    ("clock", "day", "known"),
    [
        ("09:25", "2025-12-02", False),
        ("16:30", "2025-12-02", True),
        ("18:00", "2025-12-02", False),
        ("10:00", "2025-12-03", False),
    ],
)
def test_the_value_of_a_session_ends_with_its_trading_day(clock, day, known):
    state = fresh()
    state.add_value(make_value())
    assert (condition(state, bar(clock, day)).poc is not None) is known


def test_a_condition_waits_for_the_value_of_its_own_bar():
    state = fresh()
    assert [type(one) for one in state.add(bar("10:00"))] == [RegimeJudged]
    assert state.add_value(make_value(ts_ns=at("10:00"), poc=20_001)) == []
    assert state.add_value(make_value(window=Window.OVERNIGHT)) == []
    (found,) = state.add_value(make_value(poc=20_002))
    assert found.poc == 20_002
    assert state.complete() == []


def test_a_condition_waits_no_longer_than_to_the_next_bar():
    state = fresh()
    state.add(bar("10:00"))
    first, second = state.add(bar("10:05"))
    assert (type(first), first.ts_ns) == (ConditionJudged, at("10:05"))
    assert (type(second), second.ts_ns) == (RegimeJudged, at("10:10"))
    assert state.add_value(make_value()) == []  # Too late for the first, too early for this.


def test_by_night_the_bands_are_those_from_18_and_by_day_those_from_0930():
    state = fresh()
    assert condition(state, bar("09:25", low=100)).vwap_bands[3] == 101
    assert condition(state, bar("09:30", low=200)).vwap_bands[3] == 201
    shown = state.shown()
    assert (shown["vwap_since_1800"][3], shown["vwap_since_0930"][3]) == (151, 201)


def test_the_auction_decides_the_condition_where_it_is_known():
    state = fresh()
    state.auction = AuctionContext(migration=Migration.BULLISH)
    found = condition(state, bar("10:00", cvd=0))
    assert (found.condition, found.close) == (MarketCondition.TREND_UP, 20_002)


def test_a_bar_from_the_past_is_refused_and_one_of_the_same_instant_is_not():
    state = fresh()
    state.add(bar("10:05"))
    state.add(bar("10:05", order=1))
    with pytest.raises(ValueError, match="a bar that ends .* wanted .* or later"):
        state.add(bar("10:00"))


def test_another_contract_is_refused():
    state = fresh()
    with pytest.raises(ValueError, match="ESH6"):
        state.add(bar("10:00", contract="ESH6"))
    with pytest.raises(ValueError, match="a value area of ESH6, wanted ESZ5"):
        state.add_value(make_value(contract="ESH6"))


def wandering(seed, count=300):
    """Return bars over several sessions, in any of which nothing is regular."""
    source = random.Random(seed)
    ts, base, bars = at("03:00", "2025-12-01"), 20_000, []
    for _ in range(count):
        ts += source.choice((1, 1, 1, 2, 40)) * FIVE_MINUTES
        base += source.randint(-9, 9)
        levels = source.randint(1, 9)
        sizes = [[source.randint(0, 50) for _ in range(levels)] for _ in range(3)]
        if not any(map(sum, sizes)):
            sizes[2][0] = 1
        if source.random() < 0.1:
            sizes[:2] = [0] * levels, [0] * levels  # Unknown sides only.
            sizes[2][-1] += 1
        bars.append(
            make_bar(
                low=base, sells=sizes[0], buys=sizes[1], unknowns=sizes[2], start_ns=ts,
                end_ns=ts + FIVE_MINUTES, cvd=source.randint(-900, 900),
                cvd_eth=source.randint(-900, 900),
            )  # fmt: skip
        )
    return bars


@pytest.mark.parametrize("seed", range(8))
def test_every_bar_has_one_regime_and_one_condition_and_a_fresh_state_goes_on_alike(seed):
    bars = wandering(seed)
    state, again = fresh(), fresh()
    judged = [one for made in bars for one in state.add(made)] + state.complete()
    assert [one.ts_ns for one in judged if isinstance(one, RegimeJudged)] == [
        one.ts_ns for one in judged if isinstance(one, ConditionJudged)
    ] == [made.end_ns for made in bars]
    for one in judged:
        if isinstance(one, ConditionJudged):
            assert list(one.vwap_bands) == sorted(one.vwap_bands) and len(one.vwap_bands) == 7
            assert one.low <= one.close <= one.high
    cut = random.Random(seed).randrange(len(bars))
    for made in bars[:cut]:
        again.add(made)
    assert [one for made in bars[cut:] for one in again.add(made)] + again.complete() == [
        *judged[-2 * (len(bars) - cut) - (1 if cut else 0):]
    ]  # fmt: skip
