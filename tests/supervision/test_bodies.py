"""Processes are known by number and start, never by number alone."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from supervision.bodies import (
    Body,
    body,
    children,
    descendants,
    group,
    kill,
    lives,
    memory_bytes,
    parent,
    threads,
)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE, start_new_session=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_a_living_process_is_found_with_its_parent_group_memory_and_threads(
    sleeper: subprocess.Popen[bytes],
) -> None:
    found = body(sleeper.pid)
    assert found is not None and lives(found)
    assert parent(sleeper.pid) == os.getpid()
    assert group(sleeper.pid) == [found]
    assert found in children(os.getpid()) and found in descendants(os.getpid())
    assert memory_bytes(sleeper.pid) > 10**5
    assert threads(sleeper.pid) == 1


def test_another_process_with_the_same_number_is_not_touched(
    sleeper: subprocess.Popen[bytes],
) -> None:
    found = body(sleeper.pid)
    assert found is not None
    stranger = Body(found.pid, found.ticks - 1)
    assert not lives(stranger)
    kill(stranger)
    assert lives(found)


def test_a_killed_process_is_gone_even_while_it_is_a_zombie(
    sleeper: subprocess.Popen[bytes],
) -> None:
    found = body(sleeper.pid)
    assert found is not None
    kill(found)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # Dead, not yet reaped.
    assert not lives(found) and body(sleeper.pid) is None
    kill(found)
    sleeper.wait()
    kill(found)
    assert (memory_bytes(sleeper.pid), parent(sleeper.pid)) == (0, 0)
