"""What the feed actor and the process of its connection say to each other, by two pipes.

Orders go down as lines of JSON, one each. Up come frames: kind, number of the session, instant of
receipt by the clock of this machine, length, body. A frame of an earlier session is known by its
number and dropped.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from actors.core.market.ends import End, Fault

HEAD = struct.Struct("<BIQI")
RECORDS, ENDED = 1, 2


@dataclass(frozen=True, slots=True)
class Subscription:
    """One line of a subscription; `start` is UTC ns, None for from now on."""

    schema: str
    symbol: str
    symbology: str
    start: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """One session: where, as whom, and what is subscribed."""

    session: int
    key: str = field(repr=False)
    dataset: str
    gateway: str
    port: int
    heartbeat_s: int
    compression: str
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """Whole records of version 3, and when they came, UTC ns by the clock of this machine."""

    session: int
    at_ns: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """A session is over."""

    session: int
    fault: Fault


Frame = Received | Ended


def order_of(plan: Plan | None) -> bytes:
    """Return the line that opens a session, or with None closes the one there is."""
    return json.dumps(None if plan is None else asdict(plan)).encode() + b"\n"


def plan_of(line: bytes) -> Plan | None:
    """Return what a line orders."""
    told = json.loads(line)
    if told is None:
        return None
    told["subscriptions"] = tuple(Subscription(**one) for one in told["subscriptions"])
    return Plan(**told)


def records_frame(session: int, at_ns: int, raw: bytes) -> bytes:
    """Return the frame of records."""
    return HEAD.pack(RECORDS, session, at_ns, len(raw)) + raw


def ended_frame(session: int, fault: Fault) -> bytes:
    """Return the frame of an end."""
    body = json.dumps([fault.end, fault.code, fault.text]).encode()
    return HEAD.pack(ENDED, session, 0, len(body)) + body


class Frames:
    """Puts frames together from pieces of any size."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def add(self, piece: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole with the next piece."""
        rest = self._rest
        rest += piece
        start = 0
        while len(rest) - start >= HEAD.size:
            kind, session, at_ns, length = HEAD.unpack_from(rest, start)
            body = start + HEAD.size
            if len(rest) - body < length:
                break
            raw = bytes(rest[body : body + length])
            start = body + length
            if kind == RECORDS:
                yield Received(session, at_ns, raw)
            else:
                end, code, text = json.loads(raw)
                yield Ended(session, Fault(End(end), code, text))
        del rest[:start]
