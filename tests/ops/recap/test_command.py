"""The command: both files, whole or not at all, also for a day on which nothing was."""

import dataclasses
import json
from datetime import date

import pytest

from actors.adapters.store import SqlBooks, database_for
from ops.kept_settings import keep as keep_settings
from ops.recap.command import NotSettled, as_json, recap
from protocol.settings import RunSettings, Settings
from tests.makers import at
from tests.ops.recap.days import keep, settle, streams, written

NOW = at("17:01")


@pytest.fixture
def run_dir(tmp_path):
    data = tmp_path / "runs" / "floor" / "data"
    data.mkdir(parents=True)
    books = SqlBooks(database_for("", str(data), "books"))
    keep(books, streams())
    books.close()
    return data.parent


def settings_in(tmp_path):
    return dataclasses.replace(Settings(), run=RunSettings(directory=str(tmp_path / "runs")))


def test_the_recap_of_the_last_date_of_the_last_run_is_written_as_json_and_as_a_page(
    tmp_path, run_dir
):
    out = tmp_path / "out" / "deeper"
    paths = recap(settings_in(tmp_path), None, None, out, NOW)
    assert [path.name for path in paths] == ["2025-12-02_recap.json", "2025-12-02_recap.html"]
    found = json.loads(paths[0].read_text())
    assert (found["trading_date"], found["summary"]["net"]) == ("2025-12-02", 295.5)
    assert "+295.50" in paths[1].read_text()
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in paths)


def test_a_day_without_data_is_a_valid_recap(tmp_path, run_dir):
    paths = recap(settings_in(tmp_path), run_dir, date(2025, 12, 25), tmp_path, NOW)
    found = json.loads(paths[0].read_text())
    assert (found["session"]["status"], paths[0].name) == ("NO_SESSION", "2025-12-25_recap.json")


def test_a_day_that_the_floor_has_not_lived_to_its_end_is_refused_where_that_is_asked(
    tmp_path, run_dir
):
    day, out = date(2025, 12, 2), tmp_path / "out"
    with pytest.raises(NotSettled, match="2025-12-02"):
        recap(settings_in(tmp_path), run_dir, day, out, NOW, settled=True)
    assert not out.exists()
    books = SqlBooks(database_for("", str(run_dir / "data"), "books"))
    settle(books, at("17:00"))
    books.close()
    recap(settings_in(tmp_path), run_dir, day, out, NOW, settled=True)
    assert sorted(path.suffix for path in out.iterdir()) == [".html", ".json"]


def test_without_any_run_today_has_no_session(tmp_path):
    paths = recap(settings_in(tmp_path), None, None, tmp_path, NOW)
    assert json.loads(paths[0].read_text())["session"]["status"] == "NO_SESSION"


def test_a_recap_made_again_takes_the_place_of_the_first(tmp_path, run_dir):
    first = recap(settings_in(tmp_path), run_dir, None, tmp_path, NOW)
    first[0].write_text("old")
    assert recap(settings_in(tmp_path), run_dir, None, tmp_path, NOW) == first
    assert json.loads(first[0].read_text())["schema"] == 1


def test_json_has_no_number_for_infinity_and_none_is_written():
    document = written()
    document["summary"]["net"] = float("inf")
    with pytest.raises(ValueError, match="Out of range"):
        as_json(document)


def test_the_fill_model_told_is_that_of_the_run_and_not_of_whoever_asks(tmp_path, run_dir):
    settings = settings_in(tmp_path)
    paper = dataclasses.replace(settings.paper, slippage_ticks=3)
    keep_settings(dataclasses.replace(settings, paper=paper), run_dir / "data")
    (path, _) = recap(settings, run_dir, date(2025, 12, 2), tmp_path / "out", NOW)
    assert json.loads(path.read_text())["session"]["fills"]["slippage_ticks"] == 3
