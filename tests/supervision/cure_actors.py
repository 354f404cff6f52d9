"""Actors that provoke Thespian's faults, and a real system to run them in.

Everything here runs in real processes on loopback, at ports that the kernel assigns. A system
that was started is always gone at the end: what does not leave by itself is killed by pid.
"""

import ctypes
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from thespian.actors import (Actor, ActorAddress, ActorSystem, ChildActorExited, PoisonMessage,
                             ThespianWatch, WakeupMessage, WatchMessage)
from thespian.system import timing, utilis
from thespian.system.transport import TCPTransport as tcp
from thespian.system.transport import TransmitOnly
from thespian.system.transport.IPBase import TCPv4ActorAddress

from supervision import kernel, transport

LIMIT_S = 8.0
QUIET = {"version": 1, "handlers": {"none": {"class": "logging.NullHandler"}},
         "root": {"handlers": ["none"], "level": "WARNING"}}


# ---- The system -------------------------------------------------------------------------------

@dataclass
class Running:
    """A started system, as its starter sees it."""

    system: ActorSystem
    port: int
    admin: psutil.Process
    group: int

    def processes(self) -> list[psutil.Process]:
        """Return every living process of the system, Admin and logger included."""
        return [process for process in psutil.process_iter() if in_group(process, self.group)]

    def logger(self) -> psutil.Process | None:
        """Return the logger, or None while there is none."""
        named = [process for process in self.processes() if title(process).startswith("logger")]
        return named[0] if named else None

    def ask(self, actor: ActorAddress, *message: Any) -> Any:
        """Ask an actor within the limit."""
        return self.system.ask(actor, message, timedelta(seconds=LIMIT_S))


@contextmanager
def running(method: str, tmp: Path, patch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Start a system with the start method, and leave no process of it behind."""
    patch.setenv("THESPLOG_FILE", str(tmp / "thespian.log"))
    patch.setattr(utilis, "_thesplog_file", None)  # It remembers the file of an earlier test.
    port = free_port()
    system = ActorSystem("multiprocTCPBase", logDefs=QUIET, transientUnique=True, capabilities={
        "Admin Port": port, "Process Startup Method": method})
    admin = admin_at(port)
    floor = Running(system, port, admin, os.getpgid(admin.pid))
    try:
        yield floor
        if alive(admin):
            system.shutdown()
            wait_until(lambda: not floor.processes(), "every process has left")
    finally:
        for process in floor.processes():
            process.kill()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def admin_at(port: int) -> psutil.Process:
    """Return the Admin at `port`. A forked logger holds its socket too, but is its child."""
    holder = next(link.pid for link in psutil.net_connections("tcp")
                  if link.status == psutil.CONN_LISTEN and link.laddr.port == port and link.pid)
    group = [process for process in psutil.process_iter()
             if in_group(process, os.getpgid(holder))]
    pids = {process.pid for process in group}
    return next(process for process in group if process.ppid() not in pids)


def ports_of(process: psutil.Process) -> list[tuple[str, int]]:
    """Return the addresses on which a process listens."""
    return [(link.laddr.ip, link.laddr.port) for link in process.net_connections("tcp")
            if link.status == psutil.CONN_LISTEN]


def in_group(process: psutil.Process, group: int) -> bool:
    """Return whether a process lives (a zombie does not) in a process group."""
    try:
        return os.getpgid(process.pid) == group and alive(process)
    except ProcessLookupError:
        return False


def alive(process: psutil.Process) -> bool:
    """Return whether a process runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def title(process: psutil.Process) -> str:
    """Return what the process list shows for a process."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def wait_until(true: Callable[[], Any], wanted: str, limit_s: float = LIMIT_S) -> Any:
    """Poll until `true` says something true and return it; fail when the limit is over."""
    deadline = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < deadline, f"after {limit_s} s still not: {wanted}"
        time.sleep(0.01)
    return found


def kill_and_wait(pid: int) -> None:
    """Kill a child of this process and wait until it is dead, without reaping it."""
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


# ---- The actors -------------------------------------------------------------------------------

class Helper(Actor):
    """Calls its own method that a message names; the method sends what it has to say."""

    def receiveMessage(self, message: Any, sender: ActorAddress) -> Any:
        match message:
            case (str() as verb, *arguments):
                return getattr(self, verb)(sender, *arguments)
            case _:
                return self.other(message, sender)

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Take what is no call."""

    def pid(self, sender: ActorAddress) -> None:
        """Say which process this is."""
        self.send(sender, os.getpid())

    def rejected(self, sender: ActorAddress) -> None:
        """Say how many frames this process refused."""
        self.send(sender, transport.rejected_frames())

    def add(self, sender: ActorAddress, number: int) -> None:
        """Answer with one more."""
        self.send(sender, number + 1)


class Parent(Helper):
    """Makes children and remembers their exits."""

    def __init__(self) -> None:
        super().__init__()
        self.children: list[ActorAddress] = []
        self.pids: list[int] = []
        self.exits: set[str] = set()
        self.returned: list[str] = []
        self.asker: ActorAddress | None = None
        self.victim: int | None = None

    def make(self, sender: ActorAddress, kind: str, count: int) -> None:
        """Make children, and answer with their addresses and pids when all have spoken."""
        self.asker = sender
        self.children = [self.createActor(f"{__name__}.{kind}") for _ in range(count)]
        for child in self.children:
            self.send(child, ("pid",))

    def kill_on_exit(self, sender: ActorAddress, pid: int) -> None:
        """Kill `pid` while the next exit is handled: two children are dead at once then."""
        self.victim = pid
        self.send(sender, "armed")

    def report(self, sender: ActorAddress) -> None:
        """Say how many different children have left and what mail came back."""
        self.send(sender, (len(self.exits), self.returned))

    def lose(self, sender: ActorAddress) -> None:
        """Kill the children unnoticed, as if they had been on a host that is gone."""
        self._myRef._child_procs.clear()
        for pid in self.pids:
            kill_and_wait(pid)
        self.send(sender, "lost")

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Note pids and exits."""
        if isinstance(message, ChildActorExited):
            self.exits.add(str(message.childAddress))
            if self.victim is not None:
                kill_and_wait(self.victim)
                self.victim = None
        elif isinstance(message, PoisonMessage):
            self.returned.append(str(message.poisonMessage))
        elif isinstance(message, int):
            self.pids.append(message)
            if len(self.pids) == len(self.children):
                self.send(self.asker, (self.children, self.pids))


class Unborn(Helper):
    """Dies inside its constructor, before Thespian knows its address."""

    def __init__(self) -> None:
        super().__init__()
        os._exit(3)


class Sleeper(Helper):
    """Tests timers."""

    def __init__(self) -> None:
        super().__init__()
        self.asker: ActorAddress | None = None
        self.order: list[int] = []

    def overdue(self, sender: ActorAddress, count: int) -> None:
        """Set timers that are all due when the loop looks at them first."""
        self.asker = sender
        for number in range(count):
            self.wakeupAfter(timedelta(0), number)

    def nearly_due(self, sender: ActorAddress) -> None:
        """Set a timer, and a clock that stands 0.3 microseconds before it until it is due."""
        self.asker, real = sender, timing.currentTime
        self.wakeupAfter(timedelta(milliseconds=100), 0)
        due = self._myRef.transport._pendingWakeups[0][0]._time_to_quit
        tcp.currentTime = lambda: due - 3e-7 if real() < due else real()

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Send back the order once all timers fired; one alone is all there is otherwise."""
        if isinstance(message, WakeupMessage):
            self.order.append(message.payload)
            if message.payload == 0 and len(self.order) == 1 and tcp.currentTime \
                    is not timing.currentTime or len(self.order) == 4:
                self.send(self.asker, self.order)


class Watcher(Helper):
    """Watches a pipe while it only transmits, and holds the transport's lock while it fails."""

    def __init__(self) -> None:
        super().__init__()
        self.pipe = os.pipe()

    def watch(self, sender: ActorAddress) -> ThespianWatch:
        """Begin to watch."""
        self.send(sender, "watching")
        return ThespianWatch([self.pipe[0]])

    def transmit_only(self, sender: ActorAddress, deaf_port: int) -> None:
        """Transmit to who never acknowledges, and say how many wakes piled up meanwhile."""
        os.write(self.pipe[1], b"x")
        self.send(address_of(deaf_port), "anybody?")
        self._myRef.transport.run(TransmitOnly, timedelta(milliseconds=100))
        queued = self._myRef.transport._incomingEnvelopes
        self.send(sender, sum(isinstance(item.message, WatchMessage) for item in queued))

    def tell(self, sender: ActorAddress, port: int) -> None:
        """Send to a port."""
        self.send(address_of(port), "hello")

    def fail_locked(self, sender: ActorAddress) -> None:
        """Raise inside the transport's lock."""
        try:
            with tcp.exclusive_processing(self._myRef.transport):
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.send(sender, "survived")


class Loud:
    """A message that counts how often it is printed."""

    printed = 0

    def __str__(self) -> str:
        Loud.printed += 1
        return "loud"


class Relay(Helper):
    """Sends loud messages, and says how often they were printed in this process."""

    def __init__(self) -> None:
        super().__init__()
        self.asker: ActorAddress | None = None

    def loud(self, sender: ActorAddress, target: ActorAddress) -> None:
        """Send a loud message to `target`, which answers with its count."""
        self.asker = sender
        self.send(target, Loud())

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Count at the far end, add at the near one."""
        if isinstance(message, Loud):
            self.send(sender, Loud.printed)
        elif isinstance(message, int):
            self.send(self.asker, (Loud.printed, message))


class Mortal(Helper):
    """Does first thing what every actor of ours does."""

    def __init__(self) -> None:
        super().__init__()
        kernel.die_with_parent()
        self.crash_log = open(os.environ["CRASH_LOG"], "ab", buffering=0)
        kernel.restore_fatal_signals(self.crash_log.fileno())
        kernel.name_process("floorwatch mortal")

    def segfault(self, sender: ActorAddress) -> None:
        """Read where nothing is."""
        ctypes.string_at(0)


def address_of(port: int) -> ActorAddress:
    """Return the address of whoever listens at a port of loopback."""
    return ActorAddress(TCPv4ActorAddress("127.0.0.1", port, external=True))


def log_rejection(rejection: transport.Rejection) -> None:
    """Note a refusal in a file that the test reads: the alarm of the transport tests."""
    with open(os.environ["REJECTIONS"], "a", encoding="ascii") as file:
        file.write(f"{os.getpid()} {rejection.reason} {rejection.count}\n")

