"""Whoever means ill: each gets a clear refusal, and the server answers the next as before."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from protocol.settings import Settings
from protocol.web_settings import WebSettings
from tests.web.rooms import LIMIT_S, Client, child, make_run, talk, write_status
from web.api.serve import BODY_BYTES_MAX
from web.app import Server
from web.floor import Floor
from web.replica import Replica

JSON = {"Content-Type": "application/json"}
ORDER = '{"reason": "x", "confirm": true}'
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 10_000, 400),
        (b'{"a":' * 2_000, 400),
        (b'{"reason": "x", "confirm": ' + b"1" * 8_000 + b"}", 400),
        (b'{"reason": NaN, "confirm": true}', 400),
        (b'{"reason": "x", "confirm": Infinity}', 400),
        (b"null", 422),
        (b'{"reason": "\\ud800", "confirm": true}', 422),  # Half a character.
        (b'{"reason": "\\u0000", "confirm": true}', 422),
        (b'{"reason": "x", "reason": "", "confirm": true}', 422),
        (gzip.compress(b"0" * 10_000_000), 413),
        (b"x" * BODY_BYTES_MAX, 400),
        (b"x" * (BODY_BYTES_MAX + 1), 413),
        (b"x" * 5_000_000, 413),
    ],
)
def test_a_body_that_is_none_is_refused(run_dir: Path, body: bytes, status: int) -> None:
    async def talking(client: Client, _: Floor) -> None:
        packed = {"Content-Encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
        answer = await client.post("/api/session/halt", data=body, headers=JSON | packed)
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        told = await answer.json()
        assert told["status"] == status and len(told["detail"]) < 1_000
        assert (await client.get("/api/me")).status == 200

    talk(run_dir, talking)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd",
        "/static/%2fetc%2fpasswd", "/static/css/../../app.py", "/..%2f..%2fetc/passwd",
        "/api/recap/..%2f..%2f..%2fetc%2fpasswd", "/api/actors/..%2f..%2froot",
        "/api/actors/%00", "/api/actors/a%0d%0aX-Evil:%201", "/api/recap/2025-12-02%00.json",
        "/%c0%ae%c0%ae/", "/api/" + "a" * 7_000, "/api/actors/" + "%F0%9F%98%80" * 100,
        "/API/trades", "/api//trades", "/api/trades/", "/api/trades/../kill", "/static",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_leads_nowhere(run_dir: Path, path: str) -> None:
    """Sent as it is: a well-behaved client would straighten it first."""

    async def talking(client: Client, _: Floor) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.read()
        writer.close()
        assert answer.split(b" ", 2)[1] in (b"400", b"403", b"404", b"405"), answer[:200]
        assert b"root:" not in answer and b"X-Evil: 1" not in answer.partition(b"\r\n\r\n")[0]

    talk(run_dir, talking)


@pytest.mark.parametrize(
    "head",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # Without a host.
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 2_000 + b"\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /api/kill HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/kill HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 1\r\nSec-WebSocket-Key: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS where there is none.
    ],
)
def test_a_head_that_is_none_is_refused_and_the_next_is_answered(
    run_dir: Path, head: bytes
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(head)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        assert not answer or answer.split(b" ", 2)[1] in (b"400", b"403", b"426"), answer[:300]
        assert (await client.get("/api/me")).status == 200

    talk(run_dir, talking)


def test_a_body_that_never_ends_is_given_up(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.api.serve.BODY_LIMIT_S", 0.05)

    async def talking(client: Client, _: Floor) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        head = "POST /api/kill HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert b" 408 " in await reader.readline()
        writer.close()

    talk(run_dir, talking)


def test_a_script_in_any_text_stays_text(run_dir: Path) -> None:
    """It comes back as JSON that no browser takes for a page, whatever led to it."""
    failure = {"death": "killed", "reason": SCRIPT, "traceback": SCRIPT, "ts_ns": 1}
    write_status(run_dir, "root", child("desk", failure=failure))
    (run_dir / "alarms.jsonl").write_text(
        json.dumps({"source": "x", "code": "y", "ts_ns": 1, "text": SCRIPT}) + "\n"
    )
    (run_dir / "logs" / "decisions.jsonl").write_text(json.dumps({"text": SCRIPT}) + "\n")

    async def talking(client: Client, _: Floor) -> None:
        order = {"reason": SCRIPT, "confirm": True}
        await client.post("/api/session/halt", json=order)
        found = 0
        for path in ("/api/state", "/api/actors/desk", "/api/logs", "/api/audit", "/metrics",
                     f"/{SCRIPT}", f"/api/trades?sort={SCRIPT}", f"/api/trades?{SCRIPT}=1",
                     f"/api/actors/{SCRIPT}", f"/api/footprint?series={SCRIPT}"):  # fmt: skip
            answer = await client.get(path)
            assert answer.content_type in (
                "application/json", "application/problem+json", "text/plain"
            )  # fmt: skip
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            found += SCRIPT in await answer.text()
        assert found >= 6
        answer = await client.get("/", headers={"Host": f"{SCRIPT}"})
        assert answer.content_type == "application/problem+json"

    talk(run_dir, talking)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PROPFIND", "X" * 50])
def test_a_method_that_is_not_served_is_refused(run_dir: Path, method: str) -> None:
    async def talking(client: Client, _: Floor) -> None:
        for path in ("/api/trades", "/api/kill", "/", "/ws"):
            answer = await client.request(method, path)
            assert answer.status in (400, 404, 405), path

    talk(run_dir, talking)


def test_a_page_that_asks_from_elsewhere_is_never_told_that_it_may(run_dir: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        asks = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        for method in ("OPTIONS", "GET"):
            answer = await client.request(method, "/api/trades", headers=asks)
            assert not [name for name in answer.headers if name.lower().startswith("access-")]

    talk(run_dir, talking)


def test_while_many_ask_for_much_a_light_question_is_answered(run_dir: Path) -> None:
    """A hundred heavy questions wait for two threads; what needs none is answered at once."""
    own = WebSettings(port=0, users_file="")
    server = Server(Floor(run_dir, Replica()), Settings(web=own))
    port = server.start()

    async def ask(path: str) -> tuple[float, bytes]:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.read()
        writer.close()
        return loop.time() - began_s, answer

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            heavy = [asyncio.create_task(ask("/api/openapi.json")) for _ in range(100)]
            light: Any = [await ask("/api/me") for _ in range(5)]
            assert {answer.split(b" ", 2)[1] for _, answer in light} == {b"200"}
            took = await asyncio.gather(*heavy)
            assert {answer.split(b" ", 2)[1] for _, answer in took} == {b"200"}
            assert max(spent for spent, _ in light) < max(spent for spent, _ in took)

    try:
        asyncio.run(main())
    finally:
        server.stop()
