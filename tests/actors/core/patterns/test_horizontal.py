"""Imbalance at one price, domain 2.1b."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.horizontal import HorizontalRule, horizontals, outweighing
from protocol.instruments import instrument
from protocol.pattern_settings import HorizontalSettings
from protocol.patterns import Direction, Pattern
from tests.makers import make_bar

RULE = HorizontalRule(ratio_ppm=2_000_000, volume_min=10)


def test_a_level_is_measured_against_itself_and_not_against_its_neighbours():
    bar = make_bar(low=400, sells=(10, 90, 5), buys=(10, 30, 50))
    found = [(s.pattern, s.ref_price, s.direction, s.strength_ppm) for s in horizontals(bar, RULE)]
    assert found == [
        (Pattern.HORIZONTAL_BUY, 402, Direction.LONG, 1_000_000),
        (Pattern.HORIZONTAL_SELL, 401, Direction.SHORT, 300_000),
    ]


def test_it_is_worth_a_look_and_nothing_to_act_on():
    (found,) = horizontals(make_bar(low=400, sells=(0,), buys=(50,)), RULE)
    assert not found.actionable
    assert (found.zone_low, found.zone_high) == (400, 400)
    assert found.detail == "50 against 0, 50.00 to one"


@pytest.mark.parametrize(
    ("strong", "weak", "wanted"),
    [
        (20, 10, True), (19, 10, False), (21, 10, True),  # The ratio.
        (10, 0, True), (9, 0, False), (11, 0, True),  # The volume.
        (0, 0, False),
    ],
)  # fmt: skip
def test_the_boundaries_of_ratio_and_volume(strong, weak, wanted):
    assert outweighing((strong,), (weak,), RULE) == ([0] if wanted else [])


def test_an_empty_level_outweighs_nothing_even_without_a_minimum():
    assert outweighing((0,), (0,), HorizontalRule(ratio_ppm=2_000_000, volume_min=0)) == []


def test_a_bar_of_unknown_sides_alone_has_none():
    bar = make_bar(sells=(0,) * 3, buys=(0,) * 3, unknowns=(90,) * 3)
    assert horizontals(bar, RULE) == []


def test_unsound_columns_are_refused():
    with pytest.raises(ValueError, match="wanted none below 0"):
        outweighing((-1,), (5,), RULE)


def test_the_rule_takes_the_instrument_s_volume_unless_one_is_set():
    own = instrument("NQ")
    assert HorizontalRule.of(HorizontalSettings(), own).volume_min == 15
    rule = HorizontalRule.of(HorizontalSettings(ratio=2.5, volume_min=3), own)
    assert rule == HorizontalRule(ratio_ppm=2_500_000, volume_min=3)


LEVEL = st.tuples(st.integers(0, 60), st.integers(0, 60))


@given(st.lists(LEVEL, min_size=1, max_size=30))
def test_the_signals_are_those_of_the_slow_reference_and_no_level_has_both(levels):
    bar = make_bar(low=400, sells=[s for s, _ in levels], buys=[b for _, b in levels])
    wanted = []
    for price, (sold, bought) in enumerate(levels, start=400):
        ratio = Fraction(max(sold, bought), max(1, min(sold, bought)))
        if ratio >= 2 and max(sold, bought) >= 10:
            buying = bought > sold
            wanted.append((Pattern.HORIZONTAL_BUY if buying else Pattern.HORIZONTAL_SELL, price))
    found = [(signal.pattern, signal.ref_price) for signal in horizontals(bar, RULE)]
    assert sorted(found) == sorted(wanted)
