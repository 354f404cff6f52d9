"""A small tree under attack at every port: nothing runs, everybody answers, refusals are counted.

The tree is Admin, logger, a parent and its two children, and the starter's own endpoint.
"""

import itertools
import multiprocessing
import os
import pickle
import resource
import secrets
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from thespian.actors import ActorAddress
from thespian.system import timing
from thespian.system.transport import TCPTransport as tcp

from supervision import transport
from supervision.frames import MAGIC, Seal
from supervision.transport import Reason
from tests.supervision.cure_actors import Helper, Parent, Watcher, log_rejection
from tests.supervision.live import LIMIT_S, Running, alive, ports_of, running, wait_until

UNPROVEN_S = 0.5
IDLE = 1000
CHUNK = b"7" * 65536
ENDLESS_BYTES = 256 << 20  # What an attacker may send at most until he gives up.
MEMORY_BYTES = 32 << 20
TURN_S = 2.0


@dataclass
class Tree:
    """The system and who is in it."""

    floor: Running
    parent: ActorAddress
    children: list[ActorAddress]
    refusals: Path

    def targets(self) -> list[psutil.Process]:
        """Return every process that listens, the starter included."""
        return [*self.floor.processes(), psutil.Process()]

    def ports(self) -> list[int]:
        """Return every port of the run."""
        return [port for process in self.targets() for _, port in ports_of(process)]

    def answers(self, limit_s: float = LIMIT_S) -> None:
        """Fail unless every actor, and through a new one the Admin, answers all endpoints."""
        limit = timedelta(seconds=limit_s)
        for number, actor in enumerate([self.parent, *self.children]):
            assert self.floor.system.ask(actor, ("add", number), limit) == number + 1
        with self.floor.system.private() as apart:
            assert apart.ask(self.parent, ("add", 41), limit) == 42

    def refused(self, *reasons: Reason) -> Counter[int]:
        """Return how many refusals each process has reported to the alarm; all without reasons."""
        lines = self.refusals.read_text().splitlines() if self.refusals.exists() else []
        return Counter(int(pid) for pid, reason, _ in map(str.split, lines)
                       if reason in (reasons or list(Reason)))


@pytest.fixture(params=["fork", "spawn"])
def tree(request: pytest.FixtureRequest, tmp_path: Path,
         monkeypatch: pytest.MonkeyPatch) -> Iterator[Tree]:
    """A secured tree with a key of its own."""
    monkeypatch.setenv("REJECTIONS", str(tmp_path / "rejections"))
    transport.secure(transport.Wire(alarm=log_rejection, unproven_s=UNPROVEN_S))
    with running(request.param, tmp_path, monkeypatch) as floor:
        parent = floor.system.createActor(Parent)
        children, _ = floor.ask(parent, "make", "Helper", 2)
        yield Tree(floor, parent, children, tmp_path / "rejections")


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.path),)


def throw(port: int, data: bytes) -> None:
    """Send `data` and stay until the other side closes or does not answer in time."""
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as connection:
        connection.settimeout(0.05)  # The starter reads only while it asks.
        try:
            connection.sendall(data)
            connection.recv(100)
        except OSError:
            pass


def test_every_process_listens_on_loopback_only(tree: Tree) -> None:
    hosts = [host for process in tree.targets() for host, _ in ports_of(process)]
    assert hosts == ["127.0.0.1"] * 6  # Admin, logger, parent, two children, starter.


def test_no_pickle_of_a_stranger_runs_anywhere(tree: Tree, tmp_path: Path) -> None:
    bomb = pickle.dumps((None, Bomb(tmp_path / "broken")))
    forger = Seal(secrets.token_bytes(32), 1 << 20)
    before = tree.refused()
    for port in tree.ports():
        for data in (b"%d>" % len(bomb) + bomb, forger.frame(bomb), bomb, MAGIC + bytes(72) + bomb):
            throw(port, data)
    tree.answers()
    refused = tree.refused() - before
    assert not (tmp_path / "broken").exists()
    assert {process.pid: refused[process.pid] for process in tree.targets()} == \
        {process.pid: 4 for process in tree.targets()}
    for actor in [tree.parent, *tree.children]:
        assert tree.floor.ask(actor, "rejected") == 4
    assert transport.rejected_frames() == 4


def test_half_frames_and_garbage_headers_are_closed_in_time_and_counted(tree: Tree) -> None:
    begun = (MAGIC, MAGIC[:2], MAGIC + bytes(30))
    with ExitStack() as held:
        for port in tree.ports():
            for data in (*begun, b"99999999999999999999>", b"-5>x", b"garbage" * 9):
                connection = held.enter_context(socket.create_connection(("127.0.0.1", port)))
                connection.sendall(data)
        tree.answers(TURN_S)

        def all_counted() -> bool:
            tree.answers(TURN_S)
            return all(tree.refused()[process.pid] == 6 for process in tree.targets())
        wait_until(all_counted, "six refusals in each process")
    tree.answers(TURN_S)


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_connection_whose_time_ends_between_two_looks_at_the_clock_is_counted(
    monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    transport.secure(transport.Wire(unproven_s=UNPROVEN_S))
    stranger, ours = socket.socketpair()
    ours.setblocking(False)
    incoming = tcp.TCPIncoming_Common(ActorAddress(None), ours)
    incoming.addData(MAGIC[:2])
    end = incoming._expires._time_to_quit
    looks = itertools.chain([end - 1e-6] * before, itertools.repeat(end + 1e-6))
    for module in (timing, tcp, transport):
        monkeypatch.setattr(module, "currentTime", lambda: next(looks))
    with stranger:
        for _ in range(4):
            if not transport._close_expired(SimpleNamespace(), incoming, -1):
                break
        else:
            pytest.fail("still open")
    assert transport.rejections()[Reason.STALLED] == 1


@pytest.mark.parametrize("header", [b"9999999999999>", b"", MAGIC, MAGIC + (1 << 40).to_bytes(8)])
def test_an_endless_frame_is_cut_off_and_takes_no_memory(tree: Tree, header: bytes) -> None:
    for process in tree.floor.processes():
        held = process.memory_info().rss
        for _, port in ports_of(process):
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as connection:
                with pytest.raises(ConnectionError):
                    connection.sendall(header)
                    for _ in range(ENDLESS_BYTES // len(CHUNK)):
                        connection.sendall(CHUNK)
        assert process.memory_info().rss - held < MEMORY_BYTES
    tree.answers(TURN_S)


def test_a_thousand_idle_connections_at_each_port_disturb_nobody(tree: Tree) -> None:
    raise_descriptor_limit()
    # What this runner has open is inherited by a fork, and is none of a process's own.
    fds = {process: process.num_fds() for process in tree.floor.processes()}
    for port in tree.ports():
        with ExitStack() as held:
            for _ in range(IDLE):
                held.enter_context(socket.create_connection(("127.0.0.1", port), LIMIT_S))
            tree.answers(TURN_S)
            assert all(process.num_fds() < fds[process] + transport.UNPROVEN_MAX + 20
                       for process in fds)
            wait_until(lambda: all(process.num_fds() < fds[process] + 20 for process in fds),
                       "the idle connections are closed from inside")
            tree.answers(TURN_S)
    silent = tree.refused(Reason.SILENT)
    assert all(alive(process) and silent[process.pid] >= 100 for process in fds)
    tree.answers(TURN_S)
    with tree.floor.system.private() as apart:
        helper = apart.createActor(Helper)
        assert apart.ask(helper, ("add", 1), timedelta(seconds=LIMIT_S)) == 2


def raise_descriptor_limit() -> None:
    """Let this process, as attacker, hold more connections than the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))


def test_a_false_acknowledgement_takes_no_slot_of_the_sender(tree: Tree) -> None:
    watcher = tree.floor.system.createActor(Watcher)
    with ExitStack() as servers:
        for _ in range(20):  # Thespian sends nothing any more when so many are outstanding.
            server = servers.enter_context(socket.create_server(("127.0.0.1", 0)))
            server.settimeout(LIMIT_S)
            tree.floor.system.tell(watcher, ("tell", server.getsockname()[1]))
            with server.accept()[0] as connection:
                connection.sendall(b"18>" + pickle.dumps("ACK"))
                connection.recv(1)
    assert tree.floor.ask(watcher, "add", 1) == 2


def test_the_key_stands_in_no_environment_and_no_argument(tree: Tree) -> None:
    key = bytes(multiprocessing.current_process().authkey)
    for process in tree.targets():
        for name in ("environ", "cmdline"):
            shown = Path(f"/proc/{process.pid}/{name}").read_bytes()
            assert key not in shown and key.hex().encode() not in shown


def test_a_process_that_is_no_descendant_joins_with_the_key_file_only(
        tree: Tree, tmp_path: Path) -> None:
    transport.write_key_file(str(tmp_path / "key"))
    code = ("import sys; from supervision import transport; from thespian.actors import *\n"
            "transport.secure(key=transport.key_from_file(sys.argv[1]) if sys.argv[1:] else None)\n"
            f"here = ActorSystem('multiprocTCPBase', {{'Admin Port': {tree.floor.port}}})\n"
            "actor = here.createActor('tests.supervision.cure_actors.Helper')\n"
            "print(here.ask(actor, ('add', 1), 5))\n")
    found = subprocess.run([sys.executable, "-c", code, str(tmp_path / "key")],
                           capture_output=True, check=False, timeout=30)
    assert found.stdout == b"2\n", found.stderr


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    transport.write_key_file(str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert transport.key_from_file(str(path)) == bytes(multiprocessing.current_process().authkey)
    path.chmod(0o640)
    with pytest.raises(PermissionError, match="mode 640, wanted 600"):
        transport.key_from_file(str(path))


def test_a_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes: wanted at least 32"):
        transport.secure(key=bytes(31))
