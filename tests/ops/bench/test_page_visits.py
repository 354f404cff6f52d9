"""Clients and marks: what a client counts, what spoils it, and that a mark reaches the page."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

import web.news
from actors.core.orders.commands import Heard as Command
from actors.core.orders.commands import obey
from actors.core.orders.desk_state import DeskState
from ops.bench import page_browser
from ops.bench.page_client import MARK, Heard
from ops.bench.page_visits import browsed_ms, clients, mark, seen_after_ms, unwell
from protocol.settings import Settings
from protocol.web_settings import WebSettings
from tests.web.rooms import LIMIT_S, make_run
from web.app import Server
from web.floor import Floor
from web.replica import Replica
from web.view import sections

PAGES_MAX = 4


class Room:
    """A served floor that nobody but the test changes."""

    def __init__(self, path: Path) -> None:
        self.floor = Floor(make_run(path), Replica())
        own = WebSettings(port=0, users_file="", clients_max=PAGES_MAX)
        self.server = Server(self.floor, Settings(web=own))
        self.url = f"http://127.0.0.1:{self.server.start()}"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    found = Room(tmp_path)
    yield found
    found.server.stop()


def message(kind: str, number: int, **sections: object) -> str:
    return json.dumps({"kind": kind, "number": number, "sections": sections})


def heard(*texts: str) -> Heard:
    found = Heard()
    for now_ns, text in enumerate(texts, 1):
        found.hear(text, now_ns)
    return found


def test_changes_that_follow_each_other_are_counted_and_none_is_lost():
    found = heard(message("snapshot", 7), message("change", 8), '{"kind": "beat", "number": 8}',
                  message("change", 9))  # fmt: skip
    assert (found.snapshots, found.changes, found.lost, found.number) == (1, 2, 0, 9)


@pytest.mark.parametrize("number", [7, 9])
def test_a_change_that_is_repeated_or_left_out_counts_as_lost(number):
    assert heard(message("snapshot", 7), message("change", number)).lost == 1


def test_a_client_that_fell_behind_goes_on_from_its_new_snapshot():
    found = heard(message("snapshot", 1), '{"kind": "behind"}', message("snapshot", 30),
                  message("change", 31))  # fmt: skip
    assert (found.behind, found.snapshots, found.lost) == (1, 2, 0)


def test_a_mark_has_the_time_at_which_it_was_first_seen():
    row = mark(12).id
    found = heard(message("snapshot", 1), message("change", 2, orders=[row]),
                  message("change", 3, orders=[mark(1).id, row]))  # fmt: skip
    assert found.marks == {12: 2, 1: 3}


def test_what_is_no_news_is_refused_with_its_words():
    with pytest.raises(ValueError, match="found 'hello', wanted a message"):
        heard("hello")


def test_a_mark_that_was_never_seen_is_left_out_and_not_taken_for_quick():
    assert seen_after_ms([0, 1_000_000, 5_000_000], {"0": 3_000_000, "2": 5_500_000}) == [3.0, 0.5]


def test_a_command_told_to_the_desk_becomes_a_fact_that_the_page_shows_with_its_mark():
    replica = Replica()
    facts = obey(DeskState(), Command(mark(40), 5))
    for fact in facts:
        replica.fold(fact)
    assert facts
    assert MARK.findall(json.dumps(sections(replica)["orders"])) == ["40"]
    assert replica.halted is None


async def until_told(room: Room, *marks: int) -> None:
    """Change the floor mark by mark, each only when a page has been told of the one before."""
    async with asyncio.timeout(LIMIT_S), ClientSession() as guest:
        async with guest.ws_connect(f"{room.url}/ws", max_msg_size=0) as socket:
            await socket.receive_str()
            for number in marks:
                room.floor.fold(mark(number))
                while mark(number).id not in await socket.receive_str():
                    pass


def test_clients_in_their_process_are_all_told_what_changes(room: Room, monkeypatch):
    monkeypatch.setattr(web.news, "LOOK_S", 0.01)
    with clients(room.url, PAGES_MAX - 1) as opened:
        # When one page has the later mark, every page has the earlier one.
        asyncio.run(until_told(room, 5, 6))
    assert len(opened.told) == PAGES_MAX - 1
    assert all("5" in one["marks"] for one in opened.told)
    assert unwell(opened.told) == 0


def test_where_not_all_clients_are_let_in_none_is_measured(room: Room):
    with pytest.raises(RuntimeError, match="said '', wanted 'open'"):
        with clients(room.url, PAGES_MAX + 1):
            raise AssertionError("it was opened")


def test_clients_whose_server_closes_are_an_error(room: Room):
    with pytest.raises(RuntimeError, match="ended with 1, wanted 0"), clients(room.url, 1):
        room.server.stop()


def test_a_browser_tells_when_it_painted_and_when_the_news_were_there(room: Room):
    if why := page_browser.missing():
        pytest.skip(why)
    (visit,) = browsed_ms(f"{room.url}/", 1)
    assert 0 < visit["painted"]
    assert 0 < visit["live"] < page_browser.LIMIT_MS
