"""Liquidity zones of domain 3: visits, outcomes, and where stop and target go."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.flow.liquidity import ZONES_MAX, LiquidityZones, Outcome, Zone, ZoneRule
from protocol.instruments import UnknownSymbol, instrument
from protocol.patterns import Direction

LONG, SHORT = Direction.LONG, Direction.SHORT
REJECTION, BREAKTHROUGH = Outcome.REJECTION, Outcome.BREAKTHROUGH
CONSOLIDATION = Outcome.CONSOLIDATION
GOLD = ZoneRule.of(instrument("GC"))  # Levels every 50 ticks, a buffer of 10.
LEVEL = 20_000


def walked(*ticks: float, rule: ZoneRule = GOLD) -> list[tuple[int, Outcome]]:
    """The visits that end along prices in ticks from the level."""
    zones = LiquidityZones(rule)
    return [ended for tick in ticks for ended in zones.add(round(2 * (LEVEL + tick)))]


def zones_with(counts: dict[int, tuple[int, int, int]]) -> LiquidityZones:
    zones = LiquidityZones(GOLD)
    zones.zones = {level: Zone(*outcomes) for level, outcomes in counts.items()}
    return zones


@pytest.mark.parametrize(
    ("symbol", "spacings", "buffer"),
    [("NQ", (100, 200, 400), 12), ("GC", (50, 100), 10), ("SI", (50, 100), 10),
     ("PL", (100, 250), 20), ("HG", (100, 200), 20)],
)  # fmt: skip
def test_the_round_numbers_of_a_symbol_in_ticks(symbol, spacings, buffer):
    rule = ZoneRule.of(instrument(symbol))
    assert (rule.spacings, rule.buffer_ticks) == (spacings, buffer)


@pytest.mark.parametrize("symbol", ["ES", "MGC", "CL"])
def test_a_symbol_without_round_numbers_is_refused(symbol):
    with pytest.raises(UnknownSymbol, match=f"no round numbers are known for '{symbol}'"):
        ZoneRule.of(instrument(symbol))


def test_a_price_that_stays_away_visits_nothing():
    assert walked(25, 24, 11, 24, 25) == []


def test_a_visit_begins_at_the_buffer_and_ends_beyond_two():
    assert walked(25, 10.5, 21) == []
    assert walked(25, 10, 20) == []
    assert walked(25, 10, 20.5) == [(LEVEL, REJECTION)]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ((21, 5, 21), REJECTION),
        ((-21, -5, -21), REJECTION),
        ((21, 5, -5, -21), BREAKTHROUGH),
        ((-21, -5, 5, 21), BREAKTHROUGH),
        ((21, 5, -20, 5, 21), REJECTION),  # Through the level and back before two buffers.
        ((21, -9, -21), BREAKTHROUGH),  # In one leap to the other side of the level.
    ],
)
def test_the_outcome_is_the_side_on_which_the_price_leaves(path, wanted):
    assert walked(*path) == [(LEVEL, wanted)]


def test_a_distance_without_its_sign_would_call_every_visit_a_breakthrough():
    # A walk of ten ticks a step comes in at 10 and leaves at 30 or -30: one visit in three breaks
    # through. Earlier a visit did that was ever further from the level than 1.5 ticks.
    path = (2 * 30 + np.cumsum(np.random.default_rng(5).choice((-20, 20), 20_000))).tolist()
    zones, outcomes, signless = LiquidityZones(GOLD), [], 0
    furthest: dict[int, int] = {}
    for price in path:
        ended = zones.add(price)
        outcomes += [outcome for _, outcome in ended]
        signless += sum(furthest[level] > 2 * 1.5 for level, _ in ended)
        furthest = {
            level: max(furthest.get(level, 0), abs(price - 2 * level)) for level in zones.visits
        }
    assert len(outcomes) > 1_000
    assert 0.25 < outcomes.count(BREAKTHROUGH) / len(outcomes) < 0.40
    assert signless == len(outcomes)


@pytest.mark.parametrize(("near", "wanted"), [(7, REJECTION), (8, CONSOLIDATION)])
def test_eight_samples_within_half_a_buffer_are_a_consolidation(near, wanted):
    assert walked(21, 10, *[5] * near, 5.5, 21) == [(LEVEL, wanted)]
    assert walked(21, *[-5] * near, -5.5, 21) == [(LEVEL, wanted)]


def test_a_first_price_on_the_level_has_come_from_nowhere():
    assert walked(0, 21) == []
    assert walked(*[0] * 8, 21) == [(LEVEL, CONSOLIDATION)]
    assert walked(1, 21) == [(LEVEL, REJECTION)]


def test_a_leap_over_the_whole_zone_is_no_visit():
    assert walked(21, -21) == []


def test_a_leap_from_level_to_level_ends_one_visit_and_begins_the_next():
    assert walked(21, 5, 55, 75) == [(LEVEL, REJECTION), (LEVEL + 50, BREAKTHROUGH)]


def test_levels_of_two_spacings_are_levels_of_both():
    platinum = ZoneRule.of(instrument("PL"))
    zones = LiquidityZones(platinum)
    for ticks in (1_800, 1_750, 1_800):  # 175.0 is a multiple of 25 and not of 10.
        zones.add(2 * ticks)
    assert (1_750, 1) in [(level, zone.rejections) for level, zone in zones.zones.items()]


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ((0, 0, 0), 500_000),
        ((0, 1, 0), 550_000),
        ((0, 10, 0), 1_000_000),
        ((0, 20, 0), 1_000_000),
        ((2, 8, 0), 900_000),
        ((2, 2, 1), 600_000),
        ((1, 2, 0), 600_000),
    ],
)
def test_confidence_grows_with_consistency_and_with_hits_up_to_ten(outcomes, wanted):
    zone = Zone(*outcomes)
    assert zone.confidence_ppm == wanted
    hits = max(zone.hits, 1)
    exact = Fraction(1, 2) + Fraction(max(outcomes), 2 * hits) * min(1, Fraction(zone.hits, 10))
    assert abs(zone.confidence_ppm - exact * 1_000_000) < 1


def test_a_level_rejects_if_it_did_more_often_than_anything_else():
    assert Zone(1, 2, 1).rejects
    assert not Zone(2, 2, 0).rejects
    assert not Zone(0, 2, 2).rejects
    assert not Zone().rejects


def test_a_stop_lies_half_a_buffer_behind_the_nearest_rejecting_zone():
    zones = zones_with({19_900: (0, 9, 0), 19_950: (0, 9, 0), 20_050: (0, 9, 0)})
    assert zones.stop(20_000, LONG) == 19_945
    assert zones.stop(20_000, SHORT) == 20_055
    assert zones.stop(19_950, LONG) == 19_945


def test_zones_that_do_not_reject_or_are_unsure_or_far_carry_no_stop():
    unsure = {19_950: (0, 2, 0)}  # 0.60, not more.
    assert zones_with(unsure).stop(20_000, LONG) is None
    assert zones_with({19_950: (0, 3, 0)}).stop(20_000, LONG) == 19_945
    assert zones_with({19_950: (9, 1, 0)}).stop(20_000, LONG) is None
    assert zones_with({19_000: (0, 9, 0)}).stop(20_000, LONG) == 18_995  # 5 %.
    assert zones_with({18_950: (0, 9, 0)}).stop(20_000, LONG) is None
    assert LiquidityZones(GOLD).stop(20_000, LONG) is None


def test_a_target_lies_before_the_next_rejecting_zone_and_half_the_risk_away():
    zones = zones_with({20_050: (0, 9, 0), 20_100: (0, 9, 0), 19_950: (0, 9, 0)})
    assert zones.target(20_000, LONG, 94) == 20_047  # 47 away, half of 94.
    assert zones.target(20_000, LONG, 95) == 20_097
    assert zones.target(20_000, LONG, 195) is None
    assert zones.target(20_000, SHORT, 94) == 19_953
    assert LiquidityZones(GOLD).target(20_000, LONG, 10) is None


def test_three_tenths_of_twelve_ticks_are_four():
    zones = LiquidityZones(ZoneRule.of(instrument("NQ")))
    zones.zones = {61_000: Zone(0, 9, 0)}
    assert zones.target(60_950, LONG, 10) == 60_996
    assert zones.target(61_050, SHORT, 10) == 61_004


def test_directions_and_risks_that_are_none_are_refused():
    with pytest.raises(ValueError, match="direction none"):
        LiquidityZones(GOLD).stop(20_000, Direction.NONE)
    with pytest.raises(ValueError, match="a risk of 0 ticks"):
        LiquidityZones(GOLD).target(20_000, LONG, 0)


def test_the_zone_left_longest_ago_is_forgotten_when_there_are_too_many():
    zones = LiquidityZones(GOLD)
    for number in range(ZONES_MAX + 2):
        level = LEVEL + 50 * number
        for ticks in (21, 5, 21):
            zones.add(2 * (level + ticks))
    assert len(zones.zones) == ZONES_MAX
    assert LEVEL not in zones.zones and LEVEL + 100 in zones.zones


WALKS = st.lists(st.integers(-30, 30), min_size=1, max_size=120)


def slow_visits(prices: list[int], level: int) -> list[Outcome]:
    """The visits to one level, read from the whole path: prices in half ticks from the level."""
    found, row = [], 0
    while row < len(prices):
        if abs(prices[row]) > 20:
            row += 1
            continue
        left = next((end for end in range(row, len(prices)) if abs(prices[end]) > 40), None)
        if left is None:
            return found
        before = prices[row - 1] if row else prices[0]
        if sum(abs(price) <= 10 for price in prices[row:left]) >= 8:
            found.append(CONSOLIDATION)
        elif before:
            found.append(REJECTION if (before > 0) == (prices[left] > 0) else BREAKTHROUGH)
        row = left
    return found


@given(WALKS)
def test_the_outcomes_equal_those_read_from_the_whole_path(steps):
    path = np.cumsum([25, *steps]).tolist()
    zones = LiquidityZones(GOLD)
    ended = [outcome for price in path for outcome in zones.add(2 * LEVEL + price)]
    for level in range(LEVEL - 2_000, LEVEL + 2_000, 50):
        from_level = [2 * LEVEL + price - 2 * level for price in path]
        wanted = slow_visits(from_level, level)
        assert [outcome for found, outcome in ended if found == level] == wanted
