"""A floor served to a real browser: the system's Chromium, steered by Playwright."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from protocol.settings import BarSettings, Settings
from protocol.units import NANOS_PER_S
from protocol.web_settings import WebSettings
from tests.makers import (
    at,
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_opened,
    make_regime,
    make_signal,
)
from tests.web.rooms import child, keep, make_run, write_status
from web.app import Server
from web.floor import Floor
from web.replica import Replica

CHROMIUM = Path("/usr/bin/chromium")
LIMIT_MS = 10_000
POLL_MS = 20
BARS = 30
DESKTOP = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}
SERIES = BarSettings(series=("time:300", "time:60"))
Call = Callable[..., Any]
CALL = """async ([path, name, values]) =>
  (await import(`/static/js/${path}`))[name](...values)"""


class Served(Protocol):
    """Whatever has pages."""

    url: str


@dataclass
class Room:
    """A served run; it can go away and come back where it was."""

    run_dir: Path
    password: str
    users_file: str = ""
    floor: Floor = field(init=False)
    server: Server = field(init=False)
    url: str = ""
    later_s: float = 0.0  # How far the clock of the server is ahead.

    def open(self, port: int = 0) -> None:
        """Serve the run."""
        self.floor = Floor(self.run_dir, Replica(250_000))
        for message in (*bars(), make_regime(ts_ns=bars()[-1].end_ns), make_signal()):
            self.floor.fold(message)
        own = WebSettings(
            port=port, users_file=self.users_file, password=self.password, demo=True
        )
        self.server = Server(
            self.floor, Settings(bars=SERIES, web=own), lambda: time.time() + self.later_s
        )
        self.url = f"http://127.0.0.1:{self.server.start()}"

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


def bars() -> list[Any]:
    """Return bars of five minutes from 09:30 on, rising a tick each."""
    first = at("09:30")
    return [
        make_bar(
            low=20_000 + index,
            sells=(10, 40 + index, 12, 3),
            buys=(2, 15, 60, 31),
            start_ns=first + 300 * index * NANOS_PER_S,
            end_ns=first + 300 * (index + 1) * NANOS_PER_S,
            cvd=43 * (index + 1),
        )
        for index in range(BARS)
    ]


@pytest.fixture(scope="package")
def browser(still: Room) -> Iterator[Any]:
    """A browser for the tests beside this file; its loop would be in the way of any others.

    All pages share one process and one cache, and a page that is never looked at keeps both alive
    between the tests: a page that opens then takes two thirds of the time.
    """
    with chromium() as context:
        context.new_page().goto(f"{still.url}/static/icon.svg")
        yield context


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the system's browser; where there is none, skip, or fail where it has to be."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        assert not os.environ.get("CI"), f"{CHROMIUM} is missing: the pages would go untested"
        pytest.skip(f"{CHROMIUM} is missing: the pages are not looked at")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--process-per-site"],
        )
        yield found.new_context(viewport=DESKTOP)
        found.close()


def serve(path: Path, password: str = "", users_file: str = "") -> Iterator[Room]:
    """Yield a served run with bars, a tree of three and two alarms."""
    run_dir = make_run(path)
    alarm = '{"source": "market", "code": "child_restarted", "ts_ns": 1000000, "text": "bars"}\n'
    (run_dir / "alarms.jsonl").write_text(alarm)
    failure = {"death": "crashed", "reason": "ValueError: 7", "traceback": "Tb", "ts_ns": 10**9}
    write_status(run_dir, "root", child("market", "supervisor"), child("desk"), child("books"))
    write_status(run_dir, "market", child("feed"), child("bars", failure=failure, restarts=1))
    keep(run_dir, {"bars": bars()})
    room = Room(run_dir, password, users_file)
    room.open()
    yield room
    room.server.stop()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A run of its own for a test that changes it."""
    yield from serve(tmp_path)


@pytest.fixture(scope="package")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A run that is only looked at."""
    yield from serve(tmp_path_factory.mktemp("run"))


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Room]:
    """A run behind a password."""
    yield from serve(tmp_path, "correct horse battery")


NETS = (29_550, -20_450, 4_550, -12_950)


@pytest.fixture(scope="package")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A run with four round trips in its books."""
    path = tmp_path_factory.mktemp("run")
    for room in serve(path):
        ids = range(len(NETS))
        brackets = [make_bracket(bracket_id=f"b{id}", signal_id=f"s{id}") for id in ids]
        desk = []
        for id, net in enumerate(NETS):
            ends = at(f"1{id}:20")
            desk.append(make_opened(bracket_id=f"b{id}", ts_ns=ends - 10**11))
            desk.append(
                make_closed(bracket_id=f"b{id}", ts_ns=ends, pnl_cents=net, exec_id=f"e{id}")
            )
        raised = [make_signal(id=f"s{id}", ts_ns=at(f"1{id}:00")) for id in ids]
        approved = [make_approved(signal_id=f"s{id}", ts_ns=at(f"1{id}:00")) for id in ids]
        keep(path, {"desk": desk, "risk": brackets, "detector": raised, "router": approved})
        yield room


@pytest.fixture(scope="package")
def signalled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A run with more signals in its books than come at once."""
    path = tmp_path_factory.mktemp("run")
    raised = [make_signal(id=f"s{id}", ts_ns=at("10:00") + id * 10**9) for id in range(120)]
    for room in serve(path):
        keep(path, {"detector": raised})
        yield room


class Look:
    """One page in the browser, and everything that went wrong on it."""

    def __init__(self, browser: Any) -> None:
        self.page = browser.new_page()
        self.page.set_default_timeout(LIMIT_MS)
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"{message.text} {message.location}")

    def go(self, room: Served, path: str) -> "Look":
        """Open a page and wait until it is live."""
        self.page.goto(room.url + path)
        if path != "/login":
            self.live()
        return self

    def live(self) -> None:
        """Wait until the news have come."""
        self.page.wait_for_selector("#link:text-is('live')")

    def wait(self, expression: str) -> None:
        """Wait until an expression of the page is true; its policy lets nobody poll inside."""
        for _ in range(LIMIT_MS // POLL_MS):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(POLL_MS)
        raise AssertionError(f"{expression} did not become true on {self.page.url}")

    def text(self, selector: str) -> str:
        """Return the words of an element."""
        return str(self.page.locator(selector).first.inner_text())

    def until(self, selector: str, words: str) -> None:
        """Wait until an element says these words somewhere."""
        self.page.locator(selector, has_text=words).first.wait_for()


@pytest.fixture
def call(still: Room, look: Look) -> Call:
    """Calls a function of a module of the pages: call("format.js", "counted", 3, "row")."""
    look.go(still, "/settings")
    return lambda path, name, *values: look.page.evaluate(CALL, [path, name, values])


@pytest.fixture
def look(browser: Any) -> Iterator[Look]:
    """A page at the size of a screen."""
    found = Look(browser)
    yield found
    found.page.close()
