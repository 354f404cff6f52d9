"""What is measured of the machine: plain numbers, whoever measures them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The machine at one moment; shares in ppm. None: it cannot be told."""

    memory_ppm: int | None  # Not available to a program that asks for it.
    cpu_ppm: int | None  # Since the reading before; None at the first.
    disk_free_bytes: int | None  # Where the floor writes.
    disk_used_ppm: int | None
    clock_offset_ms: int | None  # Of the system's clock, as the kernel believes it.
