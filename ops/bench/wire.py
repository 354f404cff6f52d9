"""Measures the two planes: actor messages of Thespian, and numbered streams."""

import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ops.bench.program import answer
from protocol.codec import encode
from protocol.message import Message
from protocol.settings import Settings
from protocol.system import Alarm, Start
from protocol.units import Nanos
from supervision.flow import MemoryWindow, Window
from supervision.inspection import ask
from supervision.shell import Shell, SinkShell
from supervision.streams import StreamWorker

LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Wire:
    """What a plane carries."""

    p50_ms: float
    per_s: float
    flood_per_s: float = 0.0


def thespian(count: int, *, stock: bool, limit_s: float = LIMIT_S) -> Wire:
    """Measure Thespian in a process of its own: as it comes, or cured and authenticated."""
    command = [sys.executable, "-m", "ops.bench.actors", str(count), "stock" if stock else "ours"]
    root = Path(__file__).resolve().parents[2]
    return Wire(**json.loads(answer(command, limit_s, root)))


def stream(count: int) -> Wire:
    """Measure a publisher and a reader in two processes, and asking for state."""
    with tempfile.TemporaryDirectory(prefix="fw-wire-") as run_dir:
        with _process("source", (), run_dir, count), _process("sink", ("source",), run_dir, count):
            state = ask(run_dir, "sink", LIMIT_S)
            while state["state"]["kept"] < count:
                state = ask(run_dir, "sink", LIMIT_S)
            trips = sorted(_timed(run_dir) for _ in range(200))
    return Wire(p50_ms=trips[len(trips) // 2] * 1e3, per_s=state["state"]["per_s"])


def _timed(run_dir: str) -> float:
    began = time.perf_counter()
    ask(run_dir, "source", LIMIT_S)
    return time.perf_counter() - began


@contextmanager
def _process(id: str, reads: tuple[str, ...], run_dir: str, count: int) -> Iterator[None]:
    context = multiprocessing.get_context("fork")
    opened = context.Event()
    worker = context.Process(target=_work, args=(id, reads, run_dir, count, opened), daemon=True)
    worker.start()
    if not opened.wait(LIMIT_S):
        raise TimeoutError(f"{id} did not open within {LIMIT_S} s")
    try:
        yield
    finally:
        worker.kill()
        worker.join()


def _work(id: str, reads: tuple[str, ...], run_dir: str, count: int, opened: Any) -> None:
    shell = SourceShell(count) if id == "source" else CountShell()
    start = Start(
        id=id,
        incarnation=1,
        start="bench",
        reads=reads,
        run_dir=run_dir,
        settings=json.dumps(asdict(Settings())),
    )
    worker = StreamWorker(shell, start)
    worker.open()
    opened.set()
    while True:
        worker.wake(time.monotonic_ns())


class SourceShell(Shell):
    """Publishes `count` messages of about a hundred bytes."""

    joined = False

    def __init__(self, count: int) -> None:
        self._window: MemoryWindow[bytes] = MemoryWindow()
        alarm = Alarm(source="bench", code="none", ts_ns=Nanos(2**60), text="x" * 60)
        for _ in range(count):
            self._window.append(encode(alarm))

    def window(self) -> Window[bytes] | None:
        return self._window


class CountShell(SinkShell):
    """Counts what arrives, and how fast."""

    def __init__(self) -> None:
        self.kept = 0
        self.began = self.ended = 0.0

    def resume(self) -> dict[str, int]:
        return {}

    def keep(self, source: str, seq: int, message: Message) -> None:
        self.ended = time.perf_counter()
        self.began = self.began or self.ended
        self.kept += 1

    def inspect(self) -> dict[str, Any]:
        span = self.ended - self.began
        return {"kept": self.kept, "per_s": self.kept / span if span else 0.0}
