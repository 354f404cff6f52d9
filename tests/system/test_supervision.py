"""Supervision with real processes: every way to die, and who survives what."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic, monotonic_ns
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from supervision import bodies
from supervision.ground import admin_of, listeners
from supervision.spec import ChildSpec, Intensity, Restart, Strategy, SupervisorSpec
from supervision.status import all_green
from tests.system.running import ROOT, Running, running, until

PROBE = "tests.system.workers.Probe"
LAX = Intensity(100, 60.0)
MS = 10**6

pytestmark = [pytest.mark.alone, pytest.mark.system, pytest.mark.slow]
both = pytest.mark.parametrize("method", ["fork", "spawn"])


def worker(id: str, **fields: Any) -> ChildSpec:
    return ChildSpec(id, PROBE, **fields)


def tree(*children: ChildSpec | SupervisorSpec, **fields: Any) -> SupervisorSpec:
    return SupervisorSpec("root", children, **{"intensity": LAX, **fields})


NESTED = tree(
    worker("first"),
    SupervisorSpec("sub", (worker("x"), SupervisorSpec("deep", (worker("y"),)))),
    worker("last"),
)


# ---- one child --------------------------------------------------------------------------------

@both
def test_a_dead_child_is_replaced_whatever_it_died_of(
    method: str
) -> None:
    deaths = {
        "kill": ("exited", "SIGKILL"),
        "raise": ("crashed", "RuntimeError: told to raise"),
        "sys_exit": ("crashed", "SystemExit: 3"),
        "interrupt": ("crashed", "KeyboardInterrupt"),
        "os_exit": ("exited", "exit code 4"),
        "segv": ("exited", "SIGSEGV"),
    }
    with running(tree(*map(worker, deaths)), method) as run:
        for how, (death, reason) in deaths.items():
            before = monotonic_ns()
            run.tell(how, how)
            back = run.wait_open(how, 2)
            print(f"FIGURE {method} {how}: {(back['ns'] - before) / MS:.0f} ms")
            run.wait_all_green()
            node = run.node(how)
            assert node.failure is not None
            assert node.failure["death"] == death and reason in node.failure["reason"]
            assert (node.incarnation, node.restarts, node.restarts_recent) == (2, 1, 1)
            assert len(run.ledger(f"told {how}", how)) == 1  # No handler ever runs twice.
        failures = [run.node(id).failure for id in ("raise", "segv")]
        assert "in misbehave" in failures[0]["traceback"]  # type: ignore[index]
        assert "Segmentation fault" in failures[1]["traceback"]  # type: ignore[index]
        assert len(run.ledger("open")) == 2 * len(deaths)


@both
@pytest.mark.parametrize("how", ["stop", "loop"])
def test_a_hung_child_is_replaced_within_four_seconds_and_mutes_nobody(
    method: str, how: str
) -> None:
    with running(tree(worker("a"), worker("b"), worker("c")), method) as run:
        before, pid, oldest = monotonic_ns(), run.pid("b"), 0.0
        run.tell("b", how)

        def back() -> bool:
            nonlocal oldest
            beats = [run.node(id).beat_age_s for id in "ac"]
            oldest = max(oldest, *(beat for beat in beats if beat is not None))
            return bool([e for e in run.ledger("open", "b") if e["incarnation"] == 2])
        until(back, "b back", 4.0)
        hung_ms = (run.wait_open("b", 2)["ns"] - before) / MS
        print(f"FIGURE {method} {how}: {hung_ms:.0f} ms")
        assert hung_ms < 4000
        assert oldest < 1.0, "a sibling was muted"
        assert not psutil.pid_exists(pid)
        assert run.node("b").failure["death"] == "hung"  # type: ignore[index]
        assert [run.node(id).incarnation for id in "ac"] == [1, 1]


def test_nine_hung_children_at_once_mute_nobody_either() -> None:
    # Thespian stops sending to everybody at twenty unacknowledged messages.
    ids = [f"h{number}" for number in range(9)]
    with running(tree(worker("a"), *map(worker, ids), worker("z")), "fork") as run:
        for pid in [run.pid(id) for id in ids]:
            os.kill(pid, signal.SIGSTOP)
        oldest = 0.0

        def back() -> bool:
            nonlocal oldest
            beats = [run.node(id).beat_age_s for id in "az"]
            oldest = max(oldest, *(beat for beat in beats if beat is not None))
            return {e["id"] for e in run.ledger("open") if e["incarnation"] == 2} == set(ids)
        until(back, "all are back", 6.0)
        print(f"FIGURE nine hung, oldest beat of the others: {oldest:.2f} s")
        assert oldest < 1.2, "a sibling was muted"
        run.wait_all_green()
        assert [run.node(id).incarnation for id in "az"] == [1, 1]


@both
def test_a_child_that_dies_while_it_starts_is_tried_again(method: str) -> None:
    settings = {
        "a": {"make": {"1": "raise", "2": "os_exit"}},
        "b": {"open": {"1": "raise", "2": "segv", "3": "sys_exit"}},
        "c": {"open": {"1": "stop"}},
    }
    start_s = {"fork": 0.5, "spawn": 1.5}[method]  # Its second life has to be quicker.
    children = (worker("a"), worker("b"), worker("c", start_s=start_s))
    with running(tree(*children), method, settings) as run:
        assert [run.node(id).incarnation for id in "abc"] == [3, 4, 2]
        failures = [run.node(id).failure for id in "abc"]
        assert {f["death"] for f in failures if f} == {"start_failed"}
        assert failures[2]["reason"] == f"not ready after {start_s} s"  # type: ignore[index]
        # In order: nobody was made before the one before him was open.
        opened = [e["id"] for e in run.ledger("open")]
        assert opened == ["a", "b", "c"]


@both
def test_five_children_killed_at_once_all_come_back(method: str) -> None:
    ids = ["a", "b", "c", "d", "e"]
    with running(tree(*map(worker, ids)), method) as run:
        for round in (2, 3):
            for pid in [run.pid(id) for id in ids]:
                os.kill(pid, signal.SIGKILL)
            for id in ids:
                run.wait_open(id, round)
            run.wait_all_green()
        assert [run.node(id).incarnation for id in ids] == [3] * 5


@both
def test_a_descriptor_wakes_its_worker_every_time_without_any_other_event(method: str) -> None:
    # Its next beat and tick are far away, so only the watch can wake it; every return of a
    # handler must have given it again.
    with running(tree(worker("a", beat_s=20.0)), method) as run:
        for number in range(1, 6):
            run.tell("a", "nothing")
            until(lambda: run.ledger("told nothing")[number - 1:], f"word {number}", 2.0)


def test_a_child_that_was_sent_sigterm_closes_and_is_replaced() -> None:
    with running(tree(worker("a"), worker("t", restart=Restart.TRANSIENT)), "fork") as run:
        os.kill(run.pid("a"), signal.SIGTERM)
        os.kill(run.pid("t"), signal.SIGTERM)
        run.wait_open("a", 2)
        assert len(run.ledger("closed", "a")) == 1
        until(lambda: run.node("t").phase == "ended", "t ended")  # A normal end.
        assert run.node("a").failure is None


def test_a_worker_that_does_not_exist_ends_the_run_with_its_name() -> None:
    bad = tree(ChildSpec("a", "tests.system.workers.Nobody"), intensity=Intensity(1, 60.0))
    with running(bad, "fork", green=False) as run:
        assert run.wait_end() != 0
        assert "has no 'Nobody'" in run.output()


# ---- several ----------------------------------------------------------------------------------

@both
def test_rest_for_one_stops_the_later_ones_in_reverse_and_starts_them_in_order(
    method: str,
) -> None:
    made = tree(*map(worker, "abcd"), strategy=Strategy.REST_FOR_ONE)
    with running(made, method) as run:
        before = len(run.ledger())
        os.kill(run.pid("b"), signal.SIGKILL)
        run.wait_open("d", 2)
        run.wait_all_green()
        events = [(e["event"], e["id"]) for e in run.ledger()[before:]]
        assert [id for event, id in events if event == "closed"] == ["d", "c"]
        assert [id for event, id in events if event == "open"] == ["b", "c", "d"]
        assert events.index(("closed", "c")) < events.index(("opening", "b"))
        assert run.node("a").incarnation == 1


@both
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_or_hung_supervisor_leaves_no_orphan_and_its_subtree_is_rebuilt(
    method: str, how: signal.Signals
) -> None:
    with running(NESTED, method) as run:
        old = [bodies.body(run.pid(id)) for id in ("x", "deep", "y")]
        before = monotonic_ns()
        os.kill(run.pid("sub"), how)
        until(lambda: run.node("sub").incarnation == 2, "sub replaced")
        run.wait_all_green()
        second = [e for e in run.ledger("open", "y")][-1]
        back_ms = (second["ns"] - before) / MS
        print(f"FIGURE {method} {how.name}: {back_ms:.0f} ms")
        if method == "fork" and how is signal.SIGKILL:
            assert back_ms < 350, "nobody looked whether its children are gone, until a beat came"
        assert not [one for one in old if one is not None and bodies.lives(one)]
        lives = [e["pid"] for e in run.ledger("open", "x")]
        assert len(lives) == 2 and lives[0] != lives[1]
        assert [run.node(id).incarnation for id in ("first", "last")] == [1, 1]


@both
def test_the_kernel_ends_the_children_of_a_dead_supervisor_even_if_nobody_looks(
    method: str,
) -> None:
    with running(NESTED, method) as run:
        old = [bodies.body(run.pid(id)) for id in ("x", "deep", "y")]
        root = run.pid("root")
        os.kill(root, signal.SIGSTOP)
        os.kill(run.pid("sub"), signal.SIGKILL)
        until(lambda: not any(map(bodies.lives, filter(None, old))), "all gone", 2.0)
        os.kill(root, signal.SIGKILL)  # Else the host would have to find that it hangs.


def test_who_outlives_a_dead_supervisor_is_gone_before_his_successor_begins() -> None:
    with running(NESTED, "fork") as run:
        run.tell("y", "outlive")
        until(lambda: run.ledger("told outlive", "y"), "y heard")
        old = bodies.body(run.pid("y"))
        os.kill(run.pid("sub"), signal.SIGKILL)
        run.wait_open("y", 1)
        until(lambda: len(run.ledger("open", "y")) == 2, "y is back")
        assert old is not None and not bodies.lives(old)


def test_a_supervisor_that_was_sent_sigterm_stays() -> None:
    with running(NESTED, "fork") as run:
        before = [run.pid(id) for id in ("root", "sub", "y")]
        for pid in before[:2]:
            os.kill(pid, signal.SIGTERM)
        run.tell("y", "nothing")
        until(lambda: run.ledger("told nothing", "y"), "y works")
        beat = run.node("first").messages_in
        run.tell("first", "nothing")
        until(lambda: run.node("first").messages_in > beat, "the root hears beats", 3.0)
        assert [run.pid(id) for id in ("root", "sub", "y")] == before
        assert not run.ledger("closing")


@both
def test_a_supervisor_that_gives_up_is_restarted_by_the_one_above(method: str) -> None:
    strict = SupervisorSpec("sub", (worker("x"), worker("y")), intensity=Intensity(1, 60.0))
    with running(tree(worker("a"), strict), method) as run:
        for incarnation in (1, 2):
            run.wait_open("x", incarnation)
            until(lambda: all_green(run.look()), "green")
            os.kill(run.pid("x"), signal.SIGKILL)
        until(lambda: run.node("sub").incarnation == 2, "sub replaced")
        run.wait_all_green()
        failure = run.node("sub").failure
        assert failure is not None and failure["death"] == "gave_up"
        assert "more than 1 restarts in 60 s" in failure["reason"]
        assert run.ledger("closed", "y") and run.node("a").incarnation == 1


@both
def test_when_the_root_gives_up_the_run_ends_with_an_error_and_nobody_is_left(
    method: str,
) -> None:
    made = tree(worker("a"), worker("b"), intensity=Intensity(2, 60.0))
    with running(made, method, {"b": {"open": {"2": "raise", "3": "raise"}}}) as run:
        run.tell("b", "kill")
        assert run.wait_end() != 0
        run.wait_empty()
        assert run.ledger("closed", "a")  # Its healthy sibling was stopped in order.
        assert [a["source"] for a in run.alarms("gave_up")] == ["root"]
        assert "more than 2 restarts" in run.alarms("run_lost")[0]["text"]


# ---- the ground -------------------------------------------------------------------------------

@both
@pytest.mark.parametrize("who", ["admin", "logger", "root", "root stopped"])
def test_the_loss_of_what_nobody_supervises_ends_the_run_with_an_error(
    method: str, who: str
) -> None:
    with running(NESTED, method) as run:
        admin = run.run().admin.pid
        root = run.pid("root")
        victim = {
            "admin": admin,
            "root": root,
            "root stopped": root,
            "logger": next(b.pid for b in bodies.children(admin) if b.pid != root),
        }[who]
        before = monotonic()
        os.kill(victim, signal.SIGSTOP if who == "root stopped" else signal.SIGKILL)
        assert run.wait_end(10) == 1
        print(f"FIGURE {method} {who}: {monotonic() - before:.2f} s")
        run.wait_empty()
        assert {"admin": "Admin", "logger": "logger"}.get(who, "root") in str(
            run.alarms("run_lost")
        )
        nothing_is_left(run)


@both
def test_a_tree_whose_host_was_killed_ends_itself(method: str) -> None:
    with running(NESTED, method) as run:
        port = run.run().port
        os.kill(run.host.pid, signal.SIGKILL)
        run.host.wait(5)
        run.wait_empty(10)
        assert [a["code"] for a in run.alarms()] == ["host_gone"]
        closed = [e["id"] for e in run.ledger("closed")]
        assert closed == ["last", "y", "x", "first"]
        assert not listeners(port)


@both
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_tree_from_last_to_first_and_nothing_is_left(
    method: str, number: signal.Signals
) -> None:
    with running(NESTED, method) as run:
        port = run.run().port
        os.kill(run.host.pid, number)
        assert run.wait_end() == 0
        ends = [e["id"] for e in run.ledger("closed")]
        assert ends == ["last", "y", "x", "first"]
        run.wait_empty()
        assert not listeners(port)
        nothing_is_left(run)


def test_a_signal_during_the_start_stops_what_there_is() -> None:
    made = tree(worker("a"), worker("b", start_s=20.0, shutdown_s=0.3))
    with running(made, "fork", {"b": {"open": {"1": "block"}}}, green=False) as run:
        until(lambda: run.ledger("opening", "b"), "b opens")
        os.kill(run.host.pid, signal.SIGTERM)
        assert run.wait_end(10) == 0
        assert run.ledger("closed", "a")
        run.wait_empty()


@both
def test_a_child_that_will_not_stop_is_killed_after_its_time(method: str) -> None:
    made = tree(worker("a"), worker("b", shutdown_s=0.4), worker("c"))
    with running(made, method, {"b": {"close": "block"}}) as run:
        before = monotonic()
        os.kill(run.host.pid, signal.SIGTERM)
        assert run.wait_end(10) == 0
        assert 0.4 < monotonic() - before < 3.0
        assert [e["id"] for e in run.ledger("closed")] == ["c", "a"]
        assert [a["code"] for a in run.alarms()] == ["slow_stop"]
        run.wait_empty()


def test_a_port_that_is_taken_is_one_clear_complaint() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tree(worker("a")), "fork", port=port, green=False) as run:
            assert run.wait_end() != 0
            last = run.output().strip().splitlines()[-1]
            assert f"port {port} of 127.0.0.1 cannot be had" in last
            assert f"process {os.getpid()}" in last and "run.admin_port" in last
            assert not run.ledger()


def test_a_port_that_was_asked_for_is_used_and_free_again_afterwards() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for _ in range(2):
        with running(tree(worker("a")), "fork", port=port) as run:
            assert run.run().port == port
            assert admin_of(port) == run.run().admin


def test_a_second_host_in_the_same_directory_is_refused_and_harms_nothing() -> None:
    with running(tree(worker("a")), "fork") as run:
        second = subprocess.run(
            [sys.executable, "-m", "tests.system.hosting", str(run.run_dir), "fork", "0"],
            cwd=ROOT, capture_output=True, timeout=20, check=False, text=True,
        )
        assert second.returncode == 1
        assert f"is hosted in {run.run_dir} by process {run.host.pid}" in second.stderr
        assert run.run().host.pid == run.host.pid
        os.kill(run.pid("a"), signal.SIGKILL)
        run.wait_open("a", 2)


def test_a_run_directory_is_for_its_user_alone_and_the_tree_is_found_in_it() -> None:
    with running(tree(worker("a")), "fork") as run:
        assert run.run_dir.stat().st_mode & 0o777 == 0o700
        found = run.run()
        assert (found.root, found.method, found.host.pid) == ("root", "fork", run.host.pid)


@both
def test_the_process_list_says_who_is_who(method: str) -> None:
    with running(NESTED, method) as run:
        for id in ("root", "sub", "deep", "first", "y"):
            assert psutil.Process(run.pid(id)).cmdline()[0] == f"floorwatch: {id}"


def test_preloaded_modules_are_there_before_the_fork_and_supervisors_have_one_thread() -> None:
    made = replace(tree(worker("a")), preload=("numpy",))
    with running(made, "fork") as run:
        for id in ("root", "a"):
            assert "/numpy/" in Path(f"/proc/{run.pid(id)}/maps").read_text()
        assert bodies.threads(run.pid("root")) == 1
        assert not run.alarms()


def test_a_supervisor_that_cannot_begin_ends_the_run_at_once_with_its_reason() -> None:
    made = replace(tree(worker("a")), preload=("tests.system.nowhere",))
    with running(made, "fork", green=False) as run:
        assert run.wait_end(10) == 1
        assert "tests.system.nowhere" in run.alarms("supervisor_crashed")[0]["text"]
        assert "the root ended; the root has written nothing; see" in run.output()


def test_a_stop_does_not_wait_for_a_root_that_hangs() -> None:
    with running(NESTED, "fork") as run:
        os.kill(run.pid("root"), signal.SIGSTOP)
        os.kill(run.host.pid, signal.SIGTERM)
        assert run.wait_end(6) == 1
        run.wait_empty()


def test_a_bad_tree_starts_nothing() -> None:
    bad = tree(worker("a", reads=("nobody",)), worker("a"))
    with running(bad, "fork", green=False) as run:
        assert run.wait_end() == 1
        assert "the tree has 2 faults" in run.output()
        assert not (run.run_dir / "status").exists()


def nothing_is_left(run: Running) -> None:
    """Check that sockets, drafts and the run file are gone; documents and logs may stay."""
    left = {path.name for path in run.run_dir.rglob("*") if path.is_socket()}
    left |= {path.name for path in run.run_dir.rglob("*.tmp")}
    assert not left
    assert not (run.run_dir / "run.json").exists()
    json.loads((run.run_dir / "status" / "root.json").read_text())
