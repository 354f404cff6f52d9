"""The shell of the dashboard: folds what it reads, and serves it from a thread of its own."""

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from protocol.market import BarWarm, FeedLost, FeedRestored
from protocol.message import Message
from protocol.settings import Settings
from protocol.web_settings import WebSettings
from supervision.shell import Shell
from web.api.books import BooksServer
from web.app import Server
from web.floor import Floor
from web.port import PortTaken, check_port
from web.replica import FOLDED, Replica

ADDRESS_FILE = "web.json"
# The feed says of a bar first, to them; that it is lost the broker says again, later.
SOURCES: dict[type[Message], str] = {BarWarm: "bars", FeedLost: "feed", FeedRestored: "feed"}


def _take(shell: "WebShell", message: Message) -> Iterable[Message]:
    shell.floor.fold(message)
    return ()


class WebShell(Shell):
    """Publishes nothing and decides nothing; a restart reads everything again."""

    joined = False
    lazy = True
    niceness = 10
    handlers = {(kind, SOURCES.get(kind)): _take for kind in FOLDED}

    def configure(self, settings: Settings, directory: str) -> None:
        run_dir = Path(directory).parent
        balance_cents = round(settings.paper.balance_dollars * 100)
        self.floor = Floor(run_dir, Replica(balance_cents, settings.bars.series[0]))
        # A page that is open finds a restarted server only where the one before it was.
        own = replace(settings.web, port=settings.web.port or last_port(run_dir, settings.web))
        books = books_server(settings.store.url, directory) if settings.store.url else None
        self.server = Server(self.floor, replace(settings, web=own), books_server=books)
        self.port = self.server.start()
        self.url = url(settings.web, self.port)
        told = {"url": self.url, "host": settings.web.host, "port": self.port, "pid": os.getpid()}
        draft = run_dir / f"{ADDRESS_FILE}.tmp"
        draft.write_text(json.dumps(told))
        draft.replace(run_dir / ADDRESS_FILE)

    def inspect(self) -> dict[str, Any]:
        return {"url": self.url, "folded": self.floor.folded}

    def close(self) -> None:
        self.server.stop()


def last_port(run_dir: Path, own: WebSettings) -> int:
    """Return where the page of this run was served before; 0 if nowhere, or if that is taken."""
    try:
        port = int(json.loads((run_dir / ADDRESS_FILE).read_bytes())["port"])
        check_port(replace(own, port=port))
    except (FileNotFoundError, PortTaken):
        return 0
    return port


def books_server(url: str, directory: str) -> BooksServer:
    """Return the books of a run that are on a server, for reading alone."""
    from actors.adapters.fault import StoreFault
    from actors.adapters.sql import onlooker

    return BooksServer(onlooker(url, directory, "web"), StoreFault)


def url(own: WebSettings, port: int) -> str:
    """Return where a browser on this machine finds the page."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(own.host, own.host)
    scheme = "https" if own.tls_cert_file else "http"
    return f"{scheme}://{f'[{shown}]' if ':' in shown and shown[0] != '[' else shown}:{port}"
