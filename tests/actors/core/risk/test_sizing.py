"""How many contracts, domain 7.6."""

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.sizing import SizeRule, Streak, confluence, size, streak
from actors.core.risk.tiers import TierRule
from protocol.patterns import Direction, Pattern
from protocol.settings import TierSettings
from protocol.signals import Regime
from tests.makers import make_approved

RULE = SizeRule(
    quantity=1,
    quantity_max=2,
    families_min=2,
    wins_min=3,
    losses_min=2,
    ranging_ppm=750_000,
    volatile_ppm=500_000,
)
TIERS = TierRule.of(TierSettings()).tiers


def test_t7_6_ex_1_everything_speaks_for_it_and_the_maximum_holds_it():
    signals = [
        make_approved(pattern=Pattern.BUYING_ABSORPTION),
        make_approved(pattern=Pattern.SELLING_EXHAUSTION),
    ]
    families = confluence(signals, Direction.LONG)
    assert families == 2
    assert size(TIERS[0], families, Regime.TRENDING_UP, Streak(wins=4), RULE) == 3
    unbounded = dataclasses.replace(TIERS[0], quantity_max=9)
    assert size(unbounded, families, Regime.TRENDING_UP, Streak(wins=4), RULE) == 4


def test_t7_6_ex_2_two_losses_leave_one_contract():
    assert size(TIERS[2], 1, Regime.RANGING, Streak(losses=2), RULE) == 1


def test_t7_6_ex_3_the_regime_takes_its_share_rounded_down():
    assert size(TIERS[4], 2, Regime.RANGING, Streak(wins=3), RULE) == 2


@pytest.mark.parametrize("regime", [Regime.TRENDING_UP, Regime.TRENDING_DOWN])
def test_a_trend_adds_a_contract(regime):
    """R0 compares an Enum with strings, so its bonus never comes (defect 17)."""
    assert size(TIERS[4], 1, regime, Streak(), RULE) == 2
    assert size(TIERS[4], 1, Regime.RANGING, Streak(), RULE) == 1


def test_a_stack_and_its_members_are_one_observation():
    """R0 counts a three-level stack as four (defect 17)."""
    imbalances = [
        make_approved(pattern=pattern)
        for pattern in (Pattern.BUY_IMBALANCE,) * 3 + (Pattern.STACKED_BUY,)
    ]
    assert confluence(imbalances, Direction.LONG) == 1
    against = make_approved(pattern=Pattern.SELLING_ABSORPTION, direction=Direction.SHORT)
    assert confluence([*imbalances, against], Direction.LONG) == 1
    assert confluence([], Direction.LONG) == 0


@pytest.mark.parametrize(
    ("standing", "contracts"),
    [(Streak(wins=2), 2), (Streak(wins=3), 3), (Streak(losses=1), 2), (Streak(losses=2), 1)],
)
def test_three_wins_add_one_and_two_losses_take_one(standing, contracts):
    assert size(TIERS[4], 2, Regime.TRENDING_UP, standing, RULE) == min(contracts + 1, 3)
    assert size(TIERS[4], 2, Regime.RANGING, standing, RULE) == max(contracts * 3 // 4, 1)


def test_a_tier_that_does_not_scale_takes_its_base():
    assert size(TIERS[1], 3, Regime.TRENDING_UP, Streak(wins=9), RULE) == 1


@pytest.mark.parametrize(
    ("regime", "contracts"),
    [
        (Regime.TRENDING_UP, 2),
        (Regime.TRENDING_DOWN, 2),
        (Regime.RANGING, 1),
        (Regime.VOLATILE, 1),
        (Regime.NO_TRADE, 0),
    ],
)
def test_without_tiers_the_set_quantity_is_taken_by_the_share_of_the_regime(regime, contracts):
    two = dataclasses.replace(RULE, quantity=2)
    assert size(None, 3, regime, Streak(wins=9), two) == contracts


def test_a_share_of_nothing_takes_nothing():
    none = dataclasses.replace(RULE, volatile_ppm=0)
    assert size(TIERS[0], 1, Regime.VOLATILE, Streak(), none) == 0


@pytest.mark.parametrize(
    ("results", "wanted"),
    [
        ([], Streak()),
        ([0, 0], Streak()),
        ([5], Streak(wins=1)),
        ([5, 0, 7, -1, 8], Streak(wins=2)),
        ([0, -1, 0, -2, 3], Streak(losses=2)),
    ],
)
def test_a_streak_is_counted_from_the_end_and_zero_leaves_it(results, wanted):
    assert streak(results) == wanted


@given(st.lists(st.integers(-2, 2)))
def test_a_streak_is_what_counting_forwards_gives(results):
    wins = losses = 0
    for result in results:
        if result > 0:
            wins, losses = wins + 1, 0
        elif result < 0:
            wins, losses = 0, losses + 1
    assert streak(reversed(results)) == Streak(wins, losses)


@given(
    st.sampled_from([None, *TIERS]),
    st.integers(0, 8),
    st.sampled_from(Regime),
    st.integers(-9, 9),
)
def test_the_size_is_that_of_the_words_of_the_domain(tier, families, regime, run):
    wanted = RULE.quantity
    most = RULE.quantity_max
    if tier is not None:
        wanted, most = tier.base, tier.quantity_max
        if tier.scaled:
            if families >= 2:
                wanted += 1
            if regime.value.startswith("trending"):
                wanted += 1
            if run >= 3:
                wanted += 1
            elif run <= -2:
                wanted -= 1
        wanted = min(max(wanted, 1), most)
    multiplier = {"ranging": Fraction(3, 4), "volatile": Fraction(1, 2), "no_trade": Fraction(0)}
    exact = wanted * multiplier.get(regime.value, Fraction(1))
    wanted = max(int(exact), 1) if exact else 0
    found = size(tier, families, regime, Streak(max(run, 0), max(-run, 0)), RULE)
    assert found == wanted <= most


@pytest.mark.parametrize("quantity", [0, 3])
def test_a_quantity_beyond_its_bounds_is_refused(quantity):
    with pytest.raises(ValueError, match="wanted 1 to 2"):
        dataclasses.replace(RULE, quantity=quantity)
