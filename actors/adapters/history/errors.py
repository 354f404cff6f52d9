"""The refusals of Databento in words: what the code means and what to do about it (facts B.2).

The exact names of cases are not promised to anybody, so the words hang on the status alone.
"""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    400: "the request is malformed; this is a fault of Floorwatch or of its settings",
    401: "the key is not accepted; check DATABENTO_API_KEY, or databento.key_file",
    402: "the account cannot pay; look at billing in the Databento portal",
    403: "the account has no licence for this data or these hours; the last 24 hours want a live"
         " licence",
    404: "the data set or symbol is not known",
    408: "the request took too long to arrive; try again",
    409: "the request conflicts with another one; try again",
    422: "the request cannot be served as it stands; mostly its end lies behind what there is",
    429: "too many requests; try again",
    500: "Databento has a fault of its own; try again later",
    503: "Databento is not available; try again later",
    504: "Databento did not answer in time; try again, or for less at once",
}  # fmt: skip


def explained(status: int, body: Any, headers: Mapping[str, str]) -> str:
    """Return an HTTP refusal in one line: the words, the vendor's own, and how to refer to it."""
    default = "a refusal of an unknown kind" if status < 500 else _WORDS[500]
    text = f"{status}: {_WORDS.get(status, default)}"
    wait = headers.get("Retry-After", "")
    if wait:
        text += f" in {wait} s" if wait.isdecimal() else f" at {wait}"
    said = _said(body)
    if said:
        text += f" (Databento: {said})"
    request = headers.get("request-id", "")
    return f"{text} [request {request}]" if request else text


def _said(body: Any) -> str:
    """Return what the vendor says: {"detail": {"message": ...}} or {"detail": "..."}."""
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, dict):
        detail = detail.get("message")
    return " ".join(detail.split()) if isinstance(detail, str) else ""
