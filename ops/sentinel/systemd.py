"""What a service manager is told: a datagram of text to the socket that it names."""

import os
import socket
from collections.abc import Mapping


def say(text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send "READY=1" or "WATCHDOG=1"; return whether a service manager was there to hear it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address[0] == "@":  # A name without a file.
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
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
