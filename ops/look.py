"""The commands that look at a running floor from outside, and the one that stops it."""

import getpass
import json
import os
import secrets
import select
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from protocol.commands import Action, CommandGiven
from protocol.settings import Settings
from protocol.units import Nanos
from supervision.bodies import lives
from supervision.inspection import ask, tell
from supervision.runfile import RUN_FILE, Run, read_run
from supervision.status import Node, fold, read_documents

DESK = "desk"  # It takes commands.
STOP_LIMIT_S = 60.0
EXIT_STILL_RUNNING = 75


class NotRunning(RuntimeError):
    """No floor runs that could be asked."""


def latest_run(settings: Settings) -> Path:
    """Return the directory of the running floor, the one started last if there are several."""
    base = Path(settings.run.directory).resolve()
    runs = [(run.started_ns, path.parent) for path, run in _runs(base) if lives(run.host)]
    if not runs:
        raise NotRunning(f"no floor runs in {base}: start one with `python3 start.py demo`")
    return max(runs)[1]


def _runs(base: Path) -> Iterator[tuple[Path, Run]]:
    for path in base.glob(f"*/{RUN_FILE}"):
        run = read_run(path.parent)
        if run is not None:
            yield path, run


def inspection(settings: Settings, actor: str) -> dict[str, Any]:
    """Return the state of an actor of the running floor."""
    return ask(latest_run(settings), actor)


def tell_floor(
    settings: Settings, action: Action, cause: str, reason: str, console: Console
) -> int:
    """Tell the running floor something; returns once that is recorded."""
    run_dir = latest_run(settings)
    command = CommandGiven(
        id=secrets.token_hex(12),
        ts_ns=Nanos(time.time_ns()),
        action=action,
        cause=cause,
        who=f"{getpass.getuser()} at the command line",
        reason=reason,
    )
    tell(run_dir, DESK, command)
    console.print(f"recorded: {action} ({reason}) in {run_dir}")
    return 0


def stop_floor(settings: Settings, console: Console) -> int:
    """Ask the running floor to stop and wait until it has ended."""
    run_dir = latest_run(settings)
    run = read_run(run_dir)
    if run is not None:
        handle = os.pidfd_open(run.host.pid)
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        select.select([handle], [], [], STOP_LIMIT_S)
        os.close(handle)
        if lives(run.host):
            console.print(f"{run_dir} still stops after {STOP_LIMIT_S} s")
            return EXIT_STILL_RUNNING
    console.print(f"stopped {run_dir}")
    return 0


def show_tree(settings: Settings, console: Console, as_json: bool) -> int:
    """Print the processes of the running floor."""
    run_dir = latest_run(settings)
    node = fold(read_documents(run_dir), "root", time.monotonic_ns())
    if as_json:
        console.print_json(json.dumps(None if node is None else asdict(node), default=str))
    elif node is not None:
        console.print(branch(node))
    return 0


def branch(node: Node, into: Tree | None = None) -> Tree:
    """Return a node and all below it as a tree for the terminal."""
    words = f"[{node.health}]\u25cf[/] [bold]{node.id}[/bold] {node.phase}"
    if node.pid:
        words += f"  pid {node.pid}  {node.memory_bytes / 1e6:.0f} MB"
    words += f"  restarts {node.restarts}"
    if node.kind != "supervisor":
        words += f"  in {node.messages_in:,}  out {node.messages_out:,}  cut {node.cut}"
    if node.failure is not None:
        words += f"  [dim]last: {escape(str(node.failure.get('reason', '')))[:60]}[/dim]"
    tree = Tree(words) if into is None else into.add(words)
    for child in node.children:
        branch(child, tree)
    return tree
