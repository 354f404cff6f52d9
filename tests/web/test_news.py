"""The news: a snapshot, numbered changes, beats, and what becomes of a page that is too slow."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

import web.news
from protocol.web_settings import WebSettings
from tests.makers import make_signal
from tests.web.books import twenty
from tests.web.rooms import LIMIT_S, Client, make_run, talk
from web.floor import Floor
from web.news import WAITING_MAX, News, Page, TooMany


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look and beat faster than a person would want."""
    monkeypatch.setattr(web.news, "LOOK_S", 0.01)
    monkeypatch.setattr(web.news, "BEAT_S", 0.3)


class Board:
    """Sections that a test writes."""

    def __init__(self) -> None:
        self.sections: dict[str, Any] = {"head": 0, "bars": 0}

    def __call__(self) -> dict[str, Any]:
        return dict(self.sections)


class Reader:
    """Takes what is sent, as soon as it is let."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def __call__(self, text: str) -> None:
        await self.reads.wait()
        self.got.append(json.loads(text))

    async def until(self, fits: Callable[[list[dict[str, Any]]], bool]) -> None:
        while not fits(self.got):
            await asyncio.sleep(0)

    def kinds(self) -> list[str]:
        return [message["kind"] for message in self.got if message["kind"] != "beat"]


async def tell(news: News, reader: Reader, wanted: frozenset[str] = frozenset()) -> None:
    with news.place(wanted) as page:
        await news.tell(page, reader)


def run(talking: Awaitable[None]) -> None:
    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            await talking

    asyncio.run(main())


def test_a_page_gets_everything_first_and_then_what_changed_by_number() -> None:
    async def talking() -> None:
        board, reader = Board(), Reader()
        news = News(board, 5)
        telling = asyncio.create_task(tell(news, reader))
        await reader.until(lambda got: len(got) == 1)
        board.sections["head"] = 1
        await reader.until(lambda got: any(one["kind"] == "change" for one in got))
        first, change = (one for one in reader.got if one["kind"] != "beat")
        assert first == {"kind": "snapshot", "number": first["number"],
                         "sections": {"head": 0, "bars": 0}}
        assert change == {"kind": "change", "number": first["number"] + 1,
                          "sections": {"head": 1}}
        telling.cancel()

    run(talking())


def test_where_nothing_changes_there_is_a_beat_with_the_number_that_stands() -> None:
    async def talking() -> None:
        reader = Reader()
        telling = asyncio.create_task(tell(News(Board(), 5), reader))
        await reader.until(lambda got: len(got) == 3)
        assert reader.got[1:] == [{"kind": "beat", "number": 1}] * 2
        telling.cancel()

    run(talking())


def test_a_page_that_falls_behind_is_told_and_gets_a_snapshot_of_what_stands_now() -> None:
    async def talking() -> None:
        board, slow, quick_one = Board(), Reader(), Reader()
        news = News(board, 5)
        tellings = [asyncio.create_task(tell(news, one)) for one in (slow, quick_one)]
        await slow.until(lambda got: len(got) == 1)
        slow.reads.clear()
        for number in range(1, 3 * WAITING_MAX):
            board.sections["head"] = number
            await quick_one.until(
                lambda got, n=number: got[-1].get("sections", {}).get("head") == n
            )
        assert news.behind == 1
        slow.reads.set()
        await slow.until(lambda got: any(one["kind"] == "behind" for one in got))
        await slow.until(lambda got: got[-1]["kind"] == "snapshot")
        assert slow.got[-1]["sections"]["head"] == 3 * WAITING_MAX - 1
        assert slow.got[-1]["number"] == news.number
        # Whoever reads misses no number, and from the snapshot on the slow one neither.
        numbers = [one["number"] for one in quick_one.got if one["kind"] != "beat"]
        assert numbers == list(range(numbers[0], news.number + 1))
        board.sections["bars"] = 1
        await slow.until(lambda got: got[-1]["kind"] == "change")
        assert slow.got[-1] == {"kind": "change", "number": news.number, "sections": {"bars": 1}}
        for telling in tellings:
            telling.cancel()

    run(talking())


def test_a_page_that_takes_nothing_for_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.news, "SEND_LIMIT_S", 0.05)

    async def talking() -> None:
        news, reader = News(Board(), 5), Reader()
        reader.reads.clear()
        with pytest.raises(TimeoutError):
            await tell(news, reader)
        assert news.clients == 0

    run(talking())


def test_where_looking_fails_the_page_is_left_and_one_that_comes_back_is_told_again() -> None:
    async def talking() -> None:
        board, reader = Board(), Reader()
        news = News(board, 5)
        telling = asyncio.create_task(tell(news, reader))
        await reader.until(lambda got: len(got) == 1)
        whole, board.sections = board.sections, None  # type: ignore[assignment]
        await telling
        assert news.clients == 0
        board.sections = whole | {"head": 1}
        later = Reader()
        telling = asyncio.create_task(tell(news, later))
        await later.until(lambda got: len(got) == 1)
        board.sections = whole | {"head": 2}
        await later.until(lambda got: got[-1].get("sections") == {"head": 2})
        telling.cancel()

    run(talking())


def test_of_more_pages_than_allowed_the_last_is_refused_and_one_that_left_makes_room() -> None:
    async def talking() -> None:
        news, reader = News(Board(), 1), Reader()
        telling = asyncio.create_task(tell(news, reader))
        await reader.until(lambda got: len(got) == 1)
        with pytest.raises(TooMany, match="1 pages"):
            await tell(news, Reader())
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        later = Reader()
        telling = asyncio.create_task(tell(news, later))
        await later.until(lambda got: len(got) == 1)
        telling.cancel()

    run(talking())


def test_what_waits_for_a_page_is_bounded() -> None:
    page = Page()
    assert [page.put("x") for _ in range(WAITING_MAX + 3)] == [
        *[False] * WAITING_MAX, True, False, False
    ]
    assert (page.behind, len(page.waiting)) == (True, 0)


def test_the_socket_tells_the_floor(run_dir: Path) -> None:
    async def talking(client: Client, floor: Floor) -> None:
        async with client.ws_connect("/ws") as page:
            first = await page.receive_json()
            assert (first["kind"], "head" in first["sections"]) == ("snapshot", True)
            floor.fold(make_signal())
            while (change := await page.receive_json())["kind"] == "beat":
                pass
            assert (change["kind"], set(change["sections"])) == ("change", {"head", "signals"})
            assert change["number"] == first["number"] + 1

    talk(run_dir, talking)


def test_a_page_that_speaks_is_closed(run_dir: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        for text in ("hello", "x" * 100_000):
            async with client.ws_connect("/ws") as page:
                await page.receive_json()
                await page.send_str(text)
                while (message := await page.receive()).type is WSMsgType.TEXT:
                    pass
                assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
                assert page.close_code in (1008, 1009)

    talk(run_dir, talking)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
def test_a_page_of_another_site_gets_no_news(
    run_dir: Path, headers: dict[str, str], status: int
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/ws", headers=headers)
        assert refused.value.status == status
        own = {"Origin": f"http://127.0.0.1:{client.port}"}
        async with client.ws_connect("/ws", headers=own) as page:
            assert (await page.receive_json())["kind"] == "snapshot"

    talk(run_dir, talking)


def test_a_flood_of_sockets_is_refused_beyond_the_limit_and_the_page_goes_on(
    run_dir: Path,
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        open_pages = [await client.ws_connect("/ws") for _ in range(4)]
        statuses = []
        for _ in range(20):
            with pytest.raises(WSServerHandshakeError) as refused:
                await client.ws_connect("/ws")
            statuses.append(refused.value.status)
        assert statuses == [503] * 20
        assert (await client.get("/api/session/status")).status == 200
        for page in open_pages:
            await page.close()
        while "floorwatch_web_pages 0\n" not in await (await client.get("/metrics")).text():
            await asyncio.sleep(0)
        async with client.ws_connect("/ws") as page:
            assert (await page.receive_json())["kind"] == "snapshot"

    talk(run_dir, talking, WebSettings(users_file="", clients_max=4))


def test_without_an_upgrade_it_is_said_what_is_wanted(run_dir: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        answer = await client.get("/ws")
        assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")

    talk(run_dir, talking)


def test_a_page_that_vanishes_leaves_nothing_behind(run_dir: Path) -> None:
    async def talking(client: Client, floor: Floor) -> None:
        page = await client.ws_connect("/ws")
        await page.receive_json()
        transport = page.get_extra_info("socket")
        transport.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        page._response.connection.transport.abort()  # type: ignore[union-attr]
        while "floorwatch_web_pages 0\n" not in await (await client.get("/metrics")).text():
            floor.fold(make_signal())
            await asyncio.sleep(0)

    talk(run_dir, talking)


def test_what_stands_apart_goes_whole_and_without_a_number_to_who_asked_for_it() -> None:
    async def talking() -> None:
        board, depth = Board(), {"size": 1}
        news = News(board, 5, {"depth": lambda: depth or None})
        shows, others = Reader(), Reader()
        tasks = [asyncio.create_task(tell(news, shows, frozenset({"depth"}))),
                 asyncio.create_task(tell(news, others))]  # fmt: skip
        await shows.until(lambda got: bool(got))
        await others.until(lambda got: bool(got))
        assert shows.got[0]["sections"] == {"head": 0, "bars": 0, "depth": {"size": 1}}
        assert others.got[0]["sections"] == {"head": 0, "bars": 0}
        depth["size"] = 2
        await shows.until(lambda got: len(got) > 1)
        assert shows.got[1] == {"kind": "section", "sections": {"depth": {"size": 2}}}
        board.sections["head"] = 1
        await others.until(lambda got: len(got) > 1)
        assert others.got[1]["number"] == others.got[0]["number"] + 1
        assert shows.kinds() == ["snapshot", "section", "change"]
        for task in tasks:
            task.cancel()

    run(talking())


def test_nobody_looks_at_what_no_page_shows_and_where_there_is_nothing_nothing_is_sent() -> None:
    looks: list[int] = []

    async def talking() -> None:
        news = News(Board(), 5, {"depth": lambda: looks.append(1)})
        reader = Reader()
        task = asyncio.create_task(tell(news, reader))
        await reader.until(lambda got: len(got) > 1)  # A beat: many looks later.
        assert looks == []
        shows = Reader()
        other = asyncio.create_task(tell(news, shows, frozenset({"depth"})))
        await shows.until(lambda got: len(got) > 1)
        assert looks and shows.kinds() == ["snapshot"]
        task.cancel()
        other.cancel()

    run(talking())


def test_of_what_stands_apart_a_slow_page_gets_the_last_alone() -> None:
    last = 3 * WAITING_MAX
    looks = 0

    def depth() -> dict[str, int]:
        nonlocal looks
        looks += 1
        return {"size": min(looks, last)}

    async def talking() -> None:
        news, reader = News(Board(), 5, {"depth": depth}), Reader()
        reader.reads.clear()
        task = asyncio.create_task(tell(news, reader, frozenset({"depth"})))
        while looks <= last:
            await asyncio.sleep(0)
        reader.reads.set()
        # A beat may have come right behind it.
        told = {"kind": "section", "sections": {"depth": {"size": last}}}
        await reader.until(lambda got: told in got)
        assert reader.kinds() == ["snapshot", "section"]
        assert news.behind == 0
        task.cancel()

    run(talking())


def test_the_socket_tells_the_ladder_to_who_asks_and_refuses_what_is_not_known(
    run_dir: Path,
) -> None:
    async def talking(client: Client, floor: Floor) -> None:
        floor.fold(twenty())
        async with client.ws_connect("/ws?section=depth") as page:
            assert (await page.receive_json())["sections"]["depth"] == floor.depth()
        async with client.ws_connect("/ws") as page:
            assert "depth" not in (await page.receive_json())["sections"]
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/ws?section=all")
        assert refused.value.status == 400

    talk(run_dir, talking)
