"""The kill switch of the page: who may throw it, and that it is recorded when it says so."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from actors.adapters.open import open_journal
from actors.desk import DeskShell
from protocol.commands import Action, CommandGiven
from protocol.settings import Settings
from protocol.web_settings import WebSettings
from tests.supervision.working import LIMIT_S, working
from web.app import make_app
from web.floor import Floor
from web.replica import Replica

THROWN = {"X-Floorwatch": "kill"}


def post(run_dir: Path, headers: dict[str, str], text: str = "") -> tuple[int, str]:
    """Return the status and the text of one request to a server of the run."""

    async def main() -> tuple[int, str]:
        own = WebSettings(users_file="")
        server = TestServer(make_app(Floor(run_dir, Replica()), Settings(web=own)))
        async with asyncio.timeout(LIMIT_S), TestClient[Any, Any](server) as client:
            answer = await client.post("/api/kill", headers=headers, data=text)
            return answer.status, await answer.text()

    return asyncio.run(main())


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    for name in ("sockets", "status", "data"):
        (tmp_path / name).mkdir()
    return tmp_path


def recorded(run_dir: Path) -> list[CommandGiven]:
    journal = open_journal(Settings(), str(run_dir / "data"), "desk")
    found = [fact for fact in journal.load() if isinstance(fact, CommandGiven)]
    journal.close()
    return found


@pytest.mark.parametrize("headers", [{}, {"X-Floorwatch": "halt"}])
def test_without_its_header_nothing_is_killed(run_dir: Path, headers: dict[str, str]) -> None:
    with working(run_dir, "desk", DeskShell()):
        status, text = post(run_dir, headers)
    assert (status, "X-Floorwatch: kill" in text) == (403, True)
    assert recorded(run_dir) == []


def test_a_page_of_another_name_cannot_kill(run_dir: Path) -> None:
    with working(run_dir, "desk", DeskShell()):
        status, _ = post(run_dir, THROWN | {"Host": "evil.example"})
    assert status == 403
    assert recorded(run_dir) == []


def test_a_kill_is_recorded_with_its_reason_and_where_it_came_from(run_dir: Path) -> None:
    with working(run_dir, "desk", DeskShell()):
        status, _ = post(run_dir, THROWN, "smoke \u2620" + "x" * 10_000)
    (command,) = recorded(run_dir)
    assert (status, command.action) == (202, Action.KILL)
    assert command.reason.startswith("smoke \u2620")
    assert len(command.reason) <= 500
    assert "127.0.0.1" in command.who


def test_where_no_desk_answers_it_says_so(run_dir: Path) -> None:
    status, text = post(run_dir, THROWN)
    assert (status, "desk has no address" in text) == (503, True)
