"""The numbers of a live feed: asked seldom, and none where it is silent."""

from pathlib import Path
from typing import Any

import pytest

from actors.core.market.figures import Figures
from protocol.settings import FeedSettings, Settings
from supervision.shell import Shell
from tests.supervision.working import working
from tests.web.api.test_metrics import samples
from tests.web.rooms import Client, asked, make_run, talk
from web.api import feed_figures
from web.api.feed_figures import figures_of
from web.floor import Floor

LIVE = Settings(feed=FeedSettings(source="databento"))


class LinkedShell(Shell):
    """Says of its link what a live feed does, and counts who asks."""

    def __init__(self) -> None:
        self.asked = 0

    def inspect(self) -> dict[str, Any]:
        self.asked += 1
        figures = Figures(records=700, records_s=9, lag_ns=1_250_000_000, gaps=2)
        return {"link": "live", "why": "", "reconnects": 3, **figures.shown()}


def looked(run_dir: Path, settings: Settings, times: int = 1) -> dict[str, float]:
    """Return the samples of the feed after so many looks at all of them."""
    found: dict[str, float] = {}

    async def talking(client: Client, _: Floor) -> None:
        for _look in range(times):
            text = await (await client.get("/metrics")).text()
            found.clear()
            found.update(samples(text))

    talk(run_dir, talking, settings=settings)
    return {name: value for name, value in found.items() if name.startswith("floorwatch_feed")}


def test_a_live_feed_is_told_in_numbers_and_asked_once_however_many_look(tmp_path: Path) -> None:
    shell = LinkedShell()
    with working(make_run(tmp_path), "feed", shell):
        assert looked(tmp_path, LIVE, times=5) == {
            "floorwatch_feed_live": 1,
            "floorwatch_feed_records_total": 700,
            "floorwatch_feed_records_per_second": 9,
            "floorwatch_feed_lag_seconds": 1.25,
            "floorwatch_feed_gaps_total": 2,
            "floorwatch_feed_reconnects_total": 3,
        }
    assert shell.asked == 1


def test_after_a_while_it_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_figures, "APART_S", 0.0)
    shell = LinkedShell()
    with working(make_run(tmp_path), "feed", shell):
        looked(tmp_path, LIVE, times=3)
    assert shell.asked == 3


def test_a_simulated_feed_is_not_asked(tmp_path: Path) -> None:
    shell = LinkedShell()
    with working(make_run(tmp_path), "feed", shell):
        assert looked(tmp_path, Settings()) == {}
    assert shell.asked == 0


def test_a_feed_that_does_not_answer_has_no_numbers(tmp_path: Path) -> None:
    assert looked(make_run(tmp_path), LIVE) == {}


def test_a_link_that_is_not_live_is_0_and_what_is_spent_is_told_where_the_feed_knows() -> None:
    told = {"link": "replaying", "spent_cents": 1_250, "records": "many"}
    assert [(figure.name, figure.value) for figure in figures_of(told)] == [
        ("live", 0), ("spent_cents", 1_250)
    ]  # fmt: skip
    assert list(figures_of({"cut": 3})) == []  # The feed of a tape has no link.


def test_the_checks_of_the_book_are_told_as_soon_as_anything_was_told_of_it() -> None:
    checks = {"records": 0, "malformed": 0, "crossed": 0, "doubtful": 0, "backwards": 0}
    assert list(figures_of({"book": checks})) == []
    told = {figure.name: figure.value for figure in figures_of({"book": checks | {"records": 9}})}
    assert told == {f"book_{name}_total": 9 if name == "records" else 0 for name in checks}


def test_the_page_of_the_feed_has_its_state_as_every_actors(tmp_path: Path) -> None:
    with working(make_run(tmp_path), "feed", LinkedShell()):
        state = asked(tmp_path, "/api/actors/feed")["inspection"]["state"]
    assert (state["link"], state["reconnects"], state["lag_ms"]) == ("live", 3, 1_250)
