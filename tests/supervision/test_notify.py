"""A service manager is told the truth, on a real socket."""

import os
import socket
from contextlib import closing

import pytest

from protocol.system import Health
from supervision.notify import Signs, say, watchdog_s, well
from supervision.spec import ChildSpec, Restart, SupervisorSpec
from supervision.status import Node

PAGE = ChildSpec(id="web", start="a.b", restart=Restart.TRANSIENT)
DESK = ChildSpec(id="desk", start="a.b")
TRADING = SupervisorSpec(id="trading", children=(DESK,))
TREE = SupervisorSpec(id="root", children=(TRADING, PAGE))


def manager(address):
    """Return the socket of a service manager."""
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(address)
    ear.settimeout(2)
    return closing(ear)


def node(id, *children, health=Health.GREEN):
    return Node(
        id=id, kind="worker", phase="running", health=health, pid=1, incarnation=1, restarts=0,
        restarts_recent=0, beat_age_s=0.1, started_ns=1, memory_bytes=0, messages_in=0,
        messages_out=0, rejected_frames=0, cut=0, failure=None, age_s=0.1, stale=False,
        children=children,
    )  # fmt: skip


def tree(**health):
    """Return the tree as it stands; who is not named is green."""
    as_said = {id: health.get(id, Health.GREEN) for id in ("root", "trading", "desk", "web")}
    desk = node("desk", health=as_said["desk"])
    trading = node("trading", desk, health=as_said["trading"])
    return node("root", trading, node("web", health=as_said["web"]), health=as_said["root"])


def test_a_text_arrives_at_a_socket_with_a_file(tmp_path):
    path = str(tmp_path / "notify")
    with manager(path) as ear:
        assert say("READY=1", {"NOTIFY_SOCKET": path})
        assert ear.recv(100) == b"READY=1"


def test_a_text_arrives_at_an_abstract_socket():
    name = f"floorwatch-test-{os.getpid()}"
    with manager(f"\0{name}") as ear:
        assert say("STOPPING=1", {"NOTIFY_SOCKET": f"@{name}"})
        assert ear.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/no/one"}])
def test_without_a_manager_nothing_is_said_and_nothing_fails(environment):
    assert not say("READY=1", environment)


def test_a_manager_that_reads_nothing_does_not_stop_the_host(tmp_path):
    path = str(tmp_path / "notify")
    with manager(path):
        heard = [say("WATCHDOG=1", {"NOTIFY_SOCKET": path}) for _ in range(2_000)]
    assert heard[0] and not heard[-1]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_a_sign_is_due_after_half_of_what_is_allowed_if_it_is_ours(environment, wanted):
    assert watchdog_s(environment) == wanted


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        (tree(), True),
        (tree(desk=Health.YELLOW), True),
        (tree(desk=Health.RED), False),
        (tree(trading=Health.RED), False),
        (tree(root=Health.RED), False),
        (tree(web=Health.RED), True),
        (node("root", node("trading", node("desk"))), True),  # The page may be gone altogether.
        (node("root", node("trading"), node("web")), False),  # Nobody knows of the desk.
        (None, False),
    ],
)
def test_a_tree_is_well_while_nothing_that_must_run_is_red_or_unknown(standing, wanted):
    assert well(TREE, standing) is wanted


def test_a_sign_is_not_given_again_before_it_is_due(tmp_path):
    path = str(tmp_path / "notify")
    with manager(path) as ear:
        signs = Signs({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "60000000"})
        assert signs.due()
        signs.give()
        assert ear.recv(100) == b"WATCHDOG=1"
        assert not signs.due()


def test_without_a_watchdog_no_sign_is_ever_due():
    assert not Signs({}).due()
