"""The system family: how processes are started, asked, counted and stopped.

Control (Start ... Crashed) rides on the actor system; the stream plane speaks Subscribe, Item
and Tail; Inspect is answered by every actor on its stream address.
"""

from enum import StrEnum

from protocol.message import Message, message
from protocol.units import Nanos


class Health(StrEnum):
    """Green: on time. Yellow: late. Red: silent, dead or given up."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@message("system.start")
class Start(Message):
    """The first message to a child: who it is and what it shall run."""

    id: str
    incarnation: int  # 1, 2, 3 ... of this id; answers of older ones are dropped.
    start: str  # Dotted name of the class that does the work.
    reads: tuple[str, ...]  # Ids whose streams it reads, in the order in which they are joined.
    run_dir: str  # Sockets, logs and the private files of this run; mode 700.
    settings: str  # JSON of the whole validated settings.


@message("system.ready")
class Ready(Message):
    """The child has recovered its state and works."""

    id: str
    incarnation: int
    pid: int


@message("system.ping")
class Ping(Message):
    """A supervisor asks for a beat."""

    number: int


@message("system.beat")
class Beat(Message):
    """The child lives; counters since its start."""

    id: str
    incarnation: int
    number: int
    messages_in: int
    messages_out: int
    rejected_frames: int
    cut: int  # The last decision point it has passed.
    memory_bytes: int


@message("system.crashed")
class Crashed(Message):
    """The last words of a child: what went wrong."""

    id: str
    incarnation: int
    reason: str
    traceback: str


@message("system.gave_up")
class GaveUp(Message):
    """The last words of a supervisor: its children failed more often than allowed."""

    id: str
    incarnation: int
    reason: str


@message("system.stop")
class Stop(Message):
    """Finish what is begun, close and end."""

    reason: str


@message("system.stopped")
class Stopped(Message):
    """The child has closed in order and ends now."""

    id: str
    incarnation: int


@message("system.alarm")
class Alarm(Message):
    """Something a person should know. `code` is fixed, the words may change."""

    source: str
    code: str
    ts_ns: Nanos
    text: str


@message("system.subscribe", version=3)
class Subscribe(Message):
    """A reader has taken `stream` up to number `after` and has room up to number `room`.

    `rewind` asks to be sent again from `after` + 1: at the start, after a gap, and when nothing
    has come for a while. Without it the numbers in between are known to be on their way.
    """

    reader: str
    stream: str
    after: int
    room: int
    rewind: bool
    lazy: bool  # It looks only now and then: what it is sent may wait for company.
    unhurried: tuple[str, ...]  # Kinds that may wait for others that follow.


@message("system.item")
class Item(Message):
    """Consecutive numbered messages of a stream; together, because a frame costs more than they."""

    stream: str
    seq: int  # Number of the first.
    bodies: tuple[bytes, ...]  # The encoded messages.


@message("system.tail")
class Tail(Message):
    """What a publisher holds: numbers `first` to `last`. Answers a Subscribe that rewinds."""

    stream: str
    first: int
    last: int
    keeper: str  # Who can send again what is older than `first`; "" if nobody can.


@message("system.inspect")
class Inspect(Message):
    """Somebody asks an actor for its state."""

    token: str  # Returned in the answer, so a late answer is not taken for the next one.


@message("system.inspected")
class Inspected(Message):
    """State, last messages and counters of an actor, as JSON for a screen."""

    token: str
    id: str
    json: str


@message("system.commanded")
class Commanded(Message):
    """Somebody outside the tree tells an actor something."""

    token: str
    body: bytes  # The encoded message of another family.


@message("system.answered")
class Answered(Message):
    """Whether what an actor was told is safely recorded, or why not."""

    token: str
    id: str
    taken: bool
    detail: str
