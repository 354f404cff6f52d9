"""What risk knows, and the plain questions about it.

Everything daily belongs to a trading date (17:00 to 17:00 New York, domain 8.1): what another
date brought does not count today.
"""

from dataclasses import dataclass, field
from datetime import date

from actors.core.risk.sizing import Streak, streak
from actors.core.session.calendar import trading_date
from protocol.account import LimitsChanged, TradingHalted
from protocol.fence import FenceCause
from protocol.orders import PositionChanged, PositionClosed
from protocol.patterns import FAMILY, Direction, Family
from protocol.signals import SignalApproved


@dataclass(frozen=True, slots=True)
class Pending:
    """A bracket as it was approved."""

    contract: str
    direction: Direction
    quantity: int
    stop_ticks: int
    signal: SignalApproved | None  # None where another run approved it.


@dataclass(frozen=True, slots=True)
class Held:
    """A position as the desk last told it."""

    contract: str
    direction: Direction
    quantity: int
    entry_sum: int  # Ticks times contracts.
    stop_price: int | None  # None: not of a bracket of ours.
    rest: int  # Contracts of the entry that may still be filled.
    opened_ns: int


@dataclass(frozen=True, slots=True)
class Day:
    """What one trading date came to so far."""

    date: date
    cents: int = 0  # Realised, net.
    trades: int = 0  # Positions opened.


@dataclass(frozen=True, slots=True)
class Flattening:
    """The last order to flatten a contract, and what it was to flatten."""

    ts_ns: int
    times: int  # That the contract was ordered flat, ever.
    brackets: frozenset[str]


@dataclass(slots=True)
class RiskState:
    """The fold of the facts; brackets by their ids, contracts by their names."""

    contract: str = ""  # Of the bars that decide.
    price: int | None = None  # Their last close.
    asked: list[SignalApproved] = field(default_factory=list)  # Not answered yet.
    brackets: dict[str, Pending] = field(default_factory=dict)  # Until they are over.
    pending: dict[str, Pending] = field(default_factory=dict)  # Those of them not filled yet.
    positions: dict[str, Held] = field(default_factory=dict)
    booked: dict[str, int] = field(default_factory=dict)  # Result so far of all ever opened.
    ended: dict[str, int] = field(default_factory=dict)  # Brackets without a position: when.
    told: dict[str, set[PositionChanged | PositionClosed]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)  # Executions that left what was adopted.
    closed_ns: dict[str, int] = field(default_factory=dict)  # The last close, by contract.
    trips: dict[str, int] = field(default_factory=dict)  # Net results, the latest last.
    realised_cents: int = 0
    day: Day | None = None  # Of the newest fact.
    session: date | None = None  # Trading date of the last cut.
    streak_at_start: Streak = Streak()
    tier: int = 0
    instrument: str = ""  # What the tier wants traded; empty: no tier.
    lost: TradingHalted | None = None  # The last halt at a limit, standing or over.
    stopped: TradingHalted | None = None  # The last halt by a person, until he resumes.
    changes: list[LimitsChanged] = field(default_factory=list)  # Of limits, each once.
    resumed: bool = False  # A person asked to go on after `lost`.
    fence: set[FenceCause] = field(default_factory=set)
    rejected: dict[str, int] = field(default_factory=dict)  # Signature of an idea: when.
    flattens: dict[str, Flattening] = field(default_factory=dict)
    reported: tuple[int, int] | None = None  # Balance and day's result last told.
    margin_short: bool = False
    exposed_ns: int = 0  # The hard stop that was last complained of.


def day_at(state: RiskState, ts_ns: int) -> Day:
    """Return what the trading date of `ts_ns` came to so far."""
    today = trading_date(ts_ns)
    return state.day if state.day is not None and state.day.date == today else Day(today)


def exposed(state: RiskState) -> dict[str, list[str]]:
    """Return by contract the ids of all that is held or on its way."""
    found: dict[str, list[str]] = {}
    known: dict[str, Pending | Held] = {**state.pending, **state.positions}
    for id, bracket in known.items():
        found.setdefault(bracket.contract, []).append(id)
    return found


def is_of_flow(state: RiskState, id: str) -> bool:
    """Say whether the metrics raised the signal of a bracket that is not over (domain 3)."""
    bracket = state.brackets.get(id)
    return bracket is not None and bracket.signal is not None and from_flow(bracket.signal)


def from_flow(signal: SignalApproved) -> bool:
    """Say whether the metrics raised a signal."""
    return FAMILY[signal.pattern] is Family.FLOW


def contracts_exposed(state: RiskState, contract: str) -> int:
    """Return how many contracts are held or may still be filled."""
    waiting = sum(b.quantity for b in state.pending.values() if b.contract == contract)
    held = sum(h.quantity + h.rest for h in state.positions.values() if h.contract == contract)
    return waiting + held


def standing_streak(state: RiskState) -> Streak:
    """Return the streak of the round trips so far."""
    return streak(reversed(state.trips.values()))
