"""Settings and presets of the metric engine, domain 3."""

import dataclasses

import pytest

from actors.core.flow.confirm import Confirmation
from actors.core.flow.liquidity import ZoneRule
from actors.core.flow.rules import FlowRule, cooldown_ns
from protocol.instruments import UnknownSymbol, instrument
from protocol.pattern_settings import FlowSettings
from protocol.units import NANOS_PER_S
from tests.actors.core.flow.books import make_rule


@pytest.mark.parametrize(
    ("preset", "imbalance", "confidence", "cooldown_s"),
    [
        ("normal", 600_000, 600_000, 300),
        ("aggressive", 500_000, 500_000, 180),
        ("conservative", 700_000, 700_000, 600),
    ],
)
def test_zeros_take_the_numbers_of_the_preset(preset, imbalance, confidence, cooldown_s):
    rule = make_rule(preset=preset)
    assert rule.imbalance_min_ppm == imbalance
    assert rule.confidence_min_ppm == confidence
    assert rule.cooldown_ns == cooldown_s * NANOS_PER_S


def test_a_setting_wins_over_the_preset_one_by_one():
    rule = make_rule(preset="aggressive", imbalance_min=0.65, cooldown_s=1)
    assert (rule.imbalance_min_ppm, rule.cooldown_ns) == (650_000, NANOS_PER_S)
    assert rule.confidence_min_ppm == 500_000


def test_the_defaults_are_those_of_the_domain():
    rule = make_rule()
    assert (rule.window_ns, rule.step_ns) == (60 * NANOS_PER_S, 5 * NANOS_PER_S)
    assert (rule.delta_min, rule.aggressive_min_ppm, rule.depth_min_ppm) == (1000, 500_000, 400_000)
    assert (rule.intensity_min, rule.require_primary, rule.night_only) == (50, True, False)
    assert (rule.levels_known, rule.confirmation) == (True, Confirmation.OFF)
    assert not make_rule(depth="touch").levels_known


def test_exits_are_on_and_zones_off_unless_switched():
    rule = FlowRule.of(FlowSettings(), instrument("GC"))
    assert rule.exits and rule.zones is None
    assert not make_rule(exits=False).exits
    zones = FlowRule.of(FlowSettings(liquidity=True), instrument("GC")).zones
    assert zones == ZoneRule.of(instrument("GC"))


def test_a_symbol_without_a_stop_or_with_zones_without_levels_is_refused():
    with pytest.raises(UnknownSymbol, match="no stop is known for 'MES'"):
        FlowRule.of(FlowSettings(), instrument("MES"))
    with pytest.raises(UnknownSymbol, match="no round numbers are known for 'ES'"):
        make_rule(liquidity=True)


def test_the_cooldown_is_known_for_every_symbol():
    assert cooldown_ns(FlowSettings()) == 300 * NANOS_PER_S
    assert cooldown_ns(FlowSettings(preset="aggressive")) == 180 * NANOS_PER_S
    assert cooldown_ns(FlowSettings(cooldown_s=7)) == 7 * NANOS_PER_S


def test_a_window_is_an_hour_at_most():
    assert make_rule(window_s=3_600).window_ns == 3_600 * NANOS_PER_S
    with pytest.raises(ValueError, match="an hour"):
        make_rule(window_s=3_601)


def test_slices_without_length_are_refused():
    with pytest.raises(ValueError, match="slices of 0 ns"):
        dataclasses.replace(make_rule(), step_ns=0)
