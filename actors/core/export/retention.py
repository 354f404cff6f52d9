"""Which day files may leave this machine: the oldest first, and never the only copy.

Three limits, each off at 0: an age in days, a size of all files together, a space that must stay
free. Where an export is configured a day that has not arrived there stays whatever the limits
say, and a text says so; the current trading date always stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A day file on this machine."""

    name: str
    date: date
    size: int
    safe: bool  # Arrived at the destination, verified there; or no export is configured.


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """The limits; 0 is none."""

    days: int = 0
    disk_bytes: int = 0
    free_bytes: int = 0

    def __post_init__(self) -> None:
        if min(self.days, self.disk_bytes, self.free_bytes) < 0:
            raise ValueError(f"{self}: found a limit below 0, wanted 0 for none or more")


@dataclass(frozen=True, slots=True)
class Leaving:
    """What may go, in this order, and what a person has to know."""

    remove: tuple[str, ...]
    alarms: tuple[str, ...]


def leaving(files: Iterable[Held], rule: RetentionRule, free_bytes: int, current: date) -> Leaving:
    """Return which files go so that the limits hold; `free_bytes` is free now."""
    held = sorted(files, key=lambda file: (file.date, file.name))
    total = sum(file.size for file in held)
    oldest = current - timedelta(days=rule.days) if rule.days else date.min
    remove: list[str] = []
    kept: list[str] = []
    for file in held:
        full = bool(rule.disk_bytes) and total > rule.disk_bytes
        tight = bool(rule.free_bytes) and free_bytes < rule.free_bytes
        if file.date >= current or not (file.date < oldest or full or tight):
            continue
        if not file.safe:
            kept.append(file.name)
            continue
        remove.append(file.name)
        total -= file.size
        free_bytes += file.size
    alarms = []
    if kept:
        alarms.append(
            f"{len(kept)} day files should go and are not exported yet, from {kept[0]} on:"
            " they stay until an export succeeds"
        )
    if rule.disk_bytes and total > rule.disk_bytes:
        alarms.append(f"day files take {total} bytes, allowed are {rule.disk_bytes}")
    if rule.free_bytes and free_bytes < rule.free_bytes:
        alarms.append(f"{free_bytes} bytes are free on the disk, wanted {rule.free_bytes}")
    return Leaving(tuple(remove), tuple(alarms))
