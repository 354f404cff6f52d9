"""Our cures for the faults of Thespian 4.0.1, each one small, with its reason and its place.

`apply()` puts them into this process and every process that Thespian starts from it, forked or
spawned: it replaces the three functions that Thespian gives to `multiprocessing` as targets with
an `Entry`. An Entry is pickled by this module's name, so a spawned interpreter imports the module
and applies the cures before Thespian's code runs in it; a forked one has them already.

The version is pinned because every cure leans on private names. Not cured, but answered by design
(DESIGN 4 and 6): a hung receiver stalls its senders, two-way traffic is reordered, a lost host is
not reported, older actors log to a dead logger, a timer always overdue starves the mailbox.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import metadata
from time import sleep
from typing import Any

from thespian.actors import ChildActorExited
from thespian.system import actorManager, multiprocCommon, transport
from thespian.system.admin import adminCore
from thespian.system.messages.admin import PendingActorResponse
from thespian.system.multiprocCommon import startAdmin, startChild, startupASLogger
from thespian.system.transport import TCPTransport as tcp
from thespian.system.transport import asyncTransportBase, wakeupTransportBase

from supervision import kernel

VERSION = "4.0.1"
LOCK_POLL_S = 1e-6  # As in Thespian: the lock is held for microseconds.
RETRY_PERIOD = timedelta(seconds=1)  # Times the number of the attempt, 20 attempts at most.

# Read before anything is replaced, so an Entry always finds Thespian's own function.
TARGETS: dict[str, Callable[..., None]] = {
    "startAdmin": startAdmin,
    "startChild": startChild,
    "startupASLogger": startupASLogger,
}


class WrongThespian(RuntimeError):
    """Another version of Thespian is installed than the one these cures were written for."""


def apply() -> None:
    """Cure this process and all that Thespian will start from it; a second call does nothing."""
    if isinstance(multiprocCommon.startChild, Entry):
        return
    check_version(metadata.version("thespian"))
    for cure in CURES:
        cure()
    _carry({})


def check_version(found: str) -> None:
    """Raise `WrongThespian` unless `found` is the version the cures were written for."""
    if found != VERSION:
        raise WrongThespian(f"thespian {found} is installed: wanted exactly {VERSION}, because "
                            "supervision/cures.py patches its private parts")


def at_start(name: str, setup: Callable[[], None]) -> None:
    """Have every later process call `setup` before Thespian's code runs in it.

    `setup` must be picklable (a function of a module, or a partial of one), and it replaces an
    earlier one of the same `name`. It must open no file: Thespian then closes descriptors by
    number, and under spawn those numbers mean something else.
    """
    apply()
    _carry({**multiprocCommon.startChild.setups, name: setup})


@dataclass(frozen=True, slots=True)
class Entry:
    """The target of every process of Thespian's: cure it, set it up, then do what it came for."""

    target: str
    setups: dict[str, Callable[[], None]] = field(default_factory=dict)

    def __call__(self, *args: Any) -> None:
        """Run in the new process, in place of the function named `target`."""
        if self.target == "startupASLogger":
            # A forked logger holds the Admin's listening socket. If it outlived a killed Admin,
            # connects to that port would hang and no new system could take it.
            kernel.die_with_parent()
        apply()
        _carry(self.setups)
        for setup in self.setups.values():
            setup()
        TARGETS[self.target](*args)


def _carry(setups: dict[str, Callable[[], None]]) -> None:
    for name in TARGETS:
        setattr(multiprocCommon, name, Entry(name, setups))


# ---- Exits of children ------------------------------------------------------------------------

def cure_lost_exits() -> None:
    """One child's exit must not swallow another's.

    `_childExited` (multiprocCommon.py:385) handles one exit by dropping *every* child that is
    dead at that moment from the table from which the others' exits would have been reported.
    `childDied` already takes out exactly those it reports, so nothing is left to drop here.
    """
    def keep_the_others(self: Any, child: Any) -> None:
        del self, child
    multiprocCommon.MultiProcReplicator._childExited = keep_the_others


def cure_silent_births() -> None:
    """A child that dies inside `__init__` must be reported like any other.

    It has no address yet that could be pickled, so `childDied` (multiprocCommon.py:413) only
    logged it: the parent waited for ever, and `createActor` from outside for 50 s. The reports
    also go straight to the mailbox here: as sends to itself they queued behind a hung peer.
    """
    multiprocCommon.MultiProcReplicator.childDied = _child_died
    multiprocCommon.MultiProcReplicator.h_EndpointConnected = _endpoint_connected
    actorManager.ActorManager._child_unborn = _unborn_child_of_actor
    adminCore.AdminCore._child_unborn = _unborn_child_of_admin


def _child_died(self: Any) -> bool:
    logger = vars(self).get("asLogProc")
    if logger and "_exiting" not in vars(self) and not self._checkChildLiveness(logger):
        multiprocCommon._startLogger(type(self.transport), self.transport, self,
                                     self.capabilities, self.logDefs, self.mpcontext)
    known = vars(self).get("_child_procs", [])
    self._child_procs, dead = multiprocCommon.partition(self._checkChildLiveness, known)
    for child in dead:
        if "childRealAddr" in vars(child):
            self.transport._incomingEnvelopes.append(transport.ReceiveEnvelope(
                self.transport.myAddress, ChildActorExited(child.childRealAddr)))
        else:
            self._child_unborn(child.childNum)
    return True


def _endpoint_connected(self: Any, envelope: Any) -> bool:
    instance = envelope.message.childInstance
    for child in vars(self).get("_child_procs", []):
        if child.childNum == instance:
            child.childRealAddr = envelope.sender
            self._pendingActorReady(instance, envelope.sender)
            return True
    return True  # Its greeting comes after the report of its death: it must not rise again.


def _unborn_child_of_actor(self: Any, instance: int) -> None:
    self._retryPendingChildOperations(instance, None)  # Reports the exit, returns its mail.


def _unborn_child_of_admin(self: Any, instance: int) -> None:
    if instance not in self._pendingChildren:  # Emptied by a shutdown.
        return
    for request in self._pendingChildren.pop(instance):
        self._sendPendingActorResponse(
            request, None, errorCode=PendingActorResponse.ERROR_Invalid_ActorClass,
            errorStr="its process died before it was ready")


def cure_logger_death() -> None:
    """The death of the logger must not take the Admin along.

    `childDied` (multiprocCommon.py:403) restarts the logger with `self.logDefs`; the Admin's
    field is called `logdefs`, and the AttributeError ended it.
    """
    adminCore.AdminCore.logDefs = property(lambda admin: admin.logdefs)


def cure_shutdown_hang() -> None:
    """A child that is already gone must not keep its parent from leaving.

    `_shutdownActor` (actorManager.py:231) makes one callback per child in a loop, and all of
    them speak of the last child: an unreachable earlier one is waited for, 10 s in `shutdown`.
    The intent that failed knows whom it was for.
    """
    def inaccessible(self: Any, _last_child: Any, intent: Any) -> Any:
        return self._handleChildExited(intent.targetAddr)
    actorManager.ActorManager._childInaccessible = inaccessible


def cure_slow_retry() -> None:
    """A message whose connection broke while it was written must be sent again soon.

    `TransmitIntent` (transport/__init__.py) waits 35 s before the first retry, and so long its
    target's other mail waits too. A live peer takes it at once; a dead one refuses at once.
    """
    *others, _period = transport.TransmitIntent.__init__.__defaults__
    transport.TransmitIntent.__init__.__defaults__ = (*others, RETRY_PERIOD)


# ---- Timers and the loop ----------------------------------------------------------------------

def cure_lost_wakeups() -> None:
    """A delay of nearly nothing must not count as no delay at all.

    The loop collects its delays with `filter(None, ...)` (TCPTransport.py:1133). A remainder
    below half a microsecond rounds to `timedelta(0)`, which is false, so it was dropped and
    `select` slept until some other event: a timer was minutes late. Shadowing the builtin in
    that module is one line; the alternative is a copy of its 200-line loop.
    """
    def without_none(chosen: Callable[[Any], Any] | None, items: Iterable[Any]) -> Iterator[Any]:
        if chosen is None:
            return (item for item in items if item is not None)
        return (item for item in items if chosen(item))
    tcp.filter = without_none


def cure_timer_order() -> None:
    """Timers that are due together must come in the order in which they were due.

    `_deliver_wakeups` (wakeupTransportBase.py:93) takes them from the wrong end of its list.
    """
    def deliver(self: Any, handler: Any) -> Any:
        while self._activeWakeups:
            wakeup = self._activeWakeups.pop(0)
            if handler in (None, transport.TransmitOnly):
                return wakeup
            result = transport.Thespian__Run_HandlerResult(handler(wakeup))
            if not result:
                return result
        return None
    wakeupTransportBase.wakeupTransportBase._deliver_wakeups = deliver


def cure_watch_spin() -> None:
    """While an actor only transmits, its watched descriptors must wait.

    The loop selects them in that mode too (TCPTransport.py:1148), although nobody will read
    them: a readable one spun at full speed and queued 9,500 WatchMessages a second.
    """
    run = tcp.TCPTransport._runWithExpiry

    def run_without_watches(self: Any, handler: Any) -> Any:
        if handler is not transport.TransmitOnly:
            return run(self, handler)
        watches, self._watches = self._watches, []
        try:
            return run(self, handler)
        finally:
            self._watches = watches
    tcp.TCPTransport._runWithExpiry = run_without_watches


def cure_leaked_lock() -> None:
    """An exception inside the transport's lock must release it.

    `exclusive_processing` (asyncTransportBase.py:44) has no try/finally: after one exception
    the main thread polled for ever for a lock that nobody held.
    """
    @contextmanager
    def exclusive_processing(owner: Any) -> Iterator[None]:
        while not owner._exclusively_processing():
            sleep(LOCK_POLL_S)
        try:
            yield
        finally:
            owner._not_processing()
    asyncTransportBase.exclusive_processing = exclusive_processing
    tcp.exclusive_processing = exclusive_processing


def cure_message_printing() -> None:
    """A message must not be turned into text for logs that are switched off.

    `identify` (transport/__init__.py) calls `str(message)` some three times a hop, before the
    log's level is looked at: 26 ms for 1 MB. Type and address say enough, and keep what a
    message holds out of Thespian's log file.
    """
    def identify_received(self: Any) -> str:
        return f"ReceiveEnvelope(from: {self.sender}, {type(self.message)})"

    def identify_intent(self: Any) -> str:
        return f"TransportIntent({self.targetAddr}, {type(self.message)}, {self.result})"
    transport.ReceiveEnvelope.identify = identify_received
    transport.TransmitIntent.identify = identify_intent


CURES: tuple[Callable[[], None], ...] = (
    cure_lost_exits,
    cure_silent_births,
    cure_logger_death,
    cure_shutdown_hang,
    cure_slow_retry,
    cure_lost_wakeups,
    cure_timer_order,
    cure_watch_spin,
    cure_leaked_lock,
    cure_message_printing,
)
