"""What a family wants done: the closed set of things a supervisor does to the world."""

from dataclasses import dataclass

from protocol.system import Ping, Stop


@dataclass(frozen=True, slots=True)
class StartProcess:
    """Make a process for this child."""

    id: str
    incarnation: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a control message to this child."""

    id: str
    message: Ping | Stop


@dataclass(frozen=True, slots=True)
class Kill:
    """End the process of this child by force."""

    id: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Tell a person."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Every wanted child has become ready: tell the parent."""


@dataclass(frozen=True, slots=True)
class Finish:
    """No child lives any more: end. `gave_up` says why if it was not asked for."""

    gave_up: str | None


Effect = StartProcess | Send | Kill | Raise | Announce | Finish
