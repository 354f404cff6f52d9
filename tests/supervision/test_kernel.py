"""Dying with one's parent, dying of a real fault, and the name in the process list."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from supervision import cures, kernel
from tests.supervision.cure_actors import Parent
from tests.supervision.live import Running, alive, running, title, wait_until


@pytest.fixture(params=["fork", "spawn"])
def floor(request: pytest.FixtureRequest, tmp_path: Path,
          monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A cured system whose actors write their crashes to a file."""
    cures.apply()
    monkeypatch.setenv("CRASH_LOG", str(tmp_path / "crash.log"))
    with running(request.param, tmp_path, monkeypatch) as started:
        yield started


def test_the_children_of_a_killed_parent_die_with_it(floor: Running) -> None:
    parent = floor.system.createActor(Parent)
    _, pids = floor.ask(parent, "make", "Mortal", 2)
    children = [psutil.Process(pid) for pid in pids]
    assert [title(child) for child in children] == ["floorwatch mortal"] * 2
    os.kill(children[0].ppid(), signal.SIGKILL)
    wait_until(lambda: not any(map(alive, children)), "both children are gone", 3.0)


def test_a_real_segmentation_fault_ends_the_actor_and_leaves_its_traceback(
        floor: Running, tmp_path: Path) -> None:
    parent = floor.system.createActor(Parent)
    (child,), _ = floor.ask(parent, "make", "Mortal", 1)
    floor.system.tell(child, ("segfault",))
    wait_until(lambda: floor.ask(parent, "report")[0] == 1, "its exit is reported", 3.0)
    assert "in segfault" in (tmp_path / "crash.log").read_text()


def test_a_process_whose_parent_is_already_gone_leaves_at_once() -> None:
    code = "from supervision import kernel; kernel.die_with_parent(1); print('lived')"
    orphan = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (orphan.returncode, orphan.stdout) == (kernel.ORPHAN_EXIT_CODE, b"")
