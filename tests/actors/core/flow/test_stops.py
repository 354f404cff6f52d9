"""Stops, targets and the money at risk, domain 3."""

import pytest

from actors.core.flow.stops import STOP_POINTS, StopRule, bracket
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


@pytest.mark.parametrize(
    ("symbol", "cents"), [("GC", 25_000), ("SI", 62_500), ("PL", 12_500), ("HG", 31_250)]
)
def test_the_cap_of_25_ticks_is_what_it_is_worth_in_dollars(symbol, cents):
    rule = rule_of(symbol)
    for stop_ticks in (25, 26, 500):
        found = bracket(10_000, Direction.LONG, stop_ticks, rule)
        assert (found.stop_ticks, found.risk_cents) == (25, cents)
        # Twice the stop as capped, not as wanted.
        assert (found.stop, found.target) == (9_975, 10_050)
    assert bracket(10_000, Direction.LONG, 24, rule).stop_ticks == 24


def test_symbols_without_a_cap_keep_their_stop():
    assert bracket(10_000, Direction.SHORT, 500, rule_of("NQ")).stop_ticks == 500
    assert bracket(10_000, Direction.SHORT, 500, rule_of("ES")).stop_ticks == 500


def test_t3_ex_1_a_long_of_the_nasdaq_at_15_250():
    rule = rule_of("NQ")
    found = bracket(61_000, Direction.LONG, rule.stop_ticks, rule)
    assert (found.stop * 0.25, found.target * 0.25) == (15_230.0, 15_290.0)
    assert found.risk_cents == 40_000


def test_a_short_is_a_long_upside_down():
    found = bracket(61_000, Direction.SHORT, 80, rule_of("NQ"))
    assert (found.stop, found.target) == (61_080, 60_840)


@pytest.mark.parametrize(("ratio", "target"), [(1.5, 38), (1.0, 25), (0.5, 13), (3.0, 75)])
def test_the_target_keeps_the_ratio_and_halves_round_up(ratio, target):
    assert bracket(0, Direction.LONG, 25, rule_of("GC", reward_ratio=ratio)).target == target


@pytest.mark.parametrize("symbol", ["MES", "CL", "MGC", "ZN"])
def test_a_symbol_outside_the_table_is_refused_and_not_given_ten_points(symbol):
    with pytest.raises(UnknownSymbol, match=f"no stop is known for '{symbol}'"):
        rule_of(symbol)


def test_a_bracket_needs_a_direction_and_a_distance():
    rule = rule_of("ES")
    with pytest.raises(ValueError, match="direction none"):
        bracket(0, Direction.NONE, 10, rule)
    with pytest.raises(ValueError, match="0 ticks away"):
        bracket(0, Direction.LONG, 0, rule)
