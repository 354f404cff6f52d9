"""The order desk: what it orders, what it holds, repeats, and what round trips earn."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orders.brackets import client_id
from actors.core.orders.desk import decide, decide_all
from actors.core.orders.desk_state import SEEN_MAX, DeskState, apply, held
from actors.core.orders.lifecycle import Order
from actors.core.orders.money import TickValue, result_cents
from actors.core.orders.round_trip import Execution, trip_of
from protocol.fence import FenceCause, FenceClosed
from protocol.orders import (
    BracketEnded,
    BracketSubmitted,
    CancelSubmitted,
    EntryKind,
    ExitReason,
    FlattenSubmitted,
    Leg,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    StopCause,
)
from protocol.patterns import Direction
from tests.actors.core.orders.desk_told import (
    CLIENT,
    RULE,
    accepted,
    cancelled,
    cut,
    desk,
    expired,
    fill,
    flatten,
    kinds,
    modified,
    of,
    rejected,
    s,
    send,
)
from tests.makers import make_bracket

MES = "MESZ5"
SHORT = {"direction": Direction.SHORT}


def test_an_approved_bracket_is_submitted_once_under_an_id_of_its_own():
    state = DeskState()
    (submitted,) = send(state, make_bracket(entry=EntryKind.LIMIT, limit_price=7, expires_ns=s(9)))
    assert isinstance(submitted, BracketSubmitted)
    assert (submitted.client_id, submitted.attempt) == (CLIENT, 1)
    assert (submitted.stop_ticks, submitted.target_ticks) == (16, 24)
    assert (submitted.entry, submitted.limit_price) == (EntryKind.LIMIT, 7)
    assert send(state, make_bracket()) == []
    assert client_id("bracket-2") != CLIENT


def test_an_approval_that_comes_again_after_the_round_trip_is_not_submitted():
    state = desk(fill(), fill(Leg.TARGET, 23_085))
    assert send(state, make_bracket()) == []


def test_an_entry_fill_opens_a_position_with_its_stop_and_target():
    state = desk(accepted())
    opened = of(send(state, fill()), PositionOpened)
    assert (opened.entry_sum, opened.stop_price, opened.target_price) == (23_061, 23_045, 23_085)
    assert held(state) == {"ESZ5": 1}
    assert send(state, fill()) == send(state, accepted()) == []


def test_t7_2_stop_and_target_of_an_entry_without_them_are_told_anchored_to_the_average():
    state = desk(quantity=2)
    send(state, fill(quantity=1, stop_price=None, target_price=None))
    changed = of(
        send(state, fill(price=23_062, exec_id="b", stop_price=None, target_price=None)),
        PositionChanged,
    )
    # The average is 23,061.5: rounded towards the target, so no more than 16 ticks are at risk.
    assert (changed.entry_sum, changed.stop_price, changed.target_price) == (46_123, 23_046, 23_086)


@pytest.mark.parametrize(
    ("leg", "price", "reason", "pnl"),
    [
        (Leg.TARGET, 23_085, ExitReason.TARGET, 2876),  # T7.3 Ex-1.
        (Leg.STOP, 23_042, ExitReason.STOP, -2499),  # T7.3 Ex-2.
        (Leg.STOP, 23_044, ExitReason.STOP, -2249),  # T7.3 Ex-3.
        (Leg.STOP, 23_061, ExitReason.STOP, -124),
    ],
)
def test_t7_3_a_round_trip_is_worth_its_ticks_less_both_commissions(leg, price, reason, pnl):
    state = desk(contract=MES)
    send(state, fill(contract=MES))
    closed = of(send(state, fill(leg, price, contract=MES, ts_ns=s(9))), PositionClosed)
    assert (closed.pnl_cents, closed.commission_cents, closed.reason) == (pnl, 124, reason)
    assert (closed.opened_ns, closed.ts_ns) == (s(1), s(9))
    assert held(state) == {} and state.open == {}


def test_a_short_earns_when_the_price_falls():
    state = desk(fill(**SHORT), **SHORT)
    assert held(state) == {"ESZ5": -1}
    closed = of(send(state, fill(Leg.TARGET, 23_037, **SHORT)), PositionClosed)
    assert closed.pnl_cents == 24 * 1250 - 124


def test_a_result_of_half_a_cent_is_rounded_once_for_the_whole_trip():
    zn = "ZNZ5"  # 1562.5 cents a tick: two contracts at a tick each are no rounding apart.
    state = desk(contract=zn, quantity=2)
    send(state, fill(contract=zn, quantity=2))
    first = fill(Leg.STOP, 23_062, exec_id="a", contract=zn)
    changed = of(send(state, first), PositionChanged)
    assert changed.realised_cents == 1563 - 124
    closed = of(send(state, dataclasses.replace(first, exec_id="b")), PositionClosed)
    assert closed.pnl_cents == 3125 - 186


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (StopCause.BREAKEVEN, ExitReason.BREAKEVEN),
        (StopCause.TRAIL, ExitReason.TRAIL),
        (StopCause.AMENDED, ExitReason.STOP),
    ],
)
def test_t7_5_a_stop_that_was_moved_says_at_the_exit_why_it_rested_there(cause, reason):
    state = desk(fill())
    changed = of(send(state, modified(23_062, cause, ts_ns=s(5))), PositionChanged)
    assert (changed.stop_price, changed.stop_cause) == (23_062, cause)
    closed = of(send(state, fill(Leg.STOP, 23_061)), PositionClosed)
    assert closed.reason is reason


def test_a_move_that_is_told_again_or_overtaken_changes_nothing():
    state = desk(fill(), modified(23_050, ts_ns=s(5)))
    assert send(state, modified(23_050, ts_ns=s(5))) == []
    assert send(state, modified(23_049, ts_ns=s(4))) == []
    assert of(send(state, modified(23_055, ts_ns=s(6))), PositionChanged).stop_price == 23_055


def test_an_entry_in_parts_opens_and_then_grows():
    state = desk(accepted(), quantity=3)
    first = send(state, fill(quantity=1, left=2, exec_id="a"))
    assert kinds(first) == ["PositionOpened"]
    rest = fill(price=23_064, quantity=2, exec_id="b", stop_price=23_047, target_price=23_087)
    changed = of(send(state, rest), PositionChanged)
    assert (changed.quantity, changed.entry_sum) == (3, 23_061 + 2 * 23_064)
    assert (changed.stop_price, changed.realised_cents) == (23_047, -124)
    assert state.brackets[CLIENT].entry is Order.FILLED


def test_an_exit_in_parts_shrinks_first_in_first_out_and_closes_with_the_whole():
    state = desk(quantity=2)
    for id, price in (("a", 23_061), ("b", 23_063)):
        send(state, fill(price=price, exec_id=id))
    changed = of(send(state, fill(Leg.TARGET, 23_087, exec_id="c")), PositionChanged)
    assert (changed.quantity, changed.entry_sum) == (1, 23_063)
    assert changed.realised_cents == 26 * 1250 - 3 * 62
    closed = of(send(state, fill(Leg.STOP, 23_047, exec_id="d")), PositionClosed)
    assert (closed.quantity, closed.entry_sum, closed.exit_sum) == (2, 46_124, 46_134)
    assert (closed.pnl_cents, closed.reason) == (10 * 1250 - 4 * 62, ExitReason.STOP)


def test_an_exit_gives_up_what_is_left_of_the_entry_and_closes_with_its_end():
    state = desk(accepted(), quantity=2)
    send(state, fill(quantity=1, exec_id="a"))
    facts = send(state, fill(Leg.STOP, 23_045))
    assert kinds(facts) == ["PositionChanged", "CancelSubmitted"]
    assert of(facts, PositionChanged).quantity == 0
    closed = of(send(state, cancelled(left=1)), PositionClosed)
    assert (closed.quantity, closed.pnl_cents) == (1, -16 * 1250 - 124)


def test_fills_that_come_again_do_nothing():
    state = desk(fill())
    exit_fill = fill(Leg.STOP, 23_044)
    send(state, exit_fill)
    assert send(state, exit_fill) == send(state, fill()) == []


def test_the_ids_of_ten_thousand_executions_are_remembered_and_those_of_open_brackets_always():
    state = desk(fill(exec_id="open"))
    for number in range(SEEN_MAX + 5_000):
        state.seen[f"old-{number}"] = None
    send(state, make_bracket(bracket_id="bracket-2"))
    send(state, fill(client_id=client_id("bracket-2"), exec_id="new"))
    assert 10_000 <= len(state.seen) <= SEEN_MAX
    assert {"open", "new", f"old-{SEEN_MAX + 4_999}"} <= set(state.seen)
    assert "old-0" not in state.seen


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (fill(Leg.STOP, 23_044, exec_id="x", quantity=2), "wanted at most 1"),
        (fill(exec_id="x"), "makes 2 entered and 0 left, wanted at most 1"),
        (fill(Leg.TARGET, exec_id="x", **SHORT), "wanted at least 1 long"),
        (fill(Leg.STOP, exec_id="x", quantity=0), "wanted at least 1 long"),
        (fill(exec_id="x", client_id="y"), "never submitted"),
        (accepted(client_id="y"), "never submitted"),
        (rejected(), "ended it otherwise"),
        (expired(), "nothing was left"),
    ],
)
def test_what_cannot_be_closes_the_fence_with_all_that_was_found_and_is_recorded_once(wrong, words):
    state = desk(fill())
    closed = of(send(state, wrong), FenceClosed)
    assert closed.cause is FenceCause.MISMATCH
    assert words in closed.detail
    assert send(state, wrong) == []
    assert held(state) == {"ESZ5": 1}


def test_after_a_disagreement_entries_are_refused_and_exits_go_on():
    state = desk(fill(), fill(exec_id="x"))
    ended = of(send(state, make_bracket(bracket_id="bracket-2")), BracketEnded)
    assert (ended.reason, ended.rejected) == ("not sent: fenced by mismatch", False)
    assert send(state, make_bracket(bracket_id="bracket-2")) == []
    assert kinds(send(state, fill(Leg.STOP, 23_045))) == ["PositionClosed"]


@pytest.mark.parametrize(
    ("message", "words", "by_venue"),
    [
        (rejected(), "rejected: no", True),
        (cancelled(), "cancelled: flattened", False),
        (expired(), "expired", False),
    ],
)
def test_a_bracket_that_is_never_filled_ends_without_a_position(message, words, by_venue):
    state = desk(accepted())
    ended = of(send(state, message), BracketEnded)
    assert (ended.bracket_id, ended.reason, ended.rejected) == ("bracket-1", words, by_venue)
    assert send(state, message) == [] and state.open == {}


@pytest.mark.parametrize("end", [cancelled(left=1), expired(left=1)])
def test_an_end_that_overtakes_a_fill_waits_for_it(end):
    state = desk(accepted(), quantity=2)
    assert kinds(send(state, end)) == []
    assert kinds(send(state, fill(quantity=1))) == ["PositionOpened"]
    assert kinds(send(state, fill(Leg.TARGET, 23_085))) == ["PositionClosed"]


def test_an_exit_that_is_told_before_its_entry_is_booked_and_told_in_order():
    state = desk(accepted())
    assert kinds(send(state, fill(Leg.STOP, 23_045, ts_ns=s(2)))) == ["CancelSubmitted"]
    facts = send(state, fill())
    assert kinds(facts) == ["PositionOpened", "PositionClosed"]
    assert of(facts, PositionClosed).pnl_cents == -16 * 1250 - 124


def test_the_other_half_of_a_bracket_that_is_over_may_be_cancelled():
    state = desk(fill(), fill(Leg.TARGET, 23_085))
    assert send(state, cancelled(Leg.STOP)) == []


def test_a_flatten_goes_out_once_and_only_if_there_is_something():
    state = DeskState()
    assert send(state, flatten()) == []
    send(state, make_bracket())
    submitted = of(send(state, flatten()), FlattenSubmitted)
    assert (submitted.client_id, submitted.attempt) == (client_id("flatten-1"), 1)
    assert send(state, flatten()) == send(state, flatten("flatten-2")) == []
    for answer in (accepted, rejected):
        assert send(state, answer(client_id=submitted.client_id, leg=Leg.FLATTEN)) == []


def test_a_flatten_of_another_contract_does_not_touch_this_one():
    assert send(desk(fill()), flatten(contract="ESH6")) == []


def test_no_entry_is_sent_into_a_flatten():
    state = desk(fill(), flatten())
    ended = of(send(state, make_bracket(bracket_id="bracket-2")), BracketEnded)
    assert ended.reason == "not sent: a flatten is at work"


def test_a_bracket_of_no_known_instrument_is_refused():
    ended = of(send(DeskState(), make_bracket(contract="??Z5")), BracketEnded)
    assert ended.reason.startswith("not sent: ") and "??Z5" in ended.reason


@pytest.mark.parametrize("reason", [ExitReason.AUTO_FLATTEN, ExitReason.HALT_FLATTEN])
def test_a_flattened_position_says_why(reason):
    state = desk(fill(), flatten(reason=reason))
    closed = of(send(state, fill(Leg.FLATTEN, 23_050)), PositionClosed)
    assert (closed.reason, closed.pnl_cents) == (reason, -11 * 1250 - 124)
    assert send(state, flatten("flatten-2")) == []


def test_a_stop_hit_during_a_flatten_is_a_stop_and_ends_the_flatten():
    state = desk(fill(), flatten())
    closed = of(send(state, fill(Leg.STOP, 23_044)), PositionClosed)
    assert closed.reason is ExitReason.STOP
    assert state.leaving == {} and state.open == {}


def test_a_position_that_was_left_at_the_broker_itself_is_reconciled():
    closed = of(send(desk(fill()), fill(Leg.FLATTEN, 23_050)), PositionClosed)
    assert closed.reason is ExitReason.RECONCILED


HISTORY = [
    make_bracket(), accepted(), fill(), modified(23_050, ts_ns=s(4)), flatten(), cut(90),
    fill(Leg.FLATTEN, 23_050), fill(Leg.FLATTEN, 23_052, exec_id="y", corrects="exec-flatten"),
    make_bracket(bracket_id="bracket-2"), rejected(client_id=client_id("bracket-2")),
    make_bracket(bracket_id="bracket-3"), cut(120), fill(exec_id="?"),
    make_bracket(bracket_id="bracket-4"),
]  # fmt: skip


@given(st.integers(0, len(HISTORY)), st.booleans())
def test_a_desk_that_folds_its_facts_goes_on_where_it_was(split, twice):
    state, journal = DeskState(), []
    for message in HISTORY[:split]:
        journal += send(state, message)
    again = DeskState()
    for fact in journal:
        for _ in range(1 + twice):
            apply(again, fact)
    assert again == state
    # What was told before is told again, as after a restart: nothing follows but of cuts.
    told = [message for message in HISTORY[:split] if message not in (cut(90), cut(120))]
    assert [fact for message in told for fact in send(again, message)] == []
    for message in HISTORY[split:]:
        assert send(again, message) == send(state, message)


@given(st.integers(0, len(HISTORY)))
def test_messages_decided_together_give_the_facts_of_one_by_one(split):
    one, other = DeskState(), DeskState()
    for message in HISTORY[:split]:
        send(one, message)
        send(other, message)
    before = DeskState()
    for message in HISTORY[:split]:
        send(before, message)
    together = decide_all(one, HISTORY[split:], RULE)
    assert together == [fact for message in HISTORY[split:] for fact in send(other, message)]
    if split == 0:
        assert one == before  # Deciding changes nothing.


def test_deciding_changes_nothing():
    state = desk(fill())
    message = fill(Leg.STOP, 23_044)
    assert decide(state, message, RULE) == decide(state, message, RULE)
    assert state == desk(fill())


def slow_cents(executions, sign, tick):
    """Return the result contract by contract: each exit leaves the oldest entry that is held."""
    entries = [e.price for e in executions if e.leg is Leg.ENTRY for _ in range(e.quantity)]
    exits = [e.price for e in executions if e.leg is not Leg.ENTRY for _ in range(e.quantity)]
    pairs = zip(entries, exits, strict=False)
    ticks = sum(sign * (left - entered) for entered, left in pairs)
    return result_cents(ticks, 1, tick) - sum(e.commission_cents for e in executions)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(-50, 50)), min_size=1, max_size=5),
    st.data(),
    st.sampled_from((Direction.LONG, Direction.SHORT)),
)
def test_a_trip_is_worth_what_contract_by_contract_it_is_worth(entries, data, direction):
    left = sum(quantity for quantity, _ in entries)
    parts = data.draw(st.lists(st.tuples(st.integers(1, 3), st.integers(-50, 50)), max_size=6))
    rows = [(Leg.ENTRY, *entry) for entry in entries]
    for quantity, price in parts:
        rows.append((Leg.STOP, min(quantity, left), price))
        left -= min(quantity, left)
    executions = [
        Execution(
            exec_id=str(number), leg=leg, ts_ns=number, quantity=quantity, price=price,
            commission_cents=quantity * 62, reason=None if leg is Leg.ENTRY else ExitReason.STOP,
        )
        for number, (leg, quantity, price) in enumerate(rows)
    ]  # fmt: skip
    tick = TickValue(3125, 2)
    trip = trip_of(executions, direction)
    sign = 1 if direction is Direction.LONG else -1
    assert trip.held == left
    assert trip.realised_cents(tick) == slow_cents(executions, sign, tick)


def test_a_bracket_that_is_cancelled_is_cancelled_once():
    state = desk(accepted(), quantity=2)
    send(state, fill(quantity=1, exec_id="a"))
    request = of(send(state, fill(Leg.STOP, 23_045)), CancelSubmitted)
    apply(state, request)
    assert state.brackets[CLIENT].cancels == 1
    refused = rejected(request_id=request.request_id)
    send(state, refused)
    assert state.brackets[CLIENT].entry is Order.UNSURE
    assert send(state, rejected(request_id="older")) == []
