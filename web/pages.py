"""The pages by their paths: each a body in the frame that all share, put together once.

They hold nothing that is not public: what is shown comes later, from the API.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from web.packing import HEADERS, VARY, packed, takes_packed

STATIC = Path(__file__).parent / "static"
FRAME = "frame.html"
LOGIN = "login.html"


class Page(NamedTuple):
    """Where a page is found, and which files it is made of."""

    paths: tuple[str, ...]
    name: str
    title: str
    style: str


PAGES = (
    Page(("/", "/dashboard"), "command", "Command Center", "command"),
    Page(("/market",), "market", "Market", "market"),
    Page(("/actors", "/actors/{id}"), "actors", "Actors", "actors"),
    Page(("/trades",), "trades", "Trades", "tables"),
    Page(("/signals",), "signals", "Signals", "tables"),
    Page(("/statistics",), "statistics", "Statistics", "tables"),
    Page(("/recap",), "recap", "Recap", "tables"),
    Page(("/settings",), "settings", "Settings", "settings"),
)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page_routes(static: Path = STATIC) -> list[web.RouteDef]:
    """Return a route for each path of each page, the login among them."""
    frame = (static / FRAME).read_text()
    routes = [web.get("/login", answer_of((static / LOGIN).read_text()))]
    for page in PAGES:
        shown = answer_of(framed(frame, page, (static / f"{page.name}.html").read_text()))
        routes += [web.get(path, shown) for path in page.paths]
    return routes


def framed(frame: str, page: Page, body: str) -> str:
    """Return the whole of a page."""
    filled = {"{title}": page.title, "{style}": page.style, "{name}": page.name, "{main}": body}
    for place, text in filled.items():
        frame = frame.replace(place, text)
    return frame


def answer_of(text: str) -> Answer:
    """Return a handler that answers every request with this page."""

    plain = text.encode()
    small = packed(plain)
    headers = {**VARY, "Content-Type": "text/html; charset=utf-8"}

    async def answer(request: web.Request) -> web.StreamResponse:
        if takes_packed(request.headers):
            return web.Response(body=small, headers=headers | HEADERS)
        return web.Response(body=plain, headers=headers)

    return answer
