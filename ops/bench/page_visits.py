"""Visits the page of a floor from other processes, as people do: by websocket and by browser."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.bench.page_client import MARKED, OPEN
from ops.live import page
from protocol.commands import Action, CommandGiven
from protocol.units import Nanos
from supervision.inspection import tell

ROOT = Path(__file__).resolve().parents[2]
PAUSES_S = (0.01, 0.12)  # Between marks: they must fall anywhere between two looks of the page.
SEEN_S = 1.0  # Given to the last mark to be seen.
LIMIT_S = 60.0
Told = Sequence[Mapping[str, Any]]


@dataclass
class Clients:
    """A process with websocket clients, all of them open."""

    child: subprocess.Popen[str]
    told: Told = ()

    def close(self) -> None:
        """Close the clients and take what they were told."""
        said, _ = self.child.communicate(timeout=LIMIT_S)
        if self.child.returncode != 0:
            raise RuntimeError(f"the clients ended with {self.child.returncode}, wanted 0")
        self.told = json.loads(said)


@contextmanager
def clients(url: str, count: int) -> Iterator[Clients]:
    """Open `count` clients of the page at `url`; what they were told is there afterwards."""
    command = [sys.executable, "-m", "ops.bench.page_client", url, str(count)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            said = child.stdout.readline().strip()
            if said != OPEN:
                raise RuntimeError(f"{count} clients of {url} said {said!r}, wanted {OPEN!r}")
            opened = Clients(child)
            yield opened
            opened.close()
        finally:
            child.kill()


def unwell(told: Told) -> int:
    """Return how many clients lacked the snapshot or the changes, or any one of them."""
    return sum(
        one["snapshots"] != 1 or not one["changes"] or bool(one["lost"] or one["behind"])
        for one in told
    )


def glances_ms(run_dir: Path, count: int) -> list[float]:
    """Return how long after its command each mark was on the page; fewer than `count`: not all.

    The clock starts before the desk is told, so its recording is in the figure. A resume where
    nothing is halted changes nothing, and the desk keeps it like every other command.
    """
    dice, sent = random.Random(count), []
    with clients(page(run_dir), 1) as opened:
        for number in range(count):
            time.sleep(dice.uniform(*PAUSES_S))
            sent.append(time.monotonic_ns())
            tell(run_dir, "desk", mark(number))
        time.sleep(SEEN_S)
    return seen_after_ms(sent, opened.told[0]["marks"])


def mark(number: int) -> CommandGiven:
    """Return a command that changes nothing and is found again by its number."""
    return CommandGiven(
        id=f"{MARKED}{number}",
        ts_ns=Nanos(time.time_ns()),
        action=Action.RESUME,
        cause="",
        who="bench",
        reason="to see it on the page",
    )


def seen_after_ms(sent: Sequence[int], marks: Mapping[str, int]) -> list[float]:
    """Return how long after it was sent each mark was seen, in ms; unseen ones are left out."""
    return [
        (marks[str(number)] - at) / 1e6 for number, at in enumerate(sent) if str(number) in marks
    ]


def browsed_ms(url: str, count: int) -> list[dict[str, float]]:
    """Open the page `count` times in a browser; return when it was painted and when live."""
    command = [sys.executable, "-m", "ops.bench.page_browser", url, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S)
    if done.returncode != 0:
        raise RuntimeError(f"the browser ended with {done.returncode}: {done.stderr[-2000:]}")
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found
