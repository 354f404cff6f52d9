"""What each process carries: messages a second, share of a processor, how far it is behind.

Counters come from the status documents and the processor time from the kernel, both looked at
again after a second at the earliest; a rate is what two looks differ by. Nothing asks an actor.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import TypedDict

from supervision.status import Node

APART_S = 1.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
USER, SYSTEM = 11, 12  # Fields of stat behind the name: processor time, in ticks.


class Load(TypedDict):
    """Rates are null until there were two looks at the same process."""

    in_per_s: float | None
    out_per_s: float | None
    cpu: float | None  # Of one processor.
    cpu_s: float
    queue: int  # Decision points behind the process that is furthest.


@dataclass(frozen=True, slots=True)
class Look:
    """The counters of a process at an instant."""

    pid: int
    at_s: float
    messages_in: int
    messages_out: int
    cpu_s: float


class Loads:
    """Remembers the last two looks at every process; asked from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._before: dict[str, Look] = {}
        self._last: dict[str, Look] = {}
        self._at_s = float("-inf")

    def of(self, root: Node) -> dict[str, Load]:
        """Return the load of every process of the tree, by id."""
        nodes = list(each(root))
        furthest = max(node.cut for node in nodes)
        with self._lock:
            self._look(nodes)
            return {node.id: self._load(node, furthest) for node in nodes}

    def _look(self, nodes: list[Node]) -> None:
        now_s = monotonic()
        if now_s - self._at_s < APART_S:
            return
        self._at_s, self._before = now_s, self._last
        self._last = {
            node.id: Look(node.pid, now_s, node.messages_in, node.messages_out, cpu_s(node.pid))
            for node in nodes
        }

    def _load(self, node: Node, furthest: int) -> Load:
        last, before = self._last.get(node.id), self._before.get(node.id)
        queue = max(0, furthest - node.cut) if node.cut else 0
        if last is None or before is None or last.pid != before.pid:
            spent_s = 0.0 if last is None else last.cpu_s
            return {"in_per_s": None, "out_per_s": None, "cpu": None, "cpu_s": spent_s,
                    "queue": queue}  # fmt: skip
        passed_s = last.at_s - before.at_s
        return {
            "in_per_s": round(max(0, last.messages_in - before.messages_in) / passed_s, 1),
            "out_per_s": round(max(0, last.messages_out - before.messages_out) / passed_s, 1),
            "cpu": round(max(0.0, last.cpu_s - before.cpu_s) / passed_s, 3),
            "cpu_s": last.cpu_s,
            "queue": queue,
        }


def each(node: Node) -> Iterator[Node]:
    """Yield a process and all below it."""
    yield node
    for child in node.children:
        yield from each(child)


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has taken, 0 if it is gone."""
    if pid <= 0:
        return 0.0
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[USER]) + int(fields[SYSTEM])) / TICKS_PER_S
