"""The tree as data: which children, in which order, restarted how. Checked whole before any start.

The order of the children is their dependency: they start from first to last and stop from last
to first. Classes are named by dotted strings, so a tree can be written down, sent to a file and
read by every supervisor without importing a single actor.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

HUNG_BEATS = 6  # A child that has been silent for so many beats is hung.
START_MARGIN_S = 30.0  # For a supervisor: importing what it preloads, on top of its children.
STOP_MARGIN_S = 2.0  # For a supervisor: killing and reaping, on top of its children.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,47}")  # Names files and sockets; 107 bytes a path.
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
BEAT_S_MIN = 0.05  # Below this a supervisor would be busy with beats.
SECONDS_MAX = 86_400.0


class Restart(StrEnum):
    """When a dead child is started again. Permanent: always. Transient: after an abnormal end
    only. Temporary: never."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class Strategy(StrEnum):
    """Who is restarted together with a dead child. One for one: nobody. One for all: all
    siblings. Rest for one: those that start after it."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


@dataclass(frozen=True, slots=True)
class Intensity:
    """At most `restarts_max` restarts within `period_s`; one more and the supervisor gives up."""

    restarts_max: int = 5
    period_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One process that works: `start` names its class, `reads` the ids whose streams it reads."""

    id: str
    start: str
    restart: Restart = Restart.PERMANENT
    reads: tuple[str, ...] = ()
    shutdown_s: float = 5.0  # Time from Stop to Stopped, then it is killed.
    beat_s: float = 0.5
    start_s: float = 10.0  # Time from the start to Ready, then it is killed.


@dataclass(frozen=True, slots=True)
class SupervisorSpec:
    """One supervisor process and its children."""

    id: str
    children: tuple["ChildSpec | SupervisorSpec", ...]
    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: Intensity = Intensity()
    restart: Restart = Restart.PERMANENT
    shutdown_s: float | None = None  # None: as long as its children may take one after another.
    beat_s: float = 0.5
    preload: tuple[str, ...] = ()  # Modules imported before forking, so children share the pages.
    prepare: tuple[str, ...] = ()  # Functions called then: they make what is else made later.


Spec = ChildSpec | SupervisorSpec


def hung_s(spec: Spec) -> float:
    """Return the silence after which a child counts as hung."""
    return spec.beat_s * HUNG_BEATS


def start_limit_s(spec: Spec) -> float:
    """Return how long a child may take to be ready; a supervisor may restart its own meanwhile."""
    if isinstance(spec, ChildSpec):
        return spec.start_s
    once_s = sum(start_limit_s(child) for child in spec.children)
    return START_MARGIN_S + once_s * (1 + spec.intensity.restarts_max)


def stop_limit_s(spec: Spec) -> float:
    """Return how long a child may take to stop before it is killed."""
    if isinstance(spec, ChildSpec):
        return spec.shutdown_s
    if spec.shutdown_s is not None:
        return spec.shutdown_s
    return STOP_MARGIN_S + sum(stop_limit_s(child) for child in spec.children)


def walk(spec: Spec) -> Iterator[Spec]:
    """Yield `spec` and all below it, in start order."""
    yield spec
    if isinstance(spec, SupervisorSpec):
        for child in spec.children:
            yield from walk(child)


def find(tree: Spec, wanted: str) -> Spec:
    """Return the spec with the id `wanted`; an unknown id raises KeyError."""
    for spec in walk(tree):
        if spec.id == wanted:
            return spec
    raise KeyError(f"no {wanted!r} in the tree; it has {', '.join(spec.id for spec in walk(tree))}")


def to_json(tree: SupervisorSpec) -> str:
    """Return the tree as JSON for the file that every supervisor reads."""
    return json.dumps(asdict(tree), indent=1)


def from_json(text: str) -> SupervisorSpec:
    """Return the tree of `to_json`."""
    tree = _spec(json.loads(text))
    if not isinstance(tree, SupervisorSpec):
        raise ValueError(f"the root {tree.id!r} is a worker, wanted a supervisor")
    return tree


def _spec(fields: dict[str, Any]) -> Spec:
    fields["restart"] = Restart(fields["restart"])
    if "children" not in fields:
        return ChildSpec(**{**fields, "reads": tuple(fields["reads"])})
    return SupervisorSpec(**{
        **fields,
        "strategy": Strategy(fields["strategy"]),
        "intensity": Intensity(**fields["intensity"]),
        "children": tuple(_spec(child) for child in fields["children"]),
        "preload": tuple(fields["preload"]),
        "prepare": tuple(fields["prepare"]),
    })


# ---- Complaints --------------------------------------------------------------------------------

class BadTree(ValueError):
    """The tree cannot be started; `complaints` says everything that is wrong with it."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("the tree has " + f"{len(complaints)} faults: " + "; ".join(complaints))
        self.complaints = complaints


def check(tree: object) -> list[str]:
    """Return all complaints about the tree, an empty list if it can be started."""
    if not isinstance(tree, SupervisorSpec):
        return [f"the root is {tree!r}, wanted a SupervisorSpec"]
    specs = list(walk(tree))
    complaints = list(_ids(specs))
    workers = {spec.id for spec in specs if isinstance(spec, ChildSpec)}
    for spec in specs:
        if isinstance(spec, ChildSpec):
            complaints += _worker(spec, workers)
        elif isinstance(spec, SupervisorSpec):
            complaints += _supervisor(spec)
    if tree.restart is not Restart.PERMANENT:
        complaints.append(f"{tree.id}: the root is {tree.restart}, wanted permanent:"
                          " nobody is above it to restart it or not")
    return complaints


def checked(tree: SupervisorSpec) -> SupervisorSpec:
    """Return the tree, or raise `BadTree`."""
    complaints = check(tree)
    if complaints:
        raise BadTree(complaints)
    return tree


def _ids(specs: list[Spec]) -> Iterator[str]:
    for spec in specs:
        if not isinstance(spec.id, str) or not ID.fullmatch(spec.id):
            yield (f"id {spec.id!r} names files and sockets: wanted a letter or digit, then at"
                   " most 47 letters, digits, '_', '.' or '-'")
    for found, count in Counter(str(spec.id) for spec in specs).items():
        if count > 1:
            yield f"id {found!r} is used {count} times, wanted once"


def _worker(spec: ChildSpec, workers: set[str]) -> Iterator[str]:
    if not isinstance(spec.start, str) or not DOTTED.fullmatch(spec.start) or "." not in spec.start:
        yield f"{spec.id}: start {spec.start!r}, wanted a dotted class name like 'actors.bars.Bars'"
    for source in spec.reads:
        if source == spec.id:
            yield f"{spec.id}: reads its own stream"
        elif source not in workers:
            yield (f"{spec.id}: reads {source!r}, which is no worker of the tree; it has"
                   f" {', '.join(sorted(map(str, workers)))}")
    for source, count in Counter(spec.reads).items():
        if count > 1:
            yield f"{spec.id}: reads {source!r} {count} times, wanted once"
    yield from _member(f"{spec.id}: restart", spec.restart, Restart)
    yield from _number(f"{spec.id}: shutdown_s", spec.shutdown_s, 0.0)
    yield from _number(f"{spec.id}: beat_s", spec.beat_s, BEAT_S_MIN)
    yield from _number(f"{spec.id}: start_s", spec.start_s, BEAT_S_MIN)


def _supervisor(spec: SupervisorSpec) -> Iterator[str]:
    yield from _member(f"{spec.id}: strategy", spec.strategy, Strategy)
    if not spec.children:
        yield f"{spec.id}: a supervisor without children, wanted at least one"
    for name, dotted in (("preload", spec.preload), ("prepare", spec.prepare)):
        for one in dotted:
            if not isinstance(one, str) or not DOTTED.fullmatch(one):
                yield f"{spec.id}: {name} {one!r}, wanted a dotted name"
    most = spec.intensity.restarts_max
    if type(most) is not int or most < 0:
        yield f"{spec.id}: restarts_max {most!r}, wanted a whole number from 0"
    yield from _member(f"{spec.id}: restart", spec.restart, Restart)
    yield from _number(f"{spec.id}: period_s", spec.intensity.period_s, 0.001)
    yield from _number(f"{spec.id}: beat_s", spec.beat_s, BEAT_S_MIN)
    if spec.shutdown_s is not None:
        yield from _number(f"{spec.id}: shutdown_s", spec.shutdown_s, 0.0)


def _member(what: str, found: object, kind: type[StrEnum]) -> Iterator[str]:
    if not isinstance(found, kind):
        yield f"{what} {found!r}, wanted one of {', '.join(kind)}"


def _number(what: str, value: float, least: float) -> Iterator[str]:
    fits = type(value) in (int, float) and math.isfinite(value) and least <= value <= SECONDS_MAX
    if not fits:
        yield f"{what} is {value!r}, wanted seconds from {least} to {SECONDS_MAX:.0f}"
