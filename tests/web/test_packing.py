"""What is sent packed, to whom, and what never is."""

import gzip
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from protocol.web_settings import WebSettings
from tests.makers import make_signal
from tests.web.rooms import Client, keep, make_run, talk
from web.floor import Floor
from web.packing import LEAST_BYTES, packed, takes_packed


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("br", False),
        ("x-gzip", False),
        ("gzipped", False),
        ("identity", False),
        ("", False),
    ],
)
def test_packed_is_only_what_is_taken_so(accepted: str, takes: bool) -> None:
    assert takes_packed({"Accept-Encoding": accepted}) is takes


def test_who_says_nothing_gets_nothing_packed() -> None:
    assert not takes_packed({})


def test_the_same_body_is_packed_to_the_same_bytes() -> None:
    body = b"floor" * 1000
    assert packed(body) == packed(body)
    assert gzip.decompress(packed(body)) == body
    assert len(packed(body)) < len(body) / 10


async def raw(client: Client, path: str, accepted: str, **more: Any) -> Any:
    """Return an answer whose body is as it was sent."""
    return await client.get(
        path, headers={"Accept-Encoding": accepted, **more}, skip_auto_headers=["Accept-Encoding"]
    )


@pytest.mark.parametrize(
    "path", ["/", "/static/js/live.js", "/static/css/base.css", "/api/openapi.json",
             "/api/signals?limit=500", "/api/signals.csv?limit=500"],
)  # fmt: skip
def test_a_long_answer_is_packed_for_who_takes_it_and_is_the_same(
    run_dir: Path, path: str
) -> None:
    keep(run_dir, {"detector": [make_signal(id=f"s{n}", ts_ns=n + 1) for n in range(200)]})

    async def talking(client: Client, _: Floor) -> None:
        plain = await raw(client, path, "identity")
        small = await raw(client, path, "gzip")
        assert "Content-Encoding" not in plain.headers
        assert small.headers["Content-Encoding"] == "gzip"
        assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"
        assert await small.read() == await plain.read()  # The client unpacks it.
        sent = int(small.headers["Content-Length"])
        assert sent < int(plain.headers["Content-Length"]) / 2

    talk(run_dir, talking)


def test_short_answers_refusals_and_logins_are_never_packed(run_dir: Path) -> None:
    long = "x" * 2 * LEAST_BYTES

    async def talking(client: Client, _: Floor) -> None:
        answers = [
            await client.post(
                "/api/login",
                json={"user": "operator", "password": "correct horse battery"},
                headers={"Accept-Encoding": "gzip"},
            ),
            await raw(client, f"/api/signals?pattern={long}", "gzip"),
            await raw(client, f"/static/{long}", "gzip"),
            await raw(client, "/api/me", "gzip"),
        ]
        assert [answer.status for answer in answers] == [200, 400, 404, 200]
        for answer in answers:
            assert "Content-Encoding" not in answer.headers, answer.url

    talk(run_dir, talking, WebSettings(users_file="", password="correct horse battery"))


def test_the_head_of_a_packed_answer_has_no_body(run_dir: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        for path in ("/", "/static/js/live.js", "/api/openapi.json"):
            answer = await client.head(path, headers={"Accept-Encoding": "gzip"})
            assert (answer.status, await answer.read()) == (200, b"")
            again = await client.get("/api/me")  # The connection is still in step.
            assert json.loads(await again.text())["user"] == "local"

    talk(run_dir, talking)


def test_a_long_answer_raises_no_warning_of_the_server(
    run_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def talking(client: Client, _: Floor) -> None:
        await raw(client, "/api/openapi.json", "gzip")

    with caplog.at_level(logging.WARNING):
        talk(run_dir, talking)
    assert caplog.records == []
