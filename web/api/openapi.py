"""The OpenAPI document, made from the endpoints that are served: it cannot say anything else."""

from collections.abc import Iterable
from typing import Any

from web.api.endpoint import Answer, Call, Endpoint, Field, Role, Where
from web.api.problems import MEDIA as PROBLEM
from web.api.problems import ProblemBody
from web.api.schema import schema_of

VERSION = "1.0.0"
CSV = "text/csv"
TITLES = {
    400: "A value is not what is wanted.",
    401: "Nobody is logged in.",
    403: "Not allowed: the role, the host, or a page of another site.",
    404: "Not there.",
    408: "The body took too long.",
    409: "Not possible as things stand.",
    413: "The body is too large.",
    415: "Not JSON.",
    422: "The body is JSON, but not what is wanted.",
    429: "Too often; `Retry-After` says when.",
    503: "What was asked cannot be reached now.",
}
Document = dict[str, Any]


def openapi(call: Call) -> Answer:
    """This document."""
    from web.api.table import ENDPOINTS

    return Answer(document(ENDPOINTS))


def document(endpoints: Iterable[Endpoint]) -> Document:
    """Return the document of endpoints, OpenAPI 3.1."""
    shared: dict[str, Document] = {}
    paths: dict[str, Document] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, shared)
        if CSV in endpoint.media:
            in_csv = _operation(endpoint, shared, suffix="_csv")
            in_csv["responses"]["200"] = _text("Rows with a head line.", CSV)
            paths[f"{endpoint.path}.csv"] = {endpoint.method.lower(): in_csv}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Floorwatch",
            "version": VERSION,
            "description": "The floor as it is, what it has done, and what it can be told.",
        },
        "paths": paths,
        "components": {
            "schemas": shared,
            "securitySchemes": {
                "login": {"type": "apiKey", "in": "cookie", "name": "floorwatch",
                          "description": "Set by POST /api/login; needed where there are users."},
                "token": {"type": "http", "scheme": "bearer",
                          "description": "web.metrics_token of the settings."},
            },
        },
    }  # fmt: skip


def _operation(endpoint: Endpoint, shared: dict[str, Document], suffix: str = "") -> Document:
    summary, _, rest = (endpoint.answers.__doc__ or endpoint.summary).partition(". ")
    fields = [_parameter(field, "path") for field in endpoint.path_fields]
    fields += [_parameter(field, "query") for field in endpoint.query]
    told: Document = {
        "operationId": _name(endpoint) + suffix,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": f"{summary}. {rest}".strip(),
        "parameters": fields,
        "responses": _responses(endpoint, shared),
        "x-role": str(endpoint.role),
    }
    if endpoint.body is not None:
        schema = schema_of(endpoint.body, shared)
        told["requestBody"] = {
            "required": True, "content": {"application/json": {"schema": schema}}
        }  # fmt: skip
    if endpoint.role is not Role.ANYBODY:
        told["security"] = [{"login": []}, {}]
        if endpoint.by_token:
            told["security"].insert(1, {"token": []})
    return told


def _parameter(field: Field, place: str) -> Document:
    return {
        "name": field.name,
        "in": place,
        "required": place == "path",
        "description": field.says,
        "schema": field.schema(),
    }


def _responses(endpoint: Endpoint, shared: dict[str, Document]) -> Document:
    content: Document = {}
    for media in endpoint.media:
        schema = {"type": "string"}
        if media == "application/json":
            schema = schema_of(endpoint.returns, shared)
        content[media] = {"schema": schema}
    told = {str(endpoint.status): {"description": "As asked.", "content": content}}
    problem = {PROBLEM: {"schema": schema_of(ProblemBody, shared)}}
    for status in refusals(endpoint):
        told[str(status)] = {"description": TITLES[status], "content": problem}
    return told


def refusals(endpoint: Endpoint) -> list[int]:
    """Return every status with which an endpoint may refuse."""
    found = {403, *endpoint.refusals}
    if endpoint.role is not Role.ANYBODY:
        found.add(401)
    if endpoint.query:
        found.add(400)
    if endpoint.path_fields:
        found.add(404)
    if endpoint.body is not None:
        found |= {400, 408, 413, 415, 422}
    if endpoint.where is not Where.LOOP:
        found.add(503)
    return sorted(found)


def _name(endpoint: Endpoint) -> str:
    words = [word.strip("{}").replace("-", "_") for word in endpoint.path.split("/") if word]
    return "_".join([endpoint.method.lower(), *words]).replace(".", "_")


def _text(says: str, media: str) -> Document:
    return {"description": says, "content": {media: {"schema": {"type": "string"}}}}
