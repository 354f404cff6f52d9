"""The outermost layer of every actor: nothing escapes to Thespian, and the watch is never lost.

Thespian runs a handler that raises a second time (an order would be sent twice), carries on with
the half-changed state, and forgets the watched descriptors unless *every* call returns them. So
one place catches everything, says the last words and leaves.
"""

import importlib
import os
import traceback
from datetime import timedelta
from pathlib import Path
from time import monotonic_ns
from typing import Any

from thespian.actors import (
    Actor,
    ActorExitRequest,
    ChildActorExited,
    ThespianWatch,
    WakeupMessage,
)

from protocol.codec import BadFrame
from protocol.message import Message
from protocol.system import Beat, Crashed, Start
from supervision import bodies, kernel, transport
from supervision.parcel import Parcel, pack, unpack
from supervision.wakeups import Wakeups
from supervision.worker import Counters

REASON_CHARS_MAX = 500
TRACEBACK_CHARS_MAX = 8_000  # The end of a traceback says what happened.
SPEECHLESS_EXIT_CODE = 70  # EX_SOFTWARE: even the last words failed.
STDERR_FD = 2


class GuardedActor(Actor):  # type: ignore[misc]  # Thespian has no types.
    """What processes and supervisors have in common; they fill in the methods named `on_`."""

    def __init__(self) -> None:
        super().__init__()
        kernel.die_with_parent()
        kernel.restore_fatal_signals(STDERR_FD)
        self.start: Start | None = None
        self.parent: Any = None  # Whom to report to; the root has nobody.
        self.leaving = False
        self.strays = 0  # Messages nobody here has a use for, returned mail and bad frames.
        self._wakeups = Wakeups()

    def receiveMessage(self, message: Any, sender: Any) -> ThespianWatch:
        """Take whatever Thespian brings; the only door of the process."""
        watched: list[int] = []
        try:
            if not self.leaving:
                self._take(message, sender)
            if not self.leaving:
                self._arm(self.on_turn(monotonic_ns()))
                watched = self.watched()
        except BaseException as error:  # Also SystemExit: a library may call sys.exit.
            self._say_last_words(error)
        return ThespianWatch(watched)

    def on_message(self, message: Message, sender: Any) -> None:
        """Handle one message of the catalog."""
        raise NotImplementedError

    def on_turn(self, now_ns: int) -> int:
        """Do what is due after every event; return the monotonic time of the next turn."""
        raise NotImplementedError

    def on_exit_request(self) -> None:
        """Prepare for Thespian to end this process when the handler returns."""
        raise NotImplementedError

    def on_crash(self, crashed: Crashed) -> None:
        """Write down a crash of this process; telling the parent is not your business."""

    def watched(self) -> list[int]:
        """Return the descriptors that should wake this process."""
        return []

    def _take(self, message: Any, sender: Any) -> None:
        match message:
            case Parcel():
                try:
                    content = unpack(message)
                except BadFrame:
                    self.strays += 1
                else:
                    self.on_message(content, sender)
            case WakeupMessage():
                self._wakeups.fired(message.payload)
            case ActorExitRequest():
                self.on_exit_request()
                self.leaving = True
            case ChildActorExited():
                pass  # A hint at most: it may come twice, late or never. The turn looks itself.
            case _:
                # PoisonMessage and DeadEnvelope too: somebody else's trouble is not ours.
                self.strays += 1

    def _arm(self, wanted_ns: int) -> None:
        delay_ns = self._wakeups.plan(monotonic_ns(), wanted_ns)
        if delay_ns is not None:
            self.wakeupAfter(timedelta(microseconds=delay_ns / 1000), self._wakeups.newest)

    def begin(self, start: Start, sender: Any) -> None:
        """Take the name that the start message gives, in the process list and in fault reports."""
        self.start = start
        self.parent = sender
        kernel.name_process(f"floorwatch: {start.id}")
        path = fault_file(start.run_dir, start.id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        kernel.restore_fatal_signals(os.open(path, flags, 0o600))  # Open for life.

    def tell_parent(self, message: Message) -> None:
        """Send to whoever started this process."""
        if self.parent is not None:
            self.send(self.parent, pack(message))

    def beat(self, number: int, counters: Counters) -> Beat:
        """Return the answer to a ping."""
        assert self.start is not None
        return Beat(
            id=self.start.id,
            incarnation=self.start.incarnation,
            number=number,
            messages_in=counters.messages_in,
            messages_out=counters.messages_out,
            rejected_frames=transport.rejected_frames(),
            cut=counters.cut,
            memory_bytes=bodies.memory_bytes(os.getpid()),
        )

    def leave(self) -> None:
        """End this process once what was sent is on its way."""
        self.leaving = True
        self.send(self.myAddress, ActorExitRequest(recursive=False))

    def _say_last_words(self, error: BaseException) -> None:
        try:
            if self.start is not None and not self.leaving:
                crashed = Crashed(
                    id=self.start.id,
                    incarnation=self.start.incarnation,
                    reason=f"{type(error).__name__}: {error}"[:REASON_CHARS_MAX],
                    traceback="".join(traceback.format_exception(error))[-TRACEBACK_CHARS_MAX:],
                )
                self.on_crash(crashed)
                self.tell_parent(crashed)
            self.leave()
        except BaseException:
            # Out of memory, or an exception that cannot even be printed. The supervisor sees
            # the exit of the process.
            os._exit(SPEECHLESS_EXIT_CODE)


def fault_file(run_dir: str, id: str) -> Path:
    """Return where a process writes its traceback when it dies of a real fault."""
    return Path(run_dir) / "faults" / f"{id}.txt"


def resolve(dotted: str) -> Any:
    """Return what a dotted name stands for."""
    module_name, _, name = dotted.rpartition(".")
    module = importlib.import_module(module_name)
    if name not in vars(module):
        raise ImportError(f"module {module_name} has no {name!r}: wanted the class of a worker")
    return vars(module)[name]
