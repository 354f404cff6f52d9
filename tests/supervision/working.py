"""A worker on a thread of the test, woken by its descriptors as its process would wake it."""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time_ns

from ops.config import settings_json
from protocol.settings import Settings
from protocol.system import Start
from supervision.shell import Shell
from supervision.streams import StreamWorker

LIMIT_S = 30.0


@contextmanager
def working(run_dir: Path, id: str, shell: Shell) -> Iterator[None]:
    """Let `shell` work as actor `id` of the run; it is closed in order at the end."""
    (run_dir / "sockets").mkdir(mode=0o700, exist_ok=True)
    start = Start(
        id=id,
        incarnation=1,
        start=f"{type(shell).__module__}.{type(shell).__name__}",
        reads=(),
        run_dir=str(run_dir),
        settings=settings_json(Settings()),
    )
    ready, done = threading.Event(), threading.Event()

    def work() -> None:
        worker = StreamWorker(shell, start)
        worker.open()
        ready.set()
        while not done.is_set():
            worker.wake(time_ns())
            select.select(worker.descriptors(), (), (), worker.tick_s())
        worker.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(LIMIT_S)
    try:
        yield
    finally:
        done.set()
        thread.join(LIMIT_S)
