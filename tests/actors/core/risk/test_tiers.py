"""Capital tiers, domain 7.6."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.tiers import (
    FULL_SIZED,
    Tier,
    TierRule,
    contract_of,
    has_prices_of,
    root,
    same_prices,
    standing_tier,
    tier_of,
)
from protocol.instruments import INSTRUMENTS
from protocol.settings import TierSettings

RULE = TierRule.of(TierSettings())


def test_the_table_of_the_domain_is_the_default():
    found = [
        (t.minimum_cents, t.instrument, t.base, t.quantity_max, t.loss_limit_cents, t.scaled)
        for t in RULE.tiers
    ]
    assert found == [
        (0, "MES", 1, 3, 10_000, True),
        (350_000, "ES", 1, 1, 40_000, False),
        (500_000, "ES", 1, 2, 40_000, True),
        (750_000, "ES", 1, 3, 50_000, True),
        (1_000_000, "ES", 1, 3, 50_000, True),
    ]


@pytest.mark.parametrize(
    ("balance", "tier"),
    [(-1, 1), (0, 1), (250_000, 1), (349_999, 1), (350_000, 2), (500_000, 3), (750_000, 4),
     (999_999, 4), (1_000_000, 5), (10**12, 5)],
)  # fmt: skip
def test_the_first_tier_is_that_of_the_balance_its_minimum_inside(balance, tier):
    assert standing_tier(balance, 0, RULE) == tier


def test_t7_6_the_path_of_closing_balances():
    """R0 flips between tiers 4 and 5 six times on the same kind of path (defect 30)."""
    tier, path = 0, []
    for dollars in (10_569, 9_719, 9_450, 9_990, 10_006):
        tier = standing_tier(dollars * 100, tier, RULE)
        path.append(tier)
    assert path == [5, 5, 4, 4, 5]


def test_a_tier_is_lost_below_95_percent_of_its_minimum():
    assert standing_tier(950_000, 5, RULE) == 5
    assert standing_tier(949_999, 5, RULE) == 4
    exact = dataclasses.replace(RULE, demote_ppm=0)
    assert standing_tier(999_999, 5, exact) == 4


def test_a_balance_far_away_passes_several_tiers():
    assert standing_tier(1_000_000, 1, RULE) == 5
    assert standing_tier(100_000, 5, RULE) == 1
    # From above the tier below is kept within its own share too.
    assert standing_tier(480_000, 4, RULE) == 3


@given(st.integers(-10**6, 2 * 10**6), st.integers(0, 5))
def test_a_tier_once_found_stands(balance, before):
    tier = standing_tier(balance, before, RULE)
    assert standing_tier(balance, tier, RULE) == tier
    assert 1 <= tier <= 5
    # By the words of the domain, row by row.
    if tier < 5:
        assert balance < RULE.tiers[tier].minimum_cents
    if tier > 1:
        assert balance * 100 >= 95 * RULE.tiers[tier - 1].minimum_cents


def test_full_sized_and_micro_have_the_same_grid_and_months():
    for micro, full in FULL_SIZED.items():
        assert INSTRUMENTS[micro].tick == INSTRUMENTS[full].tick, micro
        assert INSTRUMENTS[micro].months == INSTRUMENTS[full].months, micro
        assert INSTRUMENTS[micro].multiplier < INSTRUMENTS[full].multiplier, micro


def test_the_month_of_a_sibling_is_the_month_of_the_feed():
    assert contract_of("MES", "ESZ5") == "MESZ5"
    assert contract_of("ES", "MESZ25") == "ESZ25"
    assert contract_of("ES", "ESZ5") == "ESZ5"
    assert contract_of("MES", "NQZ5") is None
    assert contract_of("SI", "SILZ5") == "SIZ5"
    assert contract_of("ES", "ESZ5-ESH6") is None
    assert not same_prices(("MES", "NQ"))
    assert (root("MESZ5"), root("SPY")) == ("MES", None)


def test_one_month_of_one_market_has_one_price():
    for contract in ("ESZ5", "MESZ5"):
        assert has_prices_of(contract, "ESZ5") and has_prices_of(contract, "MESZ5")
    for contract in ("ESH6", "MESH6", "NQZ5", "SPY", ""):
        assert not has_prices_of(contract, "ESZ5")
    assert has_prices_of("SPY", "SPY")


@pytest.mark.parametrize(
    "text",
    [
        "A:0:ES:1:3:100",
        "A:0:ES:1:3:100:sometimes",
        "A:-1:ES:1:3:100:fixed",
        "A:0:SPY:1:3:100:fixed",
        "A:0:ES:0:3:100:fixed",
        "A:0:ES:4:3:100:fixed",
        "A:0:ES:1:3:0:fixed",
        "A:nan:ES:1:3:100:fixed",
        "A:²:ES:1:3:100:fixed",
    ],
)
def test_a_row_that_cannot_be_traded_is_refused(text):
    with pytest.raises(ValueError, match="wanted"):
        tier_of(text)


def test_rows_that_do_not_rise_from_nothing_are_refused():
    low, high = RULE.tiers[:2]
    for rows in ((), (high,), (low, high, high), (low, dataclasses.replace(high, minimum_cents=0))):
        with pytest.raises(ValueError, match="rising balances from 0"):
            TierRule(tiers=rows, demote_ppm=0)


def test_a_row_says_what_it_is():
    assert tier_of("Small: 0 :MES:1:3:100: scaled") == Tier(
        name="Small",
        minimum_cents=0,
        instrument="MES",
        base=1,
        quantity_max=3,
        loss_limit_cents=10_000,
        scaled=True,
    )
