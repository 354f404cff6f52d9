"""Ask a running actor for its state, from outside the tree: for a command line or a web page.

The question goes to the actor's stream address and is answered between two messages of its work;
an actor that is busy answers late, one that hangs or is gone does not answer at all.
"""

import json
import secrets
from pathlib import Path
from time import monotonic
from typing import Any

import zmq

from protocol.codec import BadFrame, decode, encode
from protocol.message import Message
from protocol.system import Inspect, Inspected
from supervision.spec import ID
from supervision.streams import address

LIMIT_S = 2.0


class NoAnswer(Exception):
    """An actor did not tell its state; the text says why and what to do."""


def ask(run_dir: Path | str, actor: str, limit_s: float = LIMIT_S) -> dict[str, Any]:
    """Return the state of `actor`, or raise `NoAnswer` after `limit_s` at the latest."""
    # The id becomes a path: what is no id must not reach the file system.
    if not ID.fullmatch(actor):
        raise NoAnswer(f"{actor[:60]!r} is no actor's id; wanted letters, digits, '_', '.' or '-'")
    where = address(run_dir, actor)
    if not Path(where.removeprefix("ipc://")).exists():
        raise NoAnswer(
            f"{actor} has no address in {run_dir}: it is not running, or it is a supervisor,"
            " whose state stands in the tree"
        )
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(where)
        return _answer(socket, actor, limit_s)


def _answer(socket: zmq.Socket[bytes], actor: str, limit_s: float) -> dict[str, Any]:
    token = secrets.token_hex(8)
    deadline_s = monotonic() + limit_s
    socket.send(encode(Inspect(token=token)))
    while (left_s := deadline_s - monotonic()) > 0:
        if not socket.poll(round(left_s * 1000) + 1):
            break
        message = _decoded(socket.recv())
        # An answer to an earlier question may come late; it is not ours.
        if isinstance(message, Inspected) and message.token == token:
            state: dict[str, Any] = json.loads(message.json)
            return state
    raise NoAnswer(
        f"{actor} did not answer within {limit_s:g} s: it is busy, hung or gone;"
        " its colour in the tree says which"
    )


def _decoded(frame: bytes) -> Message | None:
    try:
        return decode(frame)
    except BadFrame:
        return None
