"""The files that pages are made of: a closed table, so that no path can be made up.

Each is packed when it is first asked for and kept so; it is looked at again when it changes. A
browser keeps it and asks whether it is still the same.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, web

from web.packing import HEADERS, LEAST_BYTES, VARY, packed, takes_packed

MEDIA = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
         ".html": "text/html", ".svg": "image/svg+xml"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was when it was read."""

    stamp: tuple[int, int]  # When it was changed, in ns, and its length.
    mark: str
    packed: bytes


def file_route(folder: Path) -> web.RouteDef:
    """Return the route of every file below a folder."""
    return web.get("/static/{name:.+}", _answer_of(folder))


def _answer_of(folder: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    paths = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    kept: dict[str, Kept] = {}

    async def answer(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in paths:
            raise web.HTTPNotFound
        found = kept[name] = _read(paths[name], kept.get(name))
        headers = {**VARY, "ETag": f'"{found.mark}"'}
        if ETag(found.mark) in (request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = MEDIA.get(paths[name].suffix, "text/plain") + "; charset=utf-8"
        if found.stamp[1] >= LEAST_BYTES and takes_packed(request.headers):
            return web.Response(body=found.packed, headers=headers | HEADERS)
        return web.Response(body=paths[name].read_bytes(), headers=headers)

    return answer


def _read(path: Path, before: Kept | None) -> Kept:
    state = path.stat()
    stamp = state.st_mtime_ns, state.st_size
    if before is not None and before.stamp == stamp:
        return before
    body = path.read_bytes()
    return Kept(stamp, hashlib.sha256(body).hexdigest()[:16], packed(body))
