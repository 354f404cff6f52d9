"""Limits set anew: tighter at once, looser from the next day on, never beyond the settings."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.changes import NAMES, Limits, limited, refusal, standing
from protocol.commands import LimitsGiven
from tests.actors.core.risk.accounts import at_cut, fold, make_rule
from tests.makers import at, make_closed, make_limits

TODAY, TOMORROW = date(2025, 12, 2), date(2025, 12, 3)
OUTERMOST = Limits(
    loss_limit_cents=40_000, profit_target_cents=50_000, trades_max=0, quantity_max=3
)
GIVEN = LimitsGiven(
    id="a", ts_ns=1, who="anna", reason="because", loss_limit_cents=None,
    profit_target_cents=None, trades_max=None, quantity_max=None,
)  # fmt: skip
NONE = float("inf")


def strict(name, value):
    return NONE if (name, value) == ("trades_max", 0) else value


def test_without_a_change_the_settings_stand():
    assert standing(OUTERMOST, [], TODAY) == OUTERMOST


@pytest.mark.parametrize(("name", "value"), [
    ("loss_limit_cents", 39_999), ("profit_target_cents", 1), ("trades_max", 5),
    ("quantity_max", 2),
])  # fmt: skip
def test_what_is_tighter_stands_at_once_and_on_every_day_after(name, value):
    change = make_limits(**{name: value})
    for day in (TODAY, TOMORROW):
        assert standing(OUTERMOST, [change], day) == replace(OUTERMOST, **{name: value})


@pytest.mark.parametrize(("tight", "loose"), [(5, 6), (5, 0)])
def test_what_is_looser_stands_from_the_next_trading_date_on(tight, loose):
    changes = [make_limits("10:00", trades_max=tight), make_limits("11:00", trades_max=loose)]
    assert standing(OUTERMOST, changes, TODAY).trades_max == tight
    assert standing(OUTERMOST, changes, TOMORROW).trades_max == loose


def test_the_trading_date_begins_at_1700():
    tight = make_limits("10:00", loss_limit_cents=100)
    evening = make_limits("17:00", loss_limit_cents=200)
    assert standing(OUTERMOST, [tight, evening], TOMORROW).loss_limit_cents == 100
    before = make_limits("16:59", loss_limit_cents=200)
    assert standing(OUTERMOST, [tight, before], TOMORROW).loss_limit_cents == 200


@st.composite
def changes(draw):
    days = sorted(draw(st.lists(st.sampled_from(["2025-12-01", "2025-12-02"]), max_size=6)))
    values = {"loss_limit_cents": st.integers(1, 40_000), "trades_max": st.integers(0, 9),
              "profit_target_cents": st.integers(1, 50_000),
              "quantity_max": st.integers(1, 3)}  # fmt: skip
    return [
        make_limits("12:00", day, id=str(number),
                    **{name: draw(st.none() | one) for name, one in values.items()})
        for number, day in enumerate(days)
    ]  # fmt: skip


@given(changes())
def test_no_change_of_today_ever_loosens_today(made):
    for count in range(len(made)):
        before = standing(OUTERMOST, made[:count], TODAY)
        after = standing(OUTERMOST, made[: count + 1], TODAY)
        if made[count].ts_ns >= at("00:00"):
            for name in NAMES:
                assert strict(name, getattr(after, name)) <= strict(name, getattr(before, name))


@given(changes())
def test_tomorrow_the_last_value_of_each_stands(made):
    wanted = {name: getattr(OUTERMOST, name) for name in NAMES}
    for change in made:
        told = {name: getattr(change, name) for name in NAMES}
        wanted |= {name: value for name, value in told.items() if value is not None}
    assert standing(OUTERMOST, made, TOMORROW) == Limits(**wanted)


@pytest.mark.parametrize(("fields", "words"), [
    ({}, "no limit is given"),
    ({"loss_limit_cents": 0}, "loss_limit_cents 0, wanted at least 1"),
    ({"trades_max": -1}, "trades_max -1, wanted at least 0"),
    ({"loss_limit_cents": 40_001}, "wanted at most 40000, as the settings say"),
    ({"quantity_max": 4}, "wanted at most 3"),
    ({"loss_limit_cents": 1, "profit_target_cents": 50_001}, "profit_target_cents 50001"),
])  # fmt: skip
def test_what_is_senseless_or_beyond_the_settings_is_refused(fields, words):
    assert words in refusal(replace(GIVEN, **fields), OUTERMOST)


def test_no_limit_is_beyond_a_limit_of_the_settings():
    assert refusal(replace(GIVEN, trades_max=0), OUTERMOST) == ""
    words = refusal(replace(GIVEN, trades_max=0), replace(OUTERMOST, trades_max=7))
    assert words == "trades_max no limit, wanted at most 7, as the settings say"


@pytest.mark.parametrize("tiers", [False, True])
def test_a_rule_under_its_own_limits_is_the_same(tiers):
    rule = make_rule(tiers=tiers)
    assert limited(rule, Limits.of(rule)) == rule


def test_one_contract_at_most_holds_in_every_tier():
    rule = make_rule(tiers=True)
    narrow = limited(rule, replace(Limits.of(rule), quantity_max=1))
    assert {(tier.base, tier.quantity_max) for tier in narrow.tiers.tiers} == {(1, 1)}
    assert (narrow.size.quantity, narrow.size.quantity_max) == (1, 1)


def test_a_loss_that_the_new_limit_does_not_allow_halts_at_the_next_cut():
    state = fold(make_closed(pnl_cents=-20_000, ts_ns=at("11:00")), make_limits())
    rule = make_rule()
    assert at_cut(state, "12:05", rule) == []
    tight = limited(rule, replace(Limits.of(rule), loss_limit_cents=20_000))
    (halted,) = at_cut(state, "12:05", tight)
    assert (halted.day_pnl_cents, halted.limit_cents) == (-20_000, 20_000)


def test_a_change_that_comes_again_is_one():
    assert len(fold(make_limits(), make_limits()).changes) == 1
