"""The shell of the dashboard: folds what it reads, and serves it from a thread of its own."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from protocol.market import BarWarm
from protocol.message import Message
from protocol.settings import Settings
from protocol.web_settings import WebSettings
from supervision.shell import Shell
from web.app import Server
from web.floor import Floor
from web.replica import FOLDED, Replica

ADDRESS_FILE = "web.json"
SOURCES: dict[type[Message], str] = {BarWarm: "bars"}  # The feed says it first, to them.


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
        self.server = Server(self.floor, settings)
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


def url(own: WebSettings, port: int) -> str:
    """Return where a browser on this machine finds the page."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(own.host, own.host)
    scheme = "https" if own.tls_cert_file else "http"
    return f"{scheme}://{f'[{shown}]' if ':' in shown and shown[0] != '[' else shown}:{port}"
