"""The tree as it stands, folded from the documents that the supervisors write.

Every supervisor writes about itself and its children only. The fold puts them together, and says
how old each document is: what a dead or hung supervisor wrote last is not the truth any more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.system import Health
from protocol.units import NANOS_PER_S
from supervision.bodies import Body

STALE_S = 2.0  # A document is written every half a second.
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One process of the tree. Fields that nobody has told are None or 0."""

    id: str
    kind: str
    phase: str
    health: Health
    pid: int
    incarnation: int
    restarts: int
    restarts_recent: int
    beat_age_s: float | None
    started_ns: int | None
    memory_bytes: int
    messages_in: int
    messages_out: int
    rejected_frames: int
    cut: int
    failure: Mapping[str, Any] | None
    age_s: float  # Of the document that told this.
    stale: bool
    strategy: str = ""  # Of a supervisor, like the next three.
    reason: str = ""
    restarts_max: int = 0
    period_s: float = 0.0
    children: tuple["Node", ...] = ()


def read_documents(run_dir: Path | str) -> dict[str, Document]:
    """Return the newest document of every supervisor of a run, by id."""
    found = {}
    for path in sorted((Path(run_dir) / "status").glob("*.json")):
        try:
            document = json.loads(path.read_text())
        except FileNotFoundError:  # Cleared away by a new run while we looked.
            continue
        found[str(document["id"])] = document
    return found


def fold(documents: Mapping[str, Document], root: str, now_ns: int) -> Node | None:
    """Return the tree below `root` at the monotonic time `now_ns`, None if it wrote nothing."""
    if root not in documents:
        return None
    document = documents[root]
    age_s = _age_s(document, now_ns)
    green = document["state"] == "running" and age_s <= STALE_S
    told = {
        "id": root,
        "kind": "supervisor",
        "phase": document["state"],
        "health": Health.GREEN if green else _unwell(document, age_s),
        "pid": document["pid"],
        "incarnation": document["incarnation"],
        "memory_bytes": document["memory_bytes"],
    }
    return _node(told, document, documents, now_ns)


def all_green(node: Node | None) -> bool:
    """Return whether every process of the tree is ready and answers."""
    if node is None or node.health is not Health.GREEN:
        return False
    return all(map(all_green, node.children))


def bodies_below(documents: Mapping[str, Document], supervisor: str) -> list[Body]:
    """Return all processes that were last known below a supervisor, those deeper down too."""
    if supervisor not in documents:
        return []
    found = []
    for child in documents[supervisor]["children"]:
        if child["pid"] and child["ticks"]:
            found.append(Body(child["pid"], child["ticks"]))
        if child["kind"] == "supervisor":
            found += bodies_below(documents, child["id"])
    return found


def _unwell(document: Document, age_s: float) -> Health:
    if age_s > STALE_S or document["state"] in ("gave_up", "stopped"):
        return Health.RED
    return Health.YELLOW


def _age_s(document: Document, now_ns: int) -> float:
    return (now_ns - int(document["written_mono_ns"])) / NANOS_PER_S


def _node(
    told: Mapping[str, Any], teller: Document, documents: Mapping[str, Document], now_ns: int
) -> Node:
    """Return the node that `teller` told about, with what it says itself if it supervises."""
    age_s = _age_s(teller, now_ns)
    stale = age_s > STALE_S
    own = documents.get(told["id"]) if told["kind"] == "supervisor" else None
    if own is not None and own["pid"] != told["pid"]:
        own = None  # The last word of an earlier life.
    health = Health(told["health"])
    if stale or (own is not None and _age_s(own, now_ns) > STALE_S):
        health = Health.RED
    children = [] if own is None else own["children"]
    return Node(
        id=told["id"],
        kind=told["kind"],
        phase=told["phase"],
        health=health,
        pid=told["pid"],
        incarnation=told["incarnation"],
        restarts=told.get("restarts", 0),
        restarts_recent=told.get("restarts_recent", 0),
        beat_age_s=told.get("beat_age_s"),
        started_ns=told.get("started_ns"),
        memory_bytes=told["memory_bytes"],
        messages_in=told.get("messages_in", 0),
        messages_out=told.get("messages_out", 0),
        rejected_frames=told.get("rejected_frames", 0),
        cut=told.get("cut", 0),
        failure=told.get("failure"),
        age_s=age_s,
        stale=stale,
        strategy="" if own is None else own["strategy"],
        reason="" if own is None else own["reason"],
        restarts_max=0 if own is None else own["restarts_max"],
        period_s=0.0 if own is None else own["period_s"],
        children=tuple(_node(child, own or {}, documents, now_ns) for child in children),
    )
