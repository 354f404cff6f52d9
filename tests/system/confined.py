"""Runs a command as a unit of systemd confines it, where no systemd runs: filters and mounts.

The lists come from the unit's own text. Loaded are the filters of system calls, of families of
addresses, of memory that is written and executed, and of namespaces, in the way of systemd; the
file system is read-only but for the directory of the run, and no capability is left. What is only
hidden from the service (homes, devices, other users' processes) is not.
"""

import ctypes
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

ALLOW, REFUSE, ABSENT = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
NE, MASKED_EQ = 1, 7
WRITE_EXEC, EXEC = 0x2 | 0x4, 0x4
NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000)
NOTHING = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


class Compared(ctypes.Structure):
    """One argument of a system call and what it is compared with."""

    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]  # fmt: skip


class Filter:
    """A filter of libseccomp that is being made."""

    def __init__(self, default: int) -> None:
        self.library = ctypes.CDLL("libseccomp.so.2")
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.filter = ctypes.c_void_p(self.library.seccomp_init(default))

    def add(self, action: int, name: str, *compared: Compared) -> None:
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # Not of this machine.
            return
        array = (Compared * len(compared))(*compared)
        done = self.library.seccomp_rule_add_array(
            self.filter, ctypes.c_uint32(action), number, len(compared), array
        )
        assert done == 0, f"{name}: {os.strerror(-done)}"

    def load(self) -> None:
        done = self.library.seccomp_load(self.filter)
        assert done == 0, os.strerror(-done)


def values(unit: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}=")]


def calls(sets: list[str]) -> set[str]:
    """Return the system calls of sets like @system-service."""
    found, waiting = set(), list(sets)
    while waiting:
        command = ["systemd-analyze", "--no-pager", "syscall-filter", waiting.pop()]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        names = [line.strip() for line in listed.splitlines()[1:]]
        waiting += [name for name in names if name.startswith("@")]
        found.update(name for name in names if name and name[0] not in "@#")
    return found


def allowed(unit: str) -> set[str]:
    """Return the system calls that a unit leaves."""
    found: set[str] = set()
    for value in values(unit, "SystemCallFilter"):
        if value.startswith("~"):
            found -= calls(value[1:].split())
        else:
            found |= calls(value.split())
    return found | {"execve", "exit", "exit_group", "brk", "mmap"}


def families(unit: str) -> list[int]:
    return [getattr(socket, name) for name in values(unit, "RestrictAddressFamilies")[0].split()]


def confine(unit: str) -> None:
    """Load what `unit` says; there is no way back."""
    denied = Filter(ALLOW)
    known = sorted(families(unit))
    for family in range(max(known) + 1):
        if family not in known:
            denied.add(REFUSE, "socket", Compared(0, 4, family, 0))
    denied.add(REFUSE, "socket", Compared(0, 6, max(known), 0))
    if "yes" in values(unit, "MemoryDenyWriteExecute"):
        denied.add(REFUSE, "mmap", Compared(2, MASKED_EQ, WRITE_EXEC, WRITE_EXEC))
        for name in ("mprotect", "pkey_mprotect"):
            denied.add(REFUSE, name, Compared(2, MASKED_EQ, EXEC, EXEC))
        denied.add(REFUSE, "shmat", Compared(2, MASKED_EQ, 0o100000, 0o100000))
    if "yes" in values(unit, "RestrictNamespaces"):
        denied.add(ABSENT, "clone3")
        denied.add(REFUSE, "setns")
        for flag in NEW_NAMESPACES:
            denied.add(REFUSE, "unshare", Compared(0, MASKED_EQ, flag, flag))
            denied.add(REFUSE, "clone", Compared(0, MASKED_EQ, flag, flag))
    listed = Filter(REFUSE)
    for name in allowed(unit):
        listed.add(ALLOW, name)
    denied.load()
    listed.load()


def command(unit: Path, writable: Path) -> list[str]:
    """Return what stands before a command to confine it; only the root user can."""
    # What lies around the directory may be a file system of its own.
    run = (
        f'mount --bind "{writable}" "{writable}"'
        f' && mount --rbind "{writable.parent}" "{writable.parent}"'
        f' && mount -o remount,bind,ro "{writable.parent}"'
        ' && mount -o remount,bind,ro / && exec "$@"'
    )
    inside = [sys.executable, "-m", "tests.system.confined", str(unit)]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", run, "sh",
            *NOTHING, *inside]  # fmt: skip


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text())
    os.execv(sys.argv[2], sys.argv[2:])
