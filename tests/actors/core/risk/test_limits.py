"""What a cut demands: tiers, halts, flattens and alarms, domain 7.6 to 7.8."""

import dataclasses

import pytest

from actors.core.risk.ledger import apply, bracket_id
from actors.core.risk.limits import after_cut, halted
from actors.core.risk.rule import RiskRule
from protocol.account import (
    BalanceReported,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)
from protocol.orders import ExitReason, FlattenOrdered
from protocol.patterns import Direction, Pattern
from protocol.signals import FlowTurned
from tests.actors.core.risk.accounts import at_cut, fold, make_changed, make_rule
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_opened,
)

RULE = make_rule()
TIERED = make_rule(tiers=True)
RESUME = TradingResumed(ts_ns=at("12:01"), reason="by hand")


def lost(cents, clock="11:00", day="2025-12-02", **fields):
    return make_closed(pnl_cents=cents, ts_ns=at(clock, day), **({"bracket_id": "b"} | fields))


def kinds(facts):
    return [type(fact) for fact in facts]


def test_flat_and_within_limits_a_cut_demands_nothing():
    state = fold()
    assert at_cut(state, "12:00", RULE) == at_cut(state, "15:55", RULE) == []


@pytest.mark.parametrize(
    ("price", "halts"),
    [
        (19_984, False),  # 100 and the commission of the entry before, 200 open.
        (19_977, False),
        (19_976, True),  # Exactly 400 with the 100.
        (None, False),  # Not known: as at the stop.
    ],
)
def test_realised_and_unrealised_losses_halt_at_the_limit_and_flatten(price, halts):
    opened = make_opened(commission_cents=0)
    state = fold(lost(-10_000), make_bracket(), opened, price=price)
    facts = at_cut(state, "12:00", RULE)
    assert kinds(facts) == ([TradingHalted, FlattenOrdered] if halts else [])
    if halts:
        assert (facts[0].day_pnl_cents, facts[0].limit_cents) == (-40_000, 40_000)
        assert facts[0].reason == "daily loss of 40000 cents USD, limit 40000"
        assert facts[1].reason is ExitReason.HALT_FLATTEN
    assert at_cut(state, "12:00:01", RULE) == []


def test_the_commission_of_an_open_entry_counts_against_the_limit():
    """The seed's limit ignores unrealised results and commissions (defect 9)."""
    state = fold(lost(-39_775), make_bracket(), make_opened(commission_cents=225))
    assert kinds(at_cut(state, "12:00", RULE)) == [TradingHalted, FlattenOrdered]
    state = fold(lost(-39_774), make_bracket(), make_opened(commission_cents=225))
    assert at_cut(state, "12:00", RULE) == []


def test_a_loss_beyond_the_limit_halts_once_and_there_is_nothing_to_flatten():
    """The seed repeats the alert every second (defect 28)."""
    state = fold(lost(-40_000))
    assert kinds(at_cut(state, "12:00", RULE)) == [TradingHalted]
    for clock in ("12:00:01", "12:05", "16:59:59", "17:00"):
        assert at_cut(state, clock, RULE) == []


def test_a_halt_gives_up_entries_on_their_way():
    state = fold(lost(-40_000), make_bracket())
    halt, flatten = at_cut(state, "12:00", RULE)
    assert (flatten.contract, flatten.reason) == (CONTRACT, ExitReason.HALT_FLATTEN)


def test_a_halt_stands_until_1700():
    state = fold(lost(-40_000))
    at_cut(state, "12:00", RULE)
    assert halted(state, at("16:59:59.999"), RULE)
    assert not halted(state, at("17:00"), RULE)


STOP = TradingHalted(ts_ns=at("11:00"), reason="lunch", day_pnl_cents=0, limit_cents=0)


def test_a_person_can_halt_and_resume_and_brackets_stay():
    state = fold(STOP, make_opened())
    assert at_cut(state, "11:00", RULE) == []
    assert halted(state, at("16:59:59.999"), RULE) and not halted(state, at("17:00"), RULE)
    apply(state, make_closed())
    apply(state, RESUME)
    assert at_cut(state, "12:01", RULE) == []
    assert not halted(state, at("12:01"), RULE)
    apply(state, lost(-90_000, clock="12:02"))
    assert kinds(at_cut(state, "12:05", RULE)) == [TradingHalted]


def test_a_person_who_halts_does_not_end_the_halt_at_a_limit():
    state = fold(lost(-40_000))
    at_cut(state, "12:00", lent())
    apply(state, lost(-1_000, exec_id="corrected"))
    apply(state, STOP)
    apply(state, RESUME)
    (refused,) = at_cut(state, "12:05", lent())
    assert refused.reason.startswith("resume refused")
    assert halted(state, at("17:30"), lent())


def test_a_resume_beyond_the_limit_is_refused_and_said_once():
    state = fold(lost(-40_000))
    (halt,) = at_cut(state, "12:00", RULE)
    apply(state, RESUME)
    (again,) = at_cut(state, "12:05", RULE)
    assert again.reason == "resume refused, daily loss of 40000 cents USD, limit 40000"
    assert again.ts_ns == halt.ts_ns
    assert halted(state, at("12:05"), RULE)
    assert at_cut(state, "12:10", RULE) == []
    # A correction brings the day back within the limit: the next one is heard.
    apply(state, lost(-39_000, exec_id="corrected"))
    assert halted(state, at("12:11"), RULE)
    apply(state, RESUME)
    assert at_cut(state, "12:15", RULE) == []
    assert not halted(state, at("12:15"), RULE)


def lent() -> RiskRule:
    hours = dataclasses.replace(RULE.hours, hard_stop=16 * 60 + 10)
    return dataclasses.replace(RULE, hours=hours, locked_when_lost=True, scaled_at_start=True)


def test_a_lent_account_is_locked_until_1800_whatever_anybody_says():
    state = fold(lost(-40_000))
    at_cut(state, "12:00", lent())
    apply(state, lost(-1_000, exec_id="corrected"))
    apply(state, RESUME)
    (refused,) = at_cut(state, "12:05", lent())
    assert refused.reason == "resume refused, the account is locked until 18:00 New York"
    for clock in ("16:59", "17:00", "17:59:59.999"):
        apply(state, RESUME)
        at_cut(state, clock, lent())
        assert halted(state, at(clock), lent())
    assert not halted(state, at("18:00"), lent())


def test_the_lock_of_a_friday_lasts_until_sunday_evening():
    state = fold(lost(-40_000, day="2025-12-05"))
    at_cut(state, "12:00", lent(), day="2025-12-05")
    assert halted(state, at("12:00", "2025-12-06"), lent())
    assert halted(state, at("17:59", "2025-12-07"), lent())
    assert not halted(state, at("18:00", "2025-12-07"), lent())


@pytest.mark.parametrize("facts", [[make_bracket()], [make_bracket(), make_opened()]])
def test_past_1555_whatever_is_held_or_on_its_way_is_flattened(facts):
    state = fold(*facts)
    assert at_cut(state, "15:54:59.999", RULE) == []
    (flatten,) = at_cut(state, "15:55", RULE)
    assert (flatten.reason, flatten.contract) == (ExitReason.AUTO_FLATTEN, CONTRACT)


def test_a_flatten_is_ordered_again_every_minute_while_something_is_held():
    """The seed looks within a minute of 15:55 and never again (defect 32)."""
    state = fold(make_bracket(), make_opened())
    (first,) = at_cut(state, "15:55", RULE)
    assert at_cut(state, "15:55:59.999", RULE) == []
    (again,) = at_cut(state, "15:56", RULE)
    assert again.flatten_id != first.flatten_id
    apply(state, make_closed(ts_ns=at("15:56:01")))
    assert at_cut(state, "15:58", RULE) == []


def test_the_entry_that_fills_after_its_flatten_was_ordered_is_the_same_need():
    state = fold(make_bracket())
    assert len(at_cut(state, "15:55", RULE)) == 1
    apply(state, make_opened())
    assert at_cut(state, "15:55:01", RULE) == []


def test_another_position_needs_another_flatten_at_once():
    state = fold(make_opened())
    (first,) = at_cut(state, "15:55", RULE)
    apply(state, make_closed())
    apply(state, make_opened(bracket_id="bracket-2"))
    (second,) = at_cut(state, "15:55:01", RULE)
    assert second.flatten_id != first.flatten_id


def test_what_is_exposed_in_two_months_is_flattened_in_both():
    state = fold(make_opened(), make_opened(bracket_id="2", contract="ESH6"))
    assert [order.contract for order in at_cut(state, "15:55", RULE)] == ["ESZ5", "ESH6"]


@pytest.mark.parametrize(
    ("clock", "day"),
    [("16:40", "2025-12-02"), ("09:29", "2025-12-03"), ("12:00", "2025-12-06")],
)
def test_a_position_found_late_is_flattened_late(clock, day):
    facts = at_cut(fold(make_opened()), clock, RULE, day=day)
    assert facts[0].reason is ExitReason.AUTO_FLATTEN


def test_whatever_is_held_at_the_hard_stop_is_flattened_at_once_and_said_once():
    state = fold(make_bracket(quantity=2), make_opened())
    assert len(at_cut(state, "16:59:20", RULE)) == 1
    flatten, alarm = at_cut(state, "16:59:30", RULE)
    assert isinstance(flatten, FlattenOrdered)
    assert alarm == StillExposed(
        ts_ns=at("16:59:30"), contract=CONTRACT, quantity=2, hard_stop_ns=at("16:59:30")
    )
    assert at_cut(state, "17:00", RULE) == []  # Another trading date, the same hard stop.
    assert kinds(at_cut(state, "17:05", RULE)) == [FlattenOrdered]
    assert kinds(at_cut(state, "09:00", RULE, day="2025-12-04")) == [FlattenOrdered, StillExposed]


def test_the_balance_is_reported_when_it_changes_and_when_the_day_turns():
    def reports(state, clock, day="2025-12-02"):
        facts = after_cut(state, at(clock, day), RULE)
        for fact in facts:
            apply(state, fact)
        return [(f.balance_cents, f.day_pnl_cents) for f in facts if type(f) is BalanceReported]

    state = fold()
    assert reports(state, "10:00") == [(250_000, 0)]
    assert reports(state, "10:05") == []
    apply(state, lost(-1000))
    apply(state, lost(300, bracket_id="bracket-2", clock="11:05"))
    assert reports(state, "11:10") == [(249_300, -700)]
    assert reports(state, "16:59:59") == []
    assert reports(state, "17:00") == [(249_300, 0)]


def test_the_tier_is_told_at_the_first_cut_with_what_it_means():
    (told,) = at_cut(fold(), "10:00", TIERED)
    assert told == TierChanged(
        ts_ns=at("10:00"),
        tier=1,
        before=0,
        name="MES Building",
        instrument="MES",
        traded=True,
        balance_cents=250_000,
        quantity_max=3,
        loss_limit_cents=10_000,
        stop_cents=2_249,
        stop_share_ppm=8_996,
    )
    assert at_cut(fold(), "10:00", RULE) == []


def test_an_es_stop_is_62_thousandths_of_a_balance_of_3500():
    rich = dataclasses.replace(TIERED, balance_cents=350_000)
    (told,) = at_cut(fold(), "10:00", rich)
    assert (told.instrument, told.stop_cents, told.stop_share_ppm) == ("ES", 21_700, 62_000)
    poor = dataclasses.replace(TIERED, balance_cents=0)
    assert at_cut(fold(), "10:00", poor)[0].stop_share_ppm == 1_000_000


def test_t7_6_the_tier_changes_at_the_start_of_a_session_only_and_only_when_flat():
    """R0 goes from MES to ES in mid-session after one trade (defect 30)."""
    state = fold()
    at_cut(state, "10:00", TIERED)
    apply(state, lost(100_000))
    assert at_cut(state, "11:05", TIERED) == at_cut(state, "16:59:59", TIERED) == []
    (told,) = at_cut(state, "17:00", TIERED)
    assert (told.tier, told.before, told.instrument) == (2, 1, "ES")
    apply(state, lost(-100_000, clock="10:00", day="2025-12-03", bracket_id="c"))
    apply(state, make_opened(bracket_id="d", ts_ns=at("16:58", "2025-12-03")))
    assert TierChanged not in kinds(at_cut(state, "17:00", TIERED, day="2025-12-03"))
    apply(state, make_closed(bracket_id="d", ts_ns=at("17:01", "2025-12-03"), pnl_cents=-1))
    assert at_cut(state, "18:00", TIERED, day="2025-12-03") == []
    (told,) = at_cut(state, "17:00", TIERED, day="2025-12-04")
    assert (told.tier, told.before) == (1, 2)


def test_a_tier_whose_instrument_the_feed_has_not_is_told_as_not_traded():
    (told,) = at_cut(fold(), "10:00", make_rule("NQ", tiers=True))
    assert (told.instrument, told.traded) == ("MES", False)


def test_t7_6_the_path_of_balances_through_the_floor():
    rule = dataclasses.replace(TIERED, balance_cents=1_056_900)
    state, tiers = fold(), []
    balance = 1_056_900
    days = ["2025-07-25", "2025-07-28", "2025-07-29", "2025-07-30", "2025-07-31"]
    for number, (day, dollars) in enumerate(
        zip(days, (10_569, 9_719, 9_450, 9_990, 10_006), strict=True)
    ):
        change, balance = dollars * 100 - balance, dollars * 100
        apply(state, lost(change, day=day, clock="15:00", bracket_id=str(number)))
        at_cut(state, "17:00", rule, day=day)
        tiers.append(state.tier)
    assert tiers == [5, 5, 4, 4, 5]


def test_a_margin_the_balance_does_not_carry_is_said_once_and_its_return_too():
    state = fold()
    rule = dataclasses.replace(RULE, balance_cents=50_000)
    assert at_cut(state, "10:00", rule) == []
    apply(state, lost(-1))
    (short,) = at_cut(state, "11:00", rule)
    assert (type(short), short.needed_cents, short.equity_cents) == (MarginShort, 50_000, 49_999)
    assert at_cut(state, "11:05", rule) == []
    apply(state, lost(1, bracket_id="c", clock="11:06"))
    (back,) = at_cut(state, "11:10", rule)
    assert (type(back), back.contract) == (MarginRestored, CONTRACT)


def test_the_margin_is_of_all_that_is_held_and_counts_the_open_result():
    rule = dataclasses.replace(RULE, balance_cents=100_000)
    held = make_opened(quantity=2, entry_sum=40_000, commission_cents=0)
    state = fold(held)
    assert at_cut(state, "10:00", rule) == []
    apply(state, make_bar(close=19_999))
    (short,) = at_cut(state, "10:05", rule)
    assert (short.needed_cents, short.equity_cents) == (100_000, 97_500)


def test_a_short_position_loses_as_the_market_rises():
    opened = make_opened(direction=Direction.SHORT, stop_price=20_016, commission_cents=0)
    assert at_cut(fold(opened, price=20_031), "12:00", RULE) == []
    facts = at_cut(fold(opened, price=20_032), "12:00", RULE)
    assert kinds(facts) == [TradingHalted, FlattenOrdered]


OWN = bracket_id("signal-1")
FLOW = make_approved(pattern=Pattern.FLOW_BUYING)


def turned(clock, against=Direction.LONG, contract=CONTRACT):
    return FlowTurned(contract=contract, ts_ns=at(clock), against=against, reason="two of three")


def held_by_flow(signal=FLOW, **fields):
    opened = {"bracket_id": OWN, "ts_ns": at("10:05:01")} | fields
    bracket = make_bracket(bracket_id=OWN, contract=opened.get("contract", CONTRACT))
    return fold(signal, bracket, make_opened(**opened))


def exits(state, *said, clock="10:06", rule=RULE):
    facts = at_cut(state, clock, rule, turned=said)
    return [fact.reason for fact in facts if isinstance(fact, FlattenOrdered)]


def test_metrics_that_turn_against_their_own_position_close_it_once():
    state = held_by_flow()
    assert exits(state, turned("10:05:30")) == [ExitReason.FLOW_EXIT]
    assert exits(state, turned("10:05:35")) == []  # It is on its way.
    assert exits(state, clock="10:08") == []  # They say nothing against it any more.


def test_an_exit_of_the_metrics_is_ordered_again_while_they_still_oppose_what_is_held():
    state = held_by_flow()
    assert exits(state, turned("10:06"), clock="10:06") == [ExitReason.FLOW_EXIT]
    assert exits(state, turned("10:06:55"), clock="10:06:55") == []
    assert exits(state, turned("10:07"), clock="10:07") == [ExitReason.FLOW_EXIT]


@pytest.mark.parametrize(
    ("clock", "leaves"),
    [("10:05:00", False), ("10:05:10.999", False), ("10:05:11", True), ("10:05:12", True)],
)
def test_a_position_is_held_ten_seconds_before_the_metrics_can_close_it(clock, leaves):
    assert bool(exits(held_by_flow(), turned(clock))) is leaves


def test_what_changes_of_a_position_does_not_make_it_younger():
    state = held_by_flow()
    apply(state, make_changed(bracket_id=OWN, ts_ns=at("10:05:20")))
    assert exits(state, turned("10:05:25")) == [ExitReason.FLOW_EXIT]


@pytest.mark.parametrize(
    "said",
    [turned("10:05:30", Direction.SHORT), turned("10:05:30", contract="ESH6")],
    ids=["for it", "another contract"],
)
def test_what_the_metrics_say_of_others_closes_nothing(said):
    assert exits(held_by_flow(), said) == []


def test_metrics_of_the_full_sized_contract_close_its_micro():
    assert exits(held_by_flow(contract="MESZ5"), turned("10:05:30")) == [ExitReason.FLOW_EXIT]


def test_a_position_of_another_pattern_is_left_alone():
    assert exits(held_by_flow(make_approved()), turned("10:05:30")) == []
    assert exits(fold(FLOW, make_opened()), turned("10:05:30")) == []


def test_where_another_pattern_holds_the_same_contract_the_metrics_close_nothing():
    """A flatten would take both, and the other has its own reasons."""
    state = apply(held_by_flow(), make_opened())
    assert exits(state, turned("10:05:30")) == []
    waiting = apply(held_by_flow(), make_bracket())
    assert exits(waiting, turned("10:05:30")) == []
    elsewhere = apply(held_by_flow(), make_opened(contract="ESH6"))
    assert exits(elsewhere, turned("10:05:30")) == [ExitReason.FLOW_EXIT]


def test_without_a_position_metrics_that_turn_demand_nothing():
    assert exits(fold(), turned("10:05:30")) == []
    assert exits(fold(FLOW, make_bracket(bracket_id=OWN)), turned("10:05:30")) == []


def test_one_of_several_slices_since_the_last_cut_is_enough():
    said = (turned("10:05:05"), turned("10:05:20"), turned("10:05:25", Direction.SHORT))
    assert exits(held_by_flow(), *said) == [ExitReason.FLOW_EXIT]


def test_the_flatten_and_the_halt_go_before_the_metrics():
    state = held_by_flow()
    assert exits(state, turned("15:55"), clock="15:55") == [ExitReason.AUTO_FLATTEN]
    lossy = apply(held_by_flow(), lost(-40_000))
    assert exits(lossy, turned("10:05:30")) == [ExitReason.HALT_FLATTEN]
