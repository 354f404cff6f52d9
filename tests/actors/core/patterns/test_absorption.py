"""Absorption in the zone at the extreme of a bar and at its outermost price, domain 2.4 A and C."""

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.absorption import (
    Absorption,
    AbsorptionRule,
    LevelAbsorption,
    LevelAbsorptionRule,
    absorptions,
    buying_absorption,
    level_absorptions,
    level_buying_absorption,
    level_selling_absorption,
    selling_absorption,
)
from protocol.instruments import instrument
from protocol.pattern_settings import AbsorptionSettings, LevelAbsorptionSettings
from protocol.patterns import Direction, Pattern
from protocol.signals import PPM
from tests.makers import make_bar

RULE = AbsorptionRule(
    zone_ticks=3,
    share_min_ppm=600_000,
    close_position_ppm=500_000,
    volume_min=150,
    concentration_min_ppm=0,
)
LEVEL_RULE = LevelAbsorptionRule(
    ratio_ppm=3_000_000, ratio_actionable_ppm=5_000_000, volume_min=20, close_ticks_min=2
)
# The example from its lowest price upwards; 5762.75 is 23051 quarter points.
SELLS, BUYS = (278, 312, 234, 89, 67, 45), (22, 25, 30, 45, 56, 88)
EX = make_bar(low=23_051, sells=SELLS, buys=BUYS)


def upside_down(sells, buys):
    return buys[::-1], sells[::-1]


def test_t2_4_a_sellers_who_got_nowhere_at_the_low_were_absorbed():
    assert buying_absorption(SELLS, BUYS, 5, RULE) == Absorption(
        aggressive=824,
        opposite=77,
        share_ppm=914_539,
        concentration_ppm=803_902,
        recovery_ppm=PPM,
        strength_ppm=PPM,
    )
    (found,) = absorptions(EX, RULE)
    assert (found.pattern, found.direction) == (Pattern.BUYING_ABSORPTION, Direction.LONG)
    assert (found.zone_low, found.zone_high) == (23_051, 23_053)
    assert found.detail == "824 against 77, share 0.91, of the bar 0.80, close 1.00 off"


def test_t2_4_a_the_level_is_the_low_and_the_market_is_the_close():
    """The seed takes the low for the price: by then the market is five ticks away."""
    (found,) = absorptions(EX, RULE)
    assert (found.ref_price, found.last_price) == (23_051, 23_056)


def test_t2_4_a2_the_strength_is_close_position_times_volume_halved():
    sells, buys = (60, 60, 60, 0, 0, 0), (20, 20, 20, 0, 0, 0)
    found = buying_absorption(sells, buys, 4, RULE)
    assert (found.aggressive, found.opposite, found.strength_ppm) == (180, 60, 480_000)


def test_buyers_who_got_nowhere_at_the_high_were_absorbed():
    sells, buys = upside_down(SELLS, BUYS)
    (found,) = absorptions(make_bar(low=400, sells=sells, buys=buys, close=400), RULE)
    assert (found.pattern, found.direction) == (Pattern.SELLING_ABSORPTION, Direction.SHORT)
    assert (found.ref_price, found.last_price, found.strength_ppm) == (405, 400, PPM)
    assert (found.zone_low, found.zone_high) == (403, 405)


@pytest.mark.parametrize(
    ("sells", "buys", "close", "wanted"),
    [
        ((50, 40, 0, 0, 0), (20, 40, 0, 0, 0), 4, True),  # 150 contracts, six tenths of them.
        ((50, 39, 0, 0, 0), (20, 40, 0, 0, 0), 4, False),  # One contract short of the volume.
        ((50, 39, 0, 0, 0), (20, 41, 0, 0, 0), 4, False),  # One contract short of the share.
        ((50, 41, 0, 0, 0), (20, 39, 0, 0, 0), 4, True),
        ((150, 0, 0, 0, 0), (0,) * 5, 2, True),  # A close in the middle.
        ((150, 0, 0, 0, 0), (0,) * 5, 1, False),
        ((150, 0, 0, 0, 0), (0,) * 5, 3, True),
        ((0, 0, 150, 0, 0), (0,) * 5, 4, True),  # The third tick is in the zone ...
        ((0, 0, 0, 150, 0), (0,) * 5, 4, False),  # ... and the fourth is not.
    ],
)
def test_the_boundaries_of_volume_share_close_and_zone(sells, buys, close, wanted):
    assert (buying_absorption(sells, buys, close, RULE) is not None) is wanted
    mirrored = upside_down(sells, buys)
    assert (selling_absorption(*mirrored, 4 - close, RULE) is not None) is wanted


@pytest.mark.parametrize(("levels", "wanted"), [(1, False), (2, False), (3, False), (4, True)])
def test_a_bar_of_less_than_three_ticks_has_none(levels, wanted):
    sells, buys = (500,) + (0,) * (levels - 1), (0,) * levels
    assert (buying_absorption(sells, buys, levels - 1, RULE) is not None) is wanted


def test_a_bar_lower_than_a_wide_zone_has_none():
    rule = dataclasses.replace(RULE, zone_ticks=5)
    assert buying_absorption((500, 0, 0, 0, 0), (0,) * 5, 4, rule) is None
    assert buying_absorption((500, 0, 0, 0, 0, 0), (0,) * 6, 5, rule) is not None


@pytest.mark.parametrize(("share", "wanted"), [(799_999, True), (800_000, True), (800_001, False)])
def test_the_boundary_of_the_concentration_where_one_is_wanted(share, wanted):
    rule = dataclasses.replace(RULE, concentration_min_ppm=share)
    sells = (800, 0, 0, 200)
    assert (buying_absorption(sells, (0,) * 4, 3, rule) is not None) is wanted


def test_a_bar_that_closed_in_its_middle_can_have_both():
    bar = make_bar(low=400, sells=(200, 0, 0, 0, 0), buys=(0, 0, 0, 0, 200), close=402)
    assert [(signal.ref_price, signal.strength_ppm) for signal in absorptions(bar, RULE)] == [
        (400, 333_333),
        (404, 333_333),
    ]


def test_unknown_sides_absorb_nothing():
    bar = make_bar(sells=(0,) * 6, buys=(0,) * 6, unknowns=(400,) * 6)
    assert absorptions(bar, dataclasses.replace(RULE, volume_min=0)) == []
    assert level_absorptions(bar, dataclasses.replace(LEVEL_RULE, volume_min=0)) == []


@pytest.mark.parametrize(
    ("find", "rule"),
    [
        (buying_absorption, RULE), (selling_absorption, RULE),
        (level_buying_absorption, LEVEL_RULE), (level_selling_absorption, LEVEL_RULE),
    ],
)  # fmt: skip
def test_no_levels_have_none_and_unsound_ones_are_refused(find, rule):
    assert find((), (), 0, rule) is None
    with pytest.raises(ValueError, match="wanted none below 0"):
        find((1, 1, -1, 1), (1,) * 4, 0, rule)
    for close in (-1, 4):
        with pytest.raises(ValueError, match="wanted one from 0 to 3"):
            find((1,) * 4, (1,) * 4, close, rule)


@pytest.mark.parametrize(
    ("sold", "bought", "close", "wanted"),
    [
        (30, 10, 2, LevelAbsorption(30, 10, 600_000, actionable=False)),
        (29, 10, 2, None),
        (49, 10, 2, LevelAbsorption(49, 10, 980_000, actionable=False)),
        (50, 10, 2, LevelAbsorption(50, 10, PPM, actionable=True)),
        (500, 10, 2, LevelAbsorption(500, 10, PPM, actionable=True)),
        (20, 0, 2, LevelAbsorption(20, 0, PPM, actionable=True)),
        (19, 0, 2, None),
        (30, 10, 1, None),
        (30, 10, 3, LevelAbsorption(30, 10, 600_000, actionable=False)),
        (10, 30, 2, None),
    ],
)
def test_the_boundaries_of_the_outermost_price(sold, bought, close, wanted):
    sells, buys = (sold, 0, 0, 0), (bought, 0, 0, 0)
    assert level_buying_absorption(sells, buys, close, LEVEL_RULE) == wanted
    mirrored = upside_down(sells, buys)
    assert level_selling_absorption(*mirrored, 3 - close, LEVEL_RULE) == wanted


def test_a_one_sided_level_inside_the_bar_is_no_absorption():
    """The seed reports one wherever it finds it."""
    bar = make_bar(low=400, sells=(5, 900, 5, 5), buys=(5, 5, 5, 5), close=403)
    assert level_absorptions(bar, LEVEL_RULE) == []


def test_a_low_that_price_did_not_leave_is_no_absorption():
    """The seed asks for no failure of the price."""
    bar = make_bar(low=400, sells=(900, 5, 5, 5), buys=(5, 5, 5, 5), close=400)
    assert level_absorptions(bar, LEVEL_RULE) == []


def test_sellers_at_the_low_point_up_and_buyers_at_the_high_point_down():
    """The seed reads one bar both ways: dominant sellers once as bullish, once as bearish."""
    low = make_bar(low=400, sells=(60, 5, 5, 5), buys=(10, 5, 5, 5), close=402)
    (found,) = level_absorptions(low, LEVEL_RULE)
    assert (found.pattern, found.direction) == (Pattern.LEVEL_BUYING_ABSORPTION, Direction.LONG)
    assert (found.ref_price, found.last_price) == (400, 402)
    assert (found.confidence_ppm, found.actionable) == (750_000, True)
    assert found.detail == "60 against 10, close 2 ticks off"
    high = make_bar(low=400, sells=(5, 5, 5, 10), buys=(5, 5, 5, 40), close=400)
    (found,) = level_absorptions(high, LEVEL_RULE)
    assert (found.pattern, found.direction) == (Pattern.LEVEL_SELLING_ABSORPTION, Direction.SHORT)
    assert (found.ref_price, found.last_price, found.actionable) == (403, 400, False)


def test_the_rules_take_the_instrument_s_volumes_unless_some_are_set():
    own = instrument("ES")
    assert AbsorptionRule.of(AbsorptionSettings(), own) == RULE
    assert LevelAbsorptionRule.of(LevelAbsorptionSettings(), own) == LEVEL_RULE
    own = instrument("MES")
    assert AbsorptionRule.of(AbsorptionSettings(), own).volume_min == 30
    assert LevelAbsorptionRule.of(LevelAbsorptionSettings(), own).volume_min == 5
    settings = AbsorptionSettings(volume_min=7, concentration_min=0.6, share_min=0.7)
    rule = AbsorptionRule.of(settings, own)
    assert (rule.volume_min, rule.share_min_ppm) == (7, 700_000)
    assert rule.concentration_min_ppm == 600_000
    assert LevelAbsorptionRule.of(LevelAbsorptionSettings(volume_min=7), own).volume_min == 7


BARS = st.integers(1, 9).flatmap(
    lambda n: st.builds(
        make_bar,
        low=st.just(400),
        sells=st.lists(st.integers(0, 120), min_size=n, max_size=n),
        buys=st.lists(st.integers(0, 120), min_size=n, max_size=n),
        close=st.integers(400, 399 + n),
    )
)
RULES = st.builds(
    AbsorptionRule,
    zone_ticks=st.integers(1, 4),
    share_min_ppm=st.sampled_from([0, 400_000, 600_000, PPM]),
    close_position_ppm=st.sampled_from([0, 300_000, 500_000, PPM]),
    volume_min=st.integers(0, 300),
    concentration_min_ppm=st.sampled_from([0, 400_000, 600_000]),
)


def slow(bar, rule):
    """Say domain 2.4 A in fractions, each side for itself."""
    span, found = bar.high - bar.low, []
    if span < max(3, rule.zone_ticks):
        return found
    position = Fraction(bar.close - bar.low, span)
    limit = Fraction(rule.close_position_ppm, PPM)
    for low in (True, False):
        zone = range(rule.zone_ticks) if low else range(span - rule.zone_ticks + 1, span + 1)
        strong, weak = (bar.sells, bar.buys) if low else (bar.buys, bar.sells)
        agg, opp = sum(strong[level] for level in zone), sum(weak[level] for level in zone)
        came_back = position if low else 1 - position
        if agg + opp < rule.volume_min or agg + opp == 0 or came_back < limit:
            continue
        if Fraction(agg, agg + opp) < Fraction(rule.share_min_ppm, PPM):
            continue
        if sum(strong) and Fraction(agg, sum(strong)) < Fraction(rule.concentration_min_ppm, PPM):
            continue
        strength = min(came_back * agg / max(rule.volume_min, 1) / 2, Fraction(1))
        found.append((bar.low if low else bar.high, strength))
    return found


@given(BARS, RULES)
def test_absorptions_are_those_of_the_slow_reference(bar, rule):
    found, wanted = absorptions(bar, rule), slow(bar, rule)
    assert [signal.ref_price for signal in found] == [price for price, _ in wanted]
    for signal, (_, strength) in zip(found, wanted, strict=True):
        assert abs(signal.strength_ppm - strength * PPM) <= Fraction(1, 2)
