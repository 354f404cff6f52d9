"""The connection itself: where its key is from, what it asks for, and what it leaves behind."""

import os
import signal
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest

from actors.adapters.feeds.databento import KEY_VARIABLE, ChildConnection, key_of
from actors.adapters.feeds.databento_wire import Ended, Frame, Plan, Received, Subscription
from actors.adapters.secrets import BadSecret
from actors.core.market.ends import End
from protocol.databento_settings import DatabentoSettings
from tests.venues.databento.gateway import KEY, Gateway, gateway
from tests.venues.databento.records import Market, made


@pytest.fixture(scope="module")
def connection() -> Iterator[ChildConnection]:
    one = ChildConnection()
    yield one
    one.stop()


@pytest.fixture
def venue() -> Iterator[Gateway]:
    with gateway(Market(made(10))) as one:
        yield one


def plan(port: int, session: int = 1, symbols: str = "ES.FUT", stype: str = "parent") -> Plan:
    one = Subscription("trades", symbols, stype, None)
    return Plan(session, KEY, "GLBX.MDP3", "127.0.0.1", port, 5, "none", (one,))


def frames(one: ChildConnection, enough: Callable[[list[Frame]], object]) -> list[Frame]:
    found: list[Frame] = []
    limit = monotonic() + 15
    while not enough(found):
        assert monotonic() < limit, found
        found += one.read()
        sleep(0.001)
    return found


def test_several_hundred_symbols_are_asked_for_in_lines_of_500(venue, connection):
    symbols = ",".join(f"ES{n}" for n in range(501))
    connection.open(plan(venue.port, 7, symbols, "raw_symbol"))
    limit = monotonic() + 10
    while not (venue.lines and "start_session=0" in venue.lines[0]) and monotonic() < limit:
        sleep(0.01)
    connection.close()
    first, second = venue.lines[0][1:3]
    assert first.count(",") == 499 and first.endswith("|id=0|is_last=0")
    assert "symbols=ES500|" in second and second.endswith("|id=0|is_last=1")


def test_frames_of_a_session_that_was_closed_are_not_read(venue, connection):
    connection.open(plan(venue.port, 1))
    frames(connection, bool)
    connection.close()
    connection.open(plan(venue.port, 2))
    assert {frame.session for frame in frames(connection, lambda found: len(found) > 2)} == {2}
    connection.close()


def test_another_order_ends_the_session_before(venue, connection):
    for session in (1, 2):
        connection.open(plan(venue.port, session))
        frames(connection, bool)
    limit = monotonic() + 5
    while len(venue.peers) > 1:
        assert monotonic() < limit
        sleep(0.001)
    connection.close()


def test_a_child_that_dies_is_told_once_and_made_again(venue):
    one = ChildConnection()
    one.open(plan(venue.port))
    frames(one, bool)
    os.kill(one._child.pid, signal.SIGKILL)
    (ended,) = [f for f in frames(one, lambda got: any(isinstance(f, Ended) for f in got))
                if isinstance(f, Ended)]  # fmt: skip
    assert ended.fault.end is End.DIED
    assert list(one.read()) == []
    one.open(plan(venue.port, 2))
    assert isinstance(frames(one, bool)[0], Received)
    one.stop()


def test_the_child_ends_with_its_connection(venue):
    one = ChildConnection()
    one.open(plan(venue.port))
    frames(one, bool)
    child = one._child
    one.stop()
    assert child.poll() is not None


def test_the_key_is_taken_from_a_file_then_from_the_environment(tmp_path, monkeypatch):
    path = tmp_path / "key"
    path.write_text("db-file\n")
    path.chmod(0o600)
    monkeypatch.setenv(KEY_VARIABLE, " db-environment ")
    assert key_of(DatabentoSettings(key_file=str(path))) == "db-file"
    assert key_of(DatabentoSettings()) == "db-environment"
    monkeypatch.delenv(KEY_VARIABLE)
    assert key_of(DatabentoSettings()) == ""


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_text("db-file")
    path.chmod(0o644)
    with pytest.raises(BadSecret, match="databento.key_file"):
        key_of(DatabentoSettings(key_file=str(path)))


def test_a_connection_that_was_never_opened_has_nothing_and_can_be_stopped():
    one = ChildConnection()
    one.close()
    assert list(one.read()) == []
    one.stop()
