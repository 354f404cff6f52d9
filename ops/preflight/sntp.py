"""The time of a server, by SNTP (RFC 4330): how far this clock is off.

One question and one answer, over UDP, with a time-out. Anything that is not a sound answer to this
very question is refused: a clock is not judged by what somebody happened to send.
"""

import secrets
import socket
import struct
import time
from collections.abc import Callable

from protocol.units import NANOS_PER_MS, NANOS_PER_S

PORT = 123
PACKET = struct.Struct("!BBbbII4sQQQQ")
EPOCH_S = 2_208_988_800  # From 1900, where its seconds begin, to 1970.
ERA_S = 2**32  # After so many seconds they begin anew; the next time in 2036.
CLIENT, SERVER, VERSION = 3, 4, 4
UNSYNCHRONISED = 3


class NoTime(Exception):
    """The server did not tell the time; the text says why."""


def offset_ms(
    server: str, timeout_s: float, clock_ns: Callable[[], int] = time.time_ns
) -> int:
    """Return by how many milliseconds this clock is behind `server`, "host" or "host:port".

    The offset is ((t2 - t1) + (t3 - t4)) / 2, t1 and t4 being ours; it is off by half of the
    journey's asymmetry at most.
    """
    host, port = _address(server)
    token = secrets.randbits(64)  # Comes back as the question's time; ours goes to nobody.
    question = PACKET.pack(VERSION << 3 | CLIENT, 0, 0, 0, 0, 0, b"", 0, 0, 0, token)
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as link:
            link.settimeout(timeout_s)
            link.connect(address)
            sent_ns = clock_ns()
            link.send(question)
            answer = link.recv(1024)
            taken_ns = clock_ns()
    except TimeoutError:
        raise NoTime(f"{server} did not answer within {timeout_s:g} s") from None
    except OSError as error:
        raise NoTime(f"{server}: {error.strerror or error}") from None
    heard_ns, told_ns = _times(server, answer, token, taken_ns)
    return ((heard_ns - sent_ns) + (told_ns - taken_ns)) // 2 // NANOS_PER_MS


def _address(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if not colon or "]" in port or host.count(":") and not host.startswith("["):
        return server.strip("[]"), PORT
    if not port.isdecimal() or not 0 < int(port) < 65_536 or not host:
        raise NoTime(f"time server {server!r}, wanted host or host:port")
    return host.strip("[]"), int(port)


def _times(server: str, answer: bytes, token: int, near_ns: int) -> tuple[int, int]:
    """Return when the server heard the question and when it answered, UTC."""
    if len(answer) < PACKET.size:
        raise NoTime(f"{server} sent {len(answer)} bytes, wanted at least {PACKET.size}")
    flags, stratum, *_, origin, heard, told = PACKET.unpack(answer[: PACKET.size])
    if flags & 7 != SERVER or origin != token:
        raise NoTime(f"{server} sent no answer to our question")
    if flags >> 6 == UNSYNCHRONISED or not 0 < stratum < 16 or not heard or not told:
        raise NoTime(f"{server} does not know the time itself, stratum {stratum}")
    return _nanos(heard, near_ns), _nanos(told, near_ns)


def _nanos(stamp: int, near_ns: int) -> int:
    """Return a time of 32 bits of seconds and 32 of fraction, in the era nearest to `near_ns`."""
    seconds, fraction = divmod(stamp, 2**32)
    since = seconds - EPOCH_S
    era = round((near_ns / NANOS_PER_S - since) / ERA_S)
    return (since + era * ERA_S) * NANOS_PER_S + (fraction * NANOS_PER_S >> 32)
