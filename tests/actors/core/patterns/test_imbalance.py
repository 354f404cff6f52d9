"""Diagonal and stacked imbalance, domain 2.1 and 2.2."""

import dataclasses
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.imbalance import (
    ImbalanceRule,
    ZeroPolicy,
    buy_imbalances,
    imbalances,
    ratio_strength_ppm,
    sell_imbalances,
    stacks,
)
from protocol.instruments import instrument
from protocol.pattern_settings import ImbalanceSettings
from protocol.patterns import Direction, Pattern
from tests.makers import make_bar

RULE = ImbalanceRule(
    ratio_ppm=3_000_000, volume_min=10, difference_min=0, zero_policy=ZeroPolicy.ONE, stack_min=3
)
# Ex-a from its lowest price upwards; 5765.00 is 23060 quarter points.
EX_A = make_bar(low=23_060, sells=(60, 45, 30, 25, 15), buys=(45, 88, 156, 185, 210))


def found(bar, rule=RULE):
    return [(s.pattern, s.ref_price, s.strength_ppm) for s in imbalances(bar, rule)]


def test_a_bar_of_one_level_has_no_imbalance():
    assert imbalances(make_bar(sells=(0,), buys=(500,)), RULE) == []


def test_the_lowest_level_buys_and_the_highest_level_sells_against_nothing():
    assert buy_imbalances((0, 0), (500, 0), RULE) == []
    assert sell_imbalances((0, 0), (0, 500), RULE) == []


def test_t2_1_and_t2_2_three_buy_imbalances_and_their_stack():
    """T2.1 Ex-a, T2.2."""
    assert found(EX_A) == [
        (Pattern.BUY_IMBALANCE, 23_062, 346_667),
        (Pattern.BUY_IMBALANCE, 23_063, 616_667),
        (Pattern.BUY_IMBALANCE, 23_064, 840_000),
        (Pattern.STACKED_BUY, 23_064, 600_000),
    ]
    stack = imbalances(EX_A, RULE)[-1]
    assert (stack.zone_low, stack.zone_high) == (23_062, 23_064)
    assert stack.direction is Direction.LONG


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (ZeroPolicy.ONE, [1, 2]),
        (ZeroPolicy.IGNORE, []),
        (ZeroPolicy.INFINITE, [1, 2]),
    ],
)
def test_t2_1_an_empty_level_below_is_what_the_policy_says(policy, wanted):
    """T2.1 Ex-b."""
    rule = dataclasses.replace(RULE, zero_policy=policy)
    assert buy_imbalances((0, 0, 3), (5, 50, 60), rule) == wanted
    assert ratio_strength_ppm(50, 0) == 1_000_000


def test_one_and_infinite_differ_below_the_ratio():
    rule = dataclasses.replace(RULE, volume_min=2)
    assert buy_imbalances((0, 0), (0, 2), rule) == []
    infinite = dataclasses.replace(rule, zero_policy=ZeroPolicy.INFINITE)
    assert buy_imbalances((0, 0), (0, 2), infinite) == [1]


def test_two_empty_levels_are_no_imbalance_whatever_the_minimum():
    rule = dataclasses.replace(RULE, volume_min=0, zero_policy=ZeroPolicy.INFINITE)
    assert buy_imbalances((0, 0), (0, 0), rule) == []
    one = dataclasses.replace(rule, zero_policy=ZeroPolicy.ONE)
    assert buy_imbalances((0, 0), (0, 0), one) == []


def test_t2_1_the_lowest_price_can_be_a_sell_imbalance():
    """T2.1 Ex-c."""
    bar = make_bar(low=400, sells=(90, 20, 20), buys=(5, 10, 10))
    assert found(bar) == [(Pattern.SELL_IMBALANCE, 400, 900_000)]


def test_the_boundaries_of_ratio_and_volume():
    assert buy_imbalances((4, 9), (0, 12), RULE) == [1]  # Exactly three to one.
    assert buy_imbalances((50, 9), (0, 149), RULE) == []  # One short of it.
    assert buy_imbalances((1, 9), (0, 9), RULE) == []  # One contract short of the minimum.
    assert buy_imbalances((1, 9), (0, 10), RULE) == [1]


def test_a_gap_in_the_prices_is_not_a_neighbour():
    # 404 stands over the empty 403, not over 400.
    bar = make_bar(low=400, sells=(50, 0, 0, 0, 0), buys=(0, 0, 0, 0, 100))
    assert found(bar)[1:] == [(Pattern.SELL_IMBALANCE, 400, 1_000_000)]
    assert found(bar)[0] == (Pattern.BUY_IMBALANCE, 404, 1_000_000)


def test_a_stack_of_sells_is_priced_at_its_bottom():
    bar = make_bar(low=400, sells=(90, 90, 90, 1), buys=(1, 1, 1, 1))
    stack = imbalances(bar, RULE)[-1]
    assert (stack.pattern, stack.ref_price) == (Pattern.STACKED_SELL, 400)
    assert (stack.zone_low, stack.zone_high, stack.direction) == (400, 402, Direction.SHORT)


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [
        ([], []),
        ([1, 2], []),
        ([1, 2, 3], [(1, 3)]),
        ([1, 2, 4, 5], []),
        ([1, 2, 3, 5, 6, 7, 8], [(1, 3), (5, 8)]),
    ],
)
def test_runs_are_parted_by_one_level(levels, wanted):
    assert stacks(levels, 3) == wanted


def test_a_stack_of_five_is_as_strong_as_one_of_six():
    for count, strength in ((4, 800_000), (5, 1_000_000), (6, 1_000_000)):
        bar = make_bar(sells=(1,) * (count + 1), buys=(0,) + (30,) * count)
        assert imbalances(bar, RULE)[-1].strength_ppm == strength


@pytest.mark.parametrize(("inferred", "low"), [(19, False), (20, False), (21, True)])
def test_quality_is_low_above_a_fifth_of_inferred_volume(inferred, low):
    bar = make_bar(sells=(5, 5), buys=(0, 90), inferred_volume=inferred)
    assert bar.volume == 100 and imbalances(bar, RULE)
    assert all(signal.low_quality is low for signal in imbalances(bar, RULE))


def test_a_signal_says_when_where_and_whether_it_is_made_up():
    signal = imbalances(dataclasses.replace(EX_A, simulated=True), RULE)[0]
    assert (signal.ts_ns, signal.last_price) == (EX_A.end_ns, EX_A.close)
    assert signal.synthetic


def test_ids_are_made_from_facts_and_differ_from_each_other():
    ids = [signal.id for signal in imbalances(EX_A, RULE)]
    assert ids == [signal.id for signal in imbalances(EX_A, RULE)]
    later = dataclasses.replace(EX_A, end_ns=EX_A.end_ns + 1)
    assert len({*ids, *(signal.id for signal in imbalances(later, RULE))}) == 2 * len(ids)


def test_the_rule_takes_the_instrument_s_volume_unless_one_is_set():
    own = instrument("ES")
    rule = ImbalanceRule.of(ImbalanceSettings(), own)
    assert rule == dataclasses.replace(RULE, volume_min=20)
    settings = ImbalanceSettings(
        ratio=2.5, volume_min=7, difference_min=4, zero_policy="infinite", stack_min=2
    )
    assert ImbalanceRule.of(settings, own) == ImbalanceRule(
        ratio_ppm=2_500_000,
        volume_min=7,
        difference_min=4,
        zero_policy=ZeroPolicy.INFINITE,
        stack_min=2,
    )


@pytest.mark.parametrize(("strong", "wanted"), [(23, []), (24, [1]), (25, [1])])
def test_the_boundary_of_the_difference(strong, wanted):
    rule = dataclasses.replace(RULE, difference_min=20)
    assert buy_imbalances((4, 0), (0, strong), rule) == wanted
    assert sell_imbalances((strong, 0), (0, 4), rule) == [0] * len(wanted)


@pytest.mark.parametrize("policy", [ZeroPolicy.ONE, ZeroPolicy.INFINITE])
def test_an_empty_level_must_make_the_difference_too(policy):
    rule = dataclasses.replace(RULE, difference_min=30, zero_policy=policy)
    assert buy_imbalances((0, 0), (0, 29), rule) == []
    assert buy_imbalances((0, 0), (0, 30), rule) == [1]


def test_the_detail_gives_both_volumes_and_their_ratio():
    *singles, stack = imbalances(EX_A, RULE)
    assert [single.detail for single in singles] == [
        "156 against 45, 3.47 to one",
        "185 against 30, 6.17 to one",
        "210 against 25, 8.40 to one",
    ]
    assert stack.detail == "3 levels, 551 against 100, 5.51 to one"


def test_a_bar_of_unknown_sides_alone_has_no_imbalance():
    rule = dataclasses.replace(RULE, volume_min=0, zero_policy=ZeroPolicy.INFINITE)
    assert imbalances(make_bar(sells=(0,) * 3, buys=(0,) * 3, unknowns=(90,) * 3), rule) == []


@pytest.mark.parametrize("find", [buy_imbalances, sell_imbalances])
def test_unsound_columns_are_refused(find):
    assert find((), (), RULE) == []
    with pytest.raises(ValueError, match="2 sell and 3 buy levels"):
        find((1, 2), (1, 2, 3), RULE)
    with pytest.raises(ValueError, match="-1 contracts at level 1"):
        find((1, -1), (90, 90), RULE)


SIDES = st.integers(2, 30).flatmap(
    lambda n: st.tuples(
        *(st.lists(st.integers(0, 40), min_size=n, max_size=n).map(tuple) for _ in range(2))
    )
)
RULES = st.builds(
    ImbalanceRule,
    ratio_ppm=st.sampled_from([1_500_000, 2_000_000, 3_000_000, 4_250_000]),
    volume_min=st.integers(0, 30),
    difference_min=st.integers(0, 30),
    zero_policy=st.sampled_from(ZeroPolicy),
    stack_min=st.integers(2, 4),
)


def slow_buys(sells, buys, rule):
    """Look each price up in a book of prices, as domain 2.1 says it."""
    sold = {100 + level: volume for level, volume in enumerate(sells)}
    found = []
    for level, strong in enumerate(buys):
        weak = sold.get(100 + level - 1)
        if weak is None or strong < rule.volume_min or strong - weak < rule.difference_min:
            continue
        if weak == 0 and rule.zero_policy is ZeroPolicy.IGNORE:
            continue
        infinite = weak == 0 and strong > 0 and rule.zero_policy is ZeroPolicy.INFINITE
        if infinite or strong >= Fraction(rule.ratio_ppm, 1_000_000) * max(weak, 1):
            found.append(level)
    return found


@given(SIDES, RULES)
def test_buy_imbalances_are_those_of_the_slow_reference(sides, rule):
    assert buy_imbalances(*sides, rule) == slow_buys(*sides, rule)


@given(SIDES, RULES)
def test_every_single_imbalance_of_a_stack_is_there_by_itself(sides, rule):
    signals = imbalances(make_bar(low=400, sells=sides[0], buys=sides[1]), rule)
    lone = (Pattern.BUY_IMBALANCE, Pattern.SELL_IMBALANCE)
    singles = {(s.direction, s.ref_price) for s in signals if s.pattern in lone}
    for stack in signals:
        if stack.pattern in (Pattern.STACKED_BUY, Pattern.STACKED_SELL):
            zone = range(stack.zone_low, stack.zone_high + 1)
            assert len(zone) >= rule.stack_min
            assert {(stack.direction, price) for price in zone} <= singles
            for beyond in (stack.zone_low - 1, stack.zone_high + 1):
                assert (stack.direction, beyond) not in singles


@given(st.lists(st.booleans(), max_size=30), st.integers(2, 4))
def test_stacks_are_the_longest_runs(marked, stack_min):
    text = "".join("x" if mark else "." for mark in marked)
    runs = [(run.start(), run.end() - 1) for run in re.finditer("x+", text)]
    wanted = [(low, high) for low, high in runs if high - low + 1 >= stack_min]
    assert stacks([level for level, mark in enumerate(marked) if mark], stack_min) == wanted


@given(SIDES)
def test_selling_is_buying_upside_down(sides):
    sells, buys = sides
    top = len(sells) - 1
    mirrored = [top - level for level in buy_imbalances(buys[::-1], sells[::-1], RULE)]
    assert sell_imbalances(sells, buys, RULE) == mirrored[::-1]
