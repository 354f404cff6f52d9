"""The figures of a floor with a page: ratio, noise and restarts."""

from typing import Any

import pytest

from ops.bench.page_floor import Figures, restarts
from supervision.status import fold
from tests.web.rooms import child


def test_the_ratio_is_of_all_decisions_of_one_kind_and_the_noise_of_the_turns():
    given = Figures(alone_ms=[[8.0, 9.0, 10.0], [10.0, 11.0, 12.0]], crowded_ms=[[5.0, 5.0, 6.0]])
    assert given.ratio() == 0.5
    assert given.noise() == pytest.approx(11 / 9)


def test_turns_that_are_alike_have_no_noise():
    assert Figures(alone_ms=[[4.0], [4.0]]).noise() == 1.0


def document(id: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": id, "pid": 7, "ticks": 1, "incarnation": 1, "strategy": "one_for_one",
        "state": "running", "reason": "", "restarts_recent": 0, "restarts_max": 10,
        "period_s": 60.0, "memory_bytes": 1, "written_mono_ns": 0, "written_ns": 0,
        "children": children,
    }  # fmt: skip


def test_restarts_are_counted_at_every_depth_of_the_tree():
    documents = {
        "root": document("root", child("market", "supervisor", restarts=1), child("desk")),
        "market": document("market", child("feed", restarts=2), child("bars")),
    }
    assert restarts(fold(documents, "root", 0)) == 3


def test_a_floor_that_has_told_nothing_has_no_restarts():
    assert restarts(fold({}, "root", 0)) == 0
