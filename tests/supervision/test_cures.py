"""Every cure against its fault, in real processes, forked and spawned."""

import os
import signal
import socket
import struct
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from thespian.actors import InvalidActorSpecification

from supervision import cures
from tests.supervision.cure_actors import Helper, Parent, Relay, Sleeper, Unborn, Watcher
from tests.supervision.live import Running, alive, running, wait_until


@pytest.fixture(params=["fork", "spawn"])
def floor(request: pytest.FixtureRequest, tmp_path: Path,
          monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A cured system."""
    cures.apply()
    with running(request.param, tmp_path, monkeypatch) as started:
        yield started


def test_two_children_that_die_together_are_both_reported(floor: Running) -> None:
    parent = floor.system.createActor(Parent)
    _, (first, second) = floor.ask(parent, "make", "Helper", 2)
    assert floor.ask(parent, "kill_on_exit", second) == "armed"
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: floor.ask(parent, "report")[0] == 2, "both exits reported", 3.0)


def test_a_child_that_dies_in_its_constructor_is_reported_and_its_mail_returned(
        floor: Running) -> None:
    parent = floor.system.createActor(Parent)
    floor.system.tell(parent, ("make", "Unborn", 1))
    wait_until(lambda: floor.ask(parent, "report") == (1, ["('pid',)"]), "exit reported", 3.0)


def test_creating_an_actor_that_dies_in_its_constructor_raises_at_once(floor: Running) -> None:
    with pytest.raises(InvalidActorSpecification, match="died before it was ready"):
        floor.system.createActor(Unborn)


def test_a_killed_logger_is_replaced_and_the_admin_lives(floor: Running) -> None:
    old = floor.logger()
    old.kill()
    wait_until(lambda: floor.logger() not in (None, old), "a new logger", 3.0)
    helper = floor.system.createActor(Helper)
    assert floor.ask(helper, "add", 1) == 2
    assert alive(floor.admin)


def test_a_killed_admin_takes_its_logger_along_and_frees_its_port(floor: Running) -> None:
    floor.admin.kill()
    wait_until(lambda: not floor.processes(), "the logger is gone", 3.0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", floor.port), 1.0)


def test_a_shutdown_does_not_wait_for_children_that_are_gone(floor: Running) -> None:
    parent = floor.system.createActor(Parent)
    floor.ask(parent, "make", "Helper", 3)
    assert floor.ask(parent, "lose") == "lost"
    begin = time.monotonic()
    floor.system.shutdown()
    assert time.monotonic() - begin < 5.0  # It gave up after 10 s before.
    wait_until(lambda: not floor.processes(), "every process has left")


def test_a_timer_whose_remainder_rounds_to_nothing_still_fires(floor: Running) -> None:
    sleeper = floor.system.createActor(Sleeper)
    assert floor.system.ask(sleeper, ("nearly_due",), timedelta(seconds=3)) == [0]


def test_timers_due_together_come_in_their_order(floor: Running) -> None:
    sleeper = floor.system.createActor(Sleeper)
    assert floor.ask(sleeper, "overdue", 4) == [0, 1, 2, 3]


def test_a_readable_watch_does_not_spin_while_the_actor_only_transmits(floor: Running) -> None:
    watcher = floor.system.createActor(Watcher)
    assert floor.ask(watcher, "watch") == "watching"
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert floor.ask(watcher, "transmit_only", deaf.getsockname()[1]) == 0


def test_an_exception_inside_the_lock_of_the_transport_leaves_it_free(floor: Running) -> None:
    watcher = floor.system.createActor(Watcher)
    assert floor.system.ask(watcher, ("fail_locked",), timedelta(seconds=3)) == "survived"
    assert floor.ask(watcher, "add", 1) == 2


def test_a_message_is_never_printed_on_its_way(floor: Running) -> None:
    near, far = floor.system.createActor(Relay), floor.system.createActor(Relay)
    assert floor.ask(near, "loud", far) == (0, 0)


def test_a_message_whose_connection_broke_is_sent_again_soon(floor: Running) -> None:
    watcher = floor.system.createActor(Watcher)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5.0)
        floor.system.tell(watcher, ("tell_in_vain", server.getsockname()[1]))
        first, _ = server.accept()
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        first.close()  # With a reset, which the sender meets when it writes.
        second, _ = server.accept()
        second.close()


def test_another_version_of_thespian_is_refused() -> None:
    with pytest.raises(cures.WrongThespian, match="thespian 4.0.2 is installed: wanted exactly"):
        cures.check_version("4.0.2")


def test_applying_twice_changes_nothing() -> None:
    cures.apply()
    before = vars(cures.tcp.TCPTransport).copy()
    cures.apply()
    assert vars(cures.tcp.TCPTransport) == before
