"""Processes by number, safely: a number alone may already belong to somebody else.

A process is known by its number and the moment of its start (in clock ticks since boot), which
the kernel never gives to two processes.
"""

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STATE, PARENT, GROUP, START_TICKS, RESIDENT = 0, 1, 2, 19, 21  # Fields of stat after the name.


@dataclass(frozen=True, slots=True)
class Body:
    """One process, now and for ever."""

    pid: int
    ticks: int


def body(pid: int) -> Body | None:
    """Return the living process with this number, None if there is none or it is a zombie."""
    fields = _stat(pid)
    if fields is None or fields[STATE] in "ZX":
        return None
    return Body(pid, int(fields[START_TICKS]))


def lives(known: Body) -> bool:
    """Return whether this very process still runs."""
    return body(known.pid) == known


def kill(known: Body) -> None:
    """End this process by force; nothing happens if it is gone, whoever has its number now."""
    try:
        handle = os.pidfd_open(known.pid)
    except ProcessLookupError:
        return
    try:
        if lives(known):  # Looked at after the handle was taken, so it is the handle's process.
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass  # It ended in between, which is what was wanted.
    finally:
        os.close(handle)


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process, 0 if it is gone."""
    fields = _stat(pid)
    return 0 if fields is None else int(fields[RESIDENT]) * PAGE_BYTES


def parent(pid: int) -> int:
    """Return the number of the parent of a process, 0 if it is gone."""
    fields = _stat(pid)
    return 0 if fields is None else int(fields[PARENT])


def group(number: int) -> list[Body]:
    """Return the living processes of a process group."""
    return _having(GROUP, (number,))


def children(pid: int) -> list[Body]:
    """Return the living children of a process."""
    return _having(PARENT, (pid,))


def descendants(pid: int) -> list[Body]:
    """Return the living processes below a process, the nearest first."""
    found: list[Body] = []
    nearest = children(pid)
    while nearest:
        found += nearest
        nearest = _having(PARENT, {one.pid for one in nearest})
    return found


def threads(pid: int) -> int:
    """Return how many threads a process has, those of C libraries included."""
    return len(os.listdir(f"/proc/{pid}/task"))


def _having(field: int, wanted: Iterable[int]) -> list[Body]:
    texts = {str(number) for number in wanted}
    found = []
    for name in os.listdir("/proc"):
        fields = _stat(int(name)) if name.isdecimal() else None
        if fields is not None and fields[STATE] not in "ZX" and fields[field] in texts:
            found.append(Body(int(name), int(fields[START_TICKS])))
    return found


def _stat(pid: int) -> list[str] | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2:].split()  # A name may hold spaces and brackets.
