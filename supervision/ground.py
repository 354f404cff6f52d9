"""What a run stands on outside the actor system: its directory, its lock, its port, its group."""

import fcntl
import os
import signal
import socket
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO

import psutil  # type: ignore[import-untyped]

from supervision import bodies
from supervision.runfile import RUN_FILE, read_run
from supervision.transport import LOOPBACK

LOCK_FILE = "run.lock"
DIRECTORIES = ("status", "sockets", "streams", "faults", "logs")
END_LIMIT_S = 5.0
POLL_S = 0.005


class AlreadyRunning(RuntimeError):
    """Another process hosts a run in this directory."""


class PortTaken(RuntimeError):
    """The port that was asked for is in use."""


def prepare(run_dir: Path) -> IO[str]:
    """Make and lock the directory of a run, and clear away what a killed one left.

    The lock is bound to this process: a fork does not inherit it, and the kernel frees it.
    """
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    run_dir.chmod(0o700)  # Its sockets and files are for this user alone.
    lock = open(run_dir / LOCK_FILE, "a", encoding="utf-8")  # noqa: SIM115  Held for life.
    run = read_run(run_dir)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        host = "unknown" if run is None else f"{run.host.pid}"
        raise AlreadyRunning(
            f"a run is hosted in {run_dir} by process {host}: stop it first, or choose another"
            " run.directory"
        ) from None
    if run is not None and bodies.lives(run.admin):
        end(bodies.group(run.group), run.group)  # Its host was killed and it had no time to end.
    for name in DIRECTORIES:
        (run_dir / name).mkdir(mode=0o700, exist_ok=True)
    clear(run_dir)
    for document in (run_dir / "status").glob("*.json"):
        document.unlink()
    return lock


def clear(run_dir: Path) -> None:
    """Remove what only a living run may have: sockets, streams, drafts, the run file."""
    for path in run_dir.rglob("*"):
        living = path.suffix == ".tmp" or stat.S_ISSOCK(path.lstat().st_mode)
        if living or path.parent == run_dir / "streams":
            path.unlink(missing_ok=True)
    (run_dir / RUN_FILE).unlink(missing_ok=True)


def free_port(wanted: int) -> int:
    """Return `wanted` if it is free, any free port for 0, or raise `PortTaken`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as error:
            raise PortTaken(
                f"port {wanted} of {LOOPBACK} cannot be had ({error.strerror}), held by"
                f" {_holder(wanted)}: end that program, or set run.admin_port to another port,"
                " or to 0 for any free one"
            ) from None
        return int(probe.getsockname()[1])


def listeners(port: int) -> list[int]:
    """Return the processes that listen on a port, as far as they may be seen."""
    return sorted({
        found.pid
        for found in psutil.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid
    })


def admin_of(port: int) -> bodies.Body:
    """Return the Admin that listens on `port`; under fork its logger holds the socket as well."""
    holders = listeners(port)
    for pid in holders:
        found = bodies.body(pid)
        if found is not None and bodies.parent(pid) not in holders:
            return found
    raise RuntimeError(f"nobody listens on port {port}, wanted the Admin; holders: {holders}")


def end(known: Iterable[bodies.Body], group: int | None) -> list[bodies.Body]:
    """End all of these and their process group by force; return who is left after a while."""
    everybody = list(known)
    if group is not None and group != os.getpgrp():
        with suppress(ProcessLookupError):  # All may be gone already.
            os.killpg(group, signal.SIGKILL)
    for one in everybody:
        bodies.kill(one)
    limit = monotonic() + END_LIMIT_S
    while left := [one for one in everybody if bodies.lives(one)]:
        if monotonic() > limit:
            return left
        sleep(POLL_S)
    return []


def _holder(port: int) -> str:
    names = []
    for pid in listeners(port):
        try:
            names.append(f"process {pid} ({psutil.Process(pid).name()})")
        except psutil.NoSuchProcess:
            continue
    return ", ".join(names) or "a program of another user"
