"""Who is let in to the server's socket: so many connections at once, and no silent ones.

A connection costs a descriptor and some memory from its first moment on, whether it asks anything
or not. What is beyond the limit is told so and closed; one that has not sent a whole request head
in a while is closed, too.
"""

import asyncio
from typing import NamedTuple

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

SILENT_S = 10.0
ENTER_S, PARTING_S = 1.0, 1.0
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 22\r\n"
    b"Retry-After: 5\r\nConnection: close\r\n\r\ntoo many connections.\n"
)


class Door:
    """Makes the protocol of each new connection; lives on the server's loop alone."""

    def __init__(self, connections_max: int, silent_s: float = SILENT_S) -> None:
        self.refused = 0
        self._most = connections_max
        self._silent_s = silent_s
        self._unheard: dict[int, Unheard] = {}
        self._server: web.Server | None = None

    def open(self, server: web.Server) -> None:
        """Let connections in to a server."""
        self._server = server

    def __call__(self) -> asyncio.BaseProtocol:
        """Return the protocol for a new connection."""
        server = self._server
        if server is None or len(server.connections) >= self._most:
            self.refused += 1
            return Full()
        if len(self._unheard) > 2 * self._most:
            self._forget()
        guest, loop = server(), asyncio.get_running_loop()
        timer = loop.call_later(self._silent_s, self._judge, id(guest))
        self._unheard[id(guest)] = Unheard(guest, timer)
        return guest

    def heard(self, guest: RequestHandler) -> None:
        """Note that a connection has asked something."""
        waiting = self._unheard.pop(id(guest), None)
        if waiting is not None:
            # Else it would judge another guest that is given the same number later.
            waiting.timer.cancel()

    def _judge(self, key: int) -> None:
        transport = self._unheard.pop(key).guest.transport
        if transport is not None:
            transport.close()

    def _forget(self) -> None:
        """Let go of those who have left without a word; who came just now may not be in yet."""
        long_ago_s = asyncio.get_running_loop().time() + self._silent_s - ENTER_S
        for key, waiting in list(self._unheard.items()):
            if waiting.guest.transport is None and waiting.timer.when() < long_ago_s:
                waiting.timer.cancel()
                del self._unheard[key]


class Unheard(NamedTuple):
    """A connection that has not asked anything yet."""

    guest: RequestHandler
    timer: asyncio.TimerHandle


class Full(asyncio.Protocol):
    """Says that there is no room, and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(FULL)
        if transport.can_write_eof():
            transport.write_eof()
        # Closed at once, what the other side has sent would make the system drop our words.
        asyncio.get_running_loop().call_later(PARTING_S, transport.abort)
