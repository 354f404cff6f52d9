"""What the page's server has beside API and pages: the news, and the path that monitors know."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiohttp import WSCloseCode, web

from web.api import now
from web.api.endpoint import Role
from web.api.house import House
from web.api.problems import NO_STORE, Problem
from web.api.serve import HOUSE
from web.auth.gate import TOKEN
from web.news import TooMany

STOPPING = web.AppKey("stopping", asyncio.Event)
LOGIN_LOOK_S = 2.0  # How long a page may be told the news after its login has ended.
SOCKET_BYTES_MAX = 1024  # Of what a page says: it has nothing to say.


async def news(request: web.Request) -> web.StreamResponse:
    """Everything the page shows, as it changes, over a websocket."""
    house, stopping = request.app[HOUSE], request.app[STOPPING]
    wanted = frozenset(request.query.getall("section", ()))
    if not wanted <= house.news.apart:
        found, known = ", ".join(sorted(wanted))[:60], ", ".join(sorted(house.news.apart))
        raise Problem(400, f"section: found {found!r}, wanted {known}")
    socket = web.WebSocketResponse(
        compress=False, max_msg_size=SOCKET_BYTES_MAX, timeout=2.0, writer_limit=64 * 1024
    )
    if not socket.can_prepare(request):
        raise Problem(426, "wanted a websocket", {"Upgrade": "websocket"})
    try:
        with house.news.place(wanted) as place:
            await socket.prepare(request)
            telling = house.news.tell(place, socket.send_str)
            why = await _first_of(telling, _listen(socket), house, request[TOKEN], stopping)
            try:
                await socket.close(code=why)
            except (ConnectionError, TimeoutError):
                pass  # It is gone, which was wanted.
    except TooMany as full:
        raise Problem(503, str(full)) from None
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


async def health(request: web.Request) -> web.StreamResponse:
    """Whether the page and the floor are well, for a monitor that knows the old path."""
    told = now.health_of(request.app[HOUSE].floor)
    return web.json_response(told.body, status=told.status, headers=NO_STORE)


ROUTES = (
    web.get("/ws", news),
    web.get("/healthz", health),
)
