"""The actors: how they stand and what they carry; ordering a restart; killing one in a demo.

A restart is asked of the actor's supervisor by a small file in the run's directory, since a
supervisor has no socket; it takes the file away when it obeys. Whoever asks waits for that, so an
order nobody took is taken back and said to be so. A kill is a signal to the very process that the
tree shows: what heals it is what always does.
"""

import os
import signal
import socket
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from supervision.inspection import NoAnswer, ask
from supervision.orders import RestartOrder, put
from supervision.status import Node
from web.api.endpoint import Answer, Call
from web.api.lines import last_lines
from web.api.loads import Load
from web.api.problems import Problem
from web.api.records import log_files
from web.api.schema import Text
from web.floor import find, node_section

ASK_LIMIT_S = 2.0
TAKEN_LIMIT_S = 3.0
LOOK_S = 0.05
LOG_LINES = 50


class ActorWish(TypedDict):
    """What is wanted of an order about an actor."""

    reason: NotRequired[Annotated[str, Text("Kept in the audit.", most=500)]]
    confirm: Literal[True]


def actors(call: Call) -> Answer:
    """The supervision tree, each process with its load."""
    node = call.house.floor.tree()
    loads = {} if node is None else call.house.loads.of(node)
    root = None if node is None else _loaded(node, loads)
    return Answer({"root": root, "host": socket.gethostname()})


def actor(call: Call) -> Answer:
    """What the tree says of an actor, what it says itself, and its last lines in the log."""
    house, id = call.house, call.values["id"]
    tree = house.floor.tree()
    node = find(tree, id)
    told: dict[str, Any] = {"id": id, "node": None, "inspection": None, "no_answer": None}
    if node is not None and tree is not None:
        loads = house.loads.of(tree)
        failure = None if node.failure is None else dict(node.failure)
        told["node"] = _loaded(node, loads) | {"failure": failure}
    if node is None or node.kind != "supervisor":
        try:
            told["inspection"] = ask(house.run_dir, id, ASK_LIMIT_S)
        except NoAnswer as silence:
            told["no_answer"] = str(silence)
    if node is None and told["inspection"] is None:
        raise Problem(404, str(told["no_answer"]))
    told["log"] = last_lines(
        log_files(house.run_dir), LOG_LINES, None, f'"actor": "{id}"'.encode(),
        lambda line: line.get("actor") == id,
    )[0]  # fmt: skip
    return Answer(told)


def restart(call: Call) -> Answer:
    """Ask the supervisor of an actor to stop it in order and start it anew."""
    node = _worker(call)
    order = RestartOrder(node.id, node.pid, call.person.name, _why(call))
    try:
        taken = _is_taken(put(call.house.run_dir, order))
    except OSError as error:
        raise Problem(503, f"the order cannot be written: {error.strerror}") from None
    if not taken:
        words = f"the supervisor of {node.id} did not take the order within {TAKEN_LIMIT_S:g} s"
        _note(call, f"restart {node.id}", words)
        raise Problem(503, words)
    _note(call, f"restart {node.id}", f"taken, process {node.pid}")
    return Answer({"id": node.id, "order": "restart", "pid": node.pid}, status=202)


def kill(call: Call) -> Answer:
    """Kill an actor's process without warning, to see it heal; in a demonstration alone."""
    if not call.house.web.demo:
        raise Problem(403, "actors are killed in a demonstration only: `start.py demo`")
    node = _worker(call)
    if node.pid == os.getpid():
        words = f"{node.id} serves this very page and could not answer; it can be restarted"
        raise Problem(409, words)
    try:
        handle = os.pidfd_open(node.pid)
        try:
            # Looked at after the handle was taken, so it is the handle's process.
            if not _is_of_run(node.pid):
                raise Problem(409, f"process {node.pid} of {node.id} is none of this run")
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)
    except OSError as error:
        raise Problem(409, f"process {node.pid} of {node.id}: {error.strerror}") from None
    _note(call, f"kill {node.id}", f"killed process {node.pid}")
    return Answer({"id": node.id, "order": "kill", "pid": node.pid}, status=202)


def _worker(call: Call) -> Node:
    id = call.values["id"]
    node = find(call.house.floor.tree(), id)
    if node is None:
        raise Problem(404, f"the tree has no {id}")
    if node.kind == "supervisor":
        raise Problem(409, f"{id} is a supervisor; name one of its actors")
    if not node.pid or node.phase != "up":
        raise Problem(409, f"{id} is {node.phase}, wanted one that works")
    return node


def _is_of_run(pid: int) -> bool:
    """Return whether a process belongs to the group of all actors of this run."""
    try:
        return os.getpgid(pid) == os.getpgrp()
    except ProcessLookupError:
        return False


def _is_taken(order: Path) -> bool:
    """Wait until the order is gone; one that nobody took is taken back."""
    until_s = monotonic() + TAKEN_LIMIT_S
    while monotonic() < until_s:
        if not order.exists():
            return True
        sleep(LOOK_S)
    try:
        order.unlink()
    except FileNotFoundError:  # Taken at the last moment.
        return True
    return False


def _why(call: Call) -> str:
    return str(call.body.get("reason") or "no reason given")


def _note(call: Call, action: str, outcome: str) -> None:
    call.house.audit.note(call.person, call.remote, action, _why(call), outcome)


def _loaded(node: Node, loads: dict[str, Load]) -> dict[str, Any]:
    return node_section(node) | {
        "load": loads[node.id],
        "children": [_loaded(child, loads) for child in node.children],
    }
