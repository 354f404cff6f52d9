"""The web server of the page: its application, and the thread it runs on.

It listens on loopback unless told otherwise, refuses requests under a foreign name (a page of
another site could otherwise reach it through its visitor's browser), and changes nothing.
"""

import asyncio
import ipaddress
import threading
from concurrent.futures import Future

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from protocol.settings import WebSettings
from web.floor import Floor
from web.port import taken
from web.routes import FLOOR, ROUTES, STATIC, STOPPING

START_LIMIT_S = 10.0
STOP_LIMIT_S = 3.0
LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")
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


def make_app(floor: Floor, host: str) -> web.Application:
    """Return the application, for a server that listens on `host`."""
    app = web.Application(middlewares=[_guard(host)])
    app[FLOOR] = floor
    app[STOPPING] = asyncio.Event()
    app.add_routes(ROUTES)
    app.router.add_static("/static/", STATIC)
    app.on_shutdown.append(_end_streams)
    app.on_response_prepare.append(_add_headers)
    return app


def _guard(host: str) -> Middleware:
    allowed = {*LOCAL_NAMES, host}
    # Whoever opens it to the network reaches it by number or by the name that was configured.
    wildcard = host in ("0.0.0.0", "::")

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = _host_name(request.headers.get("Host", ""))
        if name not in allowed and not (wildcard and _is_number(name)):
            raise web.HTTPForbidden(
                text=f"host {name[:80]!r} is not allowed, wanted one of"
                f" {', '.join(sorted(allowed))}; web.host names one more\n"
            )
        return await handler(request)

    return guard


def _host_name(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _end_streams(app: web.Application) -> None:
    app[STOPPING].set()


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")


class Server:
    """The application on a thread with a loop of its own; signals stay with the actor."""

    def __init__(self, floor: Floor, settings: WebSettings) -> None:
        self._floor = floor
        self._settings = settings
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
        settings = self._settings
        runner = web.AppRunner(
            make_app(self._floor, settings.host),
            handle_signals=False,
            access_log=None,
            shutdown_timeout=STOP_LIMIT_S,
        )
        try:
            await runner.setup()
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            self._bound.set_exception(taken(settings, error))
        else:
            self._bound.set_result(int(runner.addresses[0][1]))
            await self._stop.wait()
        finally:
            await runner.cleanup()
