"""What a supervisor writes down for people: its status document and the alarms.

Supervisors must stay free of threads and sockets, so that they can fork; a small file replaced
by rename is all they need, and it outlives them. A full disk must not bring the tree down: what
cannot be written is counted and tried again with the next change.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from time import monotonic_ns, time_ns
from typing import Any

from protocol.system import Alarm
from protocol.units import NANOS_PER_S, Nanos
from supervision import bodies
from supervision.child import Child
from supervision.family import Family
from supervision.intensity import within

TEXT_CHARS_MAX = 2_000
ALARMS_FILE = "alarms.jsonl"
STATUS_DIR = "status"


class Reporter:
    """Writes for the supervisor `id` of the run in `run_dir`."""

    def __init__(self, run_dir: str, id: str) -> None:
        self.unwritten = 0
        self._id = id
        self._alarms = Path(run_dir) / ALARMS_FILE
        self._status = Path(run_dir) / STATUS_DIR / f"{id}.json"
        self._draft = self._status.with_suffix(".tmp")

    def alarm(self, code: str, text: str) -> None:
        """Append one alarm. A single appending write is never mixed with another's, but a reader
        that comes at that moment may see a last line without its end."""
        alarm = Alarm(
            source=self._id, code=code, ts_ns=Nanos(time_ns()), text=text[:TEXT_CHARS_MAX]
        )
        line = json.dumps(asdict(alarm)) + "\n"
        try:
            with open(self._alarms, "ab", buffering=0) as file:
                file.write(line.encode())
        except OSError:
            self.unwritten += 1

    def status(self, document: dict[str, Any]) -> None:
        """Replace the status document as a whole: a reader never sees half of one."""
        try:
            self._draft.write_text(json.dumps(document))
            self._draft.replace(self._status)
        except OSError:
            self.unwritten += 1


def document(family: Family, incarnation: int, state: str) -> dict[str, Any]:
    """Return the status document of this process, the supervisor of `family`."""
    now_ns, wall_ns, spec = monotonic_ns(), time_ns(), family.spec
    own = bodies.body(os.getpid())
    period_s = spec.intensity.period_s
    return {
        "id": spec.id,
        "pid": os.getpid(),
        "ticks": 0 if own is None else own.ticks,
        "incarnation": incarnation,
        "strategy": str(spec.strategy),
        "state": state,
        "reason": family.gave_up or family.ending,
        "restarts_recent": len(within(family.restarts_ns, period_s, now_ns)),
        "restarts_max": spec.intensity.restarts_max,
        "period_s": period_s,
        "memory_bytes": bodies.memory_bytes(os.getpid()),
        "written_mono_ns": now_ns,
        "written_ns": wall_ns,
        "children": [
            _child(child, period_s, now_ns, wall_ns) for child in family.children.values()
        ],
    }


def _child(child: Child, period_s: float, now_ns: int, wall_ns: int) -> dict[str, Any]:
    body = bodies.body(child.pid) if child.pid else None
    beat, failure = child.beat, child.failure
    return {
        "id": child.spec.id,
        "kind": "supervisor" if child.supervises else "worker",
        "phase": str(child.phase),
        "health": str(child.health(now_ns)),
        "pid": child.pid,
        "ticks": 0 if body is None else body.ticks,
        "incarnation": child.incarnation,
        "restarts": max(child.incarnation - 1, 0),
        "restarts_recent": len(within(child.deaths_ns, period_s, now_ns)),
        "beat_age_s": (now_ns - child.heard_ns) / NANOS_PER_S if child.alive else None,
        "started_ns": wall_ns - (now_ns - child.started_ns) if child.started_ns else None,
        "memory_bytes": bodies.memory_bytes(child.pid) if child.pid else 0,
        "messages_in": beat.messages_in if beat else 0,
        "messages_out": beat.messages_out if beat else 0,
        "rejected_frames": beat.rejected_frames if beat else 0,
        "cut": beat.cut if beat else 0,
        "failure": None if failure is None else {
            "death": str(failure.death),
            "reason": failure.reason,
            "traceback": failure.traceback,
            "ts_ns": wall_ns - (now_ns - failure.at_ns),
        },
    }
