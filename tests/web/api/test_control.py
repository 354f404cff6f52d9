"""What can be told: each needs a reason and that it is meant, is recorded, audited and seen."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from actors.adapters.open import open_journal
from actors.desk import DeskShell
from protocol.commands import Action, CommandGiven
from protocol.settings import Settings
from tests.supervision.working import working
from tests.web.rooms import Client, make_run, talk
from web.api.control import teller
from web.api.endpoint import Person, Role
from web.auth.logins import LOCAL
from web.floor import Floor

ORDERS = {
    "/api/session/flatten": ("flatten", [Action.FLATTEN]),
    "/api/session/resume": ("resume", [Action.RESUME]),
    "/api/session/start": ("start", [Action.RESUME]),
    "/api/kill": ("kill", [Action.KILL]),
    "/api/position/force-sync": ("force_sync", [Action.FORCE_SYNC]),
}
ORDER = {"reason": "a test", "confirm": True}


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def post(run_dir: Path, path: str, body: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    """Return the status and the answer to one order."""
    found: list[tuple[int, dict[str, Any]]] = []

    async def talking(client: Client, _: Floor) -> None:
        answer = await client.post(path, json=body, **more)
        found.append((answer.status, await answer.json()))

    talk(run_dir, talking)
    return found[0]


def recorded(run_dir: Path) -> list[CommandGiven]:
    journal = open_journal(Settings(), str(run_dir / "data"), "desk")
    found = [fact for fact in journal.load() if isinstance(fact, CommandGiven)]
    journal.close()
    return found


def audited(run_dir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run_dir / "audit.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("path", list(ORDERS))
def test_an_order_is_recorded_and_audited_with_who_and_why(run_dir: Path, path: str) -> None:
    name, actions = ORDERS[path]
    with working(run_dir, "desk", DeskShell()):
        status, told = post(run_dir, path, {"reason": " smoke \u2620\n here ", "confirm": True})
    commands = recorded(run_dir)
    assert (status, told) == (202, {"recorded": [c.id for c in commands], "action": name})
    assert [command.action for command in commands] == actions
    assert {command.reason for command in commands} == {"smoke \u2620 here"}
    assert {command.who for command in commands} == {"the page, from 127.0.0.1"}
    (line,) = audited(run_dir)
    assert (line["user"], line["role"], line["action"]) == ("local", "operator", name)
    assert (line["reason"], line["remote"]) == ("smoke \u2620 here", "127.0.0.1")
    assert line["outcome"] == f"recorded {commands[0].id}"
    assert (run_dir / "audit.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("path", ["/api/session/halt", "/api/session/stop"])
def test_what_the_desk_refuses_is_said_in_its_words(run_dir: Path, path: str) -> None:
    with working(run_dir, "desk", DeskShell()):  # No decision point has passed yet.
        status, told = post(run_dir, path, ORDER)
    assert (status, "no decision point has passed" in told["detail"]) == (409, True)
    assert recorded(run_dir) == []
    assert "no decision point" in audited(run_dir)[0]["outcome"]


def test_under_another_name_nothing_can_be_told(run_dir: Path) -> None:
    with working(run_dir, "desk", DeskShell()):
        for path in ORDERS:
            assert post(run_dir, path, ORDER, headers={"Host": "evil.example"})[0] == 403
    assert recorded(run_dir) == []


@pytest.mark.parametrize("path", [*ORDERS, "/api/session/halt", "/api/session/stop"])
def test_where_no_desk_answers_it_says_so(run_dir: Path, path: str) -> None:
    status, told = post(run_dir, path, ORDER)
    assert (status, "desk has no address" in told["detail"]) == (503, True)
    assert len(audited(run_dir)) == 1


@pytest.mark.parametrize(
    "body",
    [{}, [], "x", 1, {"reason": "x"}, {"confirm": True}, {"reason": "x", "confirm": False},
     {"reason": "x", "confirm": 1}, {"reason": "x", "confirm": "true"},
     {"reason": "", "confirm": True}, {"reason": " \n ", "confirm": True},
     {"reason": 5, "confirm": True}, {"reason": "x" * 501, "confirm": True},
     {"reason": "x", "confirm": True, "more": 1}],
)  # fmt: skip
def test_without_a_reason_and_a_plain_yes_nothing_is_told(run_dir: Path, body: Any) -> None:
    with working(run_dir, "desk", DeskShell()):
        for path in ORDERS:
            status, told = post(run_dir, path, body)
            assert (status, "body" in told["detail"]) == (422, True)
    assert recorded(run_dir) == []


def test_a_disk_that_takes_no_audit_keeps_nobody_from_leaving(run_dir: Path) -> None:
    (run_dir / "audit.jsonl").mkdir()

    async def talking(client: Client, _: Floor) -> None:
        answer = await client.post("/api/session/flatten", json=ORDER)
        assert answer.status == 202
        assert "floorwatch_audit_unwritten_total 1\n" in await (await client.get("/metrics")).text()

    with working(run_dir, "desk", DeskShell()):
        talk(run_dir, talking)
    assert len(recorded(run_dir)) == 1


def test_a_kill_waits_for_nobody_who_reads(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All reading threads are held; the order goes through before one of them is let go."""
    import threading

    let_go = threading.Event()
    monkeypatch.setattr("web.api.records.log_files", lambda _: let_go.wait(20) and [] or [])

    async def talking(client: Client, _: Floor) -> None:
        readers = [asyncio.create_task(client.get("/api/logs")) for _ in range(8)]
        await asyncio.sleep(0)
        answer = await client.post("/api/kill", json=ORDER)
        assert (answer.status, any(reader.done() for reader in readers)) == (202, False)
        let_go.set()
        assert {answer.status for answer in await asyncio.gather(*readers)} == {200}

    with working(run_dir, "desk", DeskShell()):
        talk(run_dir, talking)


def test_whoever_is_logged_in_stands_in_the_journal_by_name() -> None:
    assert teller(Person("ann", Role.OPERATOR), "10.0.0.5") == "ann at the page, 10.0.0.5"
    assert teller(LOCAL, "127.0.0.1") == "the page, from 127.0.0.1"
