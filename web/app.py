"""The web server of the page: its application, and the thread it runs on.

It listens on loopback unless told otherwise, and elsewhere only behind users and TLS. Every request
passes the same gates, in this order: refusals become problems, who asks and from where, then the
endpoint's own checks. What is not listed is not served.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from protocol.settings import Settings
from web.api.books import BooksServer
from web.api.house import House
from web.api.problems import as_problems
from web.api.serve import BODY_BYTES_MAX, HANDS, HOUSE, Hands, api_routes
from web.api.table import ENDPOINTS
from web.auth.exposure import check_exposure, tls_of
from web.auth.gate import guard
from web.door import Door
from web.files import file_route
from web.floor import Floor
from web.pages import STATIC, page_routes
from web.port import taken
from web.routes import ROUTES, STOPPING

START_LIMIT_S = 10.0
STOP_LIMIT_S = 3.0
PART_LOOK_S, PART_LOOKS = 0.01, 50  # Half a second in all.
KEEP_ALIVE_S = 75.0
YEAR_S = 365 * 24 * 3600
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
DOOR = web.AppKey("door", Door)


def make_app(
    floor: Floor,
    settings: Settings,
    clock: Callable[[], float] = time.time,
    books_server: BooksServer | None = None,
) -> web.Application:
    """Return the application that shows `floor`, where and to whom the settings say.

    Logins end by `clock`, in seconds since 1970; `books_server` has the books that are in no file.
    """
    own = settings.web
    house = House(floor, settings, clock, books_server)
    door = Door(own.connections_max)
    app = web.Application(
        middlewares=[_heard(door), as_problems, guard(own, house.logins, ENDPOINTS)],
        client_max_size=BODY_BYTES_MAX,
    )
    app[HOUSE], app[HANDS], app[DOOR] = house, Hands(), door
    app[STOPPING] = asyncio.Event()
    app.add_routes([*api_routes(ENDPOINTS), *page_routes(), *ROUTES, file_route(STATIC)])
    app.on_shutdown.append(_end_streams)
    app.on_cleanup.append(_let_go)
    app.on_response_prepare.append(_add_headers)
    return app


def _heard(door: Door) -> Middleware:
    @web.middleware
    async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
        door.heard(request.protocol)
        response = await handler(request)
        request.app[HOUSE].answered[response.status] += 1
        return response

    return heard


async def _end_streams(app: web.Application) -> None:
    app[STOPPING].set()


async def _part(app: web.Application) -> None:
    """Let the pages answer that they part: what comes once the server closes is not read."""
    await _end_streams(app)
    for _ in range(PART_LOOKS):
        if not app[HOUSE].news.clients:
            return
        await asyncio.sleep(PART_LOOK_S)


async def _let_go(app: web.Application) -> None:
    app[HANDS].close()


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")
    if request.app[HOUSE].web.tls_cert_file:
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"


class Server:
    """The application on a thread with a loop of its own; signals stay with the actor."""

    def __init__(
        self,
        floor: Floor,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        books_server: BooksServer | None = None,
    ) -> None:
        check_exposure(settings.web)
        self._clock = clock
        self._books_server = books_server
        self._floor = floor
        self._settings = settings
        self._tls = tls_of(settings.web)
        self._bound: Future[int] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> int:
        """Start listening and return the port; raises `PortTaken` if that is impossible."""
        self._thread.start()
        return self._bound.result(START_LIMIT_S)

    def stop(self) -> None:
        """End every stream, close the port and the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(2 * STOP_LIMIT_S)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        own = self._settings.web
        app = make_app(self._floor, self._settings, self._clock, self._books_server)
        runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            shutdown_timeout=STOP_LIMIT_S,
            keepalive_timeout=KEEP_ALIVE_S,
            auto_decompress=False,  # A small body could become a huge one.
        )
        listening = None
        try:
            await runner.setup()
            assert runner.server is not None
            app[DOOR].open(runner.server)
            listening = await self._loop.create_server(
                app[DOOR], own.host, own.port, ssl=self._tls, backlog=128
            )
        except OSError as error:
            self._bound.set_exception(taken(own.host, own.port, error))
        else:
            self._bound.set_result(int(listening.sockets[0].getsockname()[1]))
            await self._stop.wait()
            await _part(app)
        finally:
            if listening is not None:
                listening.close()
            await runner.cleanup()
