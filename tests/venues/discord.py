"""A server on loopback that answers like a webhook of Discord: its limits, codes and headers.

From Discord's documentation of "Execute Webhook" and of rate limits. A test lays out what shall
happen to the next messages; whatever it does not lay out is checked and taken.
"""

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token-that-nobody-may-see"
PATH = f"/api/webhooks/123456789/{TOKEN}"
TAKE, HANG, CUT = "take", "hang", "cut"  # `HANG` answers never, `CUT` stops within the answer.


@dataclass
class Step:
    """What shall happen to one message: a code with its headers and body, or one of the words."""

    what: int | str
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def too_fast(retry_after: float, in_body: bool = True) -> Step:
    """Return a 429 as Discord sends it; `in_body` False as the gateway before it does."""
    body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": False}
    return Step(429, body if in_body else {}, {"Retry-After": str(int(retry_after) or 1)})


class DiscordServer:
    """The server; `url` is the address of its only webhook. Use it as a context."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.messages: list[dict[str, Any]] = []  # Taken, in order.
        self.tried = 0
        self.faults: list[str] = []  # What was wrong with a message, by the limits.
        self.heard = Event()
        self.release = Event()
        server = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                server.answer(self, json.loads(self.rfile.read(length)))

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "DiscordServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def titles(self) -> list[str]:
        """The titles of all embeds that were taken."""
        return [embed["title"] for message in self.messages for embed in message["embeds"]]

    def answer(self, request: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
        """Do to a message what is laid out for it."""
        self.tried += 1
        step = self.steps.pop(0) if self.steps else Step(TAKE)
        if step.what == HANG:
            self.heard.set()
            self.release.wait(30)
            request.close_connection = True
            return
        if step.what == CUT:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":")
            request.close_connection = True
            self.heard.set()
            return
        code, body = self._judged(request.path, message) if step.what == TAKE else (
            int(step.what), step.body
        )  # fmt: skip
        content = json.dumps(body).encode() if body else b""
        request.send_response(code)
        for name, value in {**step.headers, "Content-Length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)
        self.heard.set()

    def _judged(self, target: str, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(target)
        if parts.path != PATH:
            return 404, {"message": "Unknown Webhook", "code": 10015}
        faults = faults_of(message)
        if faults:
            self.faults += faults
            return 400, {"message": "Invalid Form Body", "errors": faults}
        self.messages.append(message)
        waits = parse_qs(parts.query).get("wait", [""])[0].lower() == "true"
        return (200, {"id": str(self.tried)}) if waits else (204, {})


def faults_of(message: dict[str, Any]) -> list[str]:
    """Return by which limits a message is not taken."""
    embeds = message.get("embeds", [])
    faults = [] if 1 <= len(embeds) <= 10 else [f"{len(embeds)} embeds"]
    if message.get("allowed_mentions") != {"parse": []}:
        faults.append("mentions are allowed")
    total = 0
    for embed in embeds:
        texts = {"title": (embed.get("title", ""), 256)}
        texts["description"] = (embed.get("description", ""), 4096)
        texts["footer"] = (embed.get("footer", {}).get("text", ""), 2048)
        fields = embed.get("fields", [])
        if len(fields) > 25:
            faults.append(f"{len(fields)} fields")
        for number, each in enumerate(fields):
            texts[f"name {number}"] = (each["name"], 256)
            texts[f"value {number}"] = (each["value"], 1024)
            faults += [f"empty {key}" for key in ("name", "value") if not each[key].strip()]
        for place, (text, most) in texts.items():
            units = len(text.encode("utf-16-le")) // 2
            total += units
            faults += [f"{place} of {units}"] if units > most else []
        if not (embed.get("title") or embed.get("description")):
            faults.append("nothing to show")
    return faults + ([f"{total} in all"] if total > 6000 else [])
