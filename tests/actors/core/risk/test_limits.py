"""Limits and halts, domain 7.7 and 7.8."""

import dataclasses

import pytest

from actors.core.orders.money import TickValue
from actors.core.risk.limits import (
    RiskRule,
    after_cut,
    bracket_risk_cents,
    judge,
    judge_cut,
    unrealised_cents,
)
from actors.core.risk.state import RiskState, apply, bracket_of
from protocol.account import BalanceReported, TradingHalted, TradingResumed
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    DenyReason,
    ExitReason,
    FlattenOrdered,
)
from protocol.patterns import Direction, Pattern
from protocol.signals import FlowTurned
from protocol.units import NANOS_PER_S
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bracket,
    make_closed,
    make_opened,
    make_submitted,
)

RULE = RiskRule(
    contract=CONTRACT,
    quantity=1,
    stop_ticks=16,
    target_ticks=24,
    stop_slippage_ticks=1,
    tick=TickValue(1250, 1),
    commission_cents=225,
    loss_limit_cents=40_000,
    profit_target_cents=50_000,
    balance_cents=250_000,
    first_entry_minute=9 * 60 + 35,
    last_entry_minute=15 * 60 + 45,
    flatten_minute=15 * 60 + 55,
    low_quality_allowed=False,
    cooldown_ns=300 * NANOS_PER_S,
    hold_min_ns=10 * NANOS_PER_S,
)


def fold(*facts):
    state = RiskState()
    for fact in facts:
        apply(state, fact)
    return state


def cut(state, clock, last_price=20_000, day="2025-12-02"):
    """Ask after a cut and fold the answer, as shell and journal do; reports left out."""
    facts = after_cut(state, at(clock, day), last_price, RULE)
    for fact in facts:
        apply(state, fact)
    return [fact for fact in facts if not isinstance(fact, BalanceReported)]


def denied(state=None, rule=RULE, **fields):
    answer = judge(state or RiskState(), make_approved(**fields), rule)
    return answer.reason if isinstance(answer, BracketDenied) else None


def lost(cents, clock="11:00", **fields):
    return make_closed(pnl_cents=cents, ts_ns=at(clock), **fields)


def test_an_approved_signal_becomes_a_bracket_of_one_contract():
    answer = judge(RiskState(), make_approved(), RULE)
    assert isinstance(answer, BracketApproved)
    assert (answer.quantity, answer.stop_ticks, answer.target_ticks) == (1, 16, 24)
    assert answer.risk_cents == 21_700
    assert answer == judge(RiskState(), make_approved(), RULE)
    assert answer.bracket_id != judge(RiskState(), make_approved(signal_id="2"), RULE).bracket_id


def test_the_risk_budget_of_the_domain_example():
    """T7.7: 250 lost, limit 400, the next stop would cost 217."""
    assert bracket_risk_cents(RULE.stop_ticks, RULE) == 21_700
    assert denied(fold(lost(-25_000))) is DenyReason.RISK_BUDGET
    assert denied(fold(lost(-18_300))) is None  # Exactly at the limit.
    assert denied(fold(lost(-18_301))) is DenyReason.RISK_BUDGET


@pytest.mark.parametrize(
    ("clock", "day", "wanted"),
    [
        ("09:34:59.999", "2025-12-02", DenyReason.OUTSIDE_HOURS),
        ("09:35", "2025-12-02", None),
        ("15:45", "2025-12-02", None),
        ("15:45:00.001", "2025-12-02", DenyReason.OUTSIDE_HOURS),
        ("20:00", "2025-12-02", DenyReason.OUTSIDE_HOURS),
        ("11:00", "2025-12-06", DenyReason.OUTSIDE_HOURS),
        ("09:35", "2025-07-01", None),
    ],
)
def test_entries_are_allowed_from_0935_to_1545(clock, day, wanted):
    assert denied(ts_ns=at(clock, day)) is wanted


def test_nothing_is_entered_while_a_bracket_is_on_its_way_or_a_position_open():
    assert denied(fold(make_bracket())) is DenyReason.POSITION_OPEN
    assert denied(fold(make_submitted())) is DenyReason.POSITION_OPEN
    assert denied(fold(make_bracket(), make_opened())) is DenyReason.POSITION_OPEN
    ended = BracketEnded(bracket_id="bracket-1", contract=CONTRACT, ts_ns=at("10:06"), reason="no")
    assert denied(fold(make_bracket(), ended)) is None
    assert denied(fold(make_bracket(), make_opened(), make_closed(pnl_cents=100))) is None


def test_signals_of_low_quality_are_refused_unless_allowed():
    assert denied(low_quality=True) is DenyReason.LOW_QUALITY
    allowed = dataclasses.replace(RULE, low_quality_allowed=True)
    assert denied(rule=allowed, low_quality=True) is None


def test_the_profit_target_ends_new_entries_for_the_day():
    assert denied(fold(lost(49_999))) is None
    assert denied(fold(lost(50_000))) is DenyReason.PROFIT_TARGET
    assert denied(fold(lost(50_000)), ts_ns=at("10:00", "2025-12-03")) is None


def test_a_halt_stands_until_the_next_trading_day_or_a_resume():
    halt = TradingHalted(ts_ns=at("11:00"), reason="", day_pnl_cents=-1, limit_cents=1)
    assert denied(fold(halt)) is DenyReason.HALTED
    assert denied(fold(halt), ts_ns=at("10:00", "2025-12-03")) is None
    resumed = TradingResumed(ts_ns=at("11:30"), reason="by hand")
    assert denied(fold(halt, resumed)) is None


def test_of_several_reasons_the_first_in_order_is_given():
    halt = TradingHalted(ts_ns=at("11:00"), reason="", day_pnl_cents=-1, limit_cents=1)
    steps = [
        (DenyReason.HALTED, [halt, make_bracket(), lost(-90_000, bracket_id="b")], {}),
        (DenyReason.LOW_QUALITY, [make_bracket(), lost(-90_000, bracket_id="b")], {}),
        (
            DenyReason.OUTSIDE_HOURS,
            [make_bracket(), lost(-90_000, bracket_id="b")],
            {"low_quality": False},
        ),
        (
            DenyReason.POSITION_OPEN,
            [make_bracket(), lost(-90_000, bracket_id="b")],
            {"low_quality": False, "ts_ns": at("12:00")},
        ),
        (
            DenyReason.RISK_BUDGET,
            [lost(-90_000, bracket_id="b")],
            {"low_quality": False, "ts_ns": at("12:00")},
        ),
    ]
    for wanted, facts, mended in steps:
        fields = {"low_quality": True, "ts_ns": at("08:00")} | mended
        assert denied(fold(*facts), **fields) is wanted


def test_a_signal_of_another_contract_is_an_error_of_the_wiring():
    with pytest.raises(ValueError, match="ESH6"):
        judge(RiskState(), make_approved(contract="ESH6"), RULE)


@pytest.mark.parametrize("change", [{"quantity": 2}, {"quantity": 0}, {"loss_limit_cents": 0}])
def test_a_rule_beyond_its_bounds_is_refused(change):
    with pytest.raises(ValueError, match="wanted"):
        dataclasses.replace(RULE, **change)


def test_of_two_signals_at_one_cut_the_first_is_taken():
    one, two = make_approved(), make_approved(signal_id="signal-2")
    answers = judge_cut(RiskState(), [one, two], RULE)
    assert isinstance(answers[0], BracketApproved)
    assert (answers[1].signal_id, answers[1].reason) == ("signal-2", DenyReason.POSITION_OPEN)
    assert judge_cut(RiskState(), [], RULE) == []


def test_signals_in_both_directions_deny_each_other():
    one, two = make_approved(), make_approved(signal_id="2", direction=Direction.SHORT)
    answers = judge_cut(RiskState(), [one, two], RULE)
    assert [answer.reason for answer in answers] == [DenyReason.OPPOSED] * 2


def test_flat_and_within_limits_a_cut_demands_nothing():
    assert cut(RiskState(), "12:00") == []
    assert cut(RiskState(), "15:55") == []


@pytest.mark.parametrize(
    ("price", "halts"),
    [
        (19_984, False),  # 100 lost before, 200 open.
        (19_977, False),  # 387.50.
        (19_976, True),  # Exactly 400.
        (None, False),  # Not known: as at the stop.
    ],
)
def test_realised_and_unrealised_losses_halt_at_the_limit_and_flatten(price, halts):
    state = fold(lost(-10_000, bracket_id="before"), make_bracket(), make_opened())
    facts = cut(state, "12:00", price)
    assert [type(fact) for fact in facts] == ([TradingHalted, FlattenOrdered] if halts else [])
    if halts:
        assert (facts[0].day_pnl_cents, facts[0].limit_cents) == (-40_000, 40_000)
        assert facts[1].reason is ExitReason.HALT_FLATTEN
    assert cut(state, "12:00:01", price) == []


def test_without_a_last_price_a_position_counts_as_stopped():
    state = fold(make_bracket(), make_opened())
    assert unrealised_cents(state, None, RULE) == -20_000
    assert unrealised_cents(state, 20_001, RULE) == 1250
    short = fold(make_opened(direction=Direction.SHORT, stop_price=20_016))
    assert unrealised_cents(short, 20_001, RULE) == -1250


def test_a_realised_loss_beyond_the_limit_halts_once_and_there_is_nothing_to_flatten():
    state = fold(lost(-40_000))
    assert [type(fact) for fact in cut(state, "12:00")] == [TradingHalted]
    assert cut(state, "12:05") == []
    assert cut(state, "17:00") == []


def test_a_resume_while_still_beyond_the_limit_halts_again():
    state = fold(lost(-40_000))
    cut(state, "12:00")
    apply(state, TradingResumed(ts_ns=at("12:01"), reason="by hand"))
    assert [type(fact) for fact in cut(state, "12:02")] == [TradingHalted]


@pytest.mark.parametrize("facts", [[make_bracket()], [make_bracket(), make_opened()]])
def test_past_1555_whatever_is_held_or_on_its_way_is_flattened_once(facts):
    state = fold(*facts)
    assert cut(state, "15:54:59.999") == []
    (flatten,) = cut(state, "15:55")
    assert flatten.reason is ExitReason.AUTO_FLATTEN
    assert flatten.contract == CONTRACT
    assert cut(state, "15:55:01") == cut(state, "16:30") == []


def test_a_position_found_late_is_flattened_late():
    state = fold(make_bracket(), make_opened())
    assert len(cut(state, "16:40")) == 1
    assert len(cut(fold(make_opened()), "17:30")) == 1
    assert len(cut(fold(make_opened()), "09:29", day="2025-12-03")) == 1
    assert len(cut(fold(make_opened()), "12:00", day="2025-12-06")) == 1


def test_the_entry_that_fills_after_its_flatten_was_ordered_is_the_same_need():
    state = fold(make_bracket())
    assert len(cut(state, "15:55")) == 1
    apply(state, make_opened())
    assert cut(state, "15:55:01") == []


def test_another_position_needs_another_flatten():
    state = fold(make_opened())
    first = cut(state, "15:55")
    apply(state, make_closed())
    apply(state, make_opened(bracket_id="bracket-2"))
    second = cut(state, "15:56")
    assert len(second) == 1 and second[0].flatten_id != first[0].flatten_id


def test_the_balance_is_reported_when_it_changes_and_when_the_day_turns():
    def reports(state, clock, day="2025-12-02"):
        facts = after_cut(state, at(clock, day), 20_000, RULE)
        for fact in facts:
            apply(state, fact)
        return [(f.balance_cents, f.day_pnl_cents) for f in facts if type(f) is BalanceReported]

    state = RiskState()
    assert reports(state, "10:00") == [(250_000, 0)]
    assert reports(state, "10:05") == []
    apply(state, lost(-1000))
    apply(state, lost(300, bracket_id="bracket-2", clock="11:05"))
    assert reports(state, "11:10") == [(249_300, -700)]
    assert reports(state, "16:59:59") == []
    assert reports(state, "17:00") == [(249_300, 0)]


def test_what_was_lost_before_1700_does_not_count_after():
    state = fold(lost(-30_000), lost(-5_000, clock="17:00", bracket_id="b"))
    assert state.day_cents == -5_000
    assert state.realised_cents == -35_000


def test_repeated_facts_change_nothing():
    facts = [make_bracket(), make_submitted(), make_opened(), make_closed()]
    assert fold(*facts) == fold(*facts, *facts)
    assert denied(fold(*facts, *facts)) is None


FLOW = {"pattern": Pattern.FLOW_BUYING, "stop_ticks": 20, "target_ticks": 40}
BY_FLOW = {"bracket_id": bracket_of("signal-1")}


def test_a_signal_with_its_own_stop_becomes_a_bracket_with_it_and_with_its_risk():
    found = judge(RiskState(), make_approved(**FLOW), RULE)
    assert (found.stop_ticks, found.target_ticks) == (20, 40)
    assert found.risk_cents == 21 * 1_250 + 450
    assert found.bracket_id == bracket_of("signal-1")


def test_the_budget_is_that_of_the_stop_of_the_signal_and_not_of_the_instrument():
    # 28 ticks, one of slippage and commissions are 367 dollars, one tick more are 379.5.
    state = fold(lost(-3_300))
    assert denied(state, ts_ns=at("11:01"), stop_ticks=28) is None
    assert denied(state, ts_ns=at("11:01"), stop_ticks=29) is DenyReason.RISK_BUDGET


def test_distances_below_zero_are_refused():
    for name in ("stop_ticks", "target_ticks"):
        with pytest.raises(ValueError, match="stop -1|target -1"):
            judge(RiskState(), make_approved(**{name: -1}), RULE)


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [("11:00", DenyReason.COOLDOWN), ("11:04:59.999", DenyReason.COOLDOWN), ("11:05", None)],
)
def test_the_metrics_enter_no_earlier_than_a_cooldown_after_the_last_close(clock, wanted):
    state = fold(lost(0, "10:50", bracket_id="b"), lost(0, "11:00"))
    assert denied(state, ts_ns=at(clock), **FLOW) is wanted
    # A report that comes late does not bring the earlier close back.
    apply(state, lost(0, "10:30", bracket_id="c"))
    assert denied(state, ts_ns=at(clock), **FLOW) is wanted


def test_the_cooldown_is_for_the_metrics_and_for_their_contract_alone():
    assert denied(fold(make_closed(ts_ns=at("11:00"))), ts_ns=at("11:01")) is None
    other = fold(make_closed(ts_ns=at("11:00"), contract="ESH6"))
    assert denied(other, ts_ns=at("11:01"), **FLOW) is None


def turned(clock, against=Direction.LONG, contract=CONTRACT):
    return FlowTurned(contract=contract, ts_ns=at(clock), against=against, reason="two of three")


def held_by_flow(**fields):
    opened = make_opened(**(BY_FLOW | {"ts_ns": at("10:05:01")} | fields))
    return fold(make_approved(**FLOW), opened)


def exits(state, *said, clock="10:06"):
    facts = after_cut(state, at(clock), 20_000, RULE, said)
    for fact in facts:
        apply(state, fact)
    return [fact.reason for fact in facts if isinstance(fact, FlattenOrdered)]


def test_metrics_that_turn_against_their_own_position_close_it_once():
    state = held_by_flow()
    assert exits(state, turned("10:05:30")) == [ExitReason.FLOW_EXIT]
    assert exits(state, turned("10:05:35")) == []  # It is on its way.
    assert exits(state, clock="15:55") == []


@pytest.mark.parametrize(
    ("clock", "leaves"),
    [("10:05:00", False), ("10:05:10.999", False), ("10:05:11", True), ("10:05:12", True)],
)
def test_a_position_is_held_ten_seconds_before_the_metrics_can_close_it(clock, leaves):
    assert bool(exits(held_by_flow(), turned(clock))) is leaves


@pytest.mark.parametrize(
    "said",
    [turned("10:05:30", Direction.SHORT), turned("10:05:30", contract="ESH6")],
    ids=["for it", "another contract"],
)
def test_what_the_metrics_say_of_others_closes_nothing(said):
    assert exits(held_by_flow(), said) == []


def test_a_position_of_another_pattern_is_left_alone():
    assert exits(fold(make_approved(), make_opened(**BY_FLOW)), turned("10:05:30")) == []
    assert exits(fold(make_approved(**FLOW), make_opened()), turned("10:05:30")) == []


def test_without_a_position_metrics_that_turn_demand_nothing():
    assert exits(RiskState(), turned("10:05:30")) == []
    assert exits(fold(make_approved(**FLOW), make_bracket(**BY_FLOW)), turned("10:05:30")) == []


def test_one_of_several_slices_since_the_last_cut_is_enough():
    said = (turned("10:05:05"), turned("10:05:20"), turned("10:05:25", Direction.SHORT))
    assert exits(held_by_flow(), *said) == [ExitReason.FLOW_EXIT]


def test_the_flatten_and_the_halt_go_before_the_metrics():
    state = held_by_flow()
    assert exits(state, turned("15:55"), clock="15:55") == [ExitReason.AUTO_FLATTEN]
    lossy = apply(held_by_flow(), make_closed(bracket_id="b", pnl_cents=-40_000))
    assert exits(lossy, turned("10:05:30")) == [ExitReason.HALT_FLATTEN]
