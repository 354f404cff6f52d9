"""What the page keeps together about a signal, a bracket, an order and a day."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from protocol.account import LimitsChanged
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
from protocol.units import NANOS_PER_S

V = TypeVar("V")
CURVE_MAX = 400
CHANGES_MAX = 1_000
SINCE_MAX = 400  # Results that no report holds yet.
NEW_YORK = ZoneInfo("America/New_York")
DAY_STARTS = timedelta(hours=18)  # Of the evening before: then the next trading day begins.

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

    def count(self, closed: PositionClosed, before: PositionClosed | None) -> None:
        """Count a round trip, or the difference that its correction makes."""
        self.trips += before is None
        self.wins += (closed.pnl_cents > 0) - (before is not None and before.pnl_cents > 0)
        self.pnl_cents += closed.pnl_cents - (before.pnl_cents if before else 0)
        self.commission_cents += closed.commission_cents
        self.commission_cents -= before.commission_cents if before else 0
        self.curve.append((closed.ts_ns, self.pnl_cents))


class Account:
    """The balance: the last that was reported, and what was closed since. And limits set anew.

    Reports and results come by two streams that are not lined up, after a restart one long before
    the other: a report holds every result up to its instant, whichever comes first.
    """

    def __init__(self, start_cents: int) -> None:
        self._reported_ns = 0
        self._reported_cents = start_cents
        self._since: deque[tuple[int, int]] = deque()  # Instants and what they brought, in cents.
        self.changes: deque[LimitsChanged] = deque(maxlen=CHANGES_MAX)

    @property
    def balance_cents(self) -> int:
        """What is in the account now."""
        return self._reported_cents + sum(cents for _, cents in self._since)

    def report(self, ts_ns: int, balance_cents: int) -> None:
        """Take a report in; an older one than the last changes nothing."""
        if ts_ns >= self._reported_ns:
            self._reported_ns, self._reported_cents = ts_ns, balance_cents
            self._since = deque(one for one in self._since if one[0] > ts_ns)

    def count(self, ts_ns: int, cents: int) -> None:
        """Count what a round trip brought, or its correction."""
        if ts_ns > self._reported_ns:
            self._since.append((ts_ns, cents))
        if len(self._since) > SINCE_MAX:
            self._reported_cents += self._since.popleft()[1]


@dataclass(slots=True)
class Advice:
    """A recommended setup and how it ended."""

    recommended: SetupRecommended | None = None
    ended: SetupEnded | None = None


def trading_date(ts_ns: int) -> date:
    """Return the trading day of an instant: it begins at 18:00 New York the evening before."""
    instant = datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC).astimezone(NEW_YORK)
    return (instant.replace(tzinfo=None) + timedelta(days=1) - DAY_STARTS).date()


def room(table: OrderedDict[str, V], key: str, make: Callable[[], V], most: int) -> V:
    """Return the entry of `key`, made where it is missing; the oldest gives way."""
    if key not in table:
        table[key] = make()
        if len(table) > most:
            table.popitem(last=False)
    return table[key]
