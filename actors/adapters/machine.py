"""The machine as it is measured: memory, processor, disk, clock, and whether a process lives."""

import ctypes
from pathlib import Path
from typing import Protocol

import psutil  # type: ignore[import-untyped]

from actors.core.watch.readings import Readings

PPM_OF_PERCENT = 10_000
TIMEX_BYTES = 512  # The kernel's struct timex has 208 on 64 bits; more does no harm.
OFFSET_AT, STATUS_AT = 8, 40  # Where its offset (long) and its status (int) stand.
UNSYNCHRONISED, IN_NANOSECONDS = 0x40, 0x2000


class Machine(Protocol):
    """The port to the machine."""

    def read(self) -> Readings:
        """Return the readings of this moment."""

    def lives(self, pid: int) -> bool:
        """Say whether a process of this number runs."""


class RealMachine:
    """This machine; the disk is the one that holds `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        psutil.cpu_percent()  # The next one measures from here on; this one is from the boot on.
        self._first = True

    def read(self) -> Readings:
        disk = psutil.disk_usage(self._directory)
        cpu, first = psutil.cpu_percent(), self._first
        self._first = False
        return Readings(
            memory_ppm=round(psutil.virtual_memory().percent * PPM_OF_PERCENT),
            cpu_ppm=None if first else round(cpu * PPM_OF_PERCENT),
            disk_free_bytes=disk.free,
            disk_used_ppm=round(disk.percent * PPM_OF_PERCENT),
            clock_offset_ms=clock_offset_ms(),
        )

    def lives(self, pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


class FakeMachine:
    """A machine whose readings a test sets."""

    def __init__(self, readings: Readings, pids: frozenset[int] = frozenset()) -> None:
        self.readings = readings
        self.pids = pids

    def read(self) -> Readings:
        return self.readings

    def lives(self, pid: int) -> bool:
        return pid in self.pids


def clock_offset_ms() -> int | None:
    """Return what the kernel still has to correct; None where nothing disciplines its clock."""
    timex = ctypes.create_string_buffer(TIMEX_BYTES)
    if ctypes.CDLL(None).adjtimex(timex) < 0:
        return None
    status = int.from_bytes(timex.raw[STATUS_AT : STATUS_AT + 4], "little")
    if status & UNSYNCHRONISED:
        return None
    offset = int.from_bytes(timex.raw[OFFSET_AT : OFFSET_AT + 8], "little", signed=True)
    return round(offset / (1_000_000 if status & IN_NANOSECONDS else 1_000))
