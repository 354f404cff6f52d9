"""Actors that provoke the faults of Thespian, and the alarm of the transport's tests."""

import ctypes
import os
import select
import signal
from datetime import timedelta
from typing import Any

from thespian.actors import (
    Actor,
    ActorAddress,
    ChildActorExited,
    PoisonMessage,
    ThespianWatch,
    WakeupMessage,
    WatchMessage,
)
from thespian.system import timing
from thespian.system.transport import TCPTransport as tcp
from thespian.system.transport import TransmitOnly
from thespian.system.transport.IPBase import TCPv4ActorAddress

from supervision import kernel, transport
from tests.supervision.live import LIMIT_S


class Helper(Actor):
    """Calls its own method that a message names; the method sends what it has to say."""

    def receiveMessage(self, message: Any, sender: ActorAddress) -> Any:
        match message:
            case (str() as verb, *arguments):
                return getattr(self, verb)(sender, *arguments)
            case _:
                return self.other(message, sender)

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Take what is no call."""

    def pid(self, sender: ActorAddress) -> None:
        """Say which process this is."""
        self.send(sender, os.getpid())

    def rejected(self, sender: ActorAddress) -> None:
        """Say how many frames this process refused."""
        self.send(sender, transport.rejected_frames())

    def add(self, sender: ActorAddress, number: int) -> None:
        """Answer with one more."""
        self.send(sender, number + 1)


class Parent(Helper):
    """Makes children and remembers their exits."""

    def __init__(self) -> None:
        super().__init__()
        self.children: list[ActorAddress] = []
        self.pids: list[int] = []
        self.exits: set[str] = set()
        self.returned: list[str] = []
        self.asker: ActorAddress | None = None
        self.victim: int | None = None

    def make(self, sender: ActorAddress, kind: str, count: int) -> None:
        """Make children, and answer with their addresses and pids when all have spoken."""
        self.asker = sender
        self.children = [self.createActor(f"{__name__}.{kind}") for _ in range(count)]
        for child in self.children:
            self.send(child, ("pid",))

    def kill_on_exit(self, sender: ActorAddress, pid: int) -> None:
        """Kill `pid` while the next exit is handled: two children are dead at once then."""
        self.victim = pid
        self.send(sender, "armed")

    def report(self, sender: ActorAddress) -> None:
        """Say how many different children have left and what mail came back."""
        self.send(sender, (len(self.exits), self.returned))

    def lose(self, sender: ActorAddress) -> None:
        """Kill the children unnoticed, as if they had been on a host that is gone."""
        self._myRef._child_procs.clear()
        for pid in self.pids:
            kill_and_wait(pid)
        self.send(sender, "lost")

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Note pids and exits."""
        if isinstance(message, ChildActorExited):
            self.exits.add(str(message.childAddress))
            if self.victim is not None:
                kill_and_wait(self.victim)
                self.victim = None
        elif isinstance(message, PoisonMessage):
            self.returned.append(str(message.poisonMessage))
        elif isinstance(message, int):
            self.pids.append(message)
            if len(self.pids) == len(self.children):
                self.send(self.asker, (self.children, self.pids))


class Unborn(Helper):
    """Dies inside its constructor, before Thespian knows its address."""

    def __init__(self) -> None:
        super().__init__()
        os._exit(3)


class Sleeper(Helper):
    """Tests timers."""

    def __init__(self) -> None:
        super().__init__()
        self.asker: ActorAddress | None = None
        self.wanted = 1
        self.order: list[int] = []

    def overdue(self, sender: ActorAddress, count: int) -> None:
        """Set timers that are all due when the loop looks at them first."""
        self.asker, self.wanted = sender, count
        for number in range(count):
            self.wakeupAfter(timedelta(0), number)

    def nearly_due(self, sender: ActorAddress) -> None:
        """Set a timer, and a clock that stands 0.3 microseconds before it until it is due."""
        self.asker, real = sender, timing.currentTime
        self.wakeupAfter(timedelta(milliseconds=100), 0)
        due = self._myRef.transport._pendingWakeups[0][0]._time_to_quit
        tcp.currentTime = lambda: due - 3e-7 if real() < due else real()

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Send back the order once all timers fired."""
        if isinstance(message, WakeupMessage):
            self.order.append(message.payload)
            if len(self.order) == self.wanted:
                self.send(self.asker, self.order)


class Watcher(Helper):
    """Watches a pipe while it only transmits, and holds the transport's lock while it fails."""

    def __init__(self) -> None:
        super().__init__()
        self.pipe = os.pipe()

    def watch(self, sender: ActorAddress) -> ThespianWatch:
        """Begin to watch."""
        self.send(sender, "watching")
        return ThespianWatch([self.pipe[0]])

    def transmit_only(self, sender: ActorAddress, deaf_port: int) -> None:
        """Transmit to who never acknowledges, and say how many wakes piled up meanwhile."""
        os.write(self.pipe[1], b"x")
        self.send(address_of(deaf_port), "anybody?")
        self._myRef.transport.run(TransmitOnly, timedelta(milliseconds=100))
        queued = self._myRef.transport._incomingEnvelopes
        self.send(sender, sum(isinstance(item.message, WatchMessage) for item in queued))

    def tell(self, sender: ActorAddress, port: int) -> None:
        """Send to a port."""
        self.send(address_of(port), "hello")

    def tell_in_vain(self, sender: ActorAddress, port: int) -> None:
        """Send to a port, and come to writing only after the other side has broken off."""
        self.send(address_of(port), "hello")
        poll = select.poll()
        for intent in self._myRef.transport._transmitIntents.values():
            if intent.targetAddr == address_of(port):
                poll.register(intent.socket.fileno(), 0)  # Errors and hang-ups only.
        poll.poll(LIMIT_S * 1000)

    def fail_locked(self, sender: ActorAddress) -> None:
        """Raise inside the transport's lock."""
        try:
            with tcp.exclusive_processing(self._myRef.transport):
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.send(sender, "survived")


class Loud:
    """A message that counts how often it is printed."""

    printed = 0

    def __str__(self) -> str:
        Loud.printed += 1
        return "loud"


class Relay(Helper):
    """Sends loud messages, and says how often they were printed in this process."""

    def __init__(self) -> None:
        super().__init__()
        self.asker: ActorAddress | None = None

    def loud(self, sender: ActorAddress, target: ActorAddress) -> None:
        """Send a loud message to `target`, which answers with its count."""
        self.asker = sender
        self.send(target, Loud())

    def other(self, message: Any, sender: ActorAddress) -> Any:
        """Count at the far end, add at the near one."""
        if isinstance(message, Loud):
            self.send(sender, Loud.printed)
        elif isinstance(message, int):
            self.send(self.asker, (Loud.printed, message))


class Mortal(Helper):
    """Does first thing what every actor of ours does."""

    def __init__(self) -> None:
        super().__init__()
        kernel.die_with_parent()
        self.crash_log = open(os.environ["CRASH_LOG"], "ab", buffering=0)
        kernel.restore_fatal_signals(self.crash_log.fileno())
        kernel.name_process("floorwatch mortal")

    def segfault(self, sender: ActorAddress) -> None:
        """Read where nothing is."""
        ctypes.string_at(0)


def address_of(port: int) -> ActorAddress:
    """Return the address of whoever listens at a port of loopback."""
    return ActorAddress(TCPv4ActorAddress("127.0.0.1", port, external=True))


def log_rejection(rejection: transport.Rejection) -> None:
    """Note a refusal in a file that the test reads: the alarm of the transport tests."""
    with open(os.environ["REJECTIONS"], "a", encoding="ascii") as file:
        file.write(f"{os.getpid()} {rejection.reason} {rejection.count}\n")


def kill_and_wait(pid: int) -> None:
    """Kill a child of this process and wait until it is dead, without reaping it."""
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
