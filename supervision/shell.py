"""What every shell is: handlers that take a message and return what should happen.

A shell never sends, waits or reads a clock. What its handlers yield becomes its own numbered
stream; who reads it is said in the tree. Three kinds differ in what a restart does:

- a `Shell` is a function of what it reads: it reads its sources again, from the beginning or from
  its last checkpoint, and arrives at the same state and the same stream;
- a `JournaledShell` decides facts; each is durable before anything follows
  from it, and the state is the fold of the facts alone;
- a `SinkShell` keeps what it reads, knows how far it has kept, and publishes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from protocol.market import Cut
from protocol.message import Message
from protocol.settings import Settings
from protocol.system import Start
from supervision.flow import Window
from supervision.journal import Journal
from supervision.worker import Worker

OUTSIDE = "outside"  # The source of what is told an actor from outside the tree.
Handler = Callable[[Any, Any], Iterable[Message] | None]
H = TypeVar("H", bound=Handler)
MARK = "_floorwatch_handles"


class Refused(Exception):
    """What an actor was told makes no sense now; nothing was changed. The text says why."""


def handles(kind: type[Message], source: str | None = None) -> Callable[[H], H]:
    """Mark the handler of a message type, or of the type from one source only."""

    def mark(handler: H) -> H:
        marks = getattr(handler, MARK, ())
        setattr(handler, MARK, (*marks, (kind, source)))
        return handler

    return mark


class Shell:
    """A function of its sources. Cuts of several sources are lined up (`joined`)."""

    joined: ClassVar[bool] = True
    resumes: ClassVar[bool] = False  # From a copy of its attributes: they are its whole state.
    keeper: ClassVar[str] = ""  # Who keeps the stream longer than this shell does.
    niceness: ClassVar[int] = 0  # Whoever decides goes before whoever keeps or shows ...
    lazy: ClassVar[bool] = False  # ... and those look every few hundredths of a second.
    handlers: ClassVar[dict[tuple[type[Message], str | None], Handler]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {
            mark: value for value in vars(cls).values() for mark in getattr(value, MARK, ())
        }
        cls.handlers = cls.handlers | own

    @classmethod
    def worker(cls, start: Start) -> Worker:
        """Return the worker that runs this shell in a process of its own."""
        from supervision.streams import StreamWorker  # Pulls in ZeroMQ: only where it is used.

        return StreamWorker(cls(), start)

    def configure(self, settings: Settings, directory: str) -> None:
        """Take the settings; `directory` is where files of this run's data belong."""

    def window(self) -> Window[bytes] | None:
        """Return the window of a stream that is kept elsewhere; None keeps it in memory."""
        return None

    def foresee(self, messages: Sequence[Message]) -> None:
        """Learn what the tape will bring next, to calculate at once what can be.

        Only a local run asks. What is told, and when, must be the same without it.
        """

    def copies(self) -> dict[str, Window[bytes]]:
        """Return the streams of others that this shell can serve again."""
        return {}

    def unhurried(self) -> Mapping[str, Collection[type[Message]]]:
        """Return by source the kinds that bring nothing by themselves: they wait for others."""
        return {}

    def at(self, now_ns: int) -> None:
        """Take the monotonic time; only a source that paces itself looks at it."""

    def reader_stands(self, after: int) -> None:
        """Learn that a reader of this stream has taken it up to `after`."""

    def tick_s(self) -> float:
        """Return how long the shell can go without being told the time."""
        return 3600.0

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Return what a decision point brings, once every source has reached it."""
        return ()

    def inspect(self) -> dict[str, Any]:
        """Return the state for a screen: plain values only."""
        return {}

    def close(self) -> None:
        """Release what `configure` opened."""


class JournaledShell(Shell):
    """Decides facts; state is their fold. Its sources are handled in order of arrival.

    What comes from the `gated` source behind a cut waits until the cut is settled, so that the
    source may run ahead of decisions that are still on their way.

    A mark, a cut or settlement, is published before it is on the disk, and a power cut may take
    it from us alone: whoever read it may have made a fact of his own durable since, with how far
    he had read. `echoes` names the sources that answer our marks, and by which kind. A source's
    echo of a mark that we do not know, and all behind it, waits until we have set that mark
    again. Else orders would be executed before the trades in front of their cut, and the mark
    would come again under a later number: the reader, who has its first number behind him, would
    take another message for it and drop that as a repeat. Without a power cut nothing waits.
    """

    joined: ClassVar[bool] = False
    gated: ClassVar[str] = ""
    echoes: ClassVar[Mapping[str, type[Message]]] = {}

    def unhurried(self) -> Mapping[str, Collection[type[Message]]]:
        # Of an echo only what stands behind it matters, but for the once after a power cut.
        return {source: (kind,) for source, kind in self.echoes.items()}

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        """Return the journal that outlives this process; a local run brings its own instead."""
        raise NotImplementedError

    def apply(self, fact: Message) -> None:
        """Change the state by one recorded fact."""
        raise NotImplementedError

    def on_time(self, now_ns: int) -> Iterable[Message]:
        """Return the facts that the time of day, UTC, brings; only a live run asks."""
        return ()


class SinkShell(Shell):
    """Keeps what it reads and publishes nothing."""

    joined: ClassVar[bool] = False
    takes: frozenset[type[Message]] | None = None  # Kinds it keeps beside marks; or all.
    niceness: ClassVar[int] = 5
    lazy: ClassVar[bool] = True

    def resume(self) -> dict[str, int]:
        """Return the last kept number of each source."""
        raise NotImplementedError

    def keep(self, source: str, seq: int, message: Message) -> None:
        """Keep one message; it counts as kept after the next `commit`."""
        raise NotImplementedError

    def keep_frame(self, source: str, seq: int, kind: type[Message], frame: bytes) -> bool:
        """Keep one message as it came and return True; False asks for it decoded, by `keep`."""
        return False

    def on_time(self, now_ns: int) -> None:
        """Look at the time of day, UTC; only a live run asks."""

    def commit(self) -> None:
        """Make durable what was kept since the last commit."""
