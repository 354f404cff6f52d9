"""The gate: who may look, who may act, and whose page asks; on a server that listens."""

import asyncio
import dataclasses
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from protocol.settings import Settings
from protocol.web_settings import WebSettings
from tests.web.auth.test_exposure import make_certificate, with_tls
from tests.web.rooms import LIMIT_S, Client, make_run, talk, told
from web.api.endpoint import Role
from web.api.table import ENDPOINTS
from web.app import Server
from web.auth import passwords
from web.auth.users import add_user
from web.floor import Floor
from web.replica import Replica

ORDER = {"reason": "a test", "confirm": True}
METRICS = "of-the-scraper-alone"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> WebSettings:
    path = tmp_path / "users.json"
    add_user(path, "ann", "operator", "ann-secret")
    add_user(path, "bob", "viewer", "bob-secret")
    return WebSettings(users_file=str(path))


async def raw_get(client: Client, path: str, authorization: str) -> int:
    """Return the status of a question with any bytes in its header."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    shown = f"{head}Authorization: {authorization}\r\n\r\n"
    writer.write(shown.encode(errors="surrogateescape"))
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


async def log_in(client: Client, name: str, password: str = "", **more: Any) -> Any:
    body = {"user": name, "password": password or f"{name}-secret"}
    return await client.post("/api/login", json=body, **more)


def audited(run_dir: Path) -> list[dict[str, Any]]:
    """Return the lines of the audit."""
    return [json.loads(line) for line in (run_dir / "audit.jsonl").read_text().splitlines()]


def filled(path: str) -> str:
    return path.replace("{id}", "desk").replace("{date}", "2025-12-02")


def test_a_stranger_sees_the_login_and_nothing_of_the_floor(
    run_dir: Path, own: WebSettings
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        for endpoint in ENDPOINTS:
            answer = await client.request(endpoint.method, filled(endpoint.path), json=ORDER)
            if endpoint.role is not Role.ANYBODY:
                assert answer.status == 401, endpoint.path
                assert "/api/login" in (await answer.json())["detail"]
        for path in ("/ws", "/api/nowhere", "/api/trades.csv"):
            assert (await client.get(path)).status == 401, path
        for path in ("/", "/static/icon.svg", "/api/reference", "/api/openapi.json", "/api/me"):
            assert (await client.get(path)).status == 200
        assert await told(client, "/api/me") == {
            "user": "", "role": "anybody", "demo": False, "login_required": True
        }  # fmt: skip

    talk(run_dir, talking, own)


def test_a_viewer_looks_and_changes_nothing(run_dir: Path, own: WebSettings) -> None:
    async def talking(client: Client, _: Floor) -> None:
        assert (await log_in(client, "bob")).status == 200
        assert (await told(client, "/api/me"))["role"] == "viewer"
        for endpoint in ENDPOINTS:
            if endpoint.changes and endpoint.role is Role.OPERATOR:
                answer = await client.request(endpoint.method, filled(endpoint.path), json=ORDER)
                assert answer.status == 403, endpoint.path
                assert (await answer.json())["detail"] == "bob is viewer, wanted operator"
        assert (await client.get("/api/trades")).status == 200
        async with client.ws_connect("/ws") as page:
            assert (await page.receive_json())["kind"] == "snapshot"

    talk(run_dir, talking, own)


def test_an_operator_may_act_and_a_logout_ends_it(
    run_dir: Path, own: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.routes.LOGIN_LOOK_S", 0.05)

    async def talking(client: Client, _: Floor) -> None:
        answer = await log_in(client, "ann")
        cookie = answer.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(
            cookie.split("; ")
        )
        assert (await answer.json())["role"] == "operator"
        token = answer.cookies["floorwatch"].value
        # No desk answers here, but the gate let it through.
        assert (await client.post("/api/session/halt", json=ORDER)).status == 503
        async with client.ws_connect("/ws") as page:
            assert (await page.receive_json())["kind"] == "snapshot"
            assert (await client.post("/api/logout")).status == 200
            while (await page.receive()).data is not None and not page.closed:
                pass
        assert (await client.get("/api/trades")).status == 401
        stolen = {"Cookie": f"floorwatch={token}"}
        assert (await client.get("/api/trades", headers=stolen)).status == 401
        assert [line["action"] for line in audited(run_dir)] == ["log in", "halt", "log out"]

    talk(run_dir, talking, own)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing_even_for_an_operator(
    run_dir: Path, own: WebSettings, headers: dict[str, str]
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        await log_in(client, "ann")
        for path in ("/api/kill", "/api/login", "/api/logout", "/api/session/halt"):
            answer = await client.post(path, json=ORDER, headers=headers)
            assert answer.status == 403, path
        assert (await client.get("/api/trades")).status == 200

    talk(run_dir, talking, own)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_could_send_changes_nothing(run_dir: Path, kind: str) -> None:
    async def talking(client: Client, _: Floor) -> None:
        for endpoint in ENDPOINTS:
            if endpoint.changes and endpoint.body is not None:
                answer = await client.request(
                    endpoint.method, filled(endpoint.path), data=json.dumps(ORDER),
                    headers={"Content-Type": kind},
                )  # fmt: skip
                assert answer.status == 415, endpoint.path

    talk(run_dir, talking)


def test_after_five_wrong_passwords_even_the_right_one_waits(
    run_dir: Path, own: WebSettings
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        statuses = [(await log_in(client, "ann", "wrong")).status for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        answer = await log_in(client, "ann")
        assert (answer.status, 0 < int(answer.headers["Retry-After"]) <= 901) == (429, True)
        assert (await log_in(client, "bob")).status == 200
        lines = audited(run_dir)
        assert [line["outcome"] for line in lines][:5] == ["refused: wrong name or password"] * 5
        assert "ann-secret" not in json.dumps(lines) and "wrong\"" not in json.dumps(lines)

    talk(run_dir, talking, own)


@pytest.mark.parametrize(
    ("shown", "status"),
    [(f"Bearer {METRICS}", 200), (f"bearer  {METRICS} ", 200), (f"Bearer {METRICS}x", 401),
     (f"Bearer {METRICS[:-1]}", 401), (f"Basic {METRICS}", 401), (METRICS, 401), ("Bearer ", 401),
     ("Bearer \udcff\u2620", 401), ("", 401)],
)  # fmt: skip
def test_a_scraper_shows_a_token_instead_of_a_login(
    run_dir: Path, own: WebSettings, shown: str, status: int
) -> None:
    own = dataclasses.replace(own, metrics_token=METRICS)

    async def talking(client: Client, _: Floor) -> None:
        found = await raw_get(client, "/metrics", shown)
        assert found == status
        for endpoint in ENDPOINTS:  # It opens nothing else.
            if endpoint.role is not Role.ANYBODY and endpoint.path != "/metrics":
                answer = await client.request(
                    endpoint.method, filled(endpoint.path), json=ORDER,
                    headers={"Authorization": f"Bearer {METRICS}"},
                )  # fmt: skip
                assert answer.status == 401, endpoint.path

    talk(run_dir, talking, own)


@pytest.mark.parametrize("shown", ["Bearer ", "Bearer", ""])
def test_where_there_is_no_token_none_is_shown(
    run_dir: Path, own: WebSettings, shown: str
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        assert await raw_get(client, "/metrics", shown) == 401

    talk(run_dir, talking, own)


def test_the_token_is_in_no_text_of_the_settings(run_dir: Path, own: WebSettings) -> None:
    own = dataclasses.replace(own, metrics_token=METRICS)
    assert METRICS not in repr(own)

    async def talking(client: Client, _: Floor) -> None:
        await log_in(client, "ann")
        told_of = (await told(client, "/api/settings"))["sections"]["web"]["metrics_token"]
        assert told_of == "(set, not shown)"

    talk(run_dir, talking, own)


def test_where_there_are_no_users_nobody_needs_to_log_in(run_dir: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        assert (await log_in(client, "ann")).status == 409
        assert await told(client, "/api/me") == {
            "user": "local", "role": "operator", "demo": False, "login_required": False
        }  # fmt: skip

    talk(run_dir, talking)


def test_users_that_cannot_be_read_let_nobody_in(run_dir: Path, own: WebSettings) -> None:
    async def talking(client: Client, _: Floor) -> None:
        await log_in(client, "ann")
        Path(own.users_file).unlink()
        answer = await client.get("/api/trades")
        assert (answer.status, "taken away" in await answer.text()) == (503, True)
        assert (await log_in(client, "ann")).status == 503

    talk(run_dir, talking, own)


def test_with_a_certificate_the_page_is_served_by_https_and_the_cookie_goes_nowhere_else(
    run_dir: Path, own: WebSettings
) -> None:
    make_certificate(run_dir)
    files = with_tls(run_dir)
    own = dataclasses.replace(
        own, port=0, tls_cert_file=files.tls_cert_file, tls_key_file=files.tls_key_file
    )
    server = Server(Floor(run_dir, Replica()), Settings(web=own))
    port = server.start()
    trusts = ssl.create_default_context(cafile=own.tls_cert_file)

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S), ClientSession() as browser:
            body = {"user": "ann", "password": "ann-secret"}
            there = f"https://127.0.0.1:{port}"
            answer = await browser.post(f"{there}/api/login", json=body, ssl=trusts)
            cookie = answer.headers["Set-Cookie"]
            assert cookie.startswith("__Host-floorwatch=") and "; Secure" in cookie
            assert "max-age=" in answer.headers["Strict-Transport-Security"]
            from_http = {"Origin": f"http://127.0.0.1:{port}"}
            answer = await browser.post(f"{there}/api/logout", headers=from_http, ssl=trusts)
            assert answer.status == 403

    try:
        asyncio.run(main())
    finally:
        server.stop()
