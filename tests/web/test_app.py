"""The page's server: what it answers, whom it refuses, and that it starts and stops in order."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSCloseCode

from protocol.market import BarWarm
from protocol.settings import Settings
from protocol.settings import WebSettings as Listening
from protocol.web_settings import WebSettings
from tests.makers import make_bar
from tests.web.rooms import LIMIT_S, Client, child, make_run, talk, write_status
from web.actor import WebShell, url
from web.api.serve import HOUSE
from web.floor import Floor, last_alarms
from web.port import PortTaken, check_port


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/actors/bars", "text/html"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/static/css/base.css", "text/css"),
        ("/api/state", "application/json"),
    ],
)
def test_a_page_is_served_with_the_headers_that_guard_it(
    run_dir: Path, path: str, kind: str
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        answer = await client.get(path)
        assert (answer.status, answer.content_type) == (200, kind)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"

    talk(run_dir, talking)


@pytest.mark.parametrize(
    ("host", "name", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("127.0.0.1", "localhost:8000", 200),
        ("127.0.0.1", "LocalHost", 200),
        ("127.0.0.1", "[::1]:8000", 200),
        ("127.0.0.1", "floor.example", 403),
        ("127.0.0.1", "127.0.0.1.example", 403),
        ("127.0.0.1", "192.0.2.7", 403),
        ("floor.example", "floor.example:8000", 200),
        ("0.0.0.0", "192.0.2.7:8000", 200),
        ("0.0.0.0", "floor.example", 403),
    ],
)
def test_only_its_own_names_are_answered(run_dir: Path, host: str, name: str, status: int) -> None:
    async def talking(client: Client, _: Floor) -> None:
        for path in ("/", "/api/state", "/static/js/frame.js", "/nowhere"):
            answer = await client.get(path, headers={"Host": name})
            assert answer.status == (404 if path == "/nowhere" and status == 200 else status)
            assert "Content-Security-Policy" in answer.headers

    talk(run_dir, talking, WebSettings(host=host, users_file=""))


def test_nothing_can_be_changed(run_dir: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for path in ("/", "/api/state", "/ws", "/healthz", "/api/actors/bars"):
                assert (await client.request(method, path)).status == 405

    talk(run_dir, talking)


def test_a_fault_is_told_without_details_and_once_in_the_log(
    run_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> dict[str, dict[str, Any]]:
        raise KeyError("hunter2")

    async def talking(client: Client, floor: Floor) -> None:
        floor.sections = broken  # type: ignore[method-assign]
        answer = await client.get("/api/state")
        assert (answer.status, answer.content_type) == (500, "application/problem+json")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "hunter2" not in await answer.text()
        assert client.app is not None and client.app[HOUSE].answered[500] == 1
        assert (await client.get("/api/me")).status == 200

    talk(run_dir, talking)
    said = capfd.readouterr().err
    assert said.count("Traceback") == said.count("KeyError: 'hunter2'") == 1
    assert "GET '/api/state'" in said


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/"])
def test_only_what_is_meant_to_be_served_is(run_dir: Path, path: str) -> None:
    async def talking(client: Client, _: Floor) -> None:
        answer = await client.get(path)
        assert answer.status in (403, 404)

    talk(run_dir, talking)


def test_the_floor_shows_trading_the_tree_and_the_alarms(run_dir: Path) -> None:
    write_status(run_dir, "root", child("market", "supervisor"), child("web"))
    write_status(run_dir, "market", child("feed", restarts_recent=2), child("bars", health="red"))
    alarm = {"source": "market", "code": "child_restarted", "ts_ns": 10**6, "text": "bars"}
    (run_dir / "alarms.jsonl").write_text(json.dumps(alarm) + '\n{"source": "ha')

    async def talking(client: Client, floor: Floor) -> None:
        floor.fold(make_bar())
        told = await (await client.get("/api/state")).json()
        root = told["tree"]["root"]
        assert [node["id"] for node in root["children"]] == ["market", "web"]
        market = root["children"][0]
        assert [node["health"] for node in market["children"]] == ["green", "red"]
        assert (market["restarts_recent"], market["restarts_max"]) == (2, 10)
        assert told["alarms"]["rows"] == [
            {"source": "market", "code": "child_restarted", "at": 1, "text": "bars"}
        ]
        assert told["head"]["contract"] == "ESZ5"

    talk(run_dir, talking)


@pytest.mark.parametrize("path", ["/health", "/healthz"])
@pytest.mark.parametrize(
    ("feed", "age_s", "status", "colour"),
    [("green", 0, 200, "green"), ("yellow", 0, 200, "yellow"), ("red", 0, 503, "red"),
     ("green", 60, 503, "red"), ("", 0, 503, "red")],
)  # fmt: skip
def test_health_is_that_of_the_worst_process(
    run_dir: Path, feed: str, age_s: int, status: int, colour: str, path: str
) -> None:
    if feed:
        write_status(run_dir, "root", child("feed", health=feed), age_s=age_s)

    async def talking(client: Client, _: Floor) -> None:
        answer = await client.get(path)
        assert (answer.status, (await answer.json())["floor"]) == (status, colour)

    talk(run_dir, talking)


def test_an_actor_that_does_not_answer_is_still_shown_from_the_tree(run_dir: Path) -> None:
    failure = {"death": "killed", "reason": "by SIGKILL", "traceback": "Traceback", "ts_ns": 1}
    write_status(run_dir, "root", child("bars", failure=failure))

    async def talking(client: Client, _: Floor) -> None:
        told = await (await client.get("/api/actors/bars")).json()
        assert told["node"]["failure"]["traceback"] == "Traceback"
        assert "bars has no address" in told["no_answer"]
        assert (await client.get("/api/actors/nobody")).status == 404
        assert (await client.get("/api/actors/..%2Froot")).status == 404
        supervisor = await (await client.get("/api/actors/root")).json()
        assert (supervisor["node"]["kind"], supervisor["no_answer"]) == ("supervisor", None)

    talk(run_dir, talking)


def configured(run_dir: Path, port: int = 0) -> WebShell:
    """Return a shell that listens."""
    shell = WebShell()
    shell.configure(Settings(web=Listening(port=port)), str(run_dir / "data"))
    return shell


def test_the_shell_serves_what_it_reads_until_it_is_closed(run_dir: Path) -> None:
    shell = configured(run_dir)
    address = json.loads((run_dir / "web.json").read_text())["url"]
    handler = shell.handlers[type(make_bar()), None]
    assert list(handler(shell, make_bar()) or ()) == []

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S), ClientSession() as session:
            page = await session.ws_connect(f"{address.replace('http', 'ws', 1)}/ws")
            assert (await page.receive_json())["sections"]["head"]["contract"] == "ESZ5"
            # A page that is open does not keep the actor from ending.
            closing = asyncio.get_running_loop().run_in_executor(None, shell.close)
            assert (await page.receive()).data == WSCloseCode.GOING_AWAY
            async with asyncio.timeout(1.0):
                await closing

    asyncio.run(main())
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", shell.port)) != 0
    assert shell.inspect() == {"url": address, "folded": 1}


def test_a_bar_of_the_past_is_taken_once_where_feed_and_bars_say_it_both() -> None:
    assert (BarWarm, "bars") in WebShell.handlers
    assert (BarWarm, None) not in WebShell.handlers


def test_a_taken_port_is_said_with_the_way_out(run_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} .*set web.port"):
            configured(run_dir, port)
        with pytest.raises(PortTaken, match=f"port {port} .*set web.port"):
            check_port(Listening(port=port))


def test_the_port_is_free_again_after_a_stop(run_dir: Path) -> None:
    first = configured(run_dir)
    first.close()
    check_port(Listening(port=first.port))
    second = configured(run_dir, first.port)
    assert second.port == first.port
    second.close()


def test_a_page_on_any_free_port_is_found_again_where_it_was(run_dir: Path) -> None:
    first = configured(run_dir)
    first.close()
    second = configured(run_dir)
    second.close()
    assert second.port == first.port


def test_where_another_has_the_port_meanwhile_any_free_one_is_taken(run_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (run_dir / "web.json").write_text(json.dumps({"port": port}))
        shell = configured(run_dir)
        shell.close()
        assert shell.port not in (0, port)


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
    ],
)
def test_the_address_can_be_opened_on_this_machine(host: str, wanted: str) -> None:
    assert url(WebSettings(host=host), 80) == wanted


def test_of_many_alarms_the_last_are_read(tmp_path: Path) -> None:
    path = tmp_path / "alarms.jsonl"
    assert last_alarms(path) == []
    row = {"source": "s", "code": "c", "text": "t" * 100}
    path.write_text("".join(json.dumps(row | {"ts_ns": n * 10**6}) + "\n" for n in range(5_000)))
    assert [alarm["at"] for alarm in last_alarms(path, 3)] == [4_999, 4_998, 4_997]
