"""The documents of the supervisors become one tree that says how old its parts are."""

from pathlib import Path
from time import monotonic_ns
from typing import Any

from protocol.system import Health
from supervision.bodies import Body
from supervision.report import Reporter, document
from supervision.spec import ChildSpec, SupervisorSpec
from supervision.status import Node, all_green, bodies_below, fold, read_documents
from tests.supervision.world import S, World

INNER = SupervisorSpec("sub", (ChildSpec("x", "work.A"), ChildSpec("y", "work.A")))
TREE = SupervisorSpec("root", (ChildSpec("a", "work.A"), INNER))


def make_child(id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id, "kind": "worker", "phase": "up", "health": "green", "pid": 10, "ticks": 5,
        "incarnation": 1, "restarts": 0, "restarts_recent": 0, "beat_age_s": 0.1,
        "started_ns": 1, "memory_bytes": 1, "messages_in": 1, "messages_out": 1,
        "rejected_frames": 0, "cut": 0, "failure": None, **fields,
    }


def make_document(id: str, *children: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": id, "pid": 1, "ticks": 5, "incarnation": 1, "strategy": "one_for_one",
        "state": "running", "reason": "", "restarts_recent": 0, "restarts_max": 5,
        "period_s": 60.0, "memory_bytes": 1, "written_mono_ns": 100 * S, "written_ns": 1,
        "children": list(children), **fields,
    }


def documents(**changed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    sub = make_child("sub", kind="supervisor", pid=2)
    return {
        "root": make_document("root", make_child("a"), sub),
        "sub": make_document("sub", make_child("x", pid=11), make_child("y", pid=12), pid=2),
        **changed,
    }


def tree_of(found: dict[str, dict[str, Any]], now_ns: int = 100 * S) -> Node:
    node = fold(found, "root", now_ns)
    assert node is not None
    return node


def test_documents_become_one_tree() -> None:
    tree = tree_of(documents())
    assert [child.id for child in tree.children] == ["a", "sub"]
    assert [child.id for child in tree.children[1].children] == ["x", "y"]
    assert tree.children[1].strategy == "one_for_one"
    assert all_green(tree)


def test_nothing_is_known_before_the_root_has_written() -> None:
    assert fold({}, "root", 0) is None
    assert not all_green(None)


def test_one_child_that_is_not_green_spoils_the_whole() -> None:
    sub = make_document("sub", make_child("x"), make_child("y", health="yellow"), pid=2)
    assert not all_green(tree_of(documents(sub=sub)))


def test_a_tree_that_is_still_starting_is_not_green() -> None:
    root = make_document("root", make_child("a"), state="starting")
    tree = tree_of({"root": root})
    assert tree.health is Health.YELLOW
    assert not all_green(tree)


def test_what_an_old_document_says_is_red_and_told_with_its_age() -> None:
    tree = tree_of(documents(), 102 * S)
    assert not tree.stale
    tree = tree_of(documents(), 102 * S + 1)
    assert tree.stale and tree.age_s > 2 and tree.health is Health.RED
    assert {child.health for child in tree.children} == {Health.RED}


def test_a_silent_supervisor_is_red_with_all_below_whatever_its_parent_still_thinks() -> None:
    sub = make_document("sub", make_child("x"), pid=2, written_mono_ns=90 * S)
    tree = tree_of(documents(sub=sub))
    assert tree.children[0].health is Health.GREEN
    assert tree.children[1].health is Health.RED
    assert tree.children[1].children[0].health is Health.RED


def test_the_document_of_an_earlier_life_is_not_shown() -> None:
    sub = make_document("sub", make_child("x"), pid=99)
    assert tree_of(documents(sub=sub)).children[1].children == ()


def test_all_processes_below_a_supervisor_are_known() -> None:
    assert bodies_below(documents(), "root") == [
        Body(10, 5), Body(2, 5), Body(11, 5), Body(12, 5),
    ]
    assert bodies_below(documents(), "nobody") == []


def test_a_child_without_a_process_is_nobody_to_end() -> None:
    sub = make_document("sub", make_child("x", pid=0, ticks=0), pid=2)
    assert bodies_below({"sub": sub}, "sub") == []


def test_a_family_is_written_and_read_back(tmp_path: Path) -> None:
    (tmp_path / "status").mkdir()
    world = World(TREE)
    world.now = monotonic_ns()
    world.settle()
    world.crash("a", "no file")
    world.settle()
    Reporter(str(tmp_path), "root").status(document(world.family, 1, "running"))
    found = read_documents(tmp_path)
    node = fold(found, "root", found["root"]["written_mono_ns"])
    assert node is not None
    a = node.children[0]
    assert (a.phase, a.health, a.restarts_recent) == ("waiting", Health.RED, 1)
    assert a.failure is not None
    assert (a.failure["death"], a.failure["reason"]) == ("crashed", "no file")
    assert a.failure["traceback"] == "Traceback"
    assert not list((tmp_path / "status").glob("*.tmp"))


def test_a_supervisor_that_cannot_write_goes_on(tmp_path: Path) -> None:
    reporter = Reporter(str(tmp_path / "nowhere"), "root")
    reporter.alarm("code", "text")
    reporter.status({})
    assert reporter.unwritten == 2


def test_alarms_are_lines_of_json(tmp_path: Path) -> None:
    reporter = Reporter(str(tmp_path), "root")
    reporter.alarm("one", "a\nb")
    reporter.alarm("two", "c")
    lines = (tmp_path / "alarms.jsonl").read_text().splitlines()
    assert len(lines) == 2 and '"code": "one"' in lines[0]
