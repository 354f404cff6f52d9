"""Measures a floor in service: its start, its memory, and the return of killed and hung actors."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from ops.config import settings_json
from ops.live import FLOOR, data_directory
from protocol.instruments import root_of
from protocol.settings import Settings
from supervision import bodies
from supervision.inspection import NoAnswer, ask
from supervision.runfile import read_run
from supervision.status import Node, all_green, fold, read_documents

LIMIT_S = 60.0
REACH_BACK_S = 0.5


@dataclass
class Served:
    """A running floor of its own process, and what can be measured on it."""

    run_dir: Path
    host: subprocess.Popen[bytes]
    green_s: float

    def look(self) -> Node | None:
        return fold(read_documents(self.run_dir), "root", time.monotonic_ns())

    def workers(self) -> list[Node]:
        """Return the actors, supervisors left out."""
        return [node for node in every(self.look()) if node.kind != "supervisor"]

    def kill_times_s(self, count: int) -> list[float]:
        """Kill actors in turn; return how long each took to be back where it was."""
        names = [node.id for node in self.workers() if node.id != "web"]
        return [self._back_s(names[n % len(names)], signal.SIGKILL) for n in range(count)]

    def hang_times_s(self, count: int) -> list[float]:
        """Stop actors in turn; return how long each took to be found, killed and back."""
        names = [node.id for node in self.workers() if node.id != "web"]
        return [self._back_s(names[n % len(names)], signal.SIGSTOP) for n in range(count)]

    def _back_s(self, id: str, how: signal.Signals) -> float:
        _until(lambda: all_green(self.look()), f"all green before {id} is hit")
        before = next(node for node in self.workers() if node.id == id)
        reads = ask(self.run_dir, id)["reads"]
        began = time.perf_counter()
        os.kill(before.pid, how)
        _until(lambda: self._is_back(id, before.incarnation, reads), f"{id} is back")
        return time.perf_counter() - began

    def _is_back(self, id: str, incarnation: int, reads: dict[str, int]) -> bool:
        try:
            state = ask(self.run_dir, id, 0.2)
        except NoAnswer:
            return False
        # Its last cut would not do: who has it on file waits for the next one to say so.
        return bool(state["incarnation"] > incarnation) and all(
            state["reads"].get(source, 0) >= number for source, number in reads.items()
        )

    def _bodies(self) -> list[bodies.Body]:
        run = read_run(self.run_dir)
        return [] if run is None else [*bodies.group(run.group), run.host]

    @property
    def processes(self) -> int:
        return len(self._bodies())

    def pss_mb(self) -> float:
        """Return the proportional memory of every process of the run."""
        total = 0
        for one in self._bodies():
            for line in Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1000


def every(node: Node | None) -> Iterator[Node]:
    """Yield a process and all below it."""
    if node is not None:
        yield node
        for child in node.children:
            yield from every(child)


def _until(condition: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"not within {LIMIT_S:.0f} s: {what}")
        time.sleep(0.001)


@contextmanager
def served(settings: Settings, directory: Path) -> Iterator[Served]:
    """Start the floor as `start.py run` does, on a simulated session, and stop it afterwards."""
    chosen = dataclasses.replace(
        settings,
        run=dataclasses.replace(settings.run, directory=str(directory)),
        feed=dataclasses.replace(settings.feed, speed=60.0),
        web=dataclasses.replace(settings.web, port=0),
        # Each kill counts alone: the pause before a restart doubles with every recent death, and
        # here actors die for an hour's worth in a minute.
        supervision=dataclasses.replace(
            settings.supervision, restarts_max=100_000, period_s=1
        ),
    )
    run_dir = directory / FLOOR
    feed = chosen.feed
    session = SimulatedSession(root_of(feed.symbol), feed.seed, feed.session_trades)
    rule = TapeRule.of(feed, chosen.bars)
    write_tape(data_directory(run_dir) / "tape.frames", tape(session, rule))
    (directory / "settings.json").write_text(settings_json(chosen))
    began = time.perf_counter()
    command = [sys.executable, "-m", "ops.bench.serve", str(directory / "settings.json")]
    root = Path(__file__).resolve().parents[2]
    host = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL)
    floor = Served(run_dir, host, 0.0)
    try:
        _until(lambda: all_green(floor.look()), "all green")
        floor.green_s = time.perf_counter() - began
        yield floor
    finally:
        host.terminate()
        host.wait(LIMIT_S)
        shutil.rmtree(run_dir)


def served_settings(path: Path) -> dict[str, Any]:
    """Read the settings that `served` wrote."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found
