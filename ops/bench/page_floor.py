"""A floor on which everything about its page is measured, one thing after the other.

It trades a replay at ten times its own pace, with an order nearly every second of it, so the page
has more to tell than on any real day. What open pages cost is measured in turns: without, with,
without, so that what else the machine does falls upon both alike, and shows as noise.
"""

import dataclasses
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from ops.bench import page_browser
from ops.bench.floor import Walk, eager, fresh_run
from ops.bench.page_visits import Told, browsed_ms, clients, glances_ms, unwell
from ops.bench.page_weight import File, files_of
from ops.bench.row import percentile
from ops.live import data_directory, page, play
from protocol.settings import Settings
from protocol.web_settings import WebSettings
from supervision.inspection import ask
from supervision.status import Node, all_green, fold, read_documents

SPEED = 10
RATE = 600  # Trades per second of the wall clock.
CLIENTS = 50
PAGES = ("/", "/market")  # The main one, and the heaviest, which has the charts.
CONNECTING_S = 1.0  # The first decisions fall while the floor is still connecting.
QUIET_S = 0.4  # After clients have come or gone, before anything is measured.
REST_S = 60  # Tape for what is measured after the turns.
Script = Generator[bool, None, None]
Timed = Generator[bool, None, list[float]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    turns: int
    turn_s: float
    glances: int
    visits: int


@dataclass
class Figures:
    """What was found on the floor."""

    alone_ms: list[list[float]] = field(default_factory=list)  # From feed to broker, by turn.
    crowded_ms: list[list[float]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    green: bool = True
    restarts: int = 0
    glances_ms: list[float] = field(default_factory=list)
    files: dict[str, list[File]] = field(default_factory=dict)
    visits_ms: list[dict[str, float]] = field(default_factory=list)

    def unwell(self) -> int:
        """Return how many clients were not told everything."""
        return sum(map(unwell, self.told))

    def ratio(self) -> float:
        """Return the median latency with open pages, in medians without."""
        return _median(self.crowded_ms) / _median(self.alone_ms)

    def noise(self) -> float:
        """Return how far the turns without pages differ: the slowest median in fastest ones."""
        medians = [percentile(turn, 50) for turn in self.alone_ms]
        return max(medians) / min(medians)


def _median(turns: list[list[float]]) -> float:
    return percentile([ms for turn in turns for ms in turn], 50)


def measured(settings: Settings, plan: Plan, directory: Path) -> Figures:
    """Play a floor and measure its page; a floor that is lost, or stands still, is an error."""
    # The clients have neither users nor TLS.
    web = WebSettings(port=0, users_file="", clients_max=CLIENTS)
    chosen = dataclasses.replace(eager(settings, SPEED), web=web)
    found = Figures()
    with fresh_run(directory) as run_dir:
        seconds = REST_S + (2 * plan.turns + 1) * (round(plan.turn_s) + 3)
        walk = Walk(RATE // SPEED, seconds * SPEED, seed=9)
        rule = TapeRule.of(chosen.feed, chosen.bars)
        write_tape(data_directory(run_dir) / "tape.frames", tape(walk, rule))
        script = _script(run_dir, plan, found)
        code, _ = play(chosen, run_dir, partial(next, script, True))
        if code != 0:
            raise RuntimeError(f"the run in {run_dir} ended with {code}, wanted 0")
    return found


def _script(run_dir: Path, plan: Plan, found: Figures) -> Script:
    """Yield False as long as something is left to measure; in between the host looks around."""
    yield from _wait(CONNECTING_S)
    url = page(run_dir)
    for _ in range(plan.turns):
        found.alone_ms.append((yield from _decisions_ms(run_dir, plan.turn_s)))
        with clients(url, CLIENTS) as opened:
            found.crowded_ms.append((yield from _decisions_ms(run_dir, plan.turn_s)))
        found.told.append(opened.told)
    found.alone_ms.append((yield from _decisions_ms(run_dir, plan.turn_s)))
    found.glances_ms = glances_ms(run_dir, plan.glances)
    yield False
    found.files = {path: files_of(url + path) for path in PAGES}
    if not page_browser.missing():
        found.visits_ms = browsed_ms(f"{url}/", plan.visits)
    yield False
    tree = fold(read_documents(run_dir), "root", time.monotonic_ns())
    found.green = all_green(tree)
    found.restarts = restarts(tree)


def _decisions_ms(run_dir: Path, seconds: float) -> Timed:
    """Wait for so long; return how long each decision took from feed to broker and back."""
    yield from _wait(QUIET_S)
    before = len(ask(run_dir, "feed")["state"]["settle_ns"])
    yield from _wait(seconds)
    times = [ns / 1e6 for ns in ask(run_dir, "feed")["state"]["settle_ns"][before:]]
    if not times:
        raise RuntimeError(f"no decision within {seconds:g} s, wanted {SPEED} a second")
    return times


def _wait(seconds: float) -> Script:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        yield False


def restarts(node: Node | None) -> int:
    """Return how often a process and those below it have been started again."""
    return 0 if node is None else node.restarts + sum(map(restarts, node.children))
