"""Actors: how they stand, what they carry, and the orders about them."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from protocol.settings import Settings
from protocol.web_settings import WebSettings
from supervision.orders import RestartOrder, take
from tests.supervision.working import working
from tests.system.running import until
from tests.web.rooms import Client, asked, child, make_run, talk, told, write_status
from tests.web.shells import QuietShell
from web.api import actors as module
from web.api import loads
from web.app import Server
from web.floor import Floor
from web.replica import Replica

WISH = {"reason": "a test", "confirm": True}
DEMO = WebSettings(users_file="", demo=True)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def post(run_dir: Path, path: str, own: WebSettings | None = None) -> tuple[int, Any]:
    found = []

    async def talking(client: Client, _: Floor) -> None:
        answer = await client.post(path, json=WISH)
        found.append((answer.status, await answer.json()))

    talk(run_dir, talking, own)
    return found[0]


def audited(run_dir: Path) -> list[str]:
    lines = (run_dir / "audit.jsonl").read_text().splitlines()
    return [f"{line['action']}: {line['outcome']}" for line in map(json.loads, lines)]


def test_the_tree_has_the_load_of_every_process(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "APART_S", 0.0)
    pid = os.getpid()

    async def talking(client: Client, _: Floor) -> None:
        assert (await told(client, "/api/actors"))["root"] is None
        write_status(run_dir, "root", child("feed", pid=pid, messages_in=100, cut=9),
                     child("bars", pid=pid, messages_in=5, cut=4), child("web"))  # fmt: skip
        first = (await told(client, "/api/actors"))["root"]
        feed, bars, page = first["children"]
        assert (feed["load"]["in_per_s"], feed["load"]["cpu"]) == (None, None)
        assert feed["load"]["cpu_s"] > 0
        assert [one["load"]["queue"] for one in (feed, bars, page)] == [0, 5, 0]
        write_status(run_dir, "root", child("feed", pid=pid, messages_in=1_100, cut=9),
                     child("bars", pid=1, messages_in=50, cut=9), child("web"))  # fmt: skip
        feed, bars, _ = (await told(client, "/api/actors"))["root"]["children"]
        assert feed["load"]["in_per_s"] > 0 and feed["load"]["out_per_s"] == 0
        assert bars["load"]["in_per_s"] is None  # Another process: nothing to compare with.

    talk(run_dir, talking)


def test_an_actor_tells_its_state_its_failure_and_its_lines_in_the_log(run_dir: Path) -> None:
    failure = {"death": "killed", "reason": "by SIGKILL", "traceback": "Traceback", "ts_ns": 1}
    write_status(run_dir, "root", child("bars", failure=failure))
    lines = [{"actor": actor, "seq": n, "text": '"actor": "bars"'}
             for n, actor in enumerate(["bars", "risk", "bars"])]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (run_dir / "logs" / "decisions.jsonl").write_text(text)
    with working(run_dir, "bars", QuietShell()):
        found = asked(run_dir, "/api/actors/bars")
    assert found["node"]["failure"]["traceback"] == "Traceback"
    assert found["node"]["load"]["queue"] == 0
    assert (found["inspection"]["id"], found["no_answer"]) == ("bars", None)
    assert found["inspection"]["last_in"] == []
    assert [line["seq"] for line in found["log"]] == [2, 0]


def test_a_restart_is_an_order_that_the_supervisor_takes_away(run_dir: Path) -> None:
    write_status(run_dir, "root", child("bars", pid=123))
    taken: list[RestartOrder] = []

    def supervise() -> None:
        taken.extend(until(lambda: take(run_dir, ["bars"]), "an order"))

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    status, answer = post(run_dir, "/api/actors/bars/restart")
    supervisor.join(10)
    assert (status, answer) == (202, {"id": "bars", "order": "restart", "pid": 123})
    assert taken == [RestartOrder("bars", 123, "local", "a test")]
    assert audited(run_dir) == ["restart bars: taken, process 123"]


def test_an_order_that_nobody_takes_is_taken_back_and_said_so(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAKEN_LIMIT_S", 0.05)
    write_status(run_dir, "root", child("bars"))
    status, answer = post(run_dir, "/api/actors/bars/restart")
    assert (status, "did not take the order" in answer["detail"]) == (503, True)
    assert list((run_dir / "orders").iterdir()) == []
    assert "did not take" in audited(run_dir)[0]


@pytest.mark.parametrize("verb", ["restart", "kill"])
@pytest.mark.parametrize(
    ("id", "status", "words"),
    [("market", 409, "is a supervisor"), ("nobody", 404, "the tree has no nobody"),
     ("feed", 409, "feed is waiting"), ("..%2froot", 404, ""), ("a" * 65, 404, "")],
)  # fmt: skip
def test_only_a_worker_that_works_is_restarted_or_killed(
    run_dir: Path, verb: str, id: str, status: int, words: str
) -> None:
    write_status(run_dir, "root", child("market", "supervisor"),
                 child("feed", phase="waiting", pid=0))  # fmt: skip
    found, answer = post(run_dir, f"/api/actors/{id}/{verb}", DEMO)
    assert (found, words in answer["detail"]) == (status, True)
    assert not (run_dir / "orders").exists()


@pytest.fixture
def victim() -> Any:
    """A process of our own group that waits to be killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_in_a_demonstration_the_very_process_is_killed(run_dir: Path, victim: Any) -> None:
    write_status(run_dir, "root", child("bars", pid=victim.pid))
    status, _ = post(run_dir, "/api/actors/bars/kill")
    assert (status, victim.poll()) == (403, None)
    assert post(run_dir, "/api/actors/bars/kill", DEMO)[0] == 202
    assert victim.wait(10) == -signal.SIGKILL
    assert audited(run_dir) == [f"kill bars: killed process {victim.pid}"]


def test_the_page_does_not_kill_itself_and_says_what_to_do_instead(run_dir: Path) -> None:
    write_status(run_dir, "root", child("web", pid=os.getpid()))
    status, answer = post(run_dir, "/api/actors/web/kill", DEMO)
    assert (status, "web serves this very page" in answer["detail"]) == (409, True)
    assert not (run_dir / "audit.jsonl").exists()


def test_a_restart_of_the_page_is_answered_before_it_stops(run_dir: Path) -> None:
    """Its supervisor stops the server as soon as it has taken the order."""
    write_status(run_dir, "root", child("web", pid=os.getpid()))
    server = Server(Floor(run_dir, Replica()), Settings(web=dataclasses.replace(DEMO, port=0)))
    port = server.start()

    def supervise() -> None:
        until(lambda: take(run_dir, ["web"]), "an order")
        server.stop()

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    page = HTTPConnection("127.0.0.1", port, timeout=10)
    json_only = {"Content-Type": "application/json"}
    page.request("POST", "/api/actors/web/restart", json.dumps(WISH), json_only)
    answer = page.getresponse()
    assert (answer.status, json.loads(answer.read())["order"]) == (202, "restart")
    page.close()
    supervisor.join(10)
    assert audited(run_dir) == [f"restart web: taken, process {os.getpid()}"]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_process_that_is_none_of_the_run_is_never_killed(run_dir: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    )
    with other:
        for pid in (other.pid, 2**22 + 1):
            write_status(run_dir, "root", child("bars", pid=pid))
            assert post(run_dir, "/api/actors/bars/kill", DEMO)[0] == 409
        assert other.poll() is None
        other.kill()
