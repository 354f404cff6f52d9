"""Which signals become brackets: the table of checks, sizes and terms, domain 7.6 to 7.9."""

import copy
import dataclasses

import pytest

from actors.core.risk.checks import CHECKS
from actors.core.risk.judge import judge, judge_cut
from actors.core.risk.ledger import apply, bracket_id
from actors.core.risk.rule import Band, EntryRule
from actors.core.risk.sizing import Streak
from protocol.account import TradingHalted
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.orders import BracketApproved, BracketDenied, BracketEnded, DenyReason, EntryKind
from protocol.patterns import Direction, Pattern
from protocol.signals import Regime
from tests.actors.core.risk.accounts import at_cut, fold, make_rule
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_opened,
    make_submitted,
)

RULE = make_rule()
TIERED = make_rule(tiers=True)
HALT = TradingHalted(ts_ns=at("09:50"), reason="by hand", day_pnl_cents=0, limit_cents=0)
FENCE = FenceClosed(ts_ns=at("09:50"), cause=FenceCause.LINK, detail="")


def changed(rule=RULE, **fields):
    return dataclasses.replace(rule, **fields)


def lost(cents, clock="10:00", **fields):
    return make_closed(pnl_cents=cents, ts_ns=at(clock), **({"bracket_id": "b"} | fields))


def ask(*facts, rule=RULE, signals=None, clock="10:05", day="2025-12-02", **fields):
    """Return the answers to signals after facts."""
    signals = signals or [make_approved(**fields)]
    state = facts[0] if facts and not hasattr(facts[0], "KIND") else fold(*facts)
    for signal in signals:
        apply(state, signal)
    return judge_cut(state, at(clock, day), rule)


def denied(*facts, **fields):
    """Return why one signal is denied; None where it is approved."""
    (answer,) = ask(*facts, **fields)
    return answer.reason if isinstance(answer, BracketDenied) else None


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


FLOW = {"pattern": Pattern.FLOW_BUYING, "stop_ticks": 20, "target_ticks": 40}


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
