"""What can be told: halt, resume, flatten, kill, believe the broker; start and stop trading.

Each needs a reason and `confirm`, is told the desk, which records it before it obeys, and is noted
in the audit with what came of it. The answer means that it is recorded; the effect is in the news.
`stop` halts and leaves every position: trading ends, the floor and its page stay, so that `start`
can begin again.
"""

import secrets
import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict

from protocol.commands import Action, CommandGiven, LimitsGiven
from protocol.units import Nanos
from supervision.inspection import NoAnswer, NotTaken, tell
from web.api.endpoint import Answer, Call, Person
from web.api.problems import Problem
from web.api.schema import WORDS, Text
from web.auth.logins import LOCAL

DESK = "desk"  # It takes commands.
ASK_LIMIT_S = 2.0
STEPS: dict[str, tuple[Action, ...]] = {
    "start": (Action.RESUME,),
    "resume": (Action.RESUME,),
    "stop": (Action.HALT, Action.FLATTEN),  # No entry may come between.
    "halt": (Action.HALT,),
    "flatten": (Action.FLATTEN,),
    "kill": (Action.KILL,),
    "force_sync": (Action.FORCE_SYNC,),
}


class Order(TypedDict):
    """What is wanted of every action: why, and that it is meant."""

    reason: Annotated[str, Text("Kept with the command.", most=500, pattern=WORDS)]
    confirm: Literal[True]


def start(call: Call) -> Answer:
    """Let entries pass again after a stop or a halt."""
    return _told(call, "start")


def stop(call: Call) -> Answer:
    """End trading: no entries any more, and leave every position."""
    return _told(call, "stop")


def halt(call: Call) -> Answer:
    """No entries until the next trading day or a resume; brackets stay."""
    return _told(call, "halt")


def resume(call: Call) -> Answer:
    """Let entries pass again."""
    return _told(call, "resume")


def flatten(call: Call) -> Answer:
    """Leave every position and cancel every entry, now."""
    return _told(call, "flatten")


def kill(call: Call) -> Answer:
    """Flatten, and let nobody enter until the fence is opened by hand."""
    return _told(call, "kill")


def force_sync(call: Call) -> Answer:
    """Believe the broker about what is held."""
    return _told(call, "force_sync")


def teller(person: Person, remote: str) -> str:
    """Return who told something, for the journal; without users there is only the page."""
    return f"the page, from {remote}" if person == LOCAL else f"{person.name} at the page, {remote}"


def tell_desk(call: Call, kind: type[CommandGiven | LimitsGiven], reason: str, **told: Any) -> str:
    """Tell the desk a command; return its id once it is recorded."""
    command = kind(
        id=secrets.token_hex(12),
        ts_ns=Nanos(time.time_ns()),
        who=teller(call.person, call.remote),
        reason=reason,
        **told,
    )
    try:
        tell(call.house.run_dir, DESK, command, ASK_LIMIT_S)
    except NotTaken as refusal:
        raise Problem(409, str(refusal)) from None
    except NoAnswer as silence:
        raise Problem(503, str(silence)) from None
    return command.id


def _told(call: Call, name: str) -> Answer:
    reason = " ".join(call.body["reason"].split())
    recorded: list[str] = []
    try:
        for action in STEPS[name]:
            recorded.append(tell_desk(call, CommandGiven, reason, action=action, cause=""))
    except Problem as problem:
        done = f"; recorded before: {', '.join(recorded)}" if recorded else ""
        call.house.audit.note(call.person, call.remote, name, reason, f"{problem.detail}{done}")
        raise Problem(problem.status, f"{problem.detail}{done}") from None
    _note(call, name, reason, recorded)
    return Answer({"recorded": recorded, "action": name}, status=202)


def _note(call: Call, name: str, reason: str, recorded: Sequence[str]) -> None:
    call.house.audit.note(call.person, call.remote, name, reason, f"recorded {' '.join(recorded)}")
