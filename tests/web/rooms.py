"""A run with books, a tree and a server of it, for the tests of the API."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic_ns, time_ns
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from actors.adapters.open import open_books
from protocol.message import Message
from protocol.settings import Settings
from protocol.web_settings import WebSettings
from web.app import make_app
from web.floor import Floor
from web.replica import Replica

LIMIT_S = 30.0
Client = TestClient[Any, Any]
Talk = Callable[[Client, Floor], Awaitable[None]]


def make_run(path: Path) -> Path:
    """Return a run's directory, as its host makes it."""
    for name in ("sockets", "status", "data", "logs"):
        (path / name).mkdir(exist_ok=True)
    return path


def child(id: str, kind: str = "worker", health: str = "green", **fields: Any) -> dict[str, Any]:
    """Return what a supervisor writes about one child."""
    values = {
        "id": id, "kind": kind, "phase": "up", "health": health, "pid": 7, "ticks": 1,
        "incarnation": 1, "restarts": 0, "restarts_recent": 0, "beat_age_s": 0.1,
        "started_ns": time_ns(), "memory_bytes": 1, "messages_in": 0, "messages_out": 0,
        "rejected_frames": 0, "cut": 0, "failure": None,
    }  # fmt: skip
    return values | fields


def write_status(run_dir: Path, id: str, *children: dict[str, Any], age_s: int = 0) -> None:
    """Write the status document of a supervisor, `age_s` ago."""
    document = {
        "id": id, "pid": 7, "ticks": 1, "incarnation": 1, "strategy": "one_for_one",
        "state": "running", "reason": "", "restarts_recent": 0, "restarts_max": 10,
        "period_s": 60.0, "memory_bytes": 1, "written_mono_ns": monotonic_ns() - age_s * 10**9,
        "written_ns": time_ns(), "children": children,
    }  # fmt: skip
    (run_dir / "status" / f"{id}.json").write_text(json.dumps(document))


def keep(run_dir: Path, streams: Mapping[str, Sequence[Message]], after: int = 0) -> None:
    """Write messages into the books of a run, each stream numbered on after a number."""
    books = open_books(Settings(), str(run_dir / "data"))
    for stream, messages in streams.items():
        for seq, message in enumerate(messages, after + 1):
            books.add(stream, seq, message)
    books.commit()
    books.close()


def talk(
    run_dir: Path,
    talking: Talk,
    own: WebSettings | None = None,
    settings: Settings | None = None,
    replica: Replica | None = None,
) -> None:
    """Let `talking` ask a server of the run, and end both."""

    async def main() -> None:
        floor = Floor(run_dir, replica or Replica())
        chosen = replace(settings or Settings(), web=own or WebSettings(users_file=""))
        app = make_app(floor, chosen)
        server = TestServer(app)
        async with asyncio.timeout(LIMIT_S), TestClient(server) as client:
            await talking(client, floor)

    asyncio.run(main())


async def told(client: Client, path: str, status: int = 200, **more: Any) -> Any:
    """Return what is answered to a question, as JSON; its status must be the one given."""
    answer = await client.get(path, **more)
    text = await answer.text()
    assert answer.status == status, (path, answer.status, text[:300])
    kind = "application/json" if status == 200 else "application/problem+json"
    assert answer.content_type == kind
    return json.loads(text)


def asked(run_dir: Path, path: str, status: int = 200, **more: Any) -> Any:
    """Return what a server of the run answers to one question."""
    found: list[Any] = []

    async def talking(client: Client, _: Floor) -> None:
        found.append(await told(client, path, status))

    talk(run_dir, talking, **more)
    return found[0]
