"""A run under test: its host in a process of its own, and what a test may ask and do."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic, monotonic_ns, sleep
from typing import Any, TypeVar

import psutil  # type: ignore[import-untyped]

from protocol.settings import Settings
from supervision import bodies
from supervision.runfile import Run, read_run
from supervision.spec import ChildSpec, SupervisorSpec, to_json
from supervision.status import Node, all_green, fold, read_documents
from supervision.tree import floor
from tests.system.feeds import LIMIT
from tests.system.hosting import GREEN
from tests.system.workers import LEDGER

ROOT = Path(__file__).parents[2]
HELD = "tests.system.feeds.HeldFeedShell"
T = TypeVar("T")


def until(condition: Callable[[], T], what: str, limit_s: float = 15.0) -> T:
    """Return the first true result of `condition`; fail after the limit. The only waiting here."""
    limit = monotonic() + limit_s
    while not (result := condition()):
        assert monotonic() < limit, f"not within {limit_s} s: {what}"
        sleep(0.002)
    return result


class Running:
    """One hosted tree."""

    def __init__(
        self, tree: SupervisorSpec, method: str, settings: dict[str, Any], port: int, run_dir: Path
    ) -> None:
        self.tree = tree
        self.run_dir = run_dir
        (run_dir / "wanted.json").write_text(to_json(tree))
        (run_dir / "settings.json").write_text(json.dumps(settings))
        self._output = open(run_dir / "output.txt", "wb")
        self.host = subprocess.Popen(
            [sys.executable, "-m", "tests.system.hosting", str(run_dir), method, str(port)],
            cwd=ROOT,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "THESPLOG_FILE": str(run_dir / "thespian.log")},
        )
        self._seen: set[bodies.Body] = set()

    def wait_green(self) -> None:
        def green_or_dead() -> bool:
            assert self.host.poll() is None, f"the host ended: {self.output()}"
            return (self.run_dir / GREEN).exists()
        until(green_or_dead, "all green", 35)
        self.note()

    def look(self) -> Node:
        node = fold(read_documents(self.run_dir), self.tree.id, monotonic_ns())
        assert node is not None
        self.note()
        return node

    def node(self, id: str) -> Node:
        return next(node for node in _all(self.look()) if node.id == id)

    def pid(self, id: str) -> int:
        return self.node(id).pid

    def run(self) -> Run:
        run = read_run(self.run_dir)
        assert run is not None
        return run

    def tell(self, id: str, word: str) -> None:
        """Write a word to a worker's FIFO, which wakes it."""
        handle = os.open(self.run_dir / f"{id}.fifo", os.O_WRONLY | os.O_NONBLOCK)
        os.write(handle, word.encode())
        os.close(handle)

    def let(self, cuts: int | None) -> None:
        """Let a held market go on until there are so many cuts; with None to its end."""
        if cuts is None:
            (self.run_dir / LIMIT).unlink(missing_ok=True)
        else:
            limit(self.run_dir, cuts)

    def ledger(self, event: str = "", id: str = "") -> list[dict[str, Any]]:
        entries = _lines(self.run_dir / LEDGER)
        return [e for e in entries if event in ("", e["event"]) and id in ("", e["id"])]

    def alarms(self, code: str = "") -> list[dict[str, Any]]:
        return [a for a in _lines(self.run_dir / "alarms.jsonl") if code in ("", a["code"])]

    def wait_open(self, id: str, incarnation: int, limit_s: float = 15.0) -> dict[str, Any]:
        """Return the ledger's entry of the moment at which this life was open."""
        def entries() -> list[dict[str, Any]]:
            return [e for e in self.ledger("open", id) if e["incarnation"] == incarnation]
        return until(entries, f"{id} open in life {incarnation}", limit_s)[0]

    def wait_all_green(self, limit_s: float = 15.0) -> None:
        until(lambda: all_green(self.look()), f"all green again; alarms {self.alarms()}", limit_s)

    def wait_end(self, limit_s: float = 30.0) -> int:
        """Return the exit code of the host."""
        return self.host.wait(limit_s)

    def output(self) -> str:
        return (self.run_dir / "output.txt").read_text()

    def note(self) -> None:
        """Remember every process of the run, to look for survivors at the end."""
        run = read_run(self.run_dir)
        if run is not None:
            self._seen.update(bodies.group(run.group))
            self._seen.update(bodies.descendants(self.host.pid))

    def wait_empty(self, limit_s: float = 2.0) -> None:
        """Fail if a process of the run lives on. Python's own helper of the host under spawn, the
        resource tracker, ends a moment after the host, when its pipe closes."""
        until(lambda: not self.survivors(), "no process of the run is left", limit_s)

    def survivors(self) -> list[bodies.Body]:
        return [one for one in self._seen if bodies.lives(one)]

    def end(self) -> list[str]:
        """End what is left; return who should not have been there."""
        self.note()
        if self.host.poll() is None:
            os.kill(self.host.pid, signal.SIGTERM)
            try:
                self.host.wait(20)
            except subprocess.TimeoutExpired:
                os.kill(self.host.pid, signal.SIGKILL)
                self.host.wait(5)
        self._output.close()
        limit = monotonic() + 2.0
        while self.survivors() and monotonic() < limit:
            sleep(0.002)
        left = [f"{one.pid} {_name(one.pid)}" for one in self.survivors()]
        for one in self.survivors():
            bodies.kill(one)
        return left


R = TypeVar("R", bound=Running)


@contextmanager
def running(
    tree: SupervisorSpec,
    method: str,
    settings: dict[str, Any] | None = None,
    port: int = 0,
    green: bool = True,
) -> Iterator[Running]:
    """Host a tree for the time of a test; whoever survives it is ended, and the test fails."""
    with tempfile.TemporaryDirectory(prefix="floorwatch-") as directory:
        run = Running(tree, method, settings or {}, port, Path(directory))
        try:
            if green:
                run.wait_green()
            yield run
        except BaseException:
            print(run.output(), *run.alarms(), sep="\n")
            raise
        finally:
            left = run.end()
        assert not left, f"processes outlived the run: {left}"


@contextmanager
def floor_in(
    directory: Path, settings: Settings, kind: type[R] = Running, cuts: int | None = None
) -> Iterator[R]:
    """Host the whole floor on what lies in a directory; nothing of it may outlive the test.

    With `cuts` its market stands when there are so many, until it is let go on.
    """
    (directory / GREEN).unlink(missing_ok=True)  # Of an earlier start.
    tree = floor(settings.supervision)
    if cuts is not None:
        limit(directory, cuts)
        tree = held(tree)
    run = kind(tree, "fork", asdict(settings), 0, directory)
    try:
        run.wait_green()
        yield run
    except BaseException:
        print(run.output(), *run.alarms()[-20:], sep="\n")
        raise
    finally:
        left = run.end()
    assert not left, f"processes outlived the run: {left}"


def held(tree: SupervisorSpec) -> SupervisorSpec:
    """Return the tree with a market that can be held."""

    def of(child: ChildSpec | SupervisorSpec) -> ChildSpec | SupervisorSpec:
        if isinstance(child, SupervisorSpec):
            return held(child)
        return replace(child, start=HELD) if child.id == "feed" else child

    return replace(tree, children=tuple(map(of, tree.children)))


def limit(directory: Path, cuts: int) -> None:
    """Write how many cuts there may be, in one step: the feed looks every millisecond."""
    draft = directory / f"{LIMIT}.tmp"
    draft.write_text(str(cuts))
    draft.rename(directory / LIMIT)


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a file that others append to; the last may still be growing."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.rpartition("\n")[0].splitlines()]


def _name(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return "just gone"
