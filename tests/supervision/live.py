"""A real system of processes to test in, on loopback and at ports that the kernel assigns.

A system that was started is always gone at the end: what does not leave by itself is killed by
its pid.
"""

import os
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
from thespian.actors import ActorAddress, ActorSystem
from thespian.system import utilis

LIMIT_S = 8.0
QUIET = {"version": 1, "handlers": {"none": {"class": "logging.NullHandler"}},
         "root": {"handlers": ["none"], "level": "WARNING"}}


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
        return " ".join(process.cmdline()).strip()
    except psutil.NoSuchProcess:
        return ""


def wait_until(true: Callable[[], Any], wanted: str, limit_s: float = LIMIT_S) -> Any:
    """Poll until `true` says something true and return it; fail when the limit is over."""
    deadline = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < deadline, f"after {limit_s} s still not: {wanted}"
        time.sleep(0.01)
    return found
