"""Ask or tell a running actor something, from outside the tree: for a command line or a page.

The question goes to the actor's stream address and is answered between two messages of its work;
an actor that is busy answers late, one that hangs or is gone does not answer at all. What it is
told is recorded before it is answered, so an answer means that nothing can forget it any more.
"""

import json
import secrets
from pathlib import Path
from time import monotonic
from typing import Any

import zmq

from protocol.codec import BadFrame, decode, encode
from protocol.message import Message
from protocol.system import Answered, Commanded, Inspect, Inspected
from supervision.spec import ID
from supervision.streams import address

LIMIT_S = 2.0


class NoAnswer(Exception):
    """An actor did not answer; the text says why and what to do."""


class NotTaken(Exception):
    """An actor refused what it was told; the text says why."""


def ask(run_dir: Path | str, actor: str, limit_s: float = LIMIT_S) -> dict[str, Any]:
    """Return the state of `actor`, or raise `NoAnswer` after `limit_s` at the latest."""
    token = secrets.token_hex(8)
    answer = _answer(run_dir, actor, Inspect(token=token), limit_s)
    if not isinstance(answer, Inspected):
        raise NoAnswer(f"{actor} answered with {answer.KIND}, wanted its state")
    state: dict[str, Any] = json.loads(answer.json)
    return state


def tell(run_dir: Path | str, actor: str, message: Message, limit_s: float = LIMIT_S) -> None:
    """Tell `actor` something and return once it is recorded; raise `NotTaken` or `NoAnswer`.

    After `NoAnswer` it is open whether it was taken: the same message may be told again.
    """
    token = secrets.token_hex(8)
    told = Commanded(token=token, body=encode(message))
    answer = _answer(run_dir, actor, told, limit_s)
    if not isinstance(answer, Answered) or not answer.taken:
        detail = answer.detail if isinstance(answer, Answered) else answer.KIND
        raise NotTaken(f"{actor} did not take it: {detail}")


def _answer(
    run_dir: Path | str, actor: str, question: Inspect | Commanded, limit_s: float
) -> Inspected | Answered:
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
        deadline_s = monotonic() + limit_s
        socket.send(encode(question))
        while (left_s := deadline_s - monotonic()) > 0:
            if not socket.poll(round(left_s * 1000) + 1):
                break
            message = _decoded(socket.recv())
            # An answer to an earlier question may come late; it is not ours.
            if isinstance(message, Inspected | Answered) and message.token == question.token:
                return message
    raise NoAnswer(
        f"{actor} did not answer within {limit_s:g} s: it is busy, hung or gone;"
        " its colour in the tree says which"
    )


def _decoded(frame: bytes) -> Message | None:
    try:
        return decode(frame)
    except BadFrame:
        return None
