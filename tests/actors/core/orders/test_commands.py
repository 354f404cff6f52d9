"""What a desk does when it is told to: once, with a record, and never more than was meant."""

from dataclasses import replace

import pytest

from actors.core.orders.commands import Heard, Senseless, obey
from actors.core.orders.desk_state import DeskState, apply, held
from protocol.account import LimitsChanged, TradingHalted, TradingResumed
from protocol.commands import Action, CommandGiven, LimitsGiven
from protocol.fence import (
    BooksAgreed,
    BooksDiffer,
    FenceCause,
    FenceClosed,
    FenceOpened,
    PositionAdopted,
)
from protocol.market import CutReason
from protocol.orders import (
    AccountAsked,
    BracketEnded,
    ExitReason,
    FlattenSubmitted,
    Leg,
    StatusAsked,
)
from protocol.reports import AccountReported
from tests.actors.core.orders.desk_told import accepted, cut, fill, link, s, send
from tests.makers import CONTRACT, make_bracket

NOW = s(60)


def command(
    action: Action, *, id: str = "a", cause: str = "", who: str = "anna", reason: str = "because"
) -> CommandGiven:
    return CommandGiven(id=id, ts_ns=1, action=action, cause=cause, who=who, reason=reason)


def hear(state: DeskState, *commands: CommandGiven | LimitsGiven) -> list:
    facts = []
    for one in commands:
        decided = obey(state, Heard(one, NOW))
        for fact in decided:
            apply(state, fact)
        facts += decided
    return facts


def holding() -> DeskState:
    state = DeskState()
    send(state, make_bracket())
    send(state, accepted(), fill())
    return state


def report(state: DeskState, *held: tuple[str, int, int]) -> AccountReported:
    assert state.question is not None
    return AccountReported(
        request_id=state.question.request_id, ts_ns=NOW,
        contracts=tuple(contract for contract, _, _ in held),
        quantities=tuple(quantity for _, quantity, _ in held),
        entry_sums=tuple(entry_sum for _, _, entry_sum in held),
        order_ids=(), order_legs=(), order_quantities=(), exec_ids=(),
    )  # fmt: skip


@pytest.mark.parametrize("action", Action)
def test_every_action_begins_with_its_record_and_a_repeat_brings_nothing(action):
    state = holding()
    state.fence[FenceCause.LINK] = ("down",)
    told = command(action, cause="link" if action is Action.OPEN_FENCE else "")
    assert hear(state, told)[0] == told
    assert hear(state, told) == []


@pytest.mark.parametrize("fields", [{"id": ""}, {"who": ""}, {"reason": ""}])
def test_nothing_is_done_without_an_id_a_person_and_a_reason(fields):
    state = holding()
    with pytest.raises(Senseless, match="wanted an id, who tells it and a reason"):
        hear(state, command(Action.FLATTEN, **fields))
    assert state.commands == {}


def test_a_halt_stops_entries_and_leaves_brackets_where_they_are():
    _, halted = hear(holding(), command(Action.HALT))
    assert isinstance(halted, TradingHalted)
    assert (halted.limit_cents, halted.reason, halted.ts_ns) == (0, "by anna: because", NOW)


def test_before_the_first_decision_point_a_halt_is_refused_and_a_kill_is_not():
    state = DeskState()
    with pytest.raises(Senseless, match="tell it after the first, or kill"):
        obey(state, Heard(command(Action.HALT), 0))
    assert [type(fact) for fact in obey(state, Heard(command(Action.KILL), 0))] == [
        CommandGiven, FenceClosed,
    ]  # fmt: skip


LIMITS = LimitsGiven(
    id="l", ts_ns=1, who="anna", reason="because", loss_limit_cents=20_000,
    profit_target_cents=None, trades_max=None, quantity_max=1,
)  # fmt: skip


def test_limits_are_recorded_once_at_the_time_of_the_market():
    state = holding()
    (changed,) = hear(state, LIMITS, LIMITS)
    assert isinstance(changed, LimitsChanged)
    assert (changed.ts_ns, changed.id, changed.who) == (NOW, "l", "anna")
    assert (changed.loss_limit_cents, changed.trades_max, changed.quantity_max) == (20_000, None, 1)


def test_before_the_first_decision_point_limits_belong_to_no_day():
    with pytest.raises(Senseless, match="no decision point has passed yet"):
        obey(DeskState(), Heard(LIMITS, 0))


def test_a_resume_is_told_to_whoever_halts():
    _, resumed = hear(DeskState(), command(Action.RESUME))
    assert isinstance(resumed, TradingResumed)


def test_a_flatten_leaves_what_is_held_and_only_that():
    assert hear(DeskState(), command(Action.FLATTEN))[1:] == []
    state = holding()
    (flatten,) = hear(state, command(Action.FLATTEN))[1:]
    assert isinstance(flatten, FlattenSubmitted)
    assert (flatten.contract, flatten.reason, flatten.attempt) == (CONTRACT, ExitReason.MANUAL, 1)
    # One flatten of a contract at a time: it is repeated until flat by itself.
    assert hear(state, command(Action.FLATTEN, id="b"))[1:] == []


def test_a_kill_closes_the_fence_before_it_flattens():
    facts = hear(holding(), command(Action.KILL))[1:]
    assert [type(fact) for fact in facts] == [FenceClosed, FlattenSubmitted]
    assert facts[0].cause is FenceCause.KILL


def test_opening_takes_one_cause_away_and_no_other():
    state = DeskState()
    hear(state, command(Action.KILL))
    state.fence[FenceCause.MISMATCH] = ("+1 and 0",)
    (opened,) = hear(state, command(Action.OPEN_FENCE, id="b", cause="kill"))[1:]
    assert isinstance(opened, FenceOpened)
    assert list(state.fence) == [FenceCause.MISMATCH]


@pytest.mark.parametrize(
    ("cause", "words"), [("", "no cause ''"), ("rain", "wanted one of"), ("kill", "it is open")]
)
def test_a_cause_that_does_not_stand_cannot_be_taken_away(cause, words):
    with pytest.raises(Senseless, match=words):
        hear(DeskState(), command(Action.OPEN_FENCE, cause=cause))


def test_force_sync_asks_and_believes_that_answer_and_no_later_one():
    state = DeskState()
    (asked,) = hear(state, command(Action.FORCE_SYNC))[1:]
    assert isinstance(asked, AccountAsked)
    facts = send(state, report(state, (CONTRACT, 2, 40_000)))
    (adopted,) = [fact for fact in facts if isinstance(fact, PositionAdopted)]
    assert (adopted.quantity, adopted.entry_sum, adopted.who) == (2, 40_000, "anna")
    assert state.believing is None
    assert not state.fence
    send(state, link(True, 70))
    later = send(state, report(state, (CONTRACT, 5, 100_000)))
    assert any(isinstance(fact, BooksDiffer) for fact in later)
    assert not any(isinstance(fact, PositionAdopted) for fact in later)
    assert held(state) == {CONTRACT: 2}


def test_after_an_adoption_the_same_subject_closes_the_fence_at_the_second_comparison():
    state = DeskState()
    send(state, cut(10))
    send(state, report(state))
    send(state, cut(30, CutReason.TIMER))
    send(state, report(state, (CONTRACT, 2, 40_000)))
    assert state.differing == {CONTRACT}
    hear(state, command(Action.FORCE_SYNC))
    send(state, report(state, (CONTRACT, 2, 40_000)))
    assert (held(state), state.differing, state.fence) == ({CONTRACT: 2}, frozenset(), {})
    for seconds, fences in ((110, 0), (130, 1)):
        send(state, cut(seconds, CutReason.TIMER))
        facts = send(state, report(state, (CONTRACT, 3, 60_000)))
        assert sum(isinstance(fact, FenceClosed) for fact in facts) == fences


def test_what_was_given_up_is_asked_about_and_closes_nothing_before_the_second_comparison():
    state = holding()
    untold = ("exec-entry", "exec-stop")
    hear(state, command(Action.FORCE_SYNC))
    facts = send(state, replace(report(state), exec_ids=untold))
    assert [type(fact) for fact in facts[-3:]] == [StatusAsked, BracketEnded, PositionAdopted]
    assert "executions not told" not in state.differing
    send(state, cut(110))
    assert [type(fact) for fact in send(state, replace(report(state), exec_ids=untold))] == [
        BooksDiffer
    ]  # fmt: skip
    send(state, fill(Leg.STOP, 23_045, ts_ns=NOW))  # The answer, late as it is.
    send(state, cut(130))
    agreed = send(state, replace(report(state), exec_ids=untold))
    assert [type(fact) for fact in agreed] == [BooksAgreed]


def test_an_adoption_explains_the_position_and_no_stop_that_is_missing():
    state = holding()
    hear(state, command(Action.FORCE_SYNC))
    send(state, report(state, (CONTRACT, 2, 46_122)))
    assert (held(state), state.differing) == ({CONTRACT: 2}, {"bracket bracket-1"})
    send(state, cut(110))
    facts = send(state, report(state, (CONTRACT, 2, 46_122)))
    assert [fact.cause for fact in facts if isinstance(fact, FenceClosed)] == [
        FenceCause.MISMATCH
    ]  # fmt: skip


def test_force_sync_without_a_difference_adopts_nothing_and_is_over():
    state = DeskState()
    hear(state, command(Action.FORCE_SYNC))
    facts = send(state, report(state))
    assert [fact for fact in facts if isinstance(fact, PositionAdopted)] == []
    assert state.believing is None


def test_force_sync_where_the_broker_is_flat_ends_our_brackets():
    state = holding()
    hear(state, command(Action.FORCE_SYNC))
    send(state, report(state))
    assert state.open == {}
    assert not state.fence
