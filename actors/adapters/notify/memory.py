"""What the notifier keeps: how far it has read, what it knows, what waits. One file, one truth."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.adapters.notify.follow import Place
from actors.core.notices import outbox, teller
from actors.core.notices.outbox import Outbox
from actors.core.notices.teller import Known

RUN_FILE = "run.json"  # Written by the host at each start of the floor.


@dataclass(slots=True)
class Memory:
    """All that outlives the process; the parts belong together, so they are written together."""

    known: Known
    box: Outbox
    positions: dict[str, int] = field(default_factory=dict)  # Last number taken in, by stream.
    places: dict[str, Place] = field(default_factory=dict)  # By followed file.
    run_ns: int = 0  # When the run was started whose start was told last.


def values_of(memory: Memory, box: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values for the file; `box` is the outbox as it stood at one moment."""
    return {
        "positions": memory.positions,
        "known": teller.kept(memory.known),
        "places": {name: [at.inode, at.offset] for name, at in memory.places.items()},
        "run_ns": memory.run_ns,
        "outbox": box,
    }


def memory_of(values: Mapping[str, Any], queue_max: int) -> Memory:
    """Return what was kept; what is none raises ValueError, KeyError, TypeError."""
    return Memory(
        known=teller.known_of(values["known"]),
        box=outbox.outbox_of(values["outbox"], queue_max),
        positions={str(source): int(seq) for source, seq in values["positions"].items()},
        places={str(name): Place(*map(int, at)) for name, at in values["places"].items()},
        run_ns=int(values["run_ns"]),
    )


def started_ns(run_dir: Path) -> int:
    """Return when the run in a directory was started; 0 where no host says it."""
    try:
        return int(json.loads((run_dir / RUN_FILE).read_text())["started_ns"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
