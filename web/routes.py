"""What the page's server has beside API and pages: the news, and what was there before them.

The old kill switch takes plain words under a header that no page of another site can send.
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

from aiohttp import WSCloseCode, web
from aiohttp.typedefs import Handler

from protocol.commands import Action, CommandGiven
from protocol.units import Nanos
from supervision.inspection import NoAnswer, NotTaken, tell
from web.api import now
from web.api.control import ASK_LIMIT_S, DESK, teller
from web.api.endpoint import Role
from web.api.house import House
from web.api.problems import NO_STORE, Problem
from web.api.serve import HOUSE
from web.auth.gate import PERSON, TOKEN
from web.news import TooMany
from web.stream import stream_sections

STOPPING = web.AppKey("stopping", asyncio.Event)
KILL_HEADER = "X-Floorwatch"
REASON_BYTES_MAX = 500
LOGIN_LOOK_S = 2.0  # How long a page may be told the news after its login has ended.
SOCKET_BYTES_MAX = 1024  # Of what a page says: it has nothing to say.


async def news(request: web.Request) -> web.StreamResponse:
    """Everything the page shows, as it changes, over a websocket."""
    house, stopping = request.app[HOUSE], request.app[STOPPING]
    socket = web.WebSocketResponse(
        compress=False, max_msg_size=SOCKET_BYTES_MAX, timeout=2.0, writer_limit=64 * 1024
    )
    if not socket.can_prepare(request):
        raise Problem(426, "wanted a websocket", {"Upgrade": "websocket"})
    try:
        with house.news.place() as place:
            await socket.prepare(request)
            telling = house.news.tell(place, socket.send_str)
            why = await _first_of(telling, _listen(socket), house, request[TOKEN], stopping)
    except TooMany as full:
        raise Problem(503, str(full)) from None
    try:
        await socket.close(code=why)
    except (ConnectionError, TimeoutError):
        pass  # It is gone, which was wanted.
    return socket


async def _first_of(
    telling: Coroutine[Any, Any, None],
    listening: Coroutine[Any, Any, None],
    house: House,
    token: str,
    stopping: asyncio.Event,
) -> WSCloseCode:
    """Go on until the first of them ends; return why the page is closed."""
    ends = [
        asyncio.create_task(telling),
        asyncio.create_task(listening),
        asyncio.create_task(_while_allowed(house, token)),
        asyncio.create_task(stopping.wait()),
    ]
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    refused = ends[1] in done or ends[2] in done
    return WSCloseCode.POLICY_VIOLATION if refused else WSCloseCode.GOING_AWAY


async def _listen(socket: web.WebSocketResponse) -> None:
    """Return as soon as the page closes or says anything."""
    await socket.receive()


async def _while_allowed(house: House, token: str) -> None:
    """Return when the login of a page has ended."""
    while house.logins.person(token).role.may(Role.VIEWER):
        await asyncio.sleep(LOGIN_LOOK_S)


async def floor_state(request: web.Request) -> web.StreamResponse:
    """Everything the old page shows, once."""
    return web.json_response(request.app[HOUSE].floor.sections(), headers=NO_STORE)


async def floor_stream(request: web.Request) -> web.StreamResponse:
    """Everything the old page shows, as it changes."""
    look = request.app[HOUSE].floor.sections
    return await stream_sections(request, look, request.app[STOPPING])


async def footprint(request: web.Request) -> web.StreamResponse:
    """The footprint of an older bar."""
    found = request.app[HOUSE].floor.footprint(int(request.match_info["end"]))
    if found is None:
        raise Problem(404, "that bar is no longer held")
    return web.json_response(found, headers=NO_STORE)


async def health(request: web.Request) -> web.StreamResponse:
    """Whether the page and the floor are well, for a monitor that knows the old path."""
    told = now.health_of(request.app[HOUSE].floor)
    return web.json_response(told.body, status=told.status, headers=NO_STORE)


@web.middleware
async def old_kill(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Flatten everything and fence the entries: plain words under the old header are enough."""
    new = request.content_type == "application/json"
    if request.method != "POST" or request.path != "/api/kill" or new:
        return await handler(request)
    if request.headers.get(KILL_HEADER) != str(Action.KILL):
        raise Problem(403, f"wanted application/json, or the header {KILL_HEADER}: {Action.KILL}")
    house, person = request.app[HOUSE], request[PERSON]
    words = (await request.content.read(REASON_BYTES_MAX)).decode(errors="replace").strip()
    command = CommandGiven(
        id=secrets.token_hex(12),
        ts_ns=Nanos(time.time_ns()),
        action=Action.KILL,
        cause="",
        who=teller(person, request.remote or ""),
        reason=words or "no reason given",
    )
    obey = partial(tell, house.run_dir, DESK, command, ASK_LIMIT_S)
    try:
        await asyncio.get_running_loop().run_in_executor(None, obey)
    except (NoAnswer, NotTaken) as silence:
        raise Problem(503, str(silence)) from None
    remote = request.remote or ""
    house.audit.note(person, remote, "kill", command.reason, f"recorded {command.id}")
    return web.json_response({"recorded": command.id}, status=202, headers=NO_STORE)


ROUTES = (
    web.get("/ws", news),
    web.get("/api/floor", floor_state),
    web.get("/api/stream", floor_stream, allow_head=False),
    web.get(r"/api/footprints/{end:\d{1,16}}", footprint),
    web.get("/healthz", health),
)
