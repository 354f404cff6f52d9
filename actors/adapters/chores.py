"""Chores in processes of their own: started, looked at without waiting, ended with their starter.

A chore is heavy and short, an actor small and long-lived. Whoever is started gets its settings on
its input, never as an argument that others could read, and goes behind whoever trades. What it
says is kept in memory and its end is what counts.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from actors.core.session.chores import Outcome
from protocol.day import Chore

ROOT = Path(__file__).resolve().parents[2]
SAID_MAX = 64 * 1024  # Bytes of the end of what a chore says.
PR_SET_PDEATHSIG = 1  # From <linux/prctl.h>; Python does not name it.


class Chores(Protocol):
    """The port to whoever does chores, one at a time."""

    def start(self, chore: Chore, on: str) -> None:
        """Begin a chore for a trading date."""

    def poll(self) -> Outcome | None:
        """Return how the chore ended, once; None while it runs. Lost where none was begun."""

    def stop(self) -> None:
        """End the chore that runs, if there is one."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to start, and what stands on its input."""

    arguments: tuple[str, ...]
    input: bytes = b""


LOST = Outcome(None, "whoever started it has ended")


def command_of(chore: Chore, on: str, run_dir: Path, settings: dict[str, str]) -> Command:
    """Return how a chore is done; `settings` are the JSON texts for those that want them."""
    python = sys.executable
    match chore:
        case Chore.RECAP:
            recap = ("recap", "--run", str(run_dir), "--date", on, "--no-export", "--wait")
            return Command((python, str(ROOT / "start.py"), *recap))
        case Chore.EXPORT:
            arguments = (python, "-m", "ops.export", str(run_dir / "data"))
        case Chore.PREFLIGHT:
            arguments = (python, "-m", "ops.preflight", str(run_dir))
    return Command(arguments, settings[chore].encode())


class ProcessChores:
    """Starts children. They die with this process, whatever ends it."""

    def __init__(
        self, command_for: Callable[[Chore, str], Command], niceness: int, limit_s: float
    ) -> None:
        self._command_for, self._niceness, self._limit_s = command_for, niceness, limit_s
        self._libc = ctypes.CDLL(None)  # Loaded before the fork, where little is allowed.
        self._child: subprocess.Popen[bytes] | None = None
        self._said = -1
        self._until_s = 0.0

    def start(self, chore: Chore, on: str) -> None:
        if self._child is not None:
            raise ValueError(f"found {chore} of {on} while another runs, wanted one at a time")
        command = self._command_for(chore, on)
        self._said = os.memfd_create("said")
        with _readable(command.input) as given:
            self._child = subprocess.Popen(
                command.arguments,
                cwd=ROOT,
                stdin=given,
                stdout=self._said,
                stderr=self._said,
                preexec_fn=self._in_child,
            )
        self._until_s = time.monotonic() + self._limit_s

    def _in_child(self) -> None:
        self._libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
        os.nice(self._niceness)

    def poll(self) -> Outcome | None:
        child = self._child
        if child is None:
            return LOST
        code = child.poll()
        if code is None:
            if time.monotonic() < self._until_s:
                return None
            child.kill()
            code = child.wait()
        return self._ended(code)

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._ended(self._child.wait())

    def _ended(self, code: int) -> Outcome:
        size = os.fstat(self._said).st_size
        said = os.pread(self._said, SAID_MAX, max(size - SAID_MAX, 0))
        os.close(self._said)
        self._child, self._said = None, -1
        return Outcome(code, said.decode(errors="replace"))


class FakeChores:
    """Does chores in no time at all, or answers what a test has laid out, in order.

    It outlives the shell that starts a chore: `begun` is what was ever begun. What runs is lost
    with its starter, so each life of a shell gets a `life` of its own.
    """

    def __init__(self, outcomes: list[Outcome | None] | None = None) -> None:
        self.outcomes = [] if outcomes is None else outcomes
        self.begun: list[tuple[Chore, str]] = []
        self.done: list[tuple[Chore, str]] = []
        self.running: tuple[Chore, str] | None = None

    def start(self, chore: Chore, on: str) -> None:
        self.running = (chore, on)
        self.begun.append(self.running)

    def poll(self) -> Outcome | None:
        if self.running is None:
            return LOST
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome(0, "")
        if outcome is not None:
            self.done.append(self.running)
            self.running = None
        return outcome

    def stop(self) -> None:
        self.running = None

    def life(self) -> "FakeChores":
        """Return the chores of the next life, in which nothing runs yet."""
        after = FakeChores(self.outcomes)
        after.begun, after.done = self.begun, self.done
        return after


@contextmanager
def _readable(content: bytes) -> Iterator[int]:
    """Yield a descriptor from which `content` can be read, however long it is, without a disk."""
    descriptor = os.memfd_create("given")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
