"""Every refusal as a problem document (RFC 9457): what was found, what was wanted, what to do."""

import json
import sys
import traceback
from http import HTTPStatus
from typing import TypedDict

from aiohttp import web
from aiohttp.typedefs import Handler

MEDIA = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store"}
FAULT = "a fault of the server; its log tells more"


class ProblemBody(TypedDict):
    """Why a request was refused."""

    type: str
    title: str
    status: int
    detail: str


class Problem(Exception):
    """A request is refused with `status`; the text says why."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def problem_body(status: int, detail: str) -> ProblemBody:
    """Return the document of a refusal."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def refusal(problem: Problem) -> web.Response:
    """Return the answer that a refusal is."""
    return web.Response(
        text=json.dumps(problem_body(problem.status, problem.detail)),
        status=problem.status,
        content_type=MEDIA,
        headers=NO_STORE | problem.headers,
    )


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let every refusal leave as a problem, those of the server itself and its faults too."""
    try:
        return await handler(request)
    except Problem as problem:
        return refusal(problem)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        return refusal(Problem(error.status, _words(error, request), kept))
    except ConnectionError:
        raise  # Whoever asked has gone: there is nobody to tell.
    except Exception:
        # Who asks is told no details; the log of the actor has them all, once.
        told = f"web: {request.method} {request.path[:80]!r}\n{traceback.format_exc()}"
        print(told, end="", file=sys.stderr, flush=True)
        return refusal(Problem(500, FAULT))


def _words(error: web.HTTPException, request: web.Request) -> str:
    match error.status:
        case 404:
            return f"nothing is at {request.path[:80]!r}; /api/reference names what is"
        case 405:
            allowed = error.headers.get("Allow", "")
            return f"{request.method} is not possible here, wanted {allowed}"
        case 413:
            return f"the body is too large, wanted at most {request.client_max_size} bytes"
    return (error.text or error.reason).strip()
