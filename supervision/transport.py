"""Nobody else speaks to an actor: Thespian's TCP frames, authenticated before they are unpickled.

Stock Thespian listens on all interfaces and unpickles whatever arrives. `secure()` makes every
process of the run listen on one address and puts a header with two keyed hashes before each
frame. The header alone is checked first, so a peer that does not hold the key costs at most one
header's bytes of memory for ten seconds, and no length it claims is ever believed.

**The key** is 32 random bytes per run. It travels as `multiprocessing`'s own `authkey`: in the
memory of a forked child, through the private pipe of a spawned one. It is in no argument, no
environment (which every program that an actor starts would inherit, and which crash reports
print), no open descriptor (Thespian closes those by number) and no log; the class of `authkey`
refuses to be pickled into a message. A module that is imported again in a child finds the same
key. Who is no descendant (another host, a command that attaches later) reads it from a file of
mode 600, see `key_from_file`.

**Covered**: forged, altered, cut, garbage and endless frames and headers; connections that stall
or say nothing; more connections than there are descriptors. **Not covered**: a frame recorded on
the wire is accepted again while the run lasts, also by another actor of it (so commands are
numbered and idempotent, see DESIGN 4; for Thespian's own, such as an exit request, a supervisor
restarts). A recorded frame is worthless after the run: the key is gone. Nothing is encrypted. A
holder of the key may run any code here, as pickle is still what Thespian speaks.
"""

import multiprocessing
import os
import pickle
import secrets
import select
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any
from weakref import WeakSet

from thespian.system.timing import ExpirationTimer, currentTime
from thespian.system.transport import IPBase, streamBuffer
from thespian.system.transport import TCPTransport as tcp

from supervision import cures
from supervision.frames import Forged, FrameBuffer, Seal

LOOPBACK = "127.0.0.1"
KEY_BYTES = 32
FRAME_BYTES_MAX = 64 << 20

UNPROVEN_MAX = 256  # Connections without a proven header; far below the usual 1,024 descriptors.
UNPROVEN_S = 10.0  # An honest peer connects in its handler, but writes only after it.
BODY_S = 60.0  # For the rest of a frame whose header is proven.
ACCEPTS_MAX = 16  # Per turn of the loop, so that a flood leaves room for the actor's work.
BACKLOG_MAX = 4096  # A full backlog drops honest connects, which then wait a second or more.


class Reason(StrEnum):
    """Why something was refused."""

    FORGED = "forged"  # A header or body that fails its hash, or a size over the limit.
    STALLED = "stalled"  # Part of a header, and then nothing more in time, or the end.
    SILENT = "silent"  # A connection that never said a word in time.
    CROWDED = "crowded"  # The oldest unproven connection, closed to let a new one in.


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refusal, with the number of refusals for this reason in this process so far."""

    reason: Reason
    count: int


@dataclass(frozen=True, slots=True)
class Wire:
    """How the processes of one run talk. All of them must hold the same.

    `alarm` is called on every refusal in whatever process it happens, Admin and logger too, so
    it must be picklable. It is called inside the transport: it may count, set a flag or write a
    byte, but neither send, nor block, nor raise.
    """

    host: str = LOOPBACK
    frame_bytes_max: int = FRAME_BYTES_MAX
    unproven_s: float = UNPROVEN_S
    alarm: Callable[[Rejection], None] | None = None


def secure(wire: Wire = Wire(), key: bytes | None = None) -> None:
    """Secure this process and all that Thespian starts from it; call before `ActorSystem(...)`.

    Without a `key` a new one is drawn. Give the one from `key_from_file` to join a run.
    """
    if key is None:
        key = secrets.token_bytes(KEY_BYTES)
    if len(key) < KEY_BYTES:
        raise ValueError(f"key of {len(key)} bytes: wanted at least {KEY_BYTES}")
    multiprocessing.current_process().authkey = key
    cures.at_start("transport", partial(_start_process, wire))
    install(wire)


def rejected_frames() -> int:
    """Return how many frames this process refused: forged ones, and parts that stalled."""
    return _guard.counts[Reason.FORGED] + _guard.counts[Reason.STALLED]


def rejections() -> dict[Reason, int]:
    """Return how often this process refused something, by reason."""
    return dict(_guard.counts)


def write_key_file(path: str) -> None:
    """Write this run's key to a new file of mode 600, for a process that is no descendant."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(bytes(multiprocessing.current_process().authkey))


def key_from_file(path: str) -> bytes:
    """Return the key in `path`; a file that others may read or write, or do own, raises."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise PermissionError(f"{path}: wanted a regular file of user {os.geteuid()}")
        if status.st_mode & 0o077:
            raise PermissionError(f"{path}: mode {status.st_mode & 0o777:o}, wanted 600")
        return file.read()


# ---- Thespian's side --------------------------------------------------------------------------

class Guard:
    """What this process knows of its wire; one a process, as Thespian's hooks know only globals."""

    def __init__(self) -> None:
        self.counts: dict[Reason, int] = dict.fromkeys(Reason, 0)
        self.wire = Wire()

    def refuse(self, reason: Reason) -> None:
        """Count a refusal and tell the alarm."""
        self.counts[reason] += 1
        if self.wire.alarm is not None:
            self.wire.alarm(Rejection(reason, self.counts[reason]))


_guard = Guard()
_open: WeakSet[Any] = WeakSet()  # Every transport of this process, to find what a fork inherits.
_begin = tcp.TCPTransport.__init__
_close = tcp.TCPTransport.close
_address = IPBase.IPActorAddress.__init__
_incoming = tcp.TCPIncoming_Common.__init__
_accept = tcp.TCPTransport._acceptNewIncoming
_possible = tcp.TCPTransport._handlePossibleIncoming
_readable = tcp.TCPTransport._handleReadableIncoming
_await_ack = tcp.TCPTransport._next_XMIT_4


def _start_process(wire: Wire) -> None:
    """Let go of what a fork inherited, then secure the process.

    A forked Admin holds the starter's endpoint, a forked logger the Admin's port and its peers'
    connections: connects to a dead process would hang there instead of being refused. Closed,
    not shut down: the connections themselves are the parent's.
    """
    for inherited in list(_open):
        for user in (inherited, *inherited._openSockets.values(),
                     *inherited._incomingSockets.values(), *inherited._transmitIntents.values()):
            user.socket.close()
    _open.clear()
    install(wire)


def install(wire: Wire) -> None:
    """Replace framing, accepting and binding in this process, with the key of its `authkey`."""
    _guard.wire = wire
    _guard.counts = dict.fromkeys(Reason, 0)  # A forked child starts its own count.
    seal = Seal(multiprocessing.current_process().authkey, wire.frame_bytes_max)
    tcp.ReceiveBuffer = lambda _loads: FrameBuffer(seal)
    tcp.toSendBuffer = lambda message, dumps: seal.frame(dumps(message))
    tcp.ackMsg = seal.frame(pickle.dumps(streamBuffer.ackPacket))
    tcp.ackDataErrMsg = seal.frame(pickle.dumps(streamBuffer.ackDataErrPacket))
    tcp.LISTEN_DEPTH = BACKLOG_MAX
    IPBase.thisSystem.add_local_addr(wire.host)
    IPBase.IPActorAddress.__init__ = _bind_to_host
    tcp.TCPTransport.__init__ = _remember
    tcp.TCPTransport.close = _close_all
    tcp.TCPIncoming_Common.__init__ = _expect_header_soon
    tcp.TCPTransport._acceptNewIncoming = _accept_waiting
    tcp.TCPTransport._handlePossibleIncoming = _close_expired
    tcp.TCPTransport._handleReadableIncoming = _read
    tcp.TCPTransport._next_XMIT_4 = _read_ack


def _bind_to_host(self: Any, af: int, socktype: int, proto: int, base: str | None, port: int,
                  external: Any = False) -> None:
    # Naming the host here also spares Thespian's search for it by a route to 8.8.8.8.
    own = not base or base == "0.0.0.0"
    _address(self, af, socktype, proto, _guard.wire.host if own else base, port, external)
    self.bindname = (self.sockname[0], self.bindname[1])  # It is "" (all) for most addresses.


def _remember(self: Any, *arguments: Any) -> None:
    _begin(self, *arguments)
    _open.add(self)


def _close_all(self: Any) -> None:
    """Close idle connections and the port too, which Thespian leaves to the garbage collector."""
    held = vars(self)
    users = [held, *map(vars, held.pop("_openSockets", {}).values())]
    sockets = [user["socket"] for user in users if "socket" in user]
    _close(self)
    for each in sockets:
        each.close()


def _expect_header_soon(self: Any, sender: Any, *rest: Any) -> None:
    _incoming(self, sender, *rest)
    if _unproven(self):
        self._expires = ExpirationTimer(timedelta(seconds=_guard.wire.unproven_s))


def _unproven(incoming: Any) -> bool:
    return incoming.fromAddress.addressDetails is None and not incoming._rData.proven


def _accept_waiting(self: Any) -> None:
    """Take what waits in the backlog, not one a turn, and keep the unproven below their limit."""
    poll = select.poll()
    poll.register(self.socket.fileno(), select.POLLIN)
    for _ in range(ACCEPTS_MAX):
        _accept(self)
        if len(self._incomingSockets) > UNPROVEN_MAX:
            # Whoever said something was put back at the end: the first is the longest silent.
            unproven = [fd for fd, inc in self._incomingSockets.items() if _unproven(inc)]
            if len(unproven) > UNPROVEN_MAX:
                self._incomingSockets.pop(unproven[0]).close()
                _guard.refuse(Reason.CROWDED)
        if not poll.poll(0):
            return


def _close_expired(self: Any, incoming: Any, fileno: int, closed: bool = False,
                   has_exclusive_flag: bool = False) -> Any:
    """Close a connection whose time is over. Thespian would first retry it for two minutes.

    It would also look at the clock twice and, when the time ends in between, close without a
    word; here one look decides.
    """
    if fileno != -1 or closed:
        return _possible(self, incoming, fileno, closed, has_exclusive_flag)
    now = currentTime()
    if incoming._expires.view(now).expired():
        _guard.refuse(Reason.SILENT if incoming._rData.is_empty() else Reason.STALLED)
        incoming.close()
        return None
    if incoming.delay(now):
        return incoming
    return self._handleReadableIncoming(incoming, has_exclusive_flag=has_exclusive_flag)


def _read(self: Any, incoming: Any, has_exclusive_flag: bool = False) -> Any:
    frame, unproven = incoming._rData, _unproven(incoming)
    kept = _readable(self, incoming, has_exclusive_flag)
    if frame.forged:
        _guard.refuse(Reason.FORGED)
    elif unproven and frame.proven:
        incoming._expires = ExpirationTimer(timedelta(seconds=BODY_S))
    elif unproven and kept is None and not frame.is_empty():  # Closed by the peer in a header.
        _guard.refuse(Reason.STALLED)
    return kept


def _read_ack(self: Any, intent: Any) -> Any:
    """Treat a false acknowledgement as a broken connection: the message is sent again later.

    Without this the exception ends the intent but never gives its slot back, and after twenty
    of them the process sends nothing any more.
    """
    try:
        return _await_ack(self, intent)
    except Forged:
        _guard.refuse(Reason.FORGED)
        intent.backoffPause(True)
        intent.stage = self._XMITStepRetry
        return self._nextTransmitStep(intent)
