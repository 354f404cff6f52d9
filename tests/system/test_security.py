"""Strangers at every port of a running floor: nothing of theirs runs, and the day goes on."""

import json
import os
import pickle
import socket
import stat
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from ops.replay import result_of
from supervision import bodies
from supervision.status import all_green
from tests.system.running import Running, until
from tests.system.test_floor import (
    complete,
    ended_books,
    floor_on_the_day,
    stop,
    undisturbed,
)

SPEED = 10_000.0  # The two days pass in less than twenty seconds; the strangers take a few.
IDLE = 1_000
LIMIT_S = 2.0

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]
__all__ = ["undisturbed"]  # The fixture of the other module.


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def ports(run: Running) -> list[tuple[str, int]]:
    """Every TCP address on which a process of the run listens, the page's left out."""
    web = json.loads((run.run_dir / "web.json").read_text())["port"]
    found = []
    for one in [*bodies.group(run.run().group), run.run().host]:
        for connection in psutil.Process(one.pid).net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port != web:
                found.append((connection.laddr.ip, connection.laddr.port))
    return found


def throw(port: int, data: bytes) -> None:
    with (
        suppress(ConnectionError, TimeoutError),
        socket.create_connection(("127.0.0.1", port), LIMIT_S) as connection,
    ):
        connection.sendall(data)


def check_modes(run: Running) -> None:
    """Hold that only the user can reach the streams and the records."""
    for name in ("", "sockets", "streams", "data"):
        mode = stat.S_IMODE((run.run_dir / name).stat().st_mode)
        assert mode == 0o700, f"{name or 'run directory'} has mode {mode:o}"


def test_strangers_reach_no_file_and_at_every_port_change_nothing_and_raise_an_alarm(
    undisturbed, tmp_path
):
    with floor_on_the_day(SPEED) as (run, settings):
        check_modes(run)
        addresses = ports(run)
        assert len(addresses) >= 15
        assert {ip for ip, _ in addresses} == {"127.0.0.1"}
        bomb = pickle.dumps((None, Bomb(tmp_path / "broken")))
        for _, port in addresses:
            throw(port, b"%d>" % len(bomb) + bomb)
            throw(port, b"99999999999999999999>")
            throw(port, b"garbage" * 9)
        until(lambda: run.alarms("frames_rejected"), "an alarm about rejected frames")
        with ExitStack() as held:
            for number in range(IDLE):
                _, port = addresses[number % len(addresses)]
                held.enter_context(socket.create_connection(("127.0.0.1", port), LIMIT_S))
            until(lambda: all_green(run.look()), "all green under idle connections")
        until(lambda: complete(run), "the end of the day", 120)
        assert not (tmp_path / "broken").exists()
        assert not run.alarms("child_restarted")
        stop(run)
        books = ended_books(run, settings)
        result = result_of(books, 0.0)
        books.close()
        assert result.digest == undisturbed.digest
