"""The door: so many connections, and none that is silent for long."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from protocol.settings import Settings
from protocol.web_settings import WebSettings
from tests.web.rooms import LIMIT_S, make_run
from web.app import Server
from web.door import Door
from web.floor import Floor
from web.replica import Replica

OWN = WebSettings(port=0, users_file="", connections_max=5)
ASK = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def served(run_dir: Path, own: WebSettings) -> Server:
    return Server(Floor(run_dir, Replica()), Settings(web=own))


async def ask(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """Ask something on a new connection, and leave it open; return the first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ASK)
    return reader, writer, await reader.readline()


def test_beyond_the_limit_a_connection_is_told_so_and_one_that_closes_makes_room(
    run_dir: Path,
) -> None:
    server = served(run_dir, OWN)
    port = server.start()

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            guests = [await ask(port) for _ in range(5)]
            assert [line[9:12] for _, _, line in guests] == [b"200"] * 5
            for _ in range(20):
                reader, writer, line = await ask(port)
                assert line[9:12] == b"503"
                assert b"too many connections" in await reader.read()
                writer.close()
            for _, writer, _ in guests:
                writer.close()
                await writer.wait_closed()
            while (await ask(port))[2][9:12] != b"200":
                pass

    try:
        asyncio.run(main())
    finally:
        server.stop()


def test_a_connection_that_sends_no_whole_head_is_closed(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.app.Door", lambda most: Door(most, silent_s=0.2))
    server = served(run_dir, dataclasses.replace(OWN, connections_max=300))
    port = server.start()

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            _, spoken, line = await ask(port)
            slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
            for _, writer in slow:
                writer.write(ASK[:20])
            # All of them are closed without a word ...
            ended = await asyncio.gather(*(reader.read() for reader, _ in slow))
            assert set(ended) == {b""}
            # ... and who has asked once may keep his connection.
            spoken.write(ASK)
            assert line[9:12] == b"200" and not spoken.is_closing()
            assert (await ask(port))[2][9:12] == b"200"

    try:
        asyncio.run(main())
    finally:
        server.stop()


class Reused:
    """Gives every connection the same guest, as the system gives numbers again."""

    def __init__(self) -> None:
        self.connections: list[Any] = []
        self.transport: Any = None

    def __call__(self) -> "Reused":
        return self


def test_the_timer_of_one_who_has_asked_judges_nobody_who_comes_after_him() -> None:
    async def main() -> None:
        door, guest = Door(5, silent_s=1000.0), Reused()
        door.open(guest)  # type: ignore[arg-type]
        door()
        first = door._unheard[id(guest)].timer
        door.heard(guest)  # type: ignore[arg-type]
        door()
        assert first.cancelled() and not door._unheard[id(guest)].timer.cancelled()

    asyncio.run(main())


def test_those_who_leave_without_a_word_are_forgotten_before_they_are_many() -> None:
    class Fresh(Reused):
        def __call__(self) -> "Reused":
            return Reused()

    async def main() -> None:
        door = Door(5, silent_s=0.0)  # So that all came long ago ...
        door.open(Fresh())  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        for _ in range(1_000):
            door()
        assert len(door._unheard) == 1_000  # ... but none of them long enough ago to have left.
        for waiting in door._unheard.values():
            waiting.timer._when = loop.time() - 10  # type: ignore[attr-defined]
        door()
        assert len(door._unheard) == 1

    asyncio.run(main())
