"""Streams between processes: ZeroMQ sockets around a node, driven by a process's wake-ups.

Every actor binds one ROUTER socket at an address made from its id, so a restarted actor is found
where it was; it answers inspection there too. For each stream it reads it connects one DEALER.
Nothing here waits: sockets are drained until they are empty, what cannot be sent stays in the
window. Addresses are files in a directory of mode 700, so nobody else on the machine can connect.
"""

import json
import os
import select
from multiprocessing import current_process
from pathlib import Path
from time import monotonic, monotonic_ns, time_ns
from typing import Any

import zmq

from protocol.codec import BadFrame, decode, encode
from protocol.message import Message
from protocol.settings import SupervisionSettings, settings_from
from protocol.system import Answered, Commanded, Inspect, Inspected, Start, Subscribe
from supervision.checkpoint import FileCheckpoints, without_secrets
from supervision.journal import Journal
from supervision.node import IDLE_S, Node
from supervision.shell import JournaledShell, Refused, Shell
from supervision.spill import SpillWindow
from supervision.worker import Counters

READABLE = int(zmq.POLLIN)  # A flag would make a new flag at each comparison.
ADDRESS_BYTES_MAX = 107  # sun_path of Linux holds 108 with its closing zero.
DRAIN_MAX = 256  # Frames of one source handled before the next has its turn.
LINGER_S = 0.02  # How long to wait for the next message while there is traffic ...
TURN_S = 0.1  # ... and how long control messages may wait meanwhile.
LAZY_S = 0.03  # What a lazy reader is sent waits so long for more while there is traffic.
COMMIT_S = 0.1  # What a sink has kept is made durable together, so often at least.


def address(run_dir: Path | str, actor: str) -> str:
    """Return the stream address of an actor."""
    path = str(Path(run_dir).resolve() / "sockets" / actor)
    if len(path.encode()) > ADDRESS_BYTES_MAX:
        raise ValueError(
            f"socket path {path} has {len(path.encode())} bytes, the system allows"
            f" {ADDRESS_BYTES_MAX}: choose a shorter run.directory"
        )
    return f"ipc://{path}"


class StreamWorker:
    """Runs a shell in a process: its node and the node's sockets."""

    def __init__(self, shell: Shell, start: Start) -> None:
        self.shell = shell
        self.start = start
        self.bad_frames = 0
        self._busy = False
        self._sources: dict[str, zmq.Socket[bytes]] = {}
        self._identities: dict[tuple[str, str], bytes] = {}

    def open(self) -> None:
        """Recover, bind, connect and ask for what is missing."""
        start, shell = self.start, self.shell
        os.nice(shell.niceness)
        settings = settings_from(json.loads(start.settings))
        directory = Path(start.run_dir) / "data"
        directory.mkdir(mode=0o700, exist_ok=True)
        # A shell's copies of itself lie on the disk, so it is told no secret.
        shell.configure(without_secrets(settings) if shell.resumes else settings, str(directory))
        journal = None
        if isinstance(shell, JournaledShell):
            journal = shell.open_journal(settings, str(directory))
        self.node = self._node(settings.supervision, journal)
        Path(start.run_dir, "sockets").mkdir(mode=0o700, exist_ok=True)
        self._context = zmq.Context()
        self._router = self._socket(zmq.ROUTER)
        self._router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._router.bind(address(start.run_dir, start.id))
        for source in start.reads:
            self._sources[source] = self._connected(source)
        self._epoll = select.epoll()
        for socket in (self._router, *self._sources.values()):
            self._epoll.register(socket.FD, select.EPOLLIN)
        self._committed_s = self._served_s = monotonic()
        for source, wish in self.node.first_wishes():
            self._ask(source, wish)

    def _node(self, settings: SupervisionSettings, journal: Journal | None) -> Node:
        start, now_s = self.start, monotonic()
        directory = Path(start.run_dir) / "streams"
        directory.mkdir(mode=0o700, exist_ok=True)
        if self.shell.resumes:
            key, work_s = bytes(current_process().authkey), settings.checkpoint_ms / 1000
            kept = FileCheckpoints(directory, start.id, key, work_s)
            return Node(start.id, self.shell, start.reads, journal, now_s, checkpoints=kept)
        own = SpillWindow(directory / f"{start.id}.frames")
        return Node(start.id, self.shell, start.reads, journal, now_s, own)

    def _socket(self, kind: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        return socket

    def _connected(self, source: str) -> zmq.Socket[bytes]:
        socket = self._socket(zmq.DEALER)
        socket.setsockopt(zmq.RECONNECT_IVL, 5)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 50)
        socket.connect(address(self.start.run_dir, source))
        return socket

    def descriptors(self) -> list[int]:
        """Return one descriptor that is readable when any socket may be; none for the lazy."""
        return [] if self.shell.lazy else [self._epoll.fileno()]

    def tick_s(self) -> float:
        """Return how long to sleep: hardly at all while there is more to do."""
        return 0.001 if self._busy else min(IDLE_S / 2, self.shell.tick_s())

    def wake(self, now_ns: int) -> None:
        """Drain every socket, hand messages to the shell, send what readers have room for.

        While messages come one after another it lingers for the next: a turn of the actor
        system costs more than the handling of a message.
        """
        began_s = heard_s = monotonic()
        pause_s = min(LINGER_S, self.shell.tick_s())
        while True:
            self._busy = self._turn(began_s + TURN_S)
            now_s = monotonic()
            heard_s = now_s if self._busy else heard_s
            # A shell that paces itself by the clock is never quiet.
            quiet = self.shell.lazy or now_s - heard_s >= LINGER_S
            if now_s - began_s > TURN_S or (quiet and pause_s >= LINGER_S):
                break
            self._epoll.poll(pause_s)
        self._flush(now_s, lazy=True)
        if now_s - self._committed_s >= COMMIT_S:
            self._committed_s = now_s
            self.node.cell.commit()
        for source, wish in self.node.idle_wishes(now_s):
            self._ask(source, wish)

    def _turn(self, until_s: float) -> bool:
        """Drain all sockets until all are empty or it is time; return whether there was anything.

        Whoever does not come back in time is taken to hang, however much he has to do.
        """
        moved = False
        self.shell.at(monotonic_ns())
        self.node.cell.time(time_ns())
        self.node.cell.release()  # Nobody is told what is not recorded, a screen neither.
        # ZeroMQ's descriptors are edge-triggered: whoever stops before all is drained sleeps on.
        while True:
            heard = self._drain_router()
            taken = sum(self._drain_source(peer, until_s) for peer in list(self._sources))
            self.node.cell.release()
            now_s = monotonic()
            sent = self._flush(now_s, lazy=now_s - self._served_s >= LAZY_S)
            self.node.quiet()
            if not (sent or heard or taken):
                return moved
            moved = True
            if now_s > until_s:
                return True

    def _drain_source(self, source: str, until_s: float) -> int:
        socket, count = self._sources[source], 0
        # Looking first is cheaper than the exception of an empty socket.
        # The stubs leave open whether an option is a number; this one is, here and below.
        while (
            count < DRAIN_MAX
            and socket.getsockopt(zmq.EVENTS) & READABLE  # type: ignore[operator]
        ):
            if count and monotonic() > until_s:
                break
            count += 1
            try:
                message = decode(socket.recv(zmq.NOBLOCK))
            except BadFrame:
                self.bad_frames += 1
                continue
            for peer, wish in self.node.take(source, message, monotonic()):
                self._ask(peer, wish)
        return count

    def _ask(self, peer: str, wish: Subscribe) -> None:
        if peer not in self._sources:  # A keeper, met for the first time.
            self._sources[peer] = self._connected(peer)
            self._epoll.register(self._sources[peer].FD, select.EPOLLIN)
        try:
            self._sources[peer].send(encode(wish), zmq.NOBLOCK)
        except zmq.Again:
            return  # The next idle moment asks again.

    def _drain_router(self) -> bool:
        heard = False
        while self._router.getsockopt(zmq.EVENTS) & READABLE:  # type: ignore[operator]
            heard = True
            identity, frame = self._router.recv_multipart(zmq.NOBLOCK)
            try:
                self._answer(identity, decode(frame))
            except BadFrame:
                self.bad_frames += 1
        return heard

    def _answer(self, identity: bytes, message: Message) -> None:
        if isinstance(message, Subscribe):
            self._identities[message.stream, message.reader] = identity
            tail = self.node.subscribe(message)
            if tail is not None:
                self._send(identity, tail)
        elif isinstance(message, Inspect):
            text = json.dumps(self.inspect(), default=str)
            self._send(identity, Inspected(token=message.token, id=self.start.id, json=text))
        elif isinstance(message, Commanded):
            self._send(identity, self._obey(message))
        else:
            self.bad_frames += 1

    def _obey(self, told: Commanded) -> Answered:
        """Record what follows from a command; only then it counts as taken."""
        try:
            command = decode(told.body)
            taken = self.node.cell.tell(command)
            detail = "" if taken else f"{self.start.id} takes no {command.KIND}"
        except (BadFrame, Refused) as refusal:
            taken, detail = False, str(refusal)
        self.node.cell.release()
        return Answered(token=told.token, id=self.start.id, taken=taken, detail=detail)

    def _send(self, identity: bytes, message: Message) -> bool:
        try:
            self._router.send_multipart((identity, encode(message)), zmq.NOBLOCK)
        except zmq.ZMQError:  # No room, or the reader is gone: it will ask again.
            return False
        return True

    def _flush(self, now_s: float, *, lazy: bool) -> bool:
        """Send what readers have room for; the lazy ones only with `lazy`, or when it is much."""
        sent = False
        if lazy:
            self._served_s = now_s
        for outlet, reader in self.node.readers():
            if not lazy and self.node.can_wait(outlet, reader):
                continue
            identity = self._identities[outlet.stream, reader]
            for item in self.node.due(outlet, reader):
                if not self._send(identity, item):
                    outlet.unsend(reader, item.seq)
                    break
                sent = True
        return sent

    def counters(self) -> Counters:
        """Return the counters for a beat."""
        cell = self.node.cell
        return Counters(cell.messages_in, cell.messages_out, cell.cut)

    def inspect(self) -> dict[str, Any]:
        """Return the whole state for a screen."""
        start = self.start
        own = {"start": start.start, "incarnation": start.incarnation}
        return self.node.inspect() | own | {"bad_frames": self.bad_frames}

    def close(self) -> None:
        """Commit, close the shell and every socket; the address file goes with it."""
        self.node.cell.release()
        self.node.cell.commit()
        self.shell.close()
        self.node.close()
        self._epoll.close()
        for socket in self._sources.values():
            socket.close()
        self._router.close()
        self._context.term()
        path = address(self.start.run_dir, self.start.id).removeprefix("ipc://")
        Path(path).unlink(missing_ok=True)
