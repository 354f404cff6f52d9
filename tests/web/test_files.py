"""The files of the pages: those that are there, as they are, and nothing beside them."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.web.rooms import LIMIT_S, Client
from web.files import file_route

LONG = "export const answer = 42;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of each kind, and one beside it that is nobody's."""
    found = tmp_path / "static"
    (found / "js").mkdir(parents=True)
    (found / "js/long.js").write_text(LONG)
    (found / "js/apart.mjs").write_text(LONG)
    (found / "short.css").write_text("p {}")
    (found / "NOTICE").write_text("words")
    (tmp_path / "secret.js").write_text("secret")
    return found


def serve(folder: Path, talking: Callable[[Client], Awaitable[None]]) -> None:
    """Let `talking` ask a server of the folder."""

    async def main() -> None:
        app = web.Application()
        app.add_routes([file_route(folder)])
        async with asyncio.timeout(LIMIT_S), TestClient(TestServer(app)) as client:
            await talking(client)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("js/long.js", "text/javascript", LONG),
        ("short.css", "text/css", "p {}"),
        ("js/apart.mjs", "text/javascript", LONG),
        ("NOTICE", "text/plain", "words"),
    ],
)
def test_a_file_is_answered_with_its_kind(folder: Path, name: str, kind: str, text: str) -> None:
    async def talking(client: Client) -> None:
        answer = await client.get(f"/static/{name}")
        assert (answer.status, answer.content_type, answer.charset) == (200, kind, "utf-8")
        assert await answer.text() == text

    serve(folder, talking)


@pytest.mark.parametrize(
    "path", ["", "js", "js/", "js/none.js", "..%2fsecret.js", "js/..%2f..%2fsecret.js",
             "/js/long.js", "js//long.js", "./short.css%00", "JS/long.js"],
)  # fmt: skip
def test_what_is_no_file_of_the_folder_has_no_path(folder: Path, path: str) -> None:
    async def talking(client: Client) -> None:
        assert (await client.get(f"/static/{path}")).status == 404

    serve(folder, talking)


def test_a_link_out_of_the_folder_that_comes_later_is_not_followed(folder: Path) -> None:
    async def talking(client: Client) -> None:
        (folder / "later.js").symlink_to(folder.parent / "secret.js")
        assert (await client.get("/static/later.js")).status == 404

    serve(folder, talking)


def test_who_has_it_already_is_told_so_until_it_changes(folder: Path) -> None:
    async def talking(client: Client) -> None:
        first = await client.get("/static/js/long.js")
        mine = {"If-None-Match": first.headers["ETag"]}
        again = await client.get("/static/js/long.js", headers=mine)
        assert (again.status, await again.read()) == (304, b"")
        (folder / "js/long.js").write_text(LONG.upper())
        os.utime(folder / "js/long.js", ns=(1, 1))
        changed = await client.get("/static/js/long.js", headers=mine)
        assert (changed.status, await changed.text()) == (200, LONG.upper())

    serve(folder, talking)
