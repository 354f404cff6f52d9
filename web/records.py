"""What the page keeps together about a signal, a bracket, an order and a day."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date

from protocol.orders import BracketDenied, PositionClosed, PositionOpened
from protocol.signals import (
    SetupEnded,
    SetupRecommended,
    SignalApproved,
    SignalDropped,
    SignalRaised,
    TargetNoted,
    ZoneChanged,
)

CURVE_MAX = 400

# How far a bracket has come; a later message never takes it back.
STAGES = ("", "approved", "submitted", "accepted", "open", "rejected", "ended", "closed")


@dataclass(slots=True)
class Journey:
    """A signal and what became of it at the router and at risk."""

    raised: SignalRaised | None = None
    approved: SignalApproved | None = None
    dropped: SignalDropped | None = None
    noted: TargetNoted | None = None
    denied: BracketDenied | None = None
    zone: ZoneChanged | None = None
    bracket_id: str = ""


@dataclass(slots=True)
class Bracket:
    """A bracket and what became of it at the desk and the broker."""

    stage: str = ""
    detail: str = ""
    opened: PositionOpened | None = None
    closed: PositionClosed | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the order log."""

    ts_ns: int
    what: str
    client_id: str
    leg: str = ""
    direction: str = ""
    quantity: int = 0
    price: int | None = None
    detail: str = ""


@dataclass(slots=True)
class Day:
    """Round trips of one trading day."""

    on: date | None = None
    pnl_cents: int = 0
    commission_cents: int = 0
    trips: int = 0
    wins: int = 0
    curve: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=CURVE_MAX))


@dataclass(slots=True)
class Advice:
    """A recommended setup and how it ended."""

    recommended: SetupRecommended | None = None
    ended: SetupEnded | None = None
