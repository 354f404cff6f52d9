"""Every complaint about a tree at once, so that a bad tree never half-starts."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from supervision.spec import ChildSpec, Restart, Spec, Strategy, SupervisorSpec, walk

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,47}")  # Names files and sockets; 107 bytes a path.
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
BEAT_S_MIN = 0.05  # Below this a supervisor would be busy with beats.
SECONDS_MAX = 86_400.0


class BadTree(ValueError):
    """The tree cannot be started; `complaints` says everything that is wrong with it."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("the tree has " + f"{len(complaints)} faults: " + "; ".join(complaints))
        self.complaints = complaints


def check(tree: SupervisorSpec) -> list[str]:
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
    yield from _restart(spec)
    yield from _number(f"{spec.id}: shutdown_s", spec.shutdown_s, 0.0)
    yield from _number(f"{spec.id}: beat_s", spec.beat_s, BEAT_S_MIN)
    yield from _number(f"{spec.id}: start_s", spec.start_s, BEAT_S_MIN)


def _supervisor(spec: SupervisorSpec) -> Iterator[str]:
    if not isinstance(spec.strategy, Strategy):
        yield f"{spec.id}: strategy {spec.strategy!r}, wanted one of {', '.join(Strategy)}"
    if not spec.children:
        yield f"{spec.id}: a supervisor without children, wanted at least one"
    for module in spec.preload:
        if not isinstance(module, str) or not DOTTED.fullmatch(module):
            yield f"{spec.id}: preload {module!r}, wanted a dotted module name"
    most = spec.intensity.restarts_max
    if type(most) is not int or most < 0:
        yield f"{spec.id}: restarts_max {most!r}, wanted a whole number from 0"
    yield from _restart(spec)
    yield from _number(f"{spec.id}: period_s", spec.intensity.period_s, 0.001)
    yield from _number(f"{spec.id}: beat_s", spec.beat_s, BEAT_S_MIN)
    if spec.shutdown_s is not None:
        yield from _number(f"{spec.id}: shutdown_s", spec.shutdown_s, 0.0)


def _restart(spec: Spec) -> Iterator[str]:
    if not isinstance(spec.restart, Restart):
        yield f"{spec.id}: restart {spec.restart!r}, wanted one of {', '.join(Restart)}"


def _number(what: str, value: float, least: float) -> Iterator[str]:
    fits = type(value) in (int, float) and math.isfinite(value) and least <= value <= SECONDS_MAX
    if not fits:
        yield f"{what} is {value!r}, wanted seconds from {least} to {SECONDS_MAX:.0f}"
