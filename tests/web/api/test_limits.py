"""The settings: all are shown but secrets, and a change is refused with the way to make it."""

import json
from pathlib import Path
from typing import Any

import pytest

from protocol.settings import Settings, StoreSettings
from protocol.watch_settings import NotifySettings
from tests.web.rooms import Client, asked, make_run, talk
from web.floor import Floor

SECRETS = Settings(
    store=StoreSettings(url="postgresql://u:pw@h/d"),
    notify=NotifySettings(discord_webhook="https://discord.example/api/webhooks/1/hunter2"),
)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def patch(run_dir: Path, body: Any) -> tuple[int, str]:
    found = []

    async def talking(client: Client, _: Floor) -> None:
        answer = await client.patch("/api/settings", json=body)
        found.append((answer.status, (await answer.json())["detail"]))

    talk(run_dir, talking)
    return found[0]


def test_every_setting_is_shown_and_no_secret(run_dir: Path) -> None:
    told = asked(run_dir, "/api/settings", settings=SECRETS)
    sections = told["sections"]
    assert sections["risk"]["daily_loss_dollars"] == 300.0
    assert sections["bars"]["series"] == ["time:300"]
    assert (sections["store"]["url"], told["changeable"]) == ("(set, not shown)", [])
    assert "hunter2" not in json.dumps(told) and "pw@h" not in json.dumps(told)
    assert asked(run_dir, "/api/settings")["sections"]["store"]["url"] == ""


def test_a_change_is_refused_with_how_to_make_it_and_audited(run_dir: Path) -> None:
    body = {"values": {"risk": {"daily_loss_dollars": 1e9}}, "reason": "greed", "confirm": True}
    status, words = patch(run_dir, body)
    assert (status, "risk.daily_loss_dollars cannot be changed" in words) == (409, True)
    assert "floorwatch.toml" in words
    (line,) = map(json.loads, (run_dir / "audit.jsonl").read_text().splitlines())
    assert (line["action"], line["reason"]) == ("change settings", "greed")
    assert line["outcome"].startswith("refused: ")


@pytest.mark.parametrize(
    ("values", "words"),
    [({}, "409 found no setting"), ({"risk": {}}, "409 found no setting"),
     ({"risk": {"x": 1}}, "404 no setting is called 'risk.x'"),
     ({"<b>": {"x": 1}}, "404 no setting is called '<b>.x'"),
     ({"risk": 1}, "422 wanted an object")],
)  # fmt: skip
def test_what_is_no_setting_is_said(run_dir: Path, values: Any, words: str) -> None:
    status, found = patch(run_dir, {"values": values, "reason": "x", "confirm": True})
    assert (status, words[4:] in found) == (int(words[:3]), True)
