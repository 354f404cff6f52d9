"""What a process hosts: the work itself, without a word about how the process lives.

`process.py` drives a worker: it opens it once, wakes it when one of its descriptors is readable
or its next deadline has come, asks it for counters and closes it. Any exception that leaves a
worker is a crash of the process; there is no other way to fail.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from protocol.system import Start


@dataclass(frozen=True, slots=True)
class Counters:
    """What a beat reports."""

    messages_in: int = 0
    messages_out: int = 0
    cut: int = 0


class Worker(Protocol):
    """The work of one process."""

    def open(self) -> None:
        """Recover state and open what is needed; the process is ready when this returns."""

    def descriptors(self) -> list[int]:
        """Return the file descriptors whose readability should wake the worker."""

    def wake(self, now_ns: int) -> None:
        """Do all that can be done now. Called after every event and at least every tick."""

    def tick_s(self) -> float:
        """Return how long the worker may sleep at most before it wants to be woken again."""

    def counters(self) -> Counters:
        """Return the counters since the start."""

    def inspect(self) -> dict[str, Any]:
        """Return the state for a screen: plain values only."""

    def close(self) -> None:
        """Finish what is begun and release everything."""


class WorkerClass(Protocol):
    """What `ChildSpec.start` names: a class that makes its worker from the first message."""

    @classmethod
    def worker(cls, start: Start) -> Worker:
        """Return the worker, not yet opened."""
