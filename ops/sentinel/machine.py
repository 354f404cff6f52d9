"""The sentinel's own look at the machine: the kernel's files and nothing else.

It shares no library with the tree it watches, so that what breaks the one leaves the other alone.
Its file system is the one of the run, and it measures no processor: the watchdog does.
"""

import os
from pathlib import Path

from actors.core.watch.readings import Readings
from protocol.signals import PPM

MEMINFO = Path("/proc/meminfo")


class KernelFiles:
    """This machine; the disk is the one that holds `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> Readings:
        """Return the readings of this moment."""
        free, used_ppm = self._disk()
        return Readings(
            memory_ppm=memory_ppm(MEMINFO.read_text()),
            cpu_ppm=None,
            disk_free_bytes=free,
            disk_used_ppm=used_ppm,
            clock_offset_ms=None,
        )

    def lives(self, pid: int) -> bool:
        """Say whether a process of this number runs; one that only waits to be buried does not."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat[stat.rindex(")") + 2] not in "ZX"

    def _disk(self) -> tuple[int | None, int | None]:
        try:
            found = os.statvfs(self._directory)
        except OSError:  # Not there, or not any more: that is what the heartbeat is for.
            return None, None
        used = found.f_blocks - found.f_bfree
        usable = used + found.f_bavail
        return found.f_bavail * found.f_frsize, used * PPM // usable if usable else None


def memory_ppm(meminfo: str) -> int | None:
    """Return the share that a program that asks for memory cannot have, of /proc/meminfo."""
    rows = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    try:
        total, available = (int(rows[key].split()[0]) for key in ("MemTotal", "MemAvailable"))
        return (total - available) * PPM // total
    except (KeyError, IndexError, ValueError, ZeroDivisionError):
        return None
