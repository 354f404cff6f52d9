"""What a service manager is told of a run: datagrams of text to the socket that it names.

A service that says "WATCHDOG=1" by a blind timer is alive as long as its timer is. So the host
says it only while the tree below it is well: what must run is not red, and its supervisors write.
What may be missing, the page for one, does not count: its death must never end a trading floor.
"""

import os
import socket
from collections.abc import Mapping
from time import monotonic

from protocol.system import Health
from supervision.spec import ChildSpec, Restart, Spec
from supervision.status import Node

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


def say(text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send a text like "READY=1"; return whether a service manager was there to hear it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address[0] == "@":  # A name without a file.
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
        speaker.setblocking(False)  # A full queue of a manager that hangs must not stop a run.
        try:
            speaker.sendto(text.encode(), address)
        except OSError:
            return False
    return True


def watchdog_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return how often a sign of life is due: half of what is allowed; None: never."""
    words = environment.get("WATCHDOG_USEC", "")
    mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not (mine and words.isdecimal() and int(words)):
        return None
    return int(words) / 2_000_000


def well(spec: Spec, node: Node | None) -> bool:
    """Say whether all that must run below `spec` runs; `node` is the same tree as it stands."""
    if spec.restart is not Restart.PERMANENT:
        return True
    if node is None or node.health is Health.RED:
        return False
    if isinstance(spec, ChildSpec):
        return True
    known = {child.id: child for child in node.children}
    return all(well(child, known.get(child.id)) for child in spec.children)


class Signs:
    """The signs of life of a host; without a service manager that waits for them it does nothing.

    A sign is given at most as often as it is due, however often the host looks.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._every_s = watchdog_s(environment)
        self._due_s = 0.0

    def due(self) -> bool:
        """Say whether a sign of life is to be given now, if all is well."""
        return self._every_s is not None and monotonic() >= self._due_s

    def give(self) -> None:
        """Say that the run is alive; the next sign is due half the allowed time later."""
        say(ALIVE, self._environment)
        self._due_s = monotonic() + (self._every_s or 0.0)
