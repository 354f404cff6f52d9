"""What can be asked of the page's server. One thing changes something: the kill switch.

It only ever makes things safer, so whoever can see the page may use it. A page of another site
cannot: its visitor's browser asks first before it sends the header, and is not answered.
"""

import asyncio
import os
import secrets
import time
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from protocol.commands import Action, CommandGiven
from protocol.system import Health
from protocol.units import Nanos
from supervision.inspection import NoAnswer, NotTaken, ask, tell
from web.floor import Floor, find, node_section, worst
from web.stream import stream_sections

STATIC = Path(__file__).parent / "static"
FLOOR = web.AppKey("floor", Floor)
STOPPING = web.AppKey("stopping", asyncio.Event)
ASK_LIMIT_S = 2.0
DESK = "desk"  # It takes commands.
KILL_HEADER = "X-Floorwatch"
REASON_BYTES_MAX = 500
NO_STORE = {"Cache-Control": "no-store"}


async def page(_: web.Request) -> web.StreamResponse:
    """The floor."""
    return web.FileResponse(STATIC / "floor.html")


async def actor_page(_: web.Request) -> web.StreamResponse:
    """One actor; the page asks for it by the id in its own address."""
    return web.FileResponse(STATIC / "actor.html")


async def floor_state(request: web.Request) -> web.StreamResponse:
    """Everything the page shows, once."""
    return web.json_response(request.app[FLOOR].sections(), headers=NO_STORE)


async def floor_stream(request: web.Request) -> web.StreamResponse:
    """Everything the page shows, as it changes."""
    return await stream_sections(request, request.app[FLOOR].sections, request.app[STOPPING])


async def footprint(request: web.Request) -> web.StreamResponse:
    """The footprint of an older bar."""
    found = request.app[FLOOR].footprint(int(request.match_info["end"]))
    if found is None:
        raise web.HTTPNotFound(text="that bar is no longer held\n")
    return web.json_response(found, headers=NO_STORE)


async def actor_state(request: web.Request) -> web.StreamResponse:
    """What the tree says of an actor, and what it says itself."""
    floor, id = request.app[FLOOR], request.match_info["id"]
    node = find(floor.tree(), id)
    told: dict[str, Any] = {"id": id, "node": None, "inspection": None, "no_answer": None}
    if node is not None:
        told["node"] = node_section(node) | {"failure": node.failure and dict(node.failure)}
    if node is None or node.kind != "supervisor":
        look = partial(ask, floor.run_dir, id, ASK_LIMIT_S)
        try:
            told["inspection"] = await asyncio.get_running_loop().run_in_executor(None, look)
        except NoAnswer as silence:
            told["no_answer"] = str(silence)
    found = node is not None or told["inspection"] is not None
    return web.json_response(told, status=200 if found else 404, headers=NO_STORE)


async def kill(request: web.Request) -> web.StreamResponse:
    """Flatten everything and let nobody enter until the fence is opened by hand."""
    if request.headers.get(KILL_HEADER) != str(Action.KILL):
        raise web.HTTPForbidden(text=f"wanted the header {KILL_HEADER}: {Action.KILL}\n")
    reason = (await request.content.read(REASON_BYTES_MAX)).decode(errors="replace").strip()
    command = CommandGiven(
        id=secrets.token_hex(12),
        ts_ns=Nanos(time.time_ns()),
        action=Action.KILL,
        cause="",
        who=f"the page, from {request.remote}",
        reason=reason or "no reason given",
    )
    obey = partial(tell, request.app[FLOOR].run_dir, DESK, command, ASK_LIMIT_S)
    try:
        await asyncio.get_running_loop().run_in_executor(None, obey)
    except (NoAnswer, NotTaken) as silence:
        raise web.HTTPServiceUnavailable(text=f"{silence}\n") from None
    return web.json_response({"recorded": command.id}, status=202, headers=NO_STORE)


async def health(request: web.Request) -> web.StreamResponse:
    """Whether the page and the floor are well: 503 as soon as something of the floor is red."""
    colour = worst(request.app[FLOOR].tree())
    told = {"web": Health.GREEN, "floor": colour, "pid": os.getpid()}
    return web.json_response(
        told, status=503 if colour is Health.RED else 200, headers=NO_STORE
    )


ROUTES = (
    web.get("/", page),
    web.get("/actors/{id}", actor_page),
    web.get("/api/floor", floor_state),
    web.get("/api/stream", floor_stream, allow_head=False),
    web.get(r"/api/footprints/{end:\d{1,16}}", footprint),
    web.get("/api/actors/{id}", actor_state),
    web.post("/api/kill", kill),
    web.get("/healthz", health),
)
