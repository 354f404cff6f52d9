"""Which signals the judge denies (domain 7.7 to 7.9): check by check, and in their order."""

import copy
import dataclasses

import pytest

from actors.core.risk.checks import CHECKS
from actors.core.risk.judge import judge_cut
from actors.core.risk.ledger import apply, bracket_id
from actors.core.risk.rule import Band
from protocol.account import TradingHalted
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.orders import BracketApproved, BracketDenied, BracketEnded, DenyReason
from protocol.patterns import Direction, Pattern
from protocol.signals import Regime
from tests.actors.core.risk.accounts import fold
from tests.actors.core.risk.verdicts import FLOW, RULE, ask, changed, denied, lost
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bracket,
    make_closed,
    make_opened,
    make_submitted,
)

HALT = TradingHalted(ts_ns=at("09:50"), reason="by hand", day_pnl_cents=0, limit_cents=0)
FENCE = FenceClosed(ts_ns=at("09:50"), cause=FenceCause.LINK, detail="")


@pytest.mark.parametrize(
    ("clock", "day", "wanted"),
    [
        ("09:34:59.999", "2025-12-02", DenyReason.OUTSIDE_HOURS),
        ("09:35", "2025-12-02", None),
        ("15:45", "2025-12-02", None),
        ("15:45:00.001", "2025-12-02", DenyReason.OUTSIDE_HOURS),
        ("11:00", "2025-12-06", DenyReason.OUTSIDE_HOURS),
    ],
)
def test_entries_are_allowed_from_0935_to_1545(clock, day, wanted):
    assert denied(clock=clock, day=day, ts_ns=at(clock, day)) is wanted


def test_the_time_is_that_of_the_cut_and_not_of_an_older_signal():
    assert denied(clock="15:50", ts_ns=at("15:44")) is DenyReason.OUTSIDE_HOURS
    (answer,) = ask(clock="10:10", ts_ns=at("10:06"))
    assert answer.ts_ns == at("10:10")


def test_nothing_is_entered_while_a_bracket_is_on_its_way_or_a_position_open():
    assert denied(make_bracket()) is DenyReason.POSITION_OPEN
    assert denied(make_submitted()) is DenyReason.POSITION_OPEN
    assert denied(make_bracket(), make_opened()) is DenyReason.POSITION_OPEN
    ended = BracketEnded(
        bracket_id="bracket-1", contract=CONTRACT, ts_ns=at("10:06"), reason="", rejected=False
    )
    assert denied(make_bracket(), ended) is None
    assert denied(make_bracket(), make_opened(), make_closed(pnl_cents=100)) is None


def test_more_positions_are_allowed_by_setting_but_never_against_each_other():
    rule = changed(positions_max=2, loss_limit_cents=50_000)
    assert denied(make_opened(), rule=rule) is DenyReason.POSITION_OPEN
    assert denied(make_opened(contract="ESH6"), rule=rule) is None
    both = changed(rule, symbol_positions_max=2)
    assert denied(make_opened(), rule=both) is None
    against = ask(make_opened(), rule=both, direction=Direction.SHORT)
    assert against[0].reason is DenyReason.POSITION_OPEN
    most = [make_opened(), make_opened(bracket_id="2")]
    assert denied(*most, rule=both) is DenyReason.POSITION_OPEN


def test_signals_of_low_quality_are_refused_unless_allowed():
    assert denied(low_quality=True) is DenyReason.LOW_QUALITY
    assert denied(rule=changed(low_quality_allowed=True), low_quality=True) is None


def test_the_profit_target_ends_new_entries_for_the_day():
    assert denied(lost(49_999)) is None
    assert denied(lost(50_000)) is DenyReason.PROFIT_TARGET
    day = "2025-12-03"
    assert denied(lost(50_000), clock="10:00", day=day, ts_ns=at("10:00", day)) is None
    # What is not realised is not won.
    state = fold(lost(49_999), make_opened(commission_cents=0), price=21_000)
    two = changed(positions_max=2, symbol_positions_max=2)
    assert denied(state, rule=two) is None


def test_entries_of_a_day_are_counted_where_there_is_a_limit():
    trips = [lost(1, bracket_id=str(number)) for number in range(5)]
    assert denied(*trips) is None
    assert denied(*trips, rule=changed(trades_max=5)) is DenyReason.TRADES_MAX
    assert denied(*trips[:4], rule=changed(trades_max=5)) is None
    two = changed(trades_max=5, positions_max=2, symbol_positions_max=2)
    assert denied(*trips[:4], make_bracket(), rule=two) is DenyReason.TRADES_MAX


def test_a_halt_denies_until_the_next_trading_day():
    assert denied(HALT) is DenyReason.HALTED
    day = "2025-12-03"
    assert denied(HALT, clock="10:00", day=day, ts_ns=at("10:00", day)) is None
    (answer,) = ask(HALT)
    assert answer.detail == "by hand"


def test_a_loss_at_the_limit_denies_before_the_halt_is_said():
    assert denied(lost(-40_000)) is DenyReason.HALTED


def test_a_fence_denies_while_any_cause_stands():
    other = FenceClosed(ts_ns=at("09:51"), cause=FenceCause.KILL, detail="")
    opened = FenceOpened(ts_ns=at("09:52"), cause=FenceCause.LINK, detail="")
    (answer,) = ask(FENCE, other)
    assert (answer.reason, answer.detail) == (DenyReason.FENCED, "fence closed: kill, link")
    assert denied(FENCE, other, opened) is DenyReason.FENCED
    assert denied(FENCE, opened) is None


def rejected(quantity=1, clock="10:00", price=27_577):
    """Return the state after the venue rejected a long at 6894.25."""
    signal = make_approved(last_price=price, ts_ns=at(clock))
    id = bracket_id(signal.signal_id)
    state = fold(signal, make_bracket(bracket_id=id, quantity=quantity, ts_ns=at(clock)))
    ended = BracketEnded(
        bracket_id=id, contract=CONTRACT, ts_ns=at(clock), reason="rejected", rejected=True
    )
    return apply(state, ended)


@pytest.mark.parametrize(
    ("clock", "price", "reason"),
    [
        ("10:20", 27_578, DenyReason.REJECT_REPLAY),
        ("10:29:59.999", 27_577, DenyReason.REJECT_REPLAY),
        ("10:30", 27_578, None),
        ("10:31", 27_578, None),
        ("10:20", 27_579, DenyReason.REJECT_REPLAY),
        ("10:20", 27_580, None),  # Another step of four ticks.
        ("10:20", 27_575, None),
    ],
)
def test_t7_9_the_same_idea_is_blocked_for_half_an_hour(clock, price, reason):
    """Rejected at 6894.25 at 10:00: 6894.50 is blocked at 10:20 and allowed at 10:31.

    R2's signature holds the millisecond, so it never matches (defect 34).
    """
    fields = {"signal_id": "2", "last_price": price, "ts_ns": at(clock)}
    assert denied(rejected(), clock=clock, **fields) is reason


def test_another_side_pattern_or_quantity_is_another_idea():
    fields = {"signal_id": "2", "last_price": 27_577, "clock": "10:20"}
    assert denied(rejected(), **fields) is DenyReason.REJECT_REPLAY
    assert denied(rejected(), direction=Direction.SHORT, **fields) is None
    assert denied(rejected(), pattern=Pattern.BUYING_ABSORPTION, **fields) is None
    assert denied(rejected(quantity=2), **fields) is None
    assert denied(rejected(), rule=changed(reject_block_ns=0), **fields) is None


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [("11:00", DenyReason.COOLDOWN), ("11:04:59.999", DenyReason.COOLDOWN), ("11:05", None)],
)
def test_the_metrics_enter_no_earlier_than_a_cooldown_after_the_last_close(clock, wanted):
    state = fold(lost(0, "10:50", bracket_id="c"), lost(0, "11:00"))
    assert denied(copy.deepcopy(state), clock=clock, **FLOW) is wanted
    # A report that comes late does not bring the earlier close back.
    apply(state, lost(0, "10:30", bracket_id="d"))
    assert denied(state, clock=clock, **FLOW) is wanted


def test_a_denial_in_the_cooldown_says_how_long_ago_the_close_was():
    (answer,) = ask(lost(0, "11:00"), clock="11:01", **FLOW)
    assert answer.detail == "60 s after the last close in ESZ5, wanted 300 s"


def test_the_cooldown_is_for_the_metrics_and_for_their_contract_alone():
    assert denied(lost(0, "11:00"), clock="11:01") is None
    assert denied(lost(0, "11:00", contract="ESH6"), clock="11:01", **FLOW) is None
    assert denied(lost(0, "11:00"), clock="11:01", rule=changed(cooldown_ns=0), **FLOW) is None


def test_a_size_that_was_cut_down_is_blocked_as_such_after_a_rejection():
    """A signature holds the quantity that was sent."""
    two = dataclasses.replace(RULE.size, quantity=2)
    rule, fields = changed(size=two), {"last_price": 27_577, "regime": Regime.TRENDING_UP}
    assert denied(rejected(1), rule=rule, signal_id="2", clock="10:20", **fields) is (
        DenyReason.REJECT_REPLAY
    )
    assert denied(rejected(2), rule=rule, signal_id="2", clock="10:20", **fields) is None


def test_the_day_margin_must_be_known_and_carried():
    assert denied(rule=changed(balance_cents=50_000)) is None
    (answer,) = ask(rule=changed(balance_cents=49_999))
    assert (answer.reason, answer.detail) == (
        DenyReason.MARGIN,
        "day margin 50000 cents USD, balance 49999",
    )
    unknown = dataclasses.replace(RULE.terms["ES"], margin_cents=None)
    rule = changed(terms={**RULE.terms, "ES": unknown})
    (answer,) = ask(rule=rule)
    assert (answer.reason, answer.detail) == (
        DenyReason.MARGIN,
        "the day margin of ESZ5 is not known",
    )


def test_of_several_reasons_the_first_in_the_table_is_given():
    """What denies is taken away step by step; the next reason in the table comes up."""
    rule = changed(
        band=Band(halve_ppm=1, stop_ppm=1), trades_max=1, profit_target_cents=-900_000,
        balance_cents=900_000, loss_limit_cents=100_000,
    )  # fmt: skip
    bad = [lost(-90_000, "11:58"), make_bracket()]
    steps = [
        (DenyReason.HALTED, [HALT, FENCE, *bad], {}, rule),
        (DenyReason.FENCED, [FENCE, *bad], {}, rule),
        (DenyReason.LOW_QUALITY, bad, {}, rule),
        (DenyReason.OUTSIDE_HOURS, bad, {"low_quality": False}, rule),
        (DenyReason.POSITION_OPEN, bad, {"clock": "12:00"}, rule),
        (DenyReason.COOLDOWN, bad[:1], {"pattern": Pattern.FLOW_BUYING}, rule),
        (DenyReason.TRADES_MAX, bad[:1], {"pattern": Pattern.STACKED_BUY}, rule),
        (DenyReason.PROFIT_TARGET, bad[:1], {}, changed(rule, trades_max=0)),
        (DenyReason.REDUCE_BAND, bad[:1], {}, changed(rule, profit_target_cents=1)),
        (DenyReason.NO_SIZE, bad[:1], {}, changed(rule, band=None)),
        (DenyReason.MARGIN, bad[:1], {"regime": Regime.RANGING}, changed(rule, balance_cents=0)),
        (DenyReason.RISK_BUDGET, bad[:1], {}, changed(rule, balance_cents=900_000)),
    ]
    fields = {"low_quality": True, "clock": "08:00", "regime": Regime.NO_TRADE}
    current = rule
    seen = []
    for wanted, facts, mended, step in steps:
        fields |= mended
        for name in ("trades_max", "profit_target_cents", "band", "balance_cents"):
            if getattr(step, name) != getattr(rule, name):
                current = changed(current, **{name: getattr(step, name)})
            if wanted is DenyReason.RISK_BUDGET:
                current = changed(current, balance_cents=900_000)
        assert denied(*facts, rule=current, **fields) is wanted
        seen.append(wanted)
    table = [reason for reason, _ in CHECKS]
    table.remove(DenyReason.REJECT_REPLAY)
    assert seen == table


@pytest.mark.parametrize(
    ("facts", "fields", "detail"),
    [
        ([], {"contract": "ESH6"}, "signal in ESH6, bars in ESZ5, traded ESZ5"),
        ([], {"contract": "SPY"}, "signal in SPY, bars in ESZ5, traded ESZ5"),
        ([], {"direction": Direction.NONE}, "the signal points nowhere"),
    ],
)
def test_a_signal_that_cannot_be_traded_is_denied_and_nothing_crashes(facts, fields, detail):
    (answer,) = ask(*facts, **fields)
    assert (answer.reason, answer.detail) == (DenyReason.NO_SIZE, detail)
    assert answer.contract == fields.get("contract", CONTRACT)


def test_without_a_price_nothing_is_entered():
    state = fold(price=None)
    (answer,) = ask(state)
    assert (answer.reason, answer.detail) == (
        DenyReason.NO_SIZE,
        "signal in ESZ5, bars in nothing yet, traded nothing",
    )


def test_of_two_signals_at_one_cut_the_first_is_taken():
    one, two = make_approved(), make_approved(signal_id="signal-2")
    answers = ask(signals=[one, two])
    assert isinstance(answers[0], BracketApproved)
    assert (answers[1].signal_id, answers[1].reason) == ("signal-2", DenyReason.POSITION_OPEN)
    weak = make_approved(signal_id="weak", low_quality=True)
    answers = ask(signals=[weak, one])
    assert [type(answer) for answer in answers] == [BracketDenied, BracketApproved]
    assert judge_cut(fold(), at("10:05"), RULE) == []


def test_signals_in_both_directions_deny_each_other():
    one, two = make_approved(), make_approved(signal_id="2", direction=Direction.SHORT)
    answers = ask(signals=[one, two])
    assert [answer.reason for answer in answers] == [DenyReason.OPPOSED] * 2
    foreign = make_approved(signal_id="2", direction=Direction.SHORT, contract="ESH6")
    answers = ask(signals=[one, foreign])
    assert isinstance(answers[0], BracketApproved)
    assert answers[1].reason is DenyReason.NO_SIZE
