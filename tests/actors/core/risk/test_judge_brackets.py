"""What the judge makes of a signal (domain 7.6, 7.7): a bracket with its size, risk and terms."""

import dataclasses

import pytest

from actors.core.risk.judge import judge
from actors.core.risk.ledger import apply, bracket_id
from actors.core.risk.rule import Band, EntryRule
from actors.core.risk.sizing import Streak
from protocol.orders import DenyReason, EntryKind
from protocol.patterns import Pattern
from protocol.signals import Regime
from tests.actors.core.risk.accounts import at_cut, fold, make_rule
from tests.actors.core.risk.verdicts import FLOW, RULE, ask, changed, denied, lost
from tests.makers import at, make_approved, make_bar, make_bracket, make_opened

TIERED = make_rule(tiers=True)


def test_an_approved_signal_becomes_a_bracket_of_one_contract():
    (answer,) = ask()
    assert answer == make_bracket(bracket_id=bracket_id("signal-1"))
    assert answer.risk_cents == 21_700
    assert ask() == [answer]
    (other,) = ask(signal_id="2")
    assert other.bracket_id != answer.bracket_id


def test_t7_7_risk_budget():
    """250 lost, limit 400, the next stop would cost 217."""
    (answer,) = ask(lost(-25_000))
    assert (answer.reason, answer.detail) == (
        DenyReason.RISK_BUDGET,
        "-25000 cents USD today at all stops, less risk 21700, limit -40000",
    )
    assert denied(lost(-18_300)) is None  # Exactly at the limit.
    assert denied(lost(-18_301)) is DenyReason.RISK_BUDGET


def test_the_risk_of_what_is_open_and_on_its_way_counts():
    rule = changed(positions_max=2, symbol_positions_max=2)
    open_one = [lost(3_400), make_bracket(), make_opened()]
    assert denied(*open_one, rule=rule) is None
    assert denied(lost(3_399), *open_one[1:], rule=rule) is DenyReason.RISK_BUDGET
    assert denied(lost(3_399), make_bracket(), rule=rule) is DenyReason.RISK_BUDGET
    # 400 are not lost at the last price, but would be at the stops.
    state = fold(*open_one, price=20_020)
    assert denied(state, rule=changed(rule, loss_limit_cents=39_999)) is DenyReason.RISK_BUDGET


BAND = Band(halve_ppm=400_000, stop_ppm=700_000)


@pytest.mark.parametrize(
    ("cents", "quantity"), [(-15_999, 2), (-16_000, 1), (-27_999, 1), (-28_000, None)]
)
def test_the_size_is_halved_at_40_percent_of_the_limit_and_nothing_enters_at_70(cents, quantity):
    size = dataclasses.replace(RULE.size, quantity=2)
    rule = changed(make_rule("MES"), band=BAND, size=size)
    micro = {"signals": [make_approved(contract="MESZ5", regime=Regime.TRENDING_UP)]}
    state = fold(lost(cents, contract="MESZ5"))
    apply(state, make_bar(contract="MESZ5"))
    (answer,) = ask(state, rule=rule, **micro)
    if quantity is None:
        assert answer.reason is DenyReason.REDUCE_BAND
    else:
        assert answer.quantity == quantity


def test_half_of_one_contract_is_one():
    (answer,) = ask(lost(-16_000), rule=changed(band=BAND))
    assert answer.quantity == 1


def test_a_regime_that_trades_nothing_gets_no_size():
    assert denied(regime=Regime.NO_TRADE) is DenyReason.NO_SIZE


def test_a_signal_with_its_own_stop_becomes_a_bracket_with_it_and_with_its_risk():
    (found,) = ask(**FLOW)
    assert (found.stop_ticks, found.target_ticks) == (20, 40)
    assert found.risk_cents == 21 * 1_250 + 450
    (found,) = ask(stop_ticks=20)
    assert (found.stop_ticks, found.target_ticks) == (20, 24)


def test_the_budget_is_that_of_the_stop_of_the_signal_and_not_of_the_instrument():
    # 28 ticks, one of slippage and commissions are 367 dollars, one tick more are 379.5.
    assert denied(lost(-3_300), stop_ticks=28) is None
    assert denied(lost(-3_300), stop_ticks=29) is DenyReason.RISK_BUDGET


@pytest.mark.parametrize("name", ["stop_ticks", "target_ticks"])
def test_distances_below_zero_are_denied_and_nothing_crashes(name):
    (answer,) = ask(**{name: -1})
    assert answer.reason is DenyReason.NO_SIZE
    assert "-1 " in answer.detail and "wanted at least 0 each" in answer.detail


def sized(quantity, cents):
    """Return the answer to a signal of so many contracts of MES after a loss; 400 is the limit."""
    size = dataclasses.replace(RULE.size, quantity=quantity, quantity_max=9)
    rule = changed(make_rule("MES"), size=size)
    state = fold(lost(cents, contract="MESZ5"))
    apply(state, make_bar(contract="MESZ5"))
    (answer,) = ask(state, rule=rule, contract="MESZ5", regime=Regime.TRENDING_UP)
    return answer


@pytest.mark.parametrize(
    ("left", "quantity"),
    [(3 * 2_249, 3), (3 * 2_249 - 1, 2), (2 * 2_249, 2), (2 * 2_249 - 1, 1), (2_249, 1)],
)
def test_a_size_beyond_the_budget_is_cut_down_to_the_largest_that_fits(left, quantity):
    """A contract of MES risks 22.49 dollars at its stop."""
    answer = sized(3, left - 40_000)
    assert (answer.quantity, answer.risk_cents) == (quantity, quantity * 2_249)


def test_where_not_even_one_contract_fits_the_budget_denies_it():
    answer = sized(3, 2_248 - 40_000)
    assert answer.reason is DenyReason.RISK_BUDGET
    assert "less risk 2249," in answer.detail


def test_a_budget_with_room_does_not_make_the_size_larger():
    assert sized(3, 0).quantity == 3


def tiered(balance_cents=250_000, *facts):
    """Return state and rule after the first cut of a session with tiers."""
    rule = changed(TIERED, balance_cents=balance_cents)
    state = fold(*facts)
    at_cut(state, "09:30", rule)
    return state, rule


def test_a_feed_of_es_at_a_balance_of_2500_trades_mes_with_its_tick_and_commission():
    state, rule = tiered()
    (answer,) = ask(state, rule=rule)
    assert (answer.contract, answer.quantity, answer.risk_cents) == ("MESZ5", 1, 2_249)
    state, rule = tiered(350_000)
    (answer,) = ask(state, rule=rule)
    assert (answer.contract, answer.quantity, answer.risk_cents) == ("ESZ5", 1, 21_700)


def test_t7_6_ex_1_through_the_judge():
    wins = [lost(1, bracket_id=str(number), contract="MESZ5") for number in range(4)]
    state, rule = tiered(250_000, *wins)
    signals = [
        make_approved(
            signal_id=str(number), pattern=pattern, regime=Regime.TRENDING_UP, last_price=20_000
        )
        for number, pattern in enumerate((Pattern.BUYING_ABSORPTION, Pattern.SELLING_EXHAUSTION))
    ]
    first, second = ask(state, rule=rule, signals=signals)
    assert (first.quantity, first.risk_cents) == (3, 3 * 2_249)
    assert second.reason is DenyReason.POSITION_OPEN


def test_a_signal_of_another_contract_adds_nothing_to_the_size():
    state, rule = tiered()
    other = make_approved(signal_id="2", contract="ESH6", pattern=Pattern.BUYING_ABSORPTION)
    trend = make_approved(regime=Regime.TRENDING_UP)
    answer, _ = ask(state, rule=rule, signals=[trend, other])
    assert answer.quantity == 2


def test_the_limit_of_the_tier_binds_the_risk_budget():
    state, rule = tiered(250_000)
    apply(state, lost(-7_752, contract="MESZ5"))
    assert denied(state, rule=rule) is DenyReason.RISK_BUDGET
    state, rule = tiered(250_000)
    apply(state, lost(-7_751, contract="MESZ5"))
    assert denied(state, rule=rule) is None


def test_a_tier_that_the_feed_cannot_trade_enters_nothing():
    rule = make_rule("NQ", tiers=True)
    state = apply(fold(price=None), make_bar(contract="NQZ5"))
    at_cut(state, "09:30", rule)
    (answer,) = ask(state, rule=rule, contract="NQZ5")
    assert answer.reason is DenyReason.NO_SIZE
    assert answer.detail == "signal in NQZ5, bars in NQZ5, traded MES"


def test_before_a_tier_stands_nothing_is_entered():
    assert denied(rule=TIERED) is DenyReason.NO_SIZE


def test_the_maximum_holds_all_that_is_held_and_on_its_way():
    rule = changed(positions_max=9, symbol_positions_max=9, loss_limit_cents=10**9)
    size = dataclasses.replace(rule.size, quantity=2)
    rule = changed(rule, size=size)
    trend = {"regime": Regime.TRENDING_UP}
    (answer,) = ask(make_bracket(quantity=1), rule=rule, **trend)
    assert answer.quantity == 1
    (answer,) = ask(make_bracket(quantity=2), make_opened(), rule=rule, **trend)
    assert (answer.reason, answer.detail) == (
        DenyReason.NO_SIZE,
        "nothing is taken in a regime trending_up with 2 contracts held",
    )


def test_where_sizes_change_at_the_session_only_the_wins_of_the_day_do_not_count():
    state, rule = tiered()
    for number in range(3):
        apply(state, lost(1, bracket_id=str(number), contract="MESZ5"))
    trend = {"regime": Regime.TRENDING_UP}
    (answer,) = ask(state, rule=rule, **trend)
    assert answer.quantity == 3
    slow = changed(rule, scaled_at_start=True)
    answer = judge(state, make_approved(signal_id="2", **trend), at("10:05"), slow)
    assert (state.streak_at_start, answer.quantity) == (Streak(), 2)


def test_a_limit_entry_rests_at_the_level_of_the_signal_for_six_bars_or_to_the_last_entry():
    entry = EntryRule(kind=EntryKind.LIMIT, life_ns=6 * 300 * 10**9)
    (answer,) = ask(rule=changed(entry=entry))
    assert (answer.entry, answer.limit_price) == (EntryKind.LIMIT, 20_004)
    assert answer.expires_ns == at("10:35")
    (answer,) = ask(rule=changed(entry=entry), clock="15:30", ts_ns=at("15:30"))
    assert answer.expires_ns == at("15:45")
    (answer,) = ask(rule=changed(entry=entry), clock="15:45", ts_ns=at("15:45"))
    assert answer.reason is DenyReason.OUTSIDE_HOURS


def test_break_even_and_trailing_are_terms_of_the_bracket():
    entry = EntryRule(
        breakeven_ticks=8, breakeven_offset_ticks=1, trail_start_ticks=12, trail_ticks=6
    )
    (answer,) = ask(rule=changed(entry=entry))
    assert (answer.breakeven_ticks, answer.breakeven_offset_ticks) == (8, 1)
    assert (answer.trail_start_ticks, answer.trail_ticks) == (12, 6)


@pytest.mark.parametrize(
    "change",
    [
        {"loss_limit_cents": 0},
        {"positions_max": 0},
        {"symbol_positions_max": 0},
        {"flatten_again_ns": 0},
        {"symbol": "SPY"},
    ],
)
def test_a_rule_beyond_its_bounds_is_refused(change):
    with pytest.raises(ValueError, match="wanted"):
        changed(**change)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EntryRule(kind=EntryKind.LIMIT),
        lambda: EntryRule(breakeven_ticks=1, breakeven_offset_ticks=1),
        lambda: EntryRule(trail_start_ticks=1),
        lambda: Band(halve_ppm=0, stop_ppm=1),
        lambda: Band(halve_ppm=2, stop_ppm=1),
        lambda: dataclasses.replace(RULE.terms["ES"], stop_ticks=0),
        lambda: dataclasses.replace(RULE.terms["ES"], commission_cents=-1),
    ],
)
def test_terms_that_cannot_be_are_refused(make):
    with pytest.raises(ValueError, match="wanted"):
        make()
