"""Stops, targets and the money at risk, domain 3."""

import dataclasses

import pytest

from actors.core.flow.liquidity import LiquidityZones, ZoneRule
from actors.core.flow.stops import STOP_POINTS, FlowBracket, StopRule, bracket
from protocol.instruments import UnknownSymbol, instrument
from protocol.pattern_settings import FlowSettings
from protocol.patterns import Direction


def rule_of(symbol: str, **settings: float) -> StopRule:
    return StopRule.of(FlowSettings(**settings), instrument(symbol))


@pytest.mark.parametrize(
    ("symbol", "ticks", "dollars"),
    [("GC", 50, 500), ("SI", 20, 500), ("PL", 100, 500), ("HG", 40, 500), ("NQ", 80, 400),
     ("ES", 40, 500)],
)  # fmt: skip
def test_a_stop_is_worth_what_the_instrument_says(symbol, ticks, dollars):
    rule = rule_of(symbol)
    assert rule.stop_ticks == ticks
    value = rule.tick.cents_num * ticks / rule.tick.cents_den
    assert value == dollars * 100


def test_the_price_move_is_not_the_money_at_risk():
    # Printed as dollars, the distances of the table were a hundredth and less of the risk.
    for symbol, points in STOP_POINTS.items():
        rule = rule_of(symbol)
        cents = rule.stop_ticks * rule.tick.cents_num / rule.tick.cents_den
        assert cents / 100 == float(points) * float(instrument(symbol).multiplier)
        assert cents > float(points) * 100 * 10


def found(symbol: str, direction: Direction = Direction.LONG, **settings: float) -> FlowBracket:
    return bracket(10_000, direction, rule_of(symbol, **settings), None)


def with_stop(symbol: str, stop_ticks: int) -> FlowBracket:
    rule = dataclasses.replace(rule_of(symbol), stop_ticks=stop_ticks)
    return bracket(10_000, Direction.LONG, rule, None)


@pytest.mark.parametrize(
    ("symbol", "cents"), [("GC", 25_000), ("SI", 62_500), ("PL", 12_500), ("HG", 31_250)]
)
def test_the_cap_of_25_ticks_is_what_it_is_worth_in_dollars(symbol, cents):
    for stop_ticks in (25, 26, 500):
        capped = with_stop(symbol, stop_ticks)
        # Twice the stop as capped, not as wanted.
        assert (capped.stop_ticks, capped.target_ticks) == (25, 50)
        assert capped.risk_cents == cents
    assert with_stop(symbol, 24).stop_ticks == 24


def test_symbols_without_a_cap_keep_their_stop():
    assert with_stop("NQ", 500).stop_ticks == with_stop("ES", 500).stop_ticks == 500


def test_t3_ex_1_a_long_of_the_nasdaq_at_15_250():
    # Stop 15,230, target 15,290.
    assert found("NQ") == FlowBracket(stop_ticks=80, target_ticks=160, risk_cents=40_000)


def test_the_distances_of_gold_and_of_the_index():
    assert found("GC") == FlowBracket(stop_ticks=25, target_ticks=50, risk_cents=25_000)
    assert found("ES") == FlowBracket(stop_ticks=40, target_ticks=80, risk_cents=50_000)


def test_a_short_is_as_far_from_its_stop_as_a_long():
    assert found("NQ", Direction.SHORT) == found("NQ")


@pytest.mark.parametrize(("ratio", "target"), [(1.5, 38), (1.0, 25), (0.5, 13), (3.0, 75)])
def test_the_target_keeps_the_ratio_and_halves_round_up(ratio, target):
    assert found("GC", reward_ratio=ratio).target_ticks == target


def test_a_target_is_a_tick_away_at_least():
    assert found("GC", reward_ratio=0.001).target_ticks == 1


def zones_at(*levels: int, symbol: str = "NQ") -> LiquidityZones:
    """Zones of which each level has rejected price ten times from above."""
    zones = LiquidityZones(ZoneRule.of(instrument(symbol)))
    for level in levels:
        for _ in range(10):
            for ticks in (30, 0, 30):  # Out of two buffers of 12, onto the level, out again.
                zones.add(2 * (level + ticks))
    return zones


def test_with_zones_the_stop_lies_behind_the_nearest_and_the_target_before_the_next():
    # Levels every 100 ticks, a buffer of 12: the stop 6 behind, the target 4 before.
    near = bracket(60_920, Direction.LONG, rule_of("NQ"), zones_at(60_900, 61_000))
    assert (near.stop_ticks, near.target_ticks, near.risk_cents) == (26, 76, 13_000)
    short = bracket(60_980, Direction.SHORT, rule_of("NQ"), zones_at(60_900, 61_000))
    assert (short.stop_ticks, short.target_ticks) == (26, 76)


def test_without_a_zone_ahead_the_target_keeps_the_ratio_to_the_stop_of_the_zone():
    alone = bracket(60_920, Direction.LONG, rule_of("NQ"), zones_at(60_900))
    assert (alone.stop_ticks, alone.target_ticks) == (26, 52)


def test_without_a_zone_behind_the_stop_is_that_of_the_table():
    ahead = bracket(60_920, Direction.LONG, rule_of("NQ"), zones_at(61_000))
    assert (ahead.stop_ticks, ahead.target_ticks) == (80, 76)
    assert bracket(60_920, Direction.LONG, rule_of("NQ"), zones_at()) == found("NQ")


def test_the_cap_holds_for_a_zone_too():
    # Gold: levels every 50 ticks, a buffer of 10; the stop would be 45 away, 5 behind 12,000.
    capped = bracket(12_040, Direction.LONG, rule_of("GC"), zones_at(12_000, symbol="GC"))
    assert (capped.stop_ticks, capped.target_ticks, capped.risk_cents) == (25, 50, 25_000)


@pytest.mark.parametrize("symbol", ["MES", "CL", "MGC", "ZN"])
def test_a_symbol_outside_the_table_is_refused_and_not_given_ten_points(symbol):
    with pytest.raises(UnknownSymbol, match=f"no stop is known for '{symbol}'"):
        rule_of(symbol)


def test_a_bracket_needs_a_direction():
    with pytest.raises(ValueError, match="direction none"):
        bracket(0, Direction.NONE, rule_of("ES"), None)
