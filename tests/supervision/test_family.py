"""A supervisor's decisions, event by event, without a process."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.child import Phase
from supervision.spec import ChildSpec, Intensity, Restart, Strategy, SupervisorSpec
from supervision.strategy import Death
from tests.supervision.world import MS, S, World, make_beat

ALL = ["start a", "start b", "start c", "ready"]


def world(strategy: Strategy = Strategy.ONE_FOR_ONE, **fields: Any) -> World:
    """Return a settled world of three workers."""
    made = fresh(strategy, **fields)
    assert made.settle() == ALL
    return made


def fresh(
    strategy: Strategy = Strategy.ONE_FOR_ONE,
    restart: dict[str, Restart] | None = None,
    intensity: Intensity = Intensity(5, 60.0),
    **child: Any,
) -> World:
    types = restart or {}
    children = tuple(
        ChildSpec(id, "work.A", types.get(id, Restart.PERMANENT), **child) for id in "abc"
    )
    return World(SupervisorSpec("root", children, strategy, intensity))


def nested() -> World:
    inner = SupervisorSpec("s", (ChildSpec("x", "work.A"),))
    return World(SupervisorSpec("root", (inner,)))


# ---- start ------------------------------------------------------------------------------------

def test_a_child_starts_only_when_the_one_before_is_ready() -> None:
    made = fresh()
    made.unready = {"b"}
    assert made.settle() == ["start a", "start b"]
    made.family.ready("b", 1, made.now)
    assert made.settle() == ["start c", "ready"]


def test_a_slow_start_is_killed_at_its_limit_and_tried_again() -> None:
    made = fresh(start_s=2.0)
    made.unready = {"b"}
    made.settle()
    assert made.run(2 * S - 1) == []
    made.unready = set()
    assert made.run(S) == ["kill b", "alarm child_restarted", "start b", "start c", "ready"]
    failure = made.family.children["b"].failure
    assert failure is not None
    assert (failure.death, failure.reason) == (Death.START_FAILED, "not ready after 2 s")


def test_a_death_before_ready_is_a_failed_start_with_or_without_words() -> None:
    made = fresh()
    made.unready = {"a", "b"}
    made.settle()
    made.lose("a")
    made.unready = {"b"}
    made.run(S)
    made.crash("b", "no file")
    made.settle()
    first, second = (made.family.children[id].failure for id in "ab")
    assert first is not None and second is not None
    assert (first.death, first.reason) == (Death.START_FAILED, "vanished")
    assert (second.death, second.reason) == (Death.START_FAILED, "no file")


def test_a_temporary_child_that_never_starts_does_not_hold_up_the_others() -> None:
    made = fresh(restart={"a": Restart.TEMPORARY})
    made.unready = {"a"}
    made.settle()
    made.crash("a")
    assert made.settle() == ["kill a", "alarm child_lost", "start b", "start c", "ready"]


# ---- death ------------------------------------------------------------------------------------

def test_one_for_one_restarts_the_dead_one_after_its_pause() -> None:
    made = world()
    made.lose("b")
    assert made.run(20 * MS - 1) == ["alarm child_restarted"]
    assert made.run(1) == ["start b"]
    assert made.family.children["b"].incarnation == 2


def test_one_for_all_stops_all_in_reverse_and_starts_all_in_order() -> None:
    made = world(Strategy.ONE_FOR_ALL)
    made.lose("b")
    assert made.run(S) == [
        "alarm child_restarted", "stop c", "kill c", "stop a", "kill a",
        "start a", "start b", "start c",
    ]


def test_rest_for_one_leaves_those_before_alone() -> None:
    made = world(Strategy.REST_FOR_ONE)
    made.crash("b")
    assert made.run(S) == [
        "kill b", "alarm child_restarted", "stop c", "kill c", "start b", "start c",
    ]
    assert made.family.children["a"].incarnation == 1


def test_nothing_starts_while_a_condemned_sibling_lives() -> None:
    made = world(Strategy.REST_FOR_ONE, shutdown_s=1.0)
    made.deaf = {"c"}
    made.lose("a")
    assert made.run(S - 1) == ["alarm child_restarted", "stop c"]
    assert made.run(S) == [
        "alarm slow_stop", "kill c", "stop b", "kill b", "start a", "start b", "start c",
    ]


def test_a_condemned_sibling_that_dies_by_itself_costs_no_restart() -> None:
    made = world(Strategy.ONE_FOR_ALL, intensity=Intensity(1, 60.0))
    made.lose("a")
    made.lose("b")
    made.lose("c")
    assert made.run(S) == ["alarm child_restarted", "start a", "start b", "start c"]


def test_a_sibling_that_dies_while_another_waits_for_its_pause_is_restarted_too() -> None:
    made = world()
    made.lose("c")
    made.run(10 * MS)
    made.lose("a")
    assert made.run(S) == ["alarm child_restarted", "start c", "start a"]


def test_all_children_killed_at_once_come_back() -> None:
    made = world()
    for id in "abc":
        made.lose(id)
    made.run(S)
    assert made.up() == ["a", "b", "c"]


def test_a_transient_child_that_ended_by_itself_stays_down_until_all_are_restarted() -> None:
    made = world(Strategy.ONE_FOR_ALL, restart={"b": Restart.TRANSIENT})
    made.speak("b", 1, Death.NORMAL)
    assert made.run(S) == ["kill b"]
    assert made.family.children["b"].phase is Phase.ENDED
    made.lose("a")
    assert made.run(S)[-3:] == ["start a", "start b", "start c"]


def test_a_temporary_sibling_goes_with_the_others_and_does_not_come_back() -> None:
    made = world(Strategy.ONE_FOR_ALL, restart={"c": Restart.TEMPORARY})
    made.lose("a")
    assert made.run(S)[-2:] == ["start a", "start b"]
    assert made.family.children["c"].phase is Phase.ENDED


def test_a_temporary_sibling_that_had_no_turn_yet_still_gets_it() -> None:
    made = fresh(Strategy.ONE_FOR_ALL, restart={"c": Restart.TEMPORARY}, start_s=1.0)
    made.unready = {"a"}
    made.run(S)
    made.unready = set()
    made.run(S)
    assert made.up() == ["a", "b", "c"]


def test_what_comes_twice_or_from_an_earlier_life_changes_nothing() -> None:
    made = world()
    made.lose("b")
    made.run(S)
    child = made.family.children["b"]
    made.speak("b", 1, Death.CRASHED)
    made.family.ready("b", 1, made.now)
    made.family.beaten(make_beat("b", 1, child.ping_number), made.now)
    made.speak("nobody", 1, Death.CRASHED)
    assert made.settle() == []
    assert (child.phase, child.incarnation) == (Phase.UP, 2)
    made.crash("b")
    made.crash("b")
    assert made.settle() == ["kill b", "alarm child_restarted"]
    made.family.gone("b", "vanished", "", made.now, 0.0)  # The second report of one death.
    assert made.settle() == []


def test_the_pause_grows_with_the_deaths_of_one_child_only() -> None:
    made = world(intensity=Intensity(9, 60.0))
    pauses = []
    for id in ("a", "a", "a", "b"):
        made.lose(id)
        died = made.now
        while f"start {id}" not in made.run(MS):
            assert made.now < died + S
        pauses.append((made.now - died) // MS)
    assert pauses == [20, 40, 80, 20]


# ---- hung -------------------------------------------------------------------------------------

def test_a_hung_child_is_killed_after_six_beats_and_replaced() -> None:
    made = world()
    made.run(2 * S)
    made.deaf = {"b"}
    heard = made.family.children["b"].heard_ns
    assert made.run(heard + 3 * S - 1 - made.now) == []
    assert made.settle() == []
    made.deaf = set()
    assert made.run(S) == ["kill b", "alarm child_restarted", "start b"]
    failure = made.family.children["b"].failure
    assert failure is not None and failure.death is Death.HUNG


def test_a_hung_child_is_sent_no_more_than_two_pings_and_its_siblings_beat_on() -> None:
    made = world()
    made.deaf = {"a"}
    made.run(2900 * MS)
    assert made.unheard["a"] <= 2
    assert made.now - made.family.children["b"].heard_ns <= S // 2
    assert made.up() == ["a", "b", "c"]


def test_one_lost_ping_is_no_death() -> None:
    made = world()
    made.deaf = {"b"}
    made.run(S // 2)
    made.deaf = set()
    assert made.run(20 * S) == []


def test_a_supervisor_that_was_stopped_itself_kills_nobody_for_it() -> None:
    made = world()
    made.run(S)
    made.now += 60 * S
    assert made.settle() == ["alarm supervisor_away"]
    assert made.run(10 * S) == []


def test_a_child_supervisor_that_hangs_while_it_starts_is_found() -> None:
    made = nested()
    made.unready = {"s"}
    made.run(2 * S)  # Longer than its worker needs, shorter than its own limit of minutes.
    made.deaf = {"s"}
    assert made.run(3 * S)[:2] == ["kill s", "alarm child_restarted"]


def test_a_worker_is_not_pinged_before_it_is_ready() -> None:
    made = fresh()
    made.unready = {"a"}
    made.deaf = {"a"}
    made.run(9 * S)
    assert made.unheard == {}


def test_a_killed_process_that_hangs_in_the_kernel_is_given_up_after_a_second() -> None:
    made = world()
    made.unreaped = {"b"}
    made.crash("b")
    assert made.run(S - 1) == ["kill b"]
    del made.living["b"]
    assert made.run(S) == ["alarm unkillable", "alarm child_restarted", "start b"]


# ---- giving up and stopping -------------------------------------------------------------------

def test_one_restart_too_many_stops_all_and_gives_up() -> None:
    made = world(intensity=Intensity(2, 60.0))
    for _ in range(2):
        made.lose("b")
        made.run(S)
    made.lose("b")
    log = made.run(S)
    assert log[:5] == ["alarm gave_up", "stop c", "kill c", "stop a", "kill a"]
    assert log[5].startswith("finish more than 2 restarts in 60 s; last: b exited: vanished")


def test_restarts_long_ago_are_forgiven() -> None:
    made = world(intensity=Intensity(1, 10.0))
    for _ in range(5):
        made.lose("b")
        made.run(10 * S + 50 * MS)
    assert made.up() == ["a", "b", "c"]


def test_a_failed_restart_uses_up_the_intensity_too() -> None:
    made = world(intensity=Intensity(3, 60.0), start_s=1.0)
    made.unready = {"b"}
    made.lose("b")
    made.run(20 * S)
    assert made.family.gave_up is not None


def test_stopping_goes_from_last_to_first_and_ends_once() -> None:
    made = world()
    made.family.stop("asked")
    made.family.stop("asked again")
    assert made.run(S) == [
        "stop c", "kill c", "stop b", "kill b", "stop a", "kill a", "finish None",
    ]


def test_a_child_that_is_slow_to_stop_is_killed_and_the_next_gets_its_full_time() -> None:
    made = world(shutdown_s=1.0)
    made.deaf = {"b", "c"}
    made.family.stop("asked")
    assert made.run(S - 1) == ["stop c"]
    assert made.run(S) == ["alarm slow_stop", "kill c", "stop b"]
    assert made.run(S) == ["alarm slow_stop", "kill b", "stop a", "kill a", "finish None"]


def test_stopping_in_the_middle_of_the_start_ends_what_there_is() -> None:
    made = fresh()
    made.unready = {"b"}
    made.settle()
    made.family.stop("asked")
    assert made.run(S) == ["stop b", "kill b", "stop a", "kill a", "finish None"]


def test_nothing_is_restarted_while_all_are_being_stopped() -> None:
    made = world(shutdown_s=1.0)
    made.deaf = {"c"}
    made.family.stop("asked")
    made.settle()
    made.lose("a")
    made.crash("b")
    assert made.run(2 * S) == ["kill b", "alarm slow_stop", "kill c", "finish None"]


def test_frames_that_were_refused_by_a_child_are_told_once() -> None:
    made = world()
    number = made.family.children["a"].ping_number
    for count, alarms in [(0, []), (3, ["alarm frames_rejected"]), (3, [])]:
        made.family.beaten(make_beat("a", 1, number, count), made.now)
        assert made.settle() == alarms


# ---- whatever happens -------------------------------------------------------------------------

EVENTS = st.sampled_from(["lose", "crash", "hang", "normal", "slow", "stale", "away", "pass"])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(Strategy),
    st.fixed_dictionaries({id: st.sampled_from(Restart) for id in "abc"}),
    st.lists(st.tuples(EVENTS, st.sampled_from("abc"), st.integers(0, 4 * S)), max_size=25),
)
def test_whatever_happens_never_two_lives_at_once_and_then_all_wanted_are_up(
    strategy: Strategy, restart: dict[str, Restart], events: list[tuple[str, str, int]]
) -> None:
    made = fresh(strategy, restart, Intensity(10**6, 60.0), start_s=1.0, shutdown_s=1.0)
    for event, id, ns in events:
        happen(made, event, id)
        made.run(ns)
    made.deaf, made.unready = set(), set()
    made.run(30 * S)
    wanted = [id for id, child in made.family.children.items() if child.wanted]
    assert made.up() == wanted
    assert all(id in wanted for id in "abc" if restart[id] is Restart.PERMANENT)
    assert made.family.announced
    made.family.stop("end")
    made.run(10 * S)
    assert made.log[-1] == "finish None" and not made.living


def happen(made: World, event: str, id: str) -> None:
    life = made.living.get(id)
    if event == "away":
        made.now += 100 * S
    elif event == "stale" and life is not None:
        made.speak(id, life - 1, Death.CRASHED)
    elif event == "hang":
        made.deaf ^= {id}
    elif event == "slow":
        made.unready ^= {id}
    elif life is not None and event == "lose":
        made.lose(id)
    elif life is not None and event == "crash":
        made.crash(id)
    elif life is not None and event == "normal":
        made.speak(id, life, Death.NORMAL)


def test_a_reply_to_a_ping_that_was_never_sent_is_not_believed() -> None:
    made = world()
    child = made.family.children["a"]
    before = replace(child)
    made.family.beaten(make_beat("a", 1, child.ping_number + 1), made.now + S)
    assert child == before


@pytest.mark.parametrize("id", ["a", "c"])
def test_a_process_that_could_not_be_made_is_a_failed_start(id: str) -> None:
    made = world()
    made.lose(id)
    made.now += S // 10
    assert [str(type(e).__name__) for e in made.family.settle(made.now, 0.0)] == ["Raise",
                                                                                 "StartProcess"]
    made.family.gone(id, "no process could be made", "", made.now, 0.0)
    made.run(S)
    failure = made.family.children[id].failure
    assert failure is not None and failure.death is Death.START_FAILED


# ---- a restart that was ordered -----------------------------------------------------------------

def test_an_ordered_restart_stops_in_order_starts_anew_and_is_no_death() -> None:
    made = world(intensity=Intensity(0, 60.0))
    made.family.restart("b", made.family.children["b"].pid, "by anna: odd")
    assert made.settle() == ["alarm restart_ordered", "stop b", "kill b", "start b"]
    child = made.family.children["b"]
    assert (child.incarnation, child.failure, made.family.restarts_ns) == (2, None, ())


@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.STARTING, Phase.STOPPING, Phase.DYING])
def test_an_order_about_a_process_that_is_on_its_way_changes_nothing(phase: Phase) -> None:
    made = world()
    child = made.family.children["b"]
    child.phase = phase
    made.family.restart("b", child.pid, "by anna: odd")
    assert not child.condemned


def test_an_order_about_an_earlier_process_or_behind_the_end_changes_nothing() -> None:
    made = world()
    child = made.family.children["b"]
    made.family.restart("b", child.pid + 1, "by anna: odd")
    assert not child.condemned
    made.family.stop("the end")
    made.family.restart("c", made.family.children["c"].pid, "by anna: odd")
    assert "start c" not in made.settle()
