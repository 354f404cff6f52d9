"""The pages of a real floor on a real day: what they show is what the API and the replay say."""

import dataclasses
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from actors.adapters.feeds.ingest import ingest
from ops.recap.command import recap
from ops.replay import Result, result_of
from protocol.settings import Settings
from supervision import bodies
from tests.actors.adapters.feeds.recordings import real
from tests.system.running import Running, floor_in, until
from tests.system.test_floor import busy, complete, ended_books, stop, undisturbed
from tests.web.pages.conftest import Look, chromium
from web.auth.users import add_user
from web.records import trading_date

SPEED = 7_000.0  # The two days pass in less than half a minute.
DAY_LIMIT_S = 90
EARLY, LATE = 150, 300  # Of 467 cuts: where the market waits for who is slow to look at it.
PASSWORD = "correct horse battery"
PATHS = ("/", "/market", "/actors", "/actors/bars", "/trades", "/signals", "/statistics",
         "/recap", "/settings")  # fmt: skip
FIGURE = "#figures div:has(dt:text-is('{}')) dd"

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]
__all__ = ["undisturbed"]  # The fixture of the other module.


@dataclass
class Live:
    """A floor that replays the day, its page, and who is logged in to it."""

    run: Running
    settings: Settings
    look: Look
    url: str

    def enter(self, name: str) -> None:
        """Log in as somebody."""
        page = self.look.page
        page.goto("about:blank")  # A page that is open would lead to the login by itself.
        page.context.clear_cookies()
        page.goto(f"{self.url}/login")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("#go")
        page.wait_for_url(f"{self.url}/")
        self.look.live()

    def get(self, path: str) -> Any:
        """Return what the API answers to whoever is logged in."""
        answer = self.look.page.request.get(self.url + path)
        assert answer.status == 200, answer.text()
        return answer.json()

    def pages(self, path: str) -> list[Any]:
        """Return the rows of all pages of an answer."""
        rows: list[Any] = []
        cursor = ""
        while True:
            told = self.get(f"{path}limit=500{cursor and f'&cursor={cursor}'}")
            rows += told["rows"]
            if not told["next"]:
                return rows
            cursor = told["next"]

    def order(self, button: str) -> None:
        """Press a button about an actor and go through with it."""
        page = self.look.page
        page.click(button)
        page.fill("dialog #reason", "to see it come back")
        if page.locator("dialog #sure").count():
            page.check("dialog #sure")
        page.click("dialog button[type=submit]")
        page.wait_for_selector("dialog", state="detached")

    def figure(self, name: str) -> str:
        """Return one of the figures on top of a page."""
        return self.look.text(FIGURE.format(name))

    def nothing_wrong(self) -> None:
        """Hold that the browser has complained of nothing; if it has, tell what the floor says."""
        assert self.look.wrong == [], self.run.alarms()[-5:]

    def end(self) -> None:
        """Wait for the end of the day, and until the page has it too."""
        self.run.let(None)
        until(lambda: complete(self.run), "the end of the day", DAY_LIMIT_S)
        until(lambda: self.get("/api/session/status")["state"] == "ended", "the page's end")


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """The day on the live runtime, seen by a browser; begun once for all tests of this file."""
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        path, users = Path(directory), Path(directory) / "users.json"
        data = path / "data"
        data.mkdir(mode=0o700)
        add_user(users, "ann", "operator", PASSWORD)
        add_user(users, "bob", "viewer", PASSWORD)
        chosen = busy()
        settings = dataclasses.replace(
            chosen,
            feed=dataclasses.replace(chosen.feed, speed=SPEED),
            web=dataclasses.replace(chosen.web, demo=True, users_file=str(users)),
        )
        day = [real("es-ticks-2013/tick_data.csv.gz")]
        ingest(day, "ES", data / "tape.frames", data, settings.feed, settings.bars)
        with chromium() as browser, floor_in(path, settings, cuts=EARLY) as run:
            url = json.loads((path / "web.json").read_text())["url"]
            yield Live(run, settings, Look(browser), url)


@pytest.fixture
def operator(live: Live) -> Live:
    """The floor with its operator at the page."""
    live.enter("ann")
    live.look.wrong.clear()
    live.look.asked.clear()
    return live


def dollars(cents: int, plus: bool = True) -> str:
    sign = "−" if cents < 0 else "+" if plus and cents > 0 else ""
    return f"{sign}${abs(cents) / 100:,.2f}"


def test_an_actor_killed_from_its_page_is_back_with_another_pid(operator: Live) -> None:
    look = operator.look
    look.go(operator, "/actors/detector")
    pid = operator.run.pid("detector")
    look.until("#facts dd", str(pid))
    assert operator.get("/api/session/status")["state"] == "trading"
    operator.order("#kill-actor")
    new = until(lambda: other_pid(operator, "detector", pid), "another process")
    look.until("#facts dd", str(new))
    look.wait("document.querySelector('#one-dot [role=img]').ariaLabel === 'green'")
    assert look.text("tr.chosen td:nth-child(2)") == str(new)
    look.until("#facts", "life 2")
    assert operator.get("/api/audit?limit=1")["rows"][0]["action"] == "kill detector"
    operator.nothing_wrong()


def other_pid(floor: Live, id: str, pid: int) -> int:
    node = floor.run.node(id)
    return node.pid if node.pid not in (0, pid) and node.phase == "up" else 0


def test_while_the_day_passes_each_page_counts_on_and_says_nothing_wrong(operator: Live) -> None:
    look = operator.look
    first = operator.get("/api/session/status")
    assert first["state"] == "trading"
    operator.run.let(LATE)
    for path in PATHS:
        before = clock(operator)
        look.go(operator, path)
        until(lambda b=before: within(look.text("#clock"), b, clock(operator)), f"{path} counts on")
    assert operator.get("/api/session/status")["clock_ms"] > first["clock_ms"]
    operator.nothing_wrong()
    assert {url.split("/")[2] for url in look.asked} == {operator.url.split("/")[2]}


def clock(floor: Live) -> str:
    """Return the API's time as the page's clock shows it: New York, in September 4 hours behind."""
    ms = floor.get("/api/session/status")["clock_ms"]
    return time.strftime("%H:%M:%S", time.gmtime(ms / 1000 - 4 * 3600))


def within(shown: str, before: str, after: str) -> bool:
    """Return whether a time of day is between two others, over midnight too."""
    return before <= shown <= after if before <= after else not after < shown < before


def test_an_operator_restarts_an_actor_and_it_is_not_counted_as_a_failure(operator: Live) -> None:
    look = operator.look
    look.go(operator, "/actors/regime")
    pid = operator.run.pid("regime")
    operator.order("#restart")
    new = until(lambda: other_pid(operator, "regime", pid), "another process")
    look.until("#facts dd", str(new))
    assert operator.run.node("regime").failure is None
    operator.nothing_wrong()


def test_a_viewer_sees_the_floor_and_is_refused_what_an_operator_may(live: Live) -> None:
    live.enter("bob")
    live.look.go(live, "/actors/bars")
    live.look.until("#who", "bob, viewer")
    for button in ("#kill", "#halt", "#restart", "#kill-actor"):
        assert not live.look.page.locator(button).is_visible(), button
    pid, wish = live.run.pid("bars"), {"reason": "to see", "confirm": True}
    for path in ("/api/actors/bars/kill", "/api/kill", "/api/session/flatten"):
        answer = live.look.page.request.post(live.url + path, data=wish)
        assert answer.status == 403, path
    assert live.run.pid("bars") == pid


def test_a_page_whose_server_dies_says_so_and_goes_on_with_the_next_one(operator: Live) -> None:
    look = operator.look
    look.go(operator, "/trades")
    look.page.evaluate("window.same = true")
    web = bodies.body(operator.run.pid("web"))
    assert web is not None
    bodies.kill(web)
    look.until(".banner.alarm", "No connection to the floor since")
    look.page.wait_for_selector(".banner", state="detached")
    look.live()
    assert look.page.evaluate("window.same"), "the page was loaded anew"
    assert operator.run.pid("web") != web.pid


def test_a_stranger_at_the_live_floor_gets_the_page_and_nothing_on_it(live: Live) -> None:
    with urlopen(f"{live.url}/", timeout=5) as answer:
        assert b"<title>Command Center" in answer.read()
    live.look.page.context.clear_cookies()
    assert live.look.page.request.get(f"{live.url}/api/state").status == 401


def test_at_the_end_the_pages_say_what_the_api_and_the_replay_say(
    operator: Live, undisturbed: Result
) -> None:
    operator.end()
    operator.look.wrong.clear()
    closed = [trip.closed for trip in undisturbed.trips]
    last = max(trading_date(trip.ts_ns) for trip in closed)
    of_day = [trip for trip in closed if trading_date(trip.ts_ns) == last]
    check_command(operator, undisturbed, of_day)
    check_market(operator)
    check_actors(operator)
    check_trades(operator, undisturbed)
    check_signals(operator, undisturbed)
    check_statistics(operator, undisturbed)
    check_recap(operator, last.isoformat(), of_day)
    check_settings(operator, of_day)
    operator.nothing_wrong()


def check_command(live: Live, result: Result, of_day: list[Any]) -> None:
    look, net = live.look, sum(trip.pnl_cents for trip in of_day)
    won = sum(trip.pnl_cents > 0 for trip in of_day)
    status = live.get("/api/session/status")
    assert status["day_pnl_cents"] == net
    look.go(live, "/")
    look.until("#pnl", dollars(net))
    assert look.text("#day-trips") == f"{won} of {len(of_day)} won"
    look.until("#alerts-note", f"{result.signals:,} raised")
    balance = round(live.settings.paper.balance_dollars * 100) + result.pnl_cents
    assert status["balance_cents"] == balance
    look.until("#day-note", f"balance {dollars(balance, plus=False)}")
    (bar,) = live.get("/api/bars?limit=1")["rows"]
    assert look.text("#last") == f"{bar['close']:.2f}"


def check_market(live: Live) -> None:
    look = live.look
    look.go(live, "/market")
    (bar,) = live.get("/api/bars?limit=1")["rows"]
    look.until("#bar div:has(dt:text-is('volume')) dd", f"{bar['volume']:,}")
    for name, value in (("trades", "trades"), ("sold", "sell"), ("bought", "buy")):
        assert look.text(f"#bar div:has(dt:text-is('{name}')) dd") == f"{bar[value]:,}"
    for name in ("open", "high", "low", "close"):
        assert look.text(f"#bar div:has(dt:text-is('{name}')) dd") == f"{bar[name]:.2f}"
    (trade,) = live.get("/api/tape?limit=1")["rows"]
    look.until("#tape tr:first-child", f"{trade['price']:.2f}")
    assert look.text("#tape tr:first-child").split()[-1] == str(trade["size"])


def check_actors(live: Live) -> None:
    look = live.look
    look.go(live, "/actors")
    nodes = flat(live.get("/api/actors")["root"])
    look.until("#tree", str(nodes[-1]["pid"]))
    shown = look.page.locator("#tree tr td:nth-child(2)").all_inner_texts()
    assert shown == [str(node["pid"]) for node in nodes]
    assert [node["pid"] for node in nodes] == [live.run.pid(node["id"]) for node in nodes]


def flat(node: Any) -> list[Any]:
    return [node, *(below for child in node["children"] for below in flat(child))]


def check_trades(live: Live, result: Result) -> None:
    look = live.look
    look.go(live, "/trades")
    look.until("#figures", dollars(result.pnl_cents))
    assert live.figure("round trips") == str(len(result.trips))
    look.until("#count", f"{len(result.trips)} rows")  # The table is asked for behind the figures.
    rows = live.pages("/api/trades?")
    assert sorted(row["id"] for row in rows) == sorted(t.closed.bracket_id for t in result.trips)
    nets = look.page.locator("#table tbody td:has(b)").all_inner_texts()
    assert nets == [dollars(row["pnl_cents"]) for row in rows]


def check_signals(live: Live, result: Result) -> None:
    look = live.look
    look.go(live, "/signals")
    look.until("#count", "100 rows and more")
    rows = live.pages("/api/signals?")
    assert len(rows) == result.signals
    assert sum(row["fate"] in ("approved", "denied", "bracket") for row in rows) == result.approved
    assert sum(row["fate"] == "denied" for row in rows) == result.denied
    patterns = look.page.locator("#table tbody td:nth-child(2)").all_inner_texts()
    assert patterns == [row["pattern"].replace("_", " ") for row in rows[:100]]


def check_statistics(live: Live, result: Result) -> None:
    look, told = live.look, live.get("/api/statistics?by=direction")
    look.go(live, "/statistics")
    look.page.click("#by button:has-text('direction')")
    look.until("#table", "long")
    assert live.figure("net") == dollars(told["total"]["net_cents"]) == dollars(result.pnl_cents)
    for row in told["rows"]:
        mine = [t.closed for t in result.trips if str(t.closed.direction) == row["value"]]
        assert (row["n"], row["net_cents"]) == (len(mine), sum(t.pnl_cents for t in mine))
        look.until(f"#table tr:has-text('{row['value']}')", dollars(row["net_cents"]))


def check_recap(live: Live, day: str, of_day: list[Any]) -> None:
    data = live.run.run_dir / "data"
    recap(live.settings, live.run.run_dir, None, data / "recaps", time.time_ns())
    look = live.look
    look.go(live, "/recap")
    look.until("#figures", dollars(sum(trip.pnl_cents for trip in of_day)))
    assert look.page.input_value("#dates") == day
    won = sum(trip.pnl_cents > 0 for trip in of_day)
    assert live.figure("won of round trips") == f"{won} of {len(of_day)}"
    assert look.page.locator("#table tbody tr").count() == len(of_day)


def check_settings(live: Live, of_day: list[Any]) -> None:
    look = live.look
    look.go(live, "/settings")
    look.until("#state", "The tape has ended")
    assert dollars(sum(trip.pnl_cents for trip in of_day)) in look.text("#state-note")
    look.page.fill("#search", "risk.stop")
    look.until("#values div:has(dt:text-is('stop ticks')) dd", str(live.settings.risk.stop_ticks))


def test_what_was_killed_and_restarted_from_the_page_has_changed_no_decision(
    live: Live, undisturbed: Result
) -> None:
    live.run.let(None)
    until(lambda: complete(live.run), "the end of the day", DAY_LIMIT_S)
    stop(live.run)
    books = ended_books(live.run, live.settings)
    digest = result_of(books, 0.0).digest
    books.close()
    assert digest == undisturbed.digest
