"""Exhaustion at the extreme of a bar, domain 2.3."""

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.exhaustion import (
    Exhaustion,
    ExhaustionRule,
    buying_exhaustion,
    exhaustions,
    selling_exhaustion,
)
from protocol.instruments import instrument
from protocol.pattern_settings import ExhaustionSettings
from protocol.patterns import Direction, Pattern
from protocol.signals import PPM
from tests.makers import make_bar

RULE = ExhaustionRule(
    levels_min=3, levels_max=5, decline_min_ppm=300_000, volume_min=20, require_rejection=False
)


def from_the_high(*buys):
    """Return the buying of a bar, listed upwards, from its volumes read downwards."""
    return buys[::-1]


def test_t2_3_ex_a_buying_that_fades_towards_the_high_is_exhausted():
    buys = from_the_high(45, 78, 112, 156, 145)
    assert buying_exhaustion(buys, RULE) == Exhaustion(4, 45, 156, 711_538)
    (found,) = exhaustions(make_bar(low=400, sells=(0,) * 5, buys=buys), RULE)
    assert (found.pattern, found.direction) == (Pattern.BUYING_EXHAUSTION, Direction.SHORT)
    assert (found.ref_price, found.strength_ppm) == (404, 711_538)
    assert (found.zone_low, found.zone_high) == (401, 404)
    assert found.detail == "156 down to 45 over 4 levels"


def test_t2_3_ex_b_selling_that_fades_towards_the_low_is_exhausted():
    sells = (48, 82, 118, 160, 145)
    assert selling_exhaustion(sells, RULE) == Exhaustion(4, 48, 160, 700_000)
    (found,) = exhaustions(make_bar(low=400, sells=sells, buys=(0,) * 5), RULE)
    assert (found.pattern, found.direction) == (Pattern.SELLING_EXHAUSTION, Direction.LONG)
    assert (found.ref_price, found.strength_ppm) == (400, 700_000)
    assert (found.zone_low, found.zone_high) == (400, 403)


def test_t2_3_ex_c_volume_that_is_largest_at_the_high_is_no_exhaustion():
    """The seed reads from two levels inside and reports exactly this bar."""
    assert buying_exhaustion(from_the_high(300, 200, 60, 80, 100), RULE) is None


def test_t2_3_ex_d_the_rise_ends_before_the_window_does():
    assert buying_exhaustion(from_the_high(8, 60, 120, 200, 50), RULE) == Exhaustion(
        4, 8, 200, 960_000
    )


def test_a_rise_that_begins_inside_the_bar_does_not_count():
    assert buying_exhaustion(from_the_high(50, 50, 60, 70, 80), RULE) is None
    assert buying_exhaustion(from_the_high(51, 50, 60, 70, 80), RULE) is None


def test_no_more_than_the_most_levels_are_read():
    buys = from_the_high(10, 20, 30, 40, 50, 600)
    assert buying_exhaustion(buys, RULE) == Exhaustion(5, 10, 50, 800_000)


def test_an_extreme_without_trades_of_the_side_counts_as_nothing():
    assert buying_exhaustion(from_the_high(0, 10, 20), RULE) == Exhaustion(3, 0, 20, PPM)


@pytest.mark.parametrize("levels", [(), (20,), (10, 20)])
def test_fewer_levels_than_wanted_are_no_exhaustion(levels):
    assert selling_exhaustion(levels, RULE) is None
    assert buying_exhaustion(levels[::-1], RULE) is None


@pytest.mark.parametrize(
    ("sells", "wanted"),
    [
        ((9, 10, 30), True), ((10, 10, 30), False),  # A strict rise over three levels ...
        ((9, 30, 10), False),  # ... not over two.
        ((1, 2, 20), True), ((1, 2, 19), False), ((1, 2, 21), True),  # The volume.
        ((70, 80, 100), True), ((71, 80, 100), False), ((69, 80, 100), True),  # The decline.
    ],
)  # fmt: skip
def test_the_boundaries_of_levels_volume_and_decline(sells, wanted):
    assert (selling_exhaustion(sells, RULE) is not None) is wanted


@pytest.mark.parametrize(("close", "wanted"), [(404, False), (403, True)])
def test_a_rejection_is_a_close_off_the_high_where_one_is_wanted(close, wanted):
    buys = from_the_high(45, 78, 112, 156, 145)
    bar = make_bar(low=400, sells=(0,) * 5, buys=buys, close=close)
    strict = dataclasses.replace(RULE, require_rejection=True)
    assert len(exhaustions(bar, RULE)) == 1
    assert len(exhaustions(bar, strict)) == wanted


@pytest.mark.parametrize(("close", "wanted"), [(400, False), (401, True)])
def test_a_rejection_is_a_close_off_the_low_where_one_is_wanted(close, wanted):
    bar = make_bar(low=400, sells=(48, 82, 118, 160), buys=(0,) * 4, close=close)
    strict = dataclasses.replace(RULE, require_rejection=True)
    assert len(exhaustions(bar, RULE)) == 1
    assert len(exhaustions(bar, strict)) == wanted


def test_both_ends_of_a_bar_can_be_exhausted():
    bar = make_bar(low=400, sells=(1, 20, 30, 0), buys=(0, 30, 20, 1))
    assert [signal.ref_price for signal in exhaustions(bar, RULE)] == [403, 400]


def test_a_bar_of_one_price_or_of_unknown_sides_has_none():
    assert exhaustions(make_bar(sells=(500,), buys=(500,)), RULE) == []
    unknown = make_bar(sells=(0,) * 5, buys=(0,) * 5, unknowns=(1, 20, 30, 40, 50))
    assert exhaustions(unknown, RULE) == []


def test_a_negative_volume_is_refused():
    with pytest.raises(ValueError, match="-5 contracts at level 0, wanted none below 0"):
        selling_exhaustion((-5, 10, 30), RULE)


def test_fewer_levels_read_than_wanted_are_refused():
    with pytest.raises(ValueError, match="levels_max 2, wanted at least 3"):
        dataclasses.replace(RULE, levels_max=2)


def test_the_rule_takes_the_instrument_s_volume_unless_one_is_set():
    own = instrument("ES")
    assert ExhaustionRule.of(ExhaustionSettings(), own) == RULE
    settings = ExhaustionSettings(
        levels_min=2, levels_max=4, decline_min=0.5, volume_min=7, require_rejection=True
    )
    assert ExhaustionRule.of(settings, own) == ExhaustionRule(
        levels_min=2, levels_max=4, decline_min_ppm=500_000, volume_min=7, require_rejection=True
    )


VOLUMES = st.lists(st.integers(0, 60), max_size=12)
RULES = st.builds(
    lambda low, more, **rest: ExhaustionRule(levels_min=low, levels_max=low + more, **rest),
    st.integers(2, 5),
    st.integers(0, 3),
    decline_min_ppm=st.sampled_from([0, 300_000, 500_000, PPM]),
    volume_min=st.integers(0, 40),
    require_rejection=st.booleans(),
)


def slow(inwards, rule):
    """Try every length, longest first, and ask each what domain 2.3 asks."""
    for levels in range(min(len(inwards), rule.levels_max), rule.levels_min - 1, -1):
        read = inwards[:levels]
        if all(read[i] < read[i + 1] for i in range(levels - 1)):
            decline = Fraction(read[-1] - read[0], read[-1])
            enough = read[-1] >= rule.volume_min
            steep = decline >= Fraction(rule.decline_min_ppm, PPM)
            return (levels, read[0], read[-1]) if enough and steep else None
    return None


@given(VOLUMES, RULES)
def test_an_exhaustion_is_that_of_the_slow_reference(volumes, rule):
    found = selling_exhaustion(volumes, rule)
    assert (found and found[:3]) == slow(volumes, rule)
    assert found is None or 0 < found.decline_ppm <= PPM


@given(VOLUMES, RULES)
def test_buying_is_selling_upside_down(volumes, rule):
    assert buying_exhaustion(volumes[::-1], rule) == selling_exhaustion(volumes, rule)
