"""What the page is served from: the replica behind a lock, the tree and the alarms on disk.

Two threads meet here and nowhere else: the actor's own folds messages, the web server's looks.
"""

import json
from pathlib import Path
from threading import Lock
from time import monotonic, monotonic_ns
from typing import Any

from protocol.account import LimitsChanged
from protocol.market import BarClosed
from protocol.message import Message
from protocol.system import Health
from supervision.status import Node, fold, read_documents
from web.depth import depth_now
from web.replica import Replica
from web.standing import positions_now, session_now, tape_rows
from web.view import Section, sections

ROOT = "root"
ALARMS_FILE = "alarms.jsonl"
ALARMS_MAX = 40
ALARM_BYTES_MAX = 64 * 1024  # Read from the end of the file.
FRESH_S = 0.2  # Readers closer together than this share one look.


class Floor:
    """The state of a run for its screens."""

    def __init__(self, run_dir: Path, replica: Replica) -> None:
        self.run_dir = run_dir
        self.folded = 0
        self._replica = replica
        self._lock = Lock()
        self._sections: dict[str, Section] = {}
        self._looked_s = float("-inf")

    def fold(self, message: Message) -> None:
        """Take one message in."""
        with self._lock:
            self._replica.fold(message)
            self.folded += 1

    def sections(self) -> dict[str, Section]:
        """Return all sections of the page, at most `FRESH_S` old."""
        if monotonic() - self._looked_s >= FRESH_S:
            with self._lock:
                trading = sections(self._replica)
            tree = self.tree()
            self._sections = trading | {
                "tree": {"root": None if tree is None else node_section(tree)},
                "alarms": {"rows": last_alarms(self.run_dir / ALARMS_FILE)},
            }
            self._looked_s = monotonic()
        return self._sections

    def bars(self, series: str) -> list[BarClosed]:
        """Return the last bars of a series; none of one that the replica does not keep."""
        with self._lock:
            return list(self._replica.bars) if self._replica.series == series else []

    def tape(self, limit: int) -> list[Section] | None:
        """Return the last trades, newest first; None where no trades are read."""
        with self._lock:
            return tape_rows(self._replica, limit) if self._replica.tape.seen else None

    def depth(self) -> Section | None:
        """Return the ladder; None where the feed tells no depth."""
        with self._lock:
            return depth_now(self._replica)

    def changes(self) -> tuple[list[LimitsChanged], int]:
        """Return every change of limits in order, and what time it is on the market, in ns."""
        with self._lock:
            return list(self._replica.account.changes), self._replica.clock_ns

    def positions(self) -> Section:
        """Return what is held, and what it is worth at the last bar."""
        with self._lock:
            return positions_now(self._replica)

    def session(self) -> Section:
        """Return whether trading goes on."""
        with self._lock:
            return session_now(self._replica)

    def tree(self) -> Node | None:
        """Return the process tree, None while no supervisor has written about it."""
        return fold(read_documents(self.run_dir), ROOT, monotonic_ns())


def node_section(node: Node) -> Section:
    """Return one process and all below it; the traceback of a failure is for its own page."""
    failure = node.failure
    return {
        "id": node.id,
        "kind": node.kind,
        "phase": node.phase,
        "health": node.health,
        "pid": node.pid,
        "incarnation": node.incarnation,
        "restarts": node.restarts,
        # Of a supervisor: those below it, which are counted against its maximum.
        "restarts_recent": sum(child.restarts_recent for child in node.children)
        if node.children else node.restarts_recent,
        "restarts_max": node.restarts_max,
        "period_s": node.period_s,
        "strategy": node.strategy,
        "reason": node.reason,
        # A tenth of a second is what a person can see change.
        "beat_age_s": None if node.beat_age_s is None else round(node.beat_age_s + node.age_s, 1),
        "started": None if node.started_ns is None else node.started_ns // 1_000_000_000,
        "memory_bytes": node.memory_bytes,
        "messages_in": node.messages_in,
        "messages_out": node.messages_out,
        "rejected_frames": node.rejected_frames,
        "cut": node.cut,
        "stale": node.stale,
        "failure": None if failure is None else {
            "death": failure["death"],
            "reason": failure["reason"],
            "at": failure["ts_ns"] // 1_000_000,
        },
        "children": [node_section(child) for child in node.children],
    }


def find(node: Node | None, id: str) -> Node | None:
    """Return the process called `id`, None if the tree has none."""
    if node is None or node.id == id:
        return node
    return next((found for child in node.children if (found := find(child, id))), None)


def worst(node: Node | None) -> Health:
    """Return the worst colour in the tree; a tree that cannot be seen is red."""
    if node is None:
        return Health.RED
    colours = [node.health, *map(worst, node.children)]
    return max(colours, key=list(Health).index)


def last_alarms(path: Path, most: int = ALARMS_MAX) -> list[dict[str, Any]]:
    """Return the last alarms, newest first; a line that is no alarm is passed over."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - ALARM_BYTES_MAX))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    # Where the reading began there may be half a line, and a writer may stand in the last one.
    rows = [row for line in reversed(lines) if (row := _alarm(line)) is not None]
    return rows[:most]


def _alarm(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
        return {
            "source": str(row["source"]),
            "code": str(row["code"]),
            "at": int(row["ts_ns"]) // 1_000_000,
            "text": str(row["text"]),
        }
    except (ValueError, KeyError, TypeError):
        return None
