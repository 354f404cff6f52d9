"""What becomes of a chore: one at a time, tried again with pauses, never forgotten."""

import pytest

from actors.core.session.chores import (
    DETAIL_MAX,
    ChoreRule,
    Chores,
    Outcome,
    apply,
    ended,
    following,
)
from protocol.day import (
    Chore,
    ChoreEnded,
    ChoreOrdered,
    ChoreResult,
    ChoreStarted,
    PreflightJudged,
    Verdict,
)
from protocol.units import NANOS_PER_S
from tests.makers import at

S = NANOS_PER_S
DAY = "2025-12-02"
NOW, BEFORE = at("17:01"), at("09:25")
RULE = ChoreRule(attempts_max=3, backoff_ns=30 * S, backoff_max_ns=45 * S)


def ordered(*chores, ts_ns=NOW):
    state = Chores({})
    for chore in chores:
        apply(state, ChoreOrdered(chore=chore, trading_date=DAY, ts_ns=ts_ns))
    return state


def start(state, now_ns=NOW):
    found = following(state.waiting, (), now_ns, now_ns, RULE)
    assert isinstance(found, ChoreStarted)
    apply(state, found)
    return found


def end(state, code, now_ns=NOW, said="words"):
    facts = ended(state, Outcome(code, said), now_ns, now_ns, RULE)
    for fact in facts:
        if isinstance(fact, ChoreEnded):
            apply(state, fact)
    return facts


def test_the_recap_is_done_before_the_export_that_sends_it():
    state = ordered(Chore.RECAP, Chore.EXPORT)
    assert start(state).chore is Chore.RECAP
    end(state, 0)
    assert start(state).chore is Chore.EXPORT
    end(state, 0)
    assert state == Chores({}, last_ns=NOW)


def test_a_chore_starts_in_the_same_look_that_orders_it():
    order = ChoreOrdered(chore=Chore.EXPORT, trading_date=DAY, ts_ns=NOW)
    found = following({}, [order], NOW, NOW, RULE)
    assert (found.chore, found.attempt) == (Chore.EXPORT, 1)


def test_what_asks_to_be_tried_again_is_with_doubled_pauses_up_to_the_limit():
    state, now_ns, pauses = ordered(Chore.EXPORT), NOW, []
    for attempt in (1, 2):
        assert start(state, now_ns).attempt == attempt
        (fact,) = end(state, 75, now_ns)
        assert fact.result is ChoreResult.AGAIN
        pauses.append((fact.again_ns - now_ns) // S)
        assert following(state.waiting, (), NOW, fact.again_ns - 1, RULE) is None
        now_ns = fact.again_ns
    assert pauses == [30, 45]
    start(state, now_ns)
    (fact,) = end(state, 75, now_ns)
    assert (fact.result, fact.attempt, fact.again_ns) == (ChoreResult.FAILED, 3, None)
    assert state.waiting == {}


@pytest.mark.parametrize(
    ("code", "result"),
    [(0, "done"), (1, "failed"), (65, "failed"), (75, "again"), (-9, "again"), (None, "again")],
)
def test_the_exit_code_decides_how_a_chore_ended(code, result):
    state = ordered(Chore.EXPORT)
    start(state)
    (fact,) = end(state, code)
    assert (fact.result, fact.code, fact.detail) == (result, code, "words")


def test_who_waits_to_be_tried_again_holds_nobody_up():
    state = ordered(Chore.PREFLIGHT, Chore.EXPORT)
    start(state, BEFORE)
    end(state, 75, BEFORE)
    assert start(state, BEFORE).chore is Chore.EXPORT


@pytest.mark.parametrize(("code", "given_up_after"), [(0, 1), (75, 3), (None, 3), (65, 1)])
def test_the_export_waits_for_the_recap_of_its_date_until_that_is_done_or_given_up(
    code, given_up_after
):
    state, now_ns = ordered(Chore.RECAP, Chore.EXPORT), NOW
    for _ in range(given_up_after):
        assert start(state, now_ns).chore is Chore.RECAP
        (fact,) = end(state, code, now_ns)
        if fact.again_ns is not None:
            assert following(state.waiting, (), NOW, fact.again_ns - 1, RULE) is None
            now_ns = fact.again_ns
    assert start(state, now_ns).chore is Chore.EXPORT


def test_the_export_does_not_wait_for_the_recap_of_another_date():
    state = ordered(Chore.RECAP)
    start(state)
    end(state, 75)
    apply(state, ChoreOrdered(chore=Chore.EXPORT, trading_date="2025-12-03", ts_ns=NOW))
    found = start(state)
    assert (found.chore, found.trading_date) == (Chore.EXPORT, "2025-12-03")


def test_an_export_ordered_in_the_look_that_orders_its_recap_comes_second():
    orders = [
        ChoreOrdered(chore=chore, trading_date=DAY, ts_ns=NOW)
        for chore in (Chore.EXPORT, Chore.RECAP)
    ]
    assert following({}, orders, NOW, NOW, RULE).chore is Chore.RECAP


def test_a_clock_that_was_set_back_does_not_keep_a_chore_waiting():
    state = ordered(Chore.EXPORT)
    start(state)
    (fact,) = end(state, 75)
    set_back_ns = fact.again_ns - RULE.backoff_max_ns - 1
    assert following(state.waiting, (), NOW, set_back_ns, RULE) is not None


def test_the_pause_is_the_walls_wherever_the_markets_time_stands():
    state = ordered(Chore.EXPORT)
    start(state)
    (fact,) = ended(state, Outcome(75, "words"), NOW, 500 * S, RULE)
    apply(state, fact)
    assert (fact.ts_ns, fact.again_ns, state.last_ns) == (NOW, 530 * S, NOW)
    assert following(state.waiting, (), NOW + 60 * S, 530 * S - 1, RULE) is None
    assert following(state.waiting, (), NOW, 530 * S, RULE) is not None


@pytest.mark.parametrize(
    ("code", "verdict"), [(0, Verdict.GO), (3, Verdict.WARN), (4, Verdict.NO_GO)]
)
def test_a_preflight_is_done_whatever_it_found_and_its_verdict_is_told(code, verdict):
    state = ordered(Chore.PREFLIGHT, ts_ns=at("09:25"))
    start(state, at("09:25"))
    first, judged = end(state, code, at("09:26"), "NO-GO; disk: 3 MB\n")
    assert first.result is ChoreResult.DONE
    assert judged == PreflightJudged(
        trading_date=DAY, ts_ns=at("09:26"), verdict=verdict, detail="NO-GO; disk: 3 MB"
    )


@pytest.mark.parametrize("code", [1, 2, 65])
def test_a_preflight_that_crashed_is_no_verdict(code):
    state = ordered(Chore.PREFLIGHT, ts_ns=at("09:25"))
    start(state, at("09:25"))
    (fact,) = end(state, code, at("09:26"))
    assert fact.result is ChoreResult.FAILED


def test_a_preflight_that_did_not_come_to_its_turn_before_the_open_is_given_up():
    state = ordered(Chore.PREFLIGHT, ts_ns=at("09:25"))
    assert isinstance(following(state.waiting, (), at("09:30") - 1, BEFORE, RULE), ChoreStarted)
    found = following(state.waiting, (), at("09:30"), BEFORE, RULE)
    assert isinstance(found, ChoreEnded)
    assert found.result is ChoreResult.FAILED
    apply(state, found)
    assert state.waiting == {}


def test_only_the_end_of_what_was_said_is_kept():
    state = ordered(Chore.RECAP)
    start(state)
    (fact,) = end(state, 1, said="x" * 5_000 + "the end")
    assert len(fact.detail) == DETAIL_MAX
    assert fact.detail.endswith("the end")


def test_an_end_without_a_start_is_refused():
    with pytest.raises(ValueError, match="no chore runs"):
        ended(Chores({}), Outcome(0, ""), NOW, NOW, RULE)
