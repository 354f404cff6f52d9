"""The day in one notice, at the close of the regular session (domain 8.9).

A day is kept by its trading date and not by "today": the streams are not lined up for a reader
that catches up, and one may be days ahead of another. The digest of a date waits until every
stream that tells of it has passed the close. A round trip that is corrected replaces itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice, Severity
from actors.core.notices.words import average, clock, dollars, percent
from protocol.orders import PositionClosed
from protocol.patterns import Direction
from protocol.signals import PPM

TRIPS_SHOWN = 10
TRIPS_MAX = 1_000


@dataclass(slots=True)
class Trip:
    """A round trip as far as the digest shows it; times in ns, prices as sums of ticks."""

    contract: str
    long: bool
    quantity: int
    entry_sum: int
    exit_sum: int
    pnl_cents: int
    ts_ns: int


@dataclass(slots=True)
class Day:
    """What is known of one trading date; plain values only."""

    start_balance_cents: int | None = None
    halt: str = ""  # Why it was halted last; stays after a resume.
    halted: bool = False
    bars: int = 0
    regimes: dict[str, int] = field(default_factory=dict)  # Bars, by regime.
    trips: dict[str, Trip] = field(default_factory=dict)  # By bracket.

    @property
    def pnl_cents(self) -> int:
        """The net result of its round trips."""
        return sum(trip.pnl_cents for trip in self.trips.values())


def add_trip(day: Day, fact: PositionClosed) -> bool:
    """Count a round trip; say whether it corrects one that was counted."""
    corrected = fact.bracket_id in day.trips
    day.trips[fact.bracket_id] = Trip(
        fact.contract,
        fact.direction is Direction.LONG,
        fact.quantity,
        fact.entry_sum,
        fact.exit_sum,
        fact.pnl_cents,
        fact.ts_ns,
    )
    while len(day.trips) > TRIPS_MAX:
        del day.trips[next(iter(day.trips))]
    return corrected


def digest(date: str, day: Day, balance_cents: int, ts_ns: int) -> Notice:
    """Return the day; `balance_cents` stands for its start where no balance was reported."""
    trips = sorted(day.trips.values(), key=lambda trip: trip.ts_ns)
    wins = sum(trip.pnl_cents > 0 for trip in trips)
    losses = sum(trip.pnl_cents < 0 for trip in trips)
    start = balance_cents if day.start_balance_cents is None else day.start_balance_cents
    rate = percent(wins * PPM // len(trips)) if trips else "none"
    fields = [
        ("status", status(day)),
        ("balance", f"{dollars(start)} to {dollars(start + day.pnl_cents)}"),
        ("result", dollars(day.pnl_cents, signed=True)),
        ("trades", str(len(trips))),
        ("won, lost", f"{wins}, {losses}"),
        ("win rate", rate),
        ("regimes", _regimes(day)),
    ]
    if day.halt:
        fields.insert(1, ("halt", day.halt))
    return Notice(
        severity=Severity.INFO,
        code=Told.DAILY_DIGEST,
        title=f"{date}: {dollars(day.pnl_cents, signed=True)}, {status(day)}",
        ts_ns=ts_ns,
        lines=tuple(_line(trip) for trip in trips[-TRIPS_SHOWN:]),
        fields=tuple(fields),
    )


def status(day: Day) -> str:
    """Return COMPLETED, HALTED, or NO_SESSION where neither bar nor trade was seen."""
    if not day.bars and not day.trips:
        return "NO_SESSION"
    return "HALTED" if day.halted else "COMPLETED"


def kept(day: Day) -> dict[str, Any]:
    """Return a day as plain values for a file."""
    return asdict(day)


def day_of(values: Mapping[str, Any]) -> Day:
    """Return the day that was kept; what is none raises ValueError."""
    try:
        trips = {key: Trip(**trip) for key, trip in values["trips"].items()}
        return Day(**{**values, "trips": trips})
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__} {error}: wanted the fields of a day") from None


def _regimes(day: Day) -> str:
    counts = sorted(day.regimes.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{regime.replace('_', ' ')} {bars}" for regime, bars in counts) or "none"


def _line(trip: Trip) -> str:
    side = "long" if trip.long else "short"
    entry = average(trip.contract, trip.entry_sum, trip.quantity)
    exit = average(trip.contract, trip.exit_sum, trip.quantity)
    return (
        f"{clock(trip.ts_ns)[11:19]} {side} {trip.quantity} {trip.contract}"
        f" {entry} to {exit}: {dollars(trip.pnl_cents, signed=True)}"
    )
