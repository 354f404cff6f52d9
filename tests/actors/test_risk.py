"""The risk shell: no sequence of facts lets an approval exceed a limit, and a restart knows all."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.account import BalanceReported, TierChanged, TradingHalted
from protocol.fence import FenceOrdered
from protocol.market import Cut, CutReason
from protocol.orders import BracketApproved, BracketDenied, DenyReason, FlattenOrdered
from protocol.settings import PaperSettings, RiskSettings, Settings, TierSettings
from protocol.signals import Regime
from tests.actors.core.risk.floors import STEPS, Desk, complaints, fresh, replayed
from tests.makers import at, make_approved, make_bar, make_closed, make_limits, make_opened

TIGHT = Settings(risk=RiskSettings(daily_loss_dollars=400.0, daily_profit_dollars=1e6))
TIERED = dataclasses.replace(TIGHT, tiers=TierSettings(enabled=True))
RICH = Settings(
    risk=RiskSettings(daily_loss_dollars=1_500.0, daily_profit_dollars=1e6),
    tiers=TierSettings(
        enabled=True,
        table=("All:0:ES:1:3:1500:scaled", "More:20000:MES:2:3:1500:scaled"),
    ),
    paper=PaperSettings(balance_dollars=19_000.0),
)


def shell(chosen=TIGHT):
    return fresh(chosen)


def cut(clock="10:05", day="2025-12-02", number=1):
    return Cut(number=number, ts_ns=at(clock, day), reason=CutReason.BAR)


def kinds(answers):
    return [type(answer) for answer in answers]


def test_signals_wait_for_their_cut_and_are_answered_once():
    risk = shell()
    assert risk.on_fact(make_approved()) is None
    risk.on_bar_closed(make_bar())
    assert kinds(risk.on_cut(cut())) == [BracketApproved, BalanceReported]
    assert risk.on_cut(cut("10:10", number=2)) == []


def test_limits_set_anew_hold_from_the_next_cut_and_end_with_the_settings_again():
    risk = shell()
    risk.on_bar_closed(make_bar())
    risk.on_fact(make_limits("10:06", loss_limit_cents=10_000, trades_max=1))
    risk.on_fact(make_limits("10:07", loss_limit_cents=40_000))
    assert risk.inspect()["limit_cents"] == 40_000
    risk.on_cut(cut("10:10"))
    assert (risk.inspect()["limit_cents"], risk.rule.trades_max) == (10_000, 1)
    risk.on_cut(cut("10:10", day="2025-12-03", number=2))
    assert (risk.inspect()["limit_cents"], risk.rule.trades_max) == (40_000, 1)


def test_a_signal_before_the_first_bar_is_denied_and_not_kept():
    """Nothing may be answered late, when the price is another."""
    risk = shell()
    risk.on_fact(make_approved())
    (denied, _) = risk.on_cut(cut())
    assert (type(denied), denied.reason) == (BracketDenied, DenyReason.NO_SIZE)
    risk.on_bar_closed(make_bar())
    assert risk.on_cut(cut("10:10", number=2)) == []


def test_a_signal_of_a_contract_that_has_rolled_is_denied_and_nothing_crashes():
    risk = shell()
    risk.on_bar_closed(make_bar(contract="ESH6"))
    risk.on_fact(make_approved())
    (denied, _) = risk.on_cut(cut())
    assert denied.reason is DenyReason.NO_SIZE


def test_only_bars_of_the_deciding_series_are_prices():
    risk = shell()
    risk.on_bar_closed(make_bar(series="volume:400", close=19_000))
    assert risk.inspect()["price"] is None
    risk.on_bar_closed(make_bar(close=20_001))
    assert risk.inspect()["price"] == 20_001


def test_a_halt_at_a_cut_denies_the_signals_of_the_same_cut():
    risk = shell()
    risk.on_bar_closed(make_bar(close=20_000))
    risk.on_fact(make_closed(pnl_cents=-40_000))
    risk.on_fact(make_opened(bracket_id="2"))
    risk.on_fact(make_approved())
    answers = risk.on_cut(cut("10:25"))
    assert kinds(answers) == [BracketDenied, BalanceReported, TradingHalted, FlattenOrdered]
    assert answers[0].reason is DenyReason.HALTED
    assert risk.inspect()["halted"]


def test_the_tier_stands_before_the_signals_of_the_first_cut_are_judged():
    risk = shell(TIERED)
    risk.on_bar_closed(make_bar())
    risk.on_fact(make_approved(regime=Regime.TRENDING_UP))
    answers = risk.on_cut(cut())
    assert kinds(answers) == [TierChanged, BracketApproved, BalanceReported]
    assert (answers[1].contract, answers[1].quantity) == ("MESZ5", 2)
    assert risk.inspect()["instrument"] == "MES"


def test_on_an_early_close_entries_end_and_positions_are_left_before_it():
    early = dataclasses.replace(TIGHT.calendar, early=("2025-11-28 13:15",))
    risk = shell(dataclasses.replace(TIGHT, calendar=early))
    risk.on_bar_closed(make_bar())
    risk.on_fact(make_approved())
    denied = risk.on_cut(cut("13:05", "2025-11-28"))[0]
    assert denied.reason is DenyReason.OUTSIDE_HOURS
    risk.on_fact(make_opened(ts_ns=at("12:59", "2025-11-28")))
    assert FlattenOrdered not in kinds(risk.on_cut(cut("13:09:59", "2025-11-28", 2)))
    assert FlattenOrdered in kinds(risk.on_cut(cut("13:10", "2025-11-28", 3)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([TIGHT, TIERED, RICH]), STEPS)
def test_no_sequence_of_facts_lets_an_approval_exceed_a_limit(chosen, steps):
    desk, risk = Desk(chosen), fresh(chosen)
    for step in [*steps, ("cut", 5)]:
        asked = list(risk.state.asked)
        answers = desk.step(step, risk)
        if step[0] == "cut":
            assert list(complaints(desk, asked, answers)) == []
            assert risk.state.asked == []


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([TIGHT, TIERED, RICH]), STEPS, st.data())
def test_a_restart_that_reads_the_same_knows_and_says_the_same(chosen, steps, data):
    desk, risk = Desk(chosen), fresh(chosen)
    said = []
    for step in steps:
        said += desk.step(step, risk)
    again, repeated = replayed(chosen, desk.told)
    assert (again.state, repeated) == (risk.state, said)
    split = data.draw(st.integers(0, len(desk.told)))
    part, before = replayed(chosen, desk.told[:split])
    assert before == said[: len(before)]
    for stream, message in desk.told[split:]:
        if stream == "cut":
            before += part.on_cut(message)
        else:
            part.handlers[type(message), None](part, message)
    assert (part.state, before) == (risk.state, said)


def test_at_the_breaker_the_fence_is_ordered_first_and_the_signal_of_that_cut_denied():
    rule = RiskSettings(daily_loss_dollars=1e6, daily_profit_dollars=1e6, breaker_dollars=500.0)
    risk = shell(Settings(risk=rule))
    risk.on_bar_closed(make_bar(close=20_000))
    risk.on_fact(make_closed(pnl_cents=-50_000))
    risk.on_fact(make_approved())
    ordered, denied, _ = risk.on_cut(cut())
    assert (type(ordered), ordered.cause) == (FenceOrdered, "circuit_breaker")
    assert (denied.reason, denied.detail) == (
        DenyReason.FENCED, "fence closed: circuit_breaker",
    )  # fmt: skip
    assert risk.inspect()["fence"] == ["circuit_breaker"]
    assert risk.on_cut(cut("10:10", number=2)) == []


@pytest.mark.parametrize("chosen", [TIGHT, TIERED, RICH])
def test_the_steps_of_these_properties_do_enter_and_leave(chosen):
    desk, risk = Desk(chosen), fresh(chosen)
    steps = [("bar", 0), ("cut", 1), ("signal", 0, True, Regime.TRENDING_UP), ("cut", 1)]
    steps += [("fill", False), ("bar", 3), ("leave", True), ("cut", 1)]
    said = [answer for step in steps for answer in desk.step(step, risk)]
    assert BracketApproved in kinds(said)
    assert risk.state.day.trades == 1
