"""The OpenAPI document is true: what it says of a request and of an answer holds on a server.

Schemathesis makes requests of it, right and wrong ones, and holds every answer to it: no fault of
the server, no status or medium that is not in it, no body that its schema does not allow.
"""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from jsonschema_rs import Draft202012Validator

from actors.desk import DeskShell
from protocol.settings import BarSettings, Settings
from protocol.web_settings import WebSettings
from tests.supervision.working import working
from tests.web.api.days import keep_day
from tests.web.books import twenty
from tests.web.rooms import Client, child, make_run, talk, write_status
from tests.web.test_tape import batch
from web.api.openapi import document
from web.api.schema import checked
from web.api.table import ENDPOINTS
from web.app import Server
from web.floor import Floor
from web.replica import Replica

EXAMPLES = 5  # Of each operation, beside those at the edges of each value.
OWN = WebSettings(port=0, users_file="")
SETTINGS = Settings(bars=BarSettings(series=("time:300", "time:60")), web=OWN)


def make_floor(run_dir: Path) -> Floor:
    """Return the floor of a run in which there is something of everything."""
    keep_day(run_dir)
    write_status(run_dir, "root", child("web"), child("desk"))
    (run_dir / "logs" / "decisions.jsonl").write_text('{"actor": "desk", "level": "info"}\n')
    (run_dir / "data" / "recaps").mkdir()
    (run_dir / "data" / "recaps" / "2025-12-02_recap.json").write_text('{"trades": []}')
    replica = Replica()
    replica.fold(batch([(1, 2, 3, 1)]))
    replica.fold(twenty())
    return Floor(run_dir, replica)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that listens, beside a desk that obeys."""
    run_dir = make_run(tmp_path_factory.mktemp("run"))
    with pytest.MonkeyPatch.context() as patch, working(run_dir, "desk", DeskShell()):
        patch.setattr("web.api.actors.TAKEN_LIMIT_S", 0.01)
        server = Server(make_floor(run_dir), SETTINGS)
        yield f"http://127.0.0.1:{server.start()}"
        server.stop()


schema = schemathesis.openapi.from_dict(document(ENDPOINTS))


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
def test_no_request_brings_a_fault_or_an_answer_that_is_not_in_the_document(
    case: Any, served: str
) -> None:
    case.call_and_validate(base_url=served)


def test_every_answer_has_the_fields_that_are_promised_and_no_others(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path)
    told = document(ENDPOINTS)

    async def talking(client: Client, _: Floor) -> None:
        for endpoint in ENDPOINTS:
            if endpoint.changes:
                continue
            path = endpoint.path.replace("{id}", "desk").replace("{date}", "2025-12-02")
            answer = await client.get(path)
            assert answer.status == 200, path
            assert answer.content_type == endpoint.media[0], path
            if endpoint.returns is not None:
                body = await answer.json()
                checked(body, endpoint.returns)
                promised = told["paths"][endpoint.path]["get"]["responses"]["200"]
                whole = promised["content"]["application/json"]["schema"] | {
                    "components": told["components"]
                }
                Draft202012Validator(whole).validate(body)
                rows = body.get("rows") if isinstance(body, dict) else None
                assert rows is None or rows or path in ("/api/positions", "/api/audit"), path

    floor = make_floor(run_dir)
    talk(run_dir, talking, settings=SETTINGS, replica=floor._replica)


def test_the_document_names_every_operation_once_and_every_reference_is_there() -> None:
    told = document(ENDPOINTS)
    operations = [one for path in told["paths"].values() for one in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) == len(ENDPOINTS) + 2  # Two are there as CSV, too.
    text = json.dumps(told)
    for reference in set(text.split('"#/components/schemas/')[1:]):
        assert reference.partition('"')[0] in told["components"]["schemas"]
    for operation in operations:
        assert operation["summary"] and operation["description"]
        assert all(field["description"] for field in operation["parameters"])


def test_the_paths_of_the_earlier_system_are_kept() -> None:
    session = {f"/api/session/{verb}" for verb in ("start", "stop", "status", "halt", "resume")}
    others = {"trades", "positions", "position/force-sync", "signals", "statistics", "settings"}
    wanted = session | {f"/api/{name}" for name in others} | {"/health", "/metrics"}
    wanted |= {"/api/actors", "/api/actors/{id}", "/api/bars", "/api/footprint"}
    assert wanted <= {endpoint.path for endpoint in ENDPOINTS}


class Outside(HTMLParser):
    """Finds scripts, styles and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.places: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert name != "style" and not name.startswith("on")
            if name in ("href", "src"):
                self.places.add(value or "")
            if name == "id":
                self.ids.add(value or "")


def test_the_reference_needs_no_script_and_no_network(tmp_path: Path) -> None:
    async def talking(client: Client, _: Floor) -> None:
        page = Outside()
        page.feed(await (await client.get("/api/reference")).text())
        assert not page.tags & {"script", "style", "iframe", "img"}
        inside = {place for place in page.places if place.startswith("#")}
        assert {place[1:] for place in inside} <= page.ids
        for place in page.places - inside:
            assert place.startswith("/")
            assert (await client.get(place)).status == 200

    talk(make_run(tmp_path), talking)
