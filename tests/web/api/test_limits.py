"""The settings: all are shown but secrets; limits are set anew, and nothing else is."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.open import open_journal
from protocol.account import LimitsChanged
from protocol.settings import Settings, StoreSettings
from protocol.watch_settings import NotifySettings
from tests.makers import make_limits
from tests.supervision.working import working
from tests.web.rooms import Client, asked, make_run, talk
from tests.web.shells import NOON, BusyDesk
from web.api.limits import LIMITS
from web.floor import Floor
from web.replica import Replica

SECRETS = Settings(
    store=StoreSettings(url="postgresql://u:pw@h/d"),
    notify=NotifySettings(discord_webhook="https://discord.example/api/webhooks/1/hunter2"),
)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def fold(*changes: LimitsChanged) -> Replica:
    """Return what the page knows of limits at noon."""
    replica = Replica()
    for message in (NOON, *changes):
        replica.fold(message)
    return replica


def patch(run_dir: Path, values: Any, *changes: LimitsChanged) -> tuple[int, Any]:
    found = []

    async def talking(client: Client, _: Floor) -> None:
        body = {"values": values, "reason": " a \n test ", "confirm": True}
        answer = await client.patch("/api/settings", json=body)
        found.append((answer.status, await answer.json()))

    talk(run_dir, talking, replica=fold(*changes))
    return found[0]


def recorded(run_dir: Path) -> list[LimitsChanged]:
    journal = open_journal(Settings(), str(run_dir / "data"), "desk")
    found = [fact for fact in journal.load() if isinstance(fact, LimitsChanged)]
    journal.close()
    return found


def audited(run_dir: Path) -> list[Any]:
    return [json.loads(line) for line in (run_dir / "audit.jsonl").read_text().splitlines()]


def test_every_setting_is_shown_and_no_secret(run_dir: Path) -> None:
    told = asked(run_dir, "/api/settings", settings=SECRETS)
    sections = told["sections"]
    assert sections["risk"]["daily_loss_dollars"] == 300.0
    assert sections["bars"]["series"] == ["time:300"]
    assert sections["store"]["url"] == "(set, not shown)"
    assert "hunter2" not in json.dumps(told) and "pw@h" not in json.dumps(told)
    assert asked(run_dir, "/api/settings")["sections"]["store"]["url"] == ""


def test_every_limit_is_a_setting_and_stands_as_set_until_it_is_changed(run_dir: Path) -> None:
    told = asked(run_dir, "/api/settings")
    assert [row["name"] for row in told["limits"]] == list(LIMITS)
    for row in told["limits"]:
        section, key = row["name"].split(".")
        assert row["value"] == row["next"] == row["outermost"] == told["sections"][section][key]


def test_what_stands_today_and_tomorrow_is_told_apart(run_dir: Path) -> None:
    changes = [make_limits("10:00", loss_limit_cents=10_000, trades_max=3),
               make_limits("11:00", loss_limit_cents=20_050)]  # fmt: skip
    more = {"replica": fold(*changes)}
    rows = {row["name"]: row for row in asked(run_dir, "/api/settings", **more)["limits"]}
    loss = rows["risk.daily_loss_dollars"]
    assert (loss["value"], loss["next"], loss["outermost"]) == (100, 200.5, 300)
    assert (rows["risk.trades_max"]["value"], rows["risk.trades_max"]["outermost"]) == (3, 0)
    status = asked(run_dir, "/api/session/status", **more)
    assert (status["daily_loss_cents"], status["daily_profit_cents"]) == (10_000, 50_000)


def test_a_tighter_limit_is_recorded_audited_and_stands_now(run_dir: Path) -> None:
    values = {"risk": {"daily_loss_dollars": 123.45, "trades_max": 4}}
    with working(run_dir, "desk", BusyDesk()):
        status, told = patch(run_dir, values)
    (change,) = recorded(run_dir)
    assert (change.loss_limit_cents, change.trades_max) == (12_345, 4)
    assert (change.profit_target_cents, change.quantity_max) == (None, None)
    assert (change.who, change.reason) == ("the page, from 127.0.0.1", "a test")
    rows = [{"name": "risk.daily_loss_dollars", "value": 123.45, "stands": "now"},
            {"name": "risk.trades_max", "value": 4, "stands": "now"}]  # fmt: skip
    assert (status, told) == (202, {"recorded": change.id, "rows": rows})
    (line,) = audited(run_dir)
    assert (line["action"], line["reason"]) == ("change settings", "a test")
    assert line["outcome"] == (
        f"recorded {change.id}: risk.daily_loss_dollars 123.45, risk.trades_max 4"
    )


@pytest.mark.parametrize(
    ("name", "value", "stands"),
    [("daily_loss_dollars", 99.99, "now"), ("daily_loss_dollars", 100, "now"),
     ("daily_loss_dollars", 100.01, "from the next trading day on"), ("trades_max", 3, "now"),
     ("trades_max", 4, "from the next trading day on"),
     ("trades_max", 0, "from the next trading day on")],
)  # fmt: skip
def test_a_looser_limit_stands_from_the_next_trading_day_on(
    run_dir: Path, name: str, value: float, stands: str
) -> None:
    tight = make_limits("10:00", loss_limit_cents=10_000, trades_max=3)
    with working(run_dir, "desk", BusyDesk()):
        status, told = patch(run_dir, {"risk": {name: value}}, tight)
    assert (status, told["rows"][0]["stands"]) == (202, stands)


def test_beyond_the_settings_nothing_goes(run_dir: Path) -> None:
    with working(run_dir, "desk", BusyDesk()):
        status, told = patch(run_dir, {"risk": {"daily_loss_dollars": 300.01}})
    assert (status, "wanted at most 30000, as the settings say" in told["detail"]) == (409, True)
    assert recorded(run_dir) == []
    assert audited(run_dir)[0]["outcome"].startswith("refused: desk did not take it")


def test_where_no_desk_answers_it_says_so(run_dir: Path) -> None:
    status, told = patch(run_dir, {"risk": {"trades_max": 1}})
    assert (status, "desk has no address" in told["detail"]) == (503, True)
    assert len(audited(run_dir)) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [({}, "409 found no setting"), ({"risk": {}}, "409 found no setting"),
     ({"risk": {"x": 1}}, "404 no setting is called 'risk.x'"),
     ({"<b>": {"x": 1}}, "404 no setting is called '<b>.x'"),
     ({"risk": 1}, "422 wanted an object"),
     ({"risk": {"stop_ticks": 1}}, "409 floorwatch.toml"),
     ({"risk": {"trades_max": 1, "stop_ticks": 1}}, "409 risk.stop_ticks cannot be changed"),
     ({"risk": {"trades_max": 1.5}}, "422 in whole ones"),
     ({"risk": {"trades_max": True}}, "422 found 'True'"),
     ({"risk": {"trades_max": "1"}}, "422 found '1'"),
     ({"risk": {"trades_max": None}}, "422 found 'None'"),
     ({"risk": {"trades_max": -1}}, "422 found '-1'"),
     ({"risk": {"daily_loss_dollars": 1.234}}, "422 in whole cents"),
     ({"risk": {"daily_loss_dollars": 1e300}}, "422 wanted 0 to"),
     ({"risk": {"daily_loss_dollars": 10**400}}, "422 wanted 0 to"),
     ({"risk": {"daily_loss_dollars": [1]}}, "422 found '[1]'")],
)  # fmt: skip
def test_what_is_no_limit_or_no_value_of_one_is_said_and_nothing_is_told(
    run_dir: Path, values: Any, words: str
) -> None:
    with working(run_dir, "desk", BusyDesk()):
        status, told = patch(run_dir, values)
    assert (status, words[4:] in told["detail"]) == (int(words[:3]), True), told
    assert recorded(run_dir) == []


@given(st.integers(1, 30_000))
def test_every_amount_of_cents_arrives_as_it_was_written(cents: int) -> None:
    from web.api.limits import _check

    dollars = float(f"{cents // 100}.{cents % 100:02}")
    _check("risk.daily_loss_dollars", dollars)
    assert round(dollars * 100) == cents
