"""How long a killed actor is away when it has weeks behind it, and if it had to read them again."""

import dataclasses
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from ops.bench.floor import WEEKS, Weekly, fresh_run, play_through
from ops.bench.row import Row
from ops.bench.service import REACH_BACK_S, every
from protocol.settings import Settings
from supervision.inspection import NoAnswer, ask
from supervision.status import fold, read_documents

# Whose state grows with what was read or recorded. The rest keeps how far it has come.
ACTORS = ("bars", "detector", "regime", "router", "risk", "desk", "broker")
LIMIT_S = 60.0
LOOK_S = 0.001
NEVER_MS = 3_600_000  # Of work between two copies.


def late_rows(
    settings: Settings, recorded: Path | None, directory: Path, *, quick: bool
) -> Iterator[Row]:
    """Kill each actor once, at the end of a day recorded and told again week after week."""
    if recorded is None:
        yield Row("killed behind a recorded day", "not measured: no recording here", "")
        return
    weeks = 1 if quick else WEEKS
    anew = dataclasses.replace(settings.supervision, checkpoint_ms=NEVER_MS)
    times = back_times_s(settings, recorded, weeks, directory)
    again = back_times_s(
        dataclasses.replace(settings, supervision=anew), recorded, weeks, directory
    )
    worst = max(times, key=times.__getitem__)
    longest = sorted(again, key=again.__getitem__)[-3:]
    yield Row(
        f"killed to back with its state, {len(times)} actors behind {weeks} recorded days",
        f"worst {times[worst]:.3f} s ({worst})",
        f"{REACH_BACK_S} s; reading again what was read: "
        + ", ".join(f"{name} {again[name]:.2f} s" for name in longest),
        times[worst] < REACH_BACK_S,
    )


def back_times_s(
    settings: Settings, recorded: Path, weeks: int, directory: Path
) -> dict[str, float]:
    """Return by actor how long it was away: until it had published as much as before."""
    times: dict[str, float] = {}
    with fresh_run(directory) as run_dir:
        source = Weekly.of(recorded, weeks, run_dir / "quarantine")

        def at_the_end() -> None:
            for actor in ACTORS:
                times[actor] = _back_s(run_dir, actor)

        play_through(settings, source, run_dir, at_the_end)
    return times


def _back_s(run_dir: Path, actor: str) -> float:
    before = ask(run_dir, actor)
    root = fold(read_documents(run_dir), "root", time.monotonic_ns())
    assert root is not None
    pid = next(node.pid for node in every(root) if node.id == actor)
    began_s = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    while not _is_back(run_dir, actor, before["incarnation"], before["published"]):
        if time.perf_counter() - began_s > LIMIT_S:
            raise TimeoutError(f"{actor} was not back {LIMIT_S:.0f} s after it was killed")
        time.sleep(LOOK_S)
    return time.perf_counter() - began_s


def _is_back(run_dir: Path, actor: str, incarnation: int, published: int) -> bool:
    try:
        state = ask(run_dir, actor, 0.2)
    except NoAnswer:
        return False
    return bool(state["incarnation"] > incarnation and state["published"] >= published)
