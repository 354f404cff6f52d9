"""The fold of what risk reads: differences booked, days rolled, repeats without effect."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.exposure import worst_cents
from actors.core.risk.holdings import TRIPS_MAX, adopted_id, client_id
from actors.core.risk.ledger import OVER_MAX, apply, bracket_id, signature
from actors.core.risk.sizing import Streak
from actors.core.risk.state import (
    Held,
    RiskState,
    contracts_exposed,
    day_at,
    exposed,
    standing_streak,
)
from protocol.account import TierChanged, TradingHalted, TradingResumed
from protocol.desk import ExecutionBooked, OrderStepped, Step
from protocol.fence import FenceCause, FenceClosed, FenceOpened, PositionAdopted
from protocol.orders import BracketEnded, Leg
from protocol.patterns import Direction
from tests.actors.core.risk.accounts import fold, make_changed, make_cut, make_rule
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bracket,
    make_closed,
    make_opened,
    make_submitted,
)


def ended(clock="10:06", rejected=False, **fields):
    values = {"bracket_id": "bracket-1", "contract": CONTRACT, "ts_ns": at(clock), "reason": "no"}
    return BracketEnded(**(values | {"rejected": rejected} | fields))


def won(cents, number, clock="11:00", day="2025-12-02"):
    return make_closed(bracket_id=f"b{number}", pnl_cents=cents, ts_ns=at(clock, day))


def tier(number, instrument):
    return TierChanged(
        ts_ns=at("18:00"), tier=number, before=0, name="", instrument=instrument, traded=True,
        balance_cents=0, quantity_max=3, loss_limit_cents=1, stop_cents=1, stop_share_ppm=1,
    )  # fmt: skip


def test_a_round_trip_is_booked_once_with_its_commissions_as_they_come():
    state = fold(make_bracket(), make_submitted(), make_opened())
    assert (state.realised_cents, day_at(state, at("10:06")).cents) == (-225, -225)
    apply(state, make_closed())
    assert (state.realised_cents, day_at(state, at("10:20")).cents) == (29_550, 29_550)
    assert day_at(state, at("10:20")).trades == 1
    assert exposed(state) == {}


def test_a_partial_entry_and_a_partial_exit_change_what_is_held_and_what_is_realised():
    state = fold(make_bracket(quantity=3), make_opened())
    assert state.positions["bracket-1"].rest == 2
    assert contracts_exposed(state, CONTRACT) == 3
    apply(state, make_changed())
    assert state.positions["bracket-1"] == Held(
        CONTRACT, Direction.LONG, quantity=2, entry_sum=40_001, stop_price=19_985, rest=1,
        opened_ns=at("10:05:01"),
    )
    out = make_changed(quantity=1, entry_sum=20_001, realised_cents=1_000, exec_id="exec-4")
    apply(state, out)
    assert state.positions["bracket-1"].rest == 1
    assert day_at(state, at("10:07")).cents == state.realised_cents == 1_000
    apply(state, make_closed(pnl_cents=2_345, quantity=2))
    assert day_at(state, at("10:20")).cents == state.realised_cents == 2_345
    assert day_at(state, at("10:20")).trades == 1


def stepped(step, leg=Leg.ENTRY, id="bracket-1"):
    return OrderStepped(
        client_id=client_id(id), number=1, contract=CONTRACT, ts_ns=at("10:07"), leg=leg,
        step=step, left=1, price=None, cause=None,
    )  # fmt: skip


def test_the_rest_of_an_entry_may_be_filled_until_it_is_cancelled():
    """An exit does not end it: a fill may cross the cancellation."""
    facts = [make_bracket(quantity=3), make_opened(), make_changed()]
    out = make_changed(quantity=0, entry_sum=0, ts_ns=at("10:07"), exec_id="exec-4")
    state = fold(*facts, out)
    assert (state.positions["bracket-1"].rest, contracts_exposed(state, CONTRACT)) == (1, 1)
    for other in (stepped(Step.FILLED), stepped(Step.CANCELLED, leg=Leg.STOP),
                  stepped(Step.CANCELLED, id="2")):  # fmt: skip
        apply(state, other)
    assert state.positions["bracket-1"].rest == 1
    for step in (Step.CANCELLED, Step.EXPIRED):
        assert fold(*facts, stepped(step)).positions["bracket-1"].rest == 0
    moved = make_changed(ts_ns=at("10:08"), stop_price=20_001, exec_id="")
    state = fold(*facts, stepped(Step.CANCELLED), moved)
    assert state.positions["bracket-1"].rest == 0
    assert state.positions["bracket-1"].stop_price == 20_001


def test_a_correction_of_a_round_trip_counts_by_its_difference():
    state = fold(make_opened(), make_closed(), won(500, 2))
    apply(state, make_closed(pnl_cents=-1_000, exec_id="exec-9"))
    assert state.realised_cents == day_at(state, at("11:00")).cents == -500
    assert day_at(state, at("11:00")).trades == 2
    assert standing_streak(state) == Streak(wins=1)
    assert list(state.trips.values()) == [-1_000, 500]
    # The first telling, once more, does not undo the correction.
    apply(state, make_closed())
    assert state.realised_cents == -500


def test_an_exit_that_is_taken_back_opens_the_position_again():
    state = fold(make_opened(), make_closed())
    apply(state, make_changed(quantity=1, entry_sum=20_000, realised_cents=-225, exec_id="e"))
    assert exposed(state) == {CONTRACT: ["bracket-1"]}
    assert (state.realised_cents, state.trips) == (-225, {})
    apply(state, make_closed(pnl_cents=-20_900, exec_id="exec-8"))
    assert (state.realised_cents, standing_streak(state)) == (-20_900, Streak(losses=1))
    assert day_at(state, at("10:20")).trades == 1


def test_t8_1_the_day_rolls_at_1700_and_the_weekend_belongs_to_monday():
    moments = [
        (at("16:59:59", "2025-12-01"), "2025-12-01"),
        (at("17:00", "2025-12-01"), "2025-12-02"),
        (at("17:30", "2025-12-05"), "2025-12-08"),
        (at("18:05", "2025-12-07"), "2025-12-08"),
    ]
    for number, (ts_ns, _) in enumerate(moments):
        state = fold(make_closed(bracket_id=str(number), ts_ns=ts_ns, pnl_cents=7))
        for other, day in moments:
            same = day == moments[number][1]
            assert day_at(state, other).cents == (7 if same else 0)


def test_t8_1_the_day_is_of_new_york_in_summer_too():
    state = fold(make_closed(ts_ns=at("16:59:59", "2025-07-01"), pnl_cents=7))
    assert day_at(state, at("09:30", "2025-07-01")).cents == 7
    assert day_at(state, at("17:00", "2025-07-01")).cents == 0


def test_what_is_told_late_of_an_older_day_changes_the_balance_and_not_today():
    state = fold(won(-1_000, 1), won(300, 2, day="2025-12-03"))
    apply(state, make_closed(bracket_id="b1", pnl_cents=-1_500, ts_ns=at("11:00"), exec_id="x"))
    assert state.realised_cents == -1_200
    assert day_at(state, at("12:00", "2025-12-03")).cents == 300


def test_streaks_outlive_the_session_and_not_the_instrument():
    state = fold(tier(1, "MES"), won(1, 1), won(2, 2), won(0, 3))
    apply(state, make_cut("17:00"))
    assert standing_streak(state) == state.streak_at_start == Streak(wins=2)
    apply(state, won(3, 4, clock="10:00", day="2025-12-03"))
    assert (standing_streak(state), state.streak_at_start) == (Streak(wins=3), Streak(wins=2))
    apply(state, tier(1, "MES"))
    assert standing_streak(state) == Streak(wins=3)
    apply(state, tier(2, "ES"))
    assert standing_streak(state) == state.streak_at_start == Streak()
    # A correction of a trip from before does not bring it back.
    apply(state, make_closed(bracket_id="b4", pnl_cents=-3, ts_ns=at("10:00", "2025-12-03")))
    assert (standing_streak(state), state.realised_cents) == (Streak(), 0)


def test_no_more_round_trips_are_kept_than_a_streak_needs():
    state = fold(*(won(1, number) for number in range(TRIPS_MAX + 5)))
    assert len(state.trips) == TRIPS_MAX
    assert "b4" not in state.trips and "b5" in state.trips


def test_a_bracket_that_ended_leaves_nothing_and_comes_no_more():
    state = fold(make_bracket(), ended())
    assert exposed(state) == {} == state.brackets
    assert exposed(fold(make_bracket(), ended(), make_submitted(attempt=2))) == {}
    # A fill that crossed the cancellation is a position all the same.
    assert exposed(fold(make_bracket(), ended(), make_opened())) == {CONTRACT: ["bracket-1"]}


def test_only_what_the_venue_rejected_is_remembered_against_the_idea():
    signal = make_approved()
    idea = signature(signal, CONTRACT, 1)
    approved = make_bracket(bracket_id=bracket_id(signal.signal_id))
    told = {"bracket_id": approved.bracket_id}
    assert fold(signal, approved, ended(**told)).rejected == {}
    assert fold(signal, approved, ended(rejected=True, **told)).rejected == {idea: at("10:06")}
    # What another run approved has no signal to remember.
    assert fold(make_submitted(), ended(rejected=True)).rejected == {}


def test_a_signal_is_asked_once():
    assert fold(make_approved(), make_approved()).asked == [make_approved()]
    approved = make_bracket(bracket_id=bracket_id("signal-1"))
    assert fold(make_approved(), approved).asked == []
    assert fold(make_approved(), approved, make_approved()).asked == []


def test_the_fence_stands_while_any_cause_does():
    closed = [FenceClosed(ts_ns=at("10:00"), cause=c, detail="") for c in FenceCause]
    state = fold(*closed, *closed)
    for cause in FenceCause:
        assert state.fence
        apply(state, FenceOpened(ts_ns=at("10:01"), cause=cause, detail=""))
    assert not state.fence


def adopted(quantity, entry_sum=0):
    return PositionAdopted(
        contract=CONTRACT, ts_ns=at("10:30"), quantity=quantity, entry_sum=entry_sum, who="",
        reason="",
    )  # fmt: skip


def test_what_a_person_adopts_is_held_beyond_our_brackets():
    """The incremental entry of domain 7.9: 3 @ 6000.50 less 2 @ 6000.00 is 1 @ 6001.50."""
    ours = make_opened(quantity=2, entry_sum=2 * 24_000)
    state = fold(ours, adopted(3, 3 * 24_002))
    foreign = state.positions[adopted_id(CONTRACT)]
    assert (foreign.direction, foreign.quantity) == (Direction.LONG, 1)
    assert foreign.entry_sum == 24_006
    assert (foreign.stop_price, contracts_exposed(state, CONTRACT)) == (None, 3)
    assert fold(ours, adopted(3, 3 * 24_002), adopted(2, 48_000)) == fold(ours)
    short = fold(adopted(-2, 48_010)).positions[adopted_id(CONTRACT)]
    assert (short.direction, short.quantity, short.entry_sum) == (Direction.SHORT, 2, 48_010)


def test_whoever_adopts_a_flat_broker_holds_nothing():
    assert exposed(fold(make_opened(), adopted(0))) == {}
    assert exposed(fold(adopted(1, 20_000), adopted(0))) == {}


def left(quantity, exec_id, client="flatten", leg=Leg.FLATTEN):
    return ExecutionBooked(
        exec_id=exec_id, corrects="", client_id=client, contract=CONTRACT, ts_ns=at("15:55:01"),
        leg=leg, quantity=quantity, price=20_010, commission_cents=225, stop_price=None,
        target_price=None, reason=None,
    )  # fmt: skip


def test_what_was_adopted_is_left_by_the_executions_of_a_flatten():
    state = fold(make_opened(), adopted(4, 4 * 20_000))
    before = state.realised_cents
    for other in (left(1, "x", leg=Leg.STOP), left(1, "y", client=client_id("bracket-1"))):
        apply(state, other)
    assert state.positions[adopted_id(CONTRACT)].quantity == 3
    apply(apply(state, left(1, "one")), left(1, "one"))
    assert state.positions[adopted_id(CONTRACT)].quantity == 2
    assert state.realised_cents - before == 10 * 1_250 - 225
    apply(state, left(2, "two"))
    assert adopted_id(CONTRACT) not in state.positions
    assert state.realised_cents - before == 3 * 10 * 1_250 - 2 * 225


FACTS = [
    make_bracket(quantity=2),
    make_submitted(quantity=2),
    make_opened(),
    make_changed(),
    make_changed(quantity=1, entry_sum=20_001, ts_ns=at("10:07"), exec_id="e", realised_cents=9),
    make_closed(quantity=2),
    won(-5, 2),
    won(0, 3, day="2025-12-03"),
    make_closed(quantity=2, pnl_cents=3, exec_id="exec-7"),
]
ODD = [*FACTS, ended(), make_cut("11:00"), make_cut("17:00"), adopted(-1, 20_000), adopted(0)]


@pytest.mark.parametrize("upto", range(1, len(FACTS) + 1))
def test_repeated_facts_change_nothing(upto):
    facts = FACTS[:upto]
    assert fold(*facts, *facts) == fold(*facts)
    for fact in facts:
        assert fold(*facts, fact) == fold(*facts)


@given(st.lists(st.sampled_from(ODD), max_size=12))
def test_whatever_comes_in_whatever_order_the_balance_is_what_each_bracket_was_last_booked(order):
    """Not the order of a desk; nothing raises all the same, and no cent is lost or doubled."""
    state = RiskState()
    for fact in order:
        apply(state, fact)
        assert worst_cents(state, at("12:00"), make_rule()) <= day_at(state, at("12:00")).cents
    assert state.realised_cents == sum(state.booked.values())
    held = itertools.chain(state.positions, state.pending)
    assert sorted(held) == sorted(id for ids in exposed(state).values() for id in ids)


def test_of_what_is_over_only_the_latest_is_kept():
    state = fold(make_opened(), *(won(1, number) for number in range(OVER_MAX + 5)))
    for number in range(OVER_MAX + 5):
        apply(state, ended(bracket_id=f"e{number}"))
    realised = state.realised_cents
    apply(state, make_cut("17:00"))
    assert len(state.ended) == OVER_MAX
    assert len(state.booked) == OVER_MAX + 1 and "bracket-1" in state.booked
    assert state.realised_cents == realised


def test_a_resume_is_forgotten_with_the_session():
    lost = TradingHalted(ts_ns=at("11:00"), reason="", day_pnl_cents=-1, limit_cents=1)
    state = fold(lost, TradingResumed(ts_ns=at("12:00"), reason="by hand"))
    assert state.resumed
    apply(state, make_cut("17:00"))
    assert not state.resumed
