"""The end of a day by hand and by the schedule: who waits for the floor, and for how long."""

import dataclasses
import io
import json
from datetime import date

import pytest
from rich.console import Console

from actors.adapters.store import SqlBooks, database_for
from ops.day_end import PAUSES_S, write_recap
from protocol.settings import RunSettings, Settings
from tests.makers import at
from tests.ops.recap.days import keep, settle, streams

DAY = date(2025, 12, 2)


@pytest.fixture
def run_dir(tmp_path):
    (tmp_path / "runs" / "floor" / "data").mkdir(parents=True)
    return tmp_path / "runs" / "floor"


class Floor:
    """A floor that comes back late: its books are whole after so many pauses of who waits."""

    def __init__(self, run_dir, after):
        self.run_dir, self.left, self.pauses = run_dir, after, []

    def wait(self, pause_s):
        self.pauses.append(pause_s)
        self.left -= 1
        if self.left == 0:
            books = SqlBooks(database_for("", str(self.run_dir / "data"), "books"))
            keep(books, streams())
            settle(books, at("17:00"))
            books.close()

    def recap(self, *, waits):
        run = RunSettings(directory=str(self.run_dir.parent))
        settings = dataclasses.replace(Settings(), run=run)
        console = Console(file=io.StringIO())
        code = write_recap(
            settings, self.run_dir, DAY, console, sends=False, waits=waits, wait=self.wait
        )
        assert code == 0
        path = self.run_dir / "data" / "recaps" / f"{DAY}_recap.json"
        return json.loads(path.read_text())["summary"]["net"]


def test_the_schedule_s_recap_waits_until_the_floor_has_caught_up(run_dir):
    floor = Floor(run_dir, after=3)
    assert floor.recap(waits=True) == 295.5
    assert floor.pauses == [1, 2, 4]


def test_a_day_that_never_comes_to_its_end_is_told_as_far_as_it_is_after_two_minutes(run_dir):
    floor = Floor(run_dir, after=99)
    assert floor.recap(waits=True) == 0
    assert floor.pauses == list(PAUSES_S) and sum(PAUSES_S) == 120


def test_a_person_who_asks_for_a_recap_waits_for_nothing(run_dir):
    floor = Floor(run_dir, after=1)
    assert floor.recap(waits=False) == 0
    assert floor.pauses == []
