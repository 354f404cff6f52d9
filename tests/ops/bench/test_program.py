"""A program is asked: what it says comes back, and all that it started is gone, however it ends."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.bench.program import NoAnswer, answer

PR_GET_CHILD_SUBREAPER = 37  # From <linux/prctl.h>; Python does not name it.

# As Thespian's Admin: the daemon has a session of its own and no parent. Each that lives holds
# the FIFO open for writing; the alarm is for a run of this test in which nobody ends them.
DAEMON = """
import os, signal, sys
held = os.open(sys.argv[1], os.O_WRONLY)
up, told = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.alarm(60)
    os.write(told, b".")
    signal.pause()
os.read(up, 1)
os.write(held, b"up")
print("well", flush=True)
signal.alarm(60)
"""


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    path = tmp_path / "held"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def asked(fifo: tuple[Path, int], end: str, limit_s: float) -> str:
    path, _ = fifo
    script = path.with_name("peer.py")
    script.write_text(DAEMON + end)
    return answer([sys.executable, "-S", script, path], limit_s)


def all_gone(fifo: tuple[Path, int]) -> bool:
    """Return whether the daemon was there and nobody holds the FIFO now."""
    _, reader = fifo
    assert os.read(reader, 10) == b"up"
    try:
        return os.read(reader, 10) == b""
    except BlockingIOError:
        return False


def test_a_program_that_hangs_is_ended_with_its_daemon_and_told_with_its_limit(fifo):
    with pytest.raises(NoAnswer, match=r"^did not come back within 2 s$"):
        asked(fifo, "signal.pause()", 2.0)
    assert all_gone(fifo)


def test_a_program_that_fails_leaves_no_daemon_and_is_told_with_its_last_word(fifo):
    with pytest.raises(NoAnswer, match=r"^ended with 1: it broke$"):
        asked(fifo, "sys.exit('first\\nit broke')", 60.0)
    assert all_gone(fifo)


def test_a_program_that_ends_well_is_not_waited_for_longer_though_its_daemon_holds_its_output(
    fifo,
):
    assert asked(fifo, "", 60.0) == "well\n"
    assert all_gone(fifo)


def test_who_was_there_before_lives_on_and_orphans_go_their_usual_way_again():
    code = [sys.executable, "-S", "-c", "input()"]
    with subprocess.Popen(code, stdin=subprocess.PIPE) as before:
        assert answer([sys.executable, "-S", "-c", "print(1)"], 60.0) == "1\n"
        assert before.poll() is None
        before.communicate(b"\n", 60)
        assert before.returncode == 0
    takes_orphans = ctypes.c_int(-1)
    ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(takes_orphans), 0, 0, 0)
    assert takes_orphans.value == 0
