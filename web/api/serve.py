"""Endpoints as routes: reads and checks a request by its endpoint, runs it, writes its answer.

What comes in is bounded before it is looked at: the length of a body, the time it may take, the
characters of a value. A function that fails because the books or users cannot be read is an answer
too, never a fault of the server.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from aiohttp import web

from web.api.books import Unreadable
from web.api.endpoint import Answer, Call, Endpoint, Field, Where
from web.api.house import House
from web.api.problems import NO_STORE, Problem
from web.api.schema import Unfit, checked
from web.auth.gate import PERSON, TOKEN, cookie_name
from web.auth.users import BadUsers
from web.packing import HEADERS, LEAST_BYTES, VARY, packed, takes_packed

HOUSE = web.AppKey("house", House)
BODY_BYTES_MAX = 16 * 1024
BODY_LIMIT_S = 5.0
ANSWER_LIMIT_S = 15.0
READERS_MAX, ORDERERS_MAX = 2, 2
CSV = "text/csv"


class Hands:
    """The threads on which answers are found: those of orders wait for no reader."""

    def __init__(self) -> None:
        self._pools: dict[Where, Executor] = {
            Where.READS: ThreadPoolExecutor(READERS_MAX, "web-reads"),
            Where.ORDERS: ThreadPoolExecutor(ORDERERS_MAX, "web-orders"),
        }

    async def run(self, where: Where, answers: Callable[[Call], Answer], call: Call) -> Answer:
        """Return the answer to a call, found where it should be."""
        if where is Where.LOOP:
            return answers(call)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await loop.run_in_executor(self._pools[where], answers, call)
        except TimeoutError:
            words = f"no answer within {ANSWER_LIMIT_S:g} s: too much is asked"
            raise Problem(503, words) from None

    def close(self) -> None:
        """Take on nothing more; what is begun is left to end by itself."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


HANDS = web.AppKey("hands", Hands)


def api_routes(endpoints: Iterable[Endpoint]) -> list[web.RouteDef]:
    """Return the routes of endpoints; one that answers CSV too is found under `.csv` as well."""
    routes = []
    for endpoint in endpoints:
        routes.append(_route(endpoint, endpoint.path, csv=False))
        if CSV in endpoint.media:
            routes.append(_route(endpoint, f"{endpoint.path}.csv", csv=True))
    return routes


def _route(endpoint: Endpoint, path: str, *, csv: bool) -> web.RouteDef:
    handler = _handler(endpoint, csv=csv)
    if endpoint.changes:
        return web.route(endpoint.method, path, handler)
    return web.get(path, handler)  # A monitor may ask for the head alone.


def _handler(endpoint: Endpoint, *, csv: bool) -> Callable[[web.Request], Any]:
    async def handler(request: web.Request) -> web.StreamResponse:
        house = request.app[HOUSE]
        call = Call(
            house=house,
            person=request[PERSON],
            remote=request.remote or "",
            values=_values(request, endpoint),
            body=await _body(request, endpoint.body),
            csv=csv or (CSV in endpoint.media and _prefers_csv(request)),
            token=request[TOKEN],
        )
        try:
            answer = await request.app[HANDS].run(endpoint.where, endpoint.answers, call)
        except (Unreadable, BadUsers) as trouble:
            raise Problem(503, str(trouble)) from None
        except OSError as fault:
            raise Problem(503, f"the disk: {fault.strerror or type(fault).__name__}") from None
        return _response(request, answer, endpoint)

    return handler


def _values(request: web.Request, endpoint: Endpoint) -> dict[str, Any]:
    """Return the values of path and query; one that is not known, or comes twice, is refused."""
    known = {field.name: field for field in endpoint.query}
    values: dict[str, Any] = {field.name: field.default for field in endpoint.query}
    for name, text in request.query.items():
        if name not in known:
            wanted = ", ".join(known) or "none"
            raise Problem(400, f"{name[:60]!r} is not known here, wanted {wanted}")
        if len(request.query.getall(name)) > 1:
            raise Problem(400, f"{name} comes more than once, wanted it once")
        values[name] = known[name].read(text)
    for field in endpoint.path_fields:
        values[field.name] = _of_path(field, request)
    return values


def _of_path(field: Field, request: web.Request) -> Any:
    try:
        return field.read(request.match_info[field.name])
    except Problem as problem:
        raise Problem(404, problem.detail) from None


async def _body(request: web.Request, wanted: Any) -> Any:
    if wanted is None:
        return None
    if request.content_type != "application/json":
        raise Problem(415, f"found {request.content_type[:60]!r}, wanted application/json")
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            raw = await request.read()
    except TimeoutError:
        raise Problem(408, f"the body took longer than {BODY_LIMIT_S:g} s") from None
    try:
        return checked(json.loads(raw, parse_constant=_no_number), wanted)
    except Unfit as unfit:
        raise Problem(422, str(unfit)) from None
    except (ValueError, RecursionError) as error:
        words = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise Problem(400, f"the body is no JSON: {words}") from None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _prefers_csv(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return accepted.split(",")[0].split(";")[0].strip().lower() == CSV


def _response(request: web.Request, answer: Answer, endpoint: Endpoint) -> web.Response:
    text = json.dumps(answer.body, allow_nan=False) if answer.text is None else answer.text
    media, _, charset = answer.media.partition(";")
    body, headers = text.encode(), {**NO_STORE, **VARY, **answer.headers}
    looks = not endpoint.changes and answer.status == 200
    if looks and len(body) >= LEAST_BYTES and takes_packed(request.headers):
        body, headers = packed(body), headers | HEADERS
    response = web.Response(body=body, status=answer.status, headers=headers)
    response.headers["Content-Type"] = f"{media};{charset}" if charset else media
    if media == CSV:
        name = endpoint.path.rsplit("/", 1)[-1]
        response.headers["Content-Type"] = "text/csv; charset=utf-8"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    if answer.token is not None:
        _give_token(request.app[HOUSE], response, answer.token)
    return response


def _give_token(house: House, response: web.Response, token: str) -> None:
    """Set the cookie of a login; an empty one takes it away."""
    tls = bool(house.web.tls_cert_file)
    response.set_cookie(
        cookie_name(tls=tls), token, max_age=house.logins.life_s if token else 0,
        path="/", httponly=True, secure=tls, samesite="Strict",
    )  # fmt: skip
