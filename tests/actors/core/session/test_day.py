"""The fold of a day: each action once, whatever the clock and whatever restarts do."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.risk.windows import Hours
from actors.core.session.calendar import Schedule
from actors.core.session.day import DATES_MAX, DayState, apply, facts_at, shown
from actors.core.session.schedule import actions_of
from protocol.day import (
    ActionMissed,
    ActionTaken,
    Chore,
    ChoreOrdered,
    DayAction,
    PhaseChanged,
)
from protocol.units import NANOS_PER_S
from tests.makers import at

S = NANOS_PER_S
HOUR, DAY = 3_600 * S, 86_400 * S
HOURS = Hours(
    first_entry=9 * 60 + 35,
    last_entry=15 * 60 + 45,
    flatten=15 * 60 + 55,
    schedule=Schedule.of(["2025-11-27"], ["2025-11-28 13:15"]),
)


def lived(*instants, state=None, wanted=()):
    """Return the state and all facts after a look at each instant."""
    state = DayState() if state is None else state
    facts = []
    for now_ns in instants:
        found = facts_at(state, now_ns, HOURS, wanted)
        for fact in found:
            apply(state, fact)
        facts += found
    return state, facts


def taken(facts):
    return [(fact.action, fact.trading_date) for fact in facts if isinstance(fact, ActionTaken)]


def test_every_action_is_taken_once_at_the_first_look_at_or_after_its_hour():
    open_ns = at("18:00", "2025-12-01")
    _, facts = lived(*range(open_ns, at("17:02"), 60 * S))
    found = [fact for fact in facts if isinstance(fact, ActionTaken)]
    assert [(f.action, f.due_ns) for f in found] == [
        (one.action, one.due_ns) for one in actions_of(date(2025, 12, 2), HOURS)
    ]
    assert all(0 <= fact.ts_ns - fact.due_ns < 60 * S for fact in found)
    assert not [fact for fact in facts if isinstance(fact, ActionMissed)]


def test_a_leap_forward_takes_what_can_be_late_and_says_what_was_missed_once_and_in_order():
    state, _ = lived(at("08:00"))
    _, facts = lived(at("18:30"), at("18:31"), state=state)
    rest = [fact for fact in facts if not isinstance(fact, PhaseChanged)]
    assert [fact.due_ns for fact in rest] == sorted(fact.due_ns for fact in rest)
    missed = [str(fact.action) for fact in rest if isinstance(fact, ActionMissed)]
    assert missed == ["preflight", "rth_open", "first_entry", "last_entry", "flatten_time",
                      "rth_close", "watch_end", "hard_stop"]  # fmt: skip
    assert [str(action) for action, _ in taken(rest)] == [
        "digest", "roll", "recap", "export", "globex_open",
    ]  # fmt: skip


def test_a_clock_set_back_brings_nothing_twice():
    state, facts = lived(at("10:00"))
    _, again = lived(at("09:20"), at("09:40"), at("10:00"), state=state)
    assert taken(facts)
    assert again == []
    _, before = lived(at("10:00", "2025-12-01"), state=state)
    # The day before is looked at for the first time; what is left of it is its own.
    assert {on for _, on in taken(before)} <= {"2025-12-01"}
    _, same = lived(at("10:00"), state=state)
    assert taken(same) == [
        (DayAction(name), "2025-12-01") for name in ("digest", "roll", "recap", "export")
    ]


@pytest.mark.parametrize(("back_s", "changes"), [(3_600, 0), (3_601, 1)])
def test_a_phase_is_not_taken_back_by_a_clock_that_was_only_corrected(back_s, changes):
    state, _ = lived(at("16:00"))
    _, facts = lived(at("16:00") - back_s * S, state=state)
    assert len([fact for fact in facts if isinstance(fact, PhaseChanged)]) == changes


def test_a_leap_of_ten_years_and_back_leaves_today_as_it_was():
    state, _ = lived(at("09:31"))
    lived(at("12:00") + 3_650 * DAY, state=state)
    _, facts = lived(at("09:36"), at("15:45"), state=state)
    assert [str(action) for action, on in taken(facts) if on == "2025-12-02"] == [
        "first_entry", "last_entry",
    ]  # fmt: skip


def test_a_first_look_at_a_clock_ten_years_ahead_does_not_end_the_days_before_it():
    state, _ = lived(at("12:00") + 3_650 * DAY)
    _, facts = lived(at("09:31"), at("09:31:01"), state=state)
    assert (DayAction.RTH_OPEN, "2025-12-02") in taken(facts)


def test_what_is_forgotten_after_months_is_not_done_again():
    first = at("12:00", "2025-01-06")
    state, facts = lived(*range(first, first + 150 * DAY, DAY))
    assert len(state.answered) == DATES_MAX
    _, again = lived(first, first + 2 * DAY, state=state)
    assert not taken(again)
    assert len(taken(facts)) == len(set(taken(facts)))


def test_chores_are_ordered_by_their_action_and_only_those_that_are_wanted():
    _, facts = lived(*range(at("09:00"), at("17:10"), 60 * S), wanted=(Chore.RECAP,))
    orders = [fact for fact in facts if isinstance(fact, ChoreOrdered)]
    assert [(o.chore, o.trading_date, o.ts_ns) for o in orders] == [
        (Chore.RECAP, "2025-12-02", at("17:01"))
    ]


def test_a_holiday_brings_its_phase_and_no_action():
    state, _ = lived(at("17:30", "2025-11-26"))
    hours = range(at("17:31", "2025-11-26"), at("17:59", "2025-11-27"), HOUR)
    _, facts = lived(*hours, state=state)
    assert taken(facts) == []
    assert [str(f.phase) for f in facts if isinstance(f, PhaseChanged)] == ["halt"]
    assert str(state.phase.phase) == "halt"


def test_the_screen_shows_what_comes_next():
    state, _ = lived(at("12:00"))
    seen = shown(state, at("12:00"), HOURS)
    assert (seen["trading_date"], seen["phase"]) == ("2025-12-02", "rth")
    assert seen["next"][0] == {"action": "last_entry", "due_ns": at("15:45")}
    assert shown(DayState(), 0, HOURS)["next"] == []


@given(st.lists(st.integers(0, 14 * 24 * 60), min_size=1, max_size=40))
def test_at_whatever_instants_somebody_looks_nothing_is_answered_twice(minutes):
    base = at("00:00", "2025-11-24")
    _, facts = lived(*(base + minute * 60 * S for minute in minutes))
    answers = [
        (f.action, f.trading_date) for f in facts if isinstance(f, ActionTaken | ActionMissed)
    ]
    assert len(answers) == len(set(answers))
    assert all(fact.ts_ns >= fact.due_ns for fact in facts if isinstance(fact, ActionTaken))


@given(st.lists(st.integers(0, 10 * 24 * 60), min_size=2, max_size=30, unique=True))
def test_a_restart_at_any_time_changes_nothing(minutes):
    base = at("00:00", "2025-11-24")
    instants = [base + minute * 60 * S for minute in sorted(minutes)]
    _, whole = lived(*instants)
    facts = []
    for now_ns in instants:
        state = DayState()
        for fact in facts:
            apply(state, fact)
        facts += facts_at(state, now_ns, HOURS, ())
    assert facts == whole


def test_a_leap_of_ten_years_and_back_is_forgotten_without_an_end_to_the_days():
    state, _ = lived(at("12:00"), at("12:00") + 3_650 * DAY)
    days = [at("12:00") + number * DAY for number in range(2 * DATES_MAX)]
    _, facts = lived(*days, state=state)
    assert {on for _, on in taken(facts)} >= {"2025-12-03", "2026-04-01"}
