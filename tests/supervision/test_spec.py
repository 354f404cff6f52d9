"""A tree is checked whole, before anything starts."""

from dataclasses import replace
from typing import Any, cast

import pytest

from supervision.spec import (
    BadTree,
    ChildSpec,
    Intensity,
    Restart,
    Strategy,
    SupervisorSpec,
    check,
    checked,
    find,
    from_json,
    hung_s,
    start_limit_s,
    stop_limit_s,
    to_json,
    walk,
)

A = ChildSpec("a", "work.A")
B = ChildSpec("b", "work.B", reads=("a",))
TREE = SupervisorSpec("root", (A, SupervisorSpec("sub", (B,), preload=("json",))))


def tree_of(*children: ChildSpec | SupervisorSpec, **fields: Any) -> SupervisorSpec:
    return SupervisorSpec("root", children, **fields)


def test_a_good_tree_brings_no_complaint() -> None:
    assert check(TREE) == []
    assert checked(TREE) is TREE


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (tree_of(A, A), "'a' is used 2 times"),
        (tree_of(A, SupervisorSpec("a", (B,))), "'a' is used 2 times"),
        (tree_of(SupervisorSpec("root", (A,))), "'root' is used 2 times"),
        (tree_of(replace(A, id="a/b")), "'a/b' names files"),
        (tree_of(replace(A, id="")), "'' names files"),
        (tree_of(replace(A, id="..")), "'..' names files"),
        (tree_of(replace(A, id="x" * 49)), "names files"),
        (tree_of(replace(A, reads=("z",))), "reads 'z', which is no worker of the tree; it has a"),
        (tree_of(replace(A, reads=("root",))), "reads 'root', which is no worker"),
        (tree_of(replace(A, reads=("a",))), "reads its own stream"),
        (tree_of(A, replace(B, reads=("a", "a"))), "reads 'a' 2 times"),
        (tree_of(replace(A, start="Work")), "start 'Work', wanted a dotted class name"),
        (tree_of(replace(A, start="work..A")), "start 'work..A'"),
        (tree_of(replace(A, start="work.A()")), "start 'work.A()'"),
        (tree_of(replace(A, beat_s=0.0)), "a: beat_s is 0.0"),
        (tree_of(replace(A, beat_s=float("nan"))), "a: beat_s is nan"),
        (tree_of(replace(A, start_s=float("inf"))), "a: start_s is inf"),
        (tree_of(replace(A, shutdown_s=-1)), "a: shutdown_s is -1"),
        (tree_of(replace(A, shutdown_s=True)), "a: shutdown_s is True"),
        (tree_of(replace(A, restart=cast(Restart, "always"))), "a: restart 'always', wanted one"),
        (tree_of(A, strategy="one"), "root: strategy 'one', wanted one of one_for_one"),
        (tree_of(A, intensity=Intensity(-1, 5)), "root: restarts_max -1"),
        (tree_of(A, intensity=Intensity(3, 0)), "root: period_s is 0"),
        (tree_of(A, preload=("json dumps",)), "root: preload 'json dumps'"),
        (tree_of(A, restart=Restart.TRANSIENT), "the root is transient, wanted permanent"),
        (tree_of(), "root: a supervisor without children"),
    ],
)
def test_a_fault_of_the_tree_is_named_with_what_was_found(
    tree: SupervisorSpec, words: str
) -> None:
    assert any(words in complaint for complaint in check(tree)), check(tree)


def test_all_faults_are_told_at_once() -> None:
    tree = tree_of(replace(A, beat_s=-1), replace(B, reads=("z",), start="no"))
    with pytest.raises(BadTree) as caught:
        checked(tree)
    assert len(caught.value.complaints) == 3
    assert all(text in str(caught.value) for text in ("beat_s", "'z'", "'no'"))


def test_a_longest_id_and_a_beat_at_the_limit_are_good() -> None:
    assert check(tree_of(replace(A, id="x" * 48, beat_s=0.05))) == []


def test_a_tree_survives_being_written_down() -> None:
    tree = tree_of(
        replace(A, restart=Restart.TEMPORARY),
        SupervisorSpec("sub", (B,), Strategy.REST_FOR_ONE, Intensity(1, 2.5), shutdown_s=3.0),
    )
    assert from_json(to_json(tree)) == tree


def test_the_tree_is_walked_in_start_order_and_searched_by_id() -> None:
    assert [spec.id for spec in walk(TREE)] == ["root", "a", "sub", "b"]
    assert find(TREE, "b") == B
    with pytest.raises(KeyError, match="no 'z' in the tree; it has root, a, sub, b"):
        find(TREE, "z")


def test_a_supervisor_gets_the_time_that_its_children_may_take() -> None:
    assert hung_s(A) == 3.0
    assert (start_limit_s(A), stop_limit_s(A)) == (10.0, 5.0)
    assert stop_limit_s(TREE) == 2 + 5 + (2 + 5)
    assert stop_limit_s(replace(TREE, shutdown_s=1.0)) == 1.0
    assert start_limit_s(tree_of(A, B, intensity=Intensity(2, 60))) == 30 + 20 * 3
