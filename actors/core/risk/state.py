"""What risk remembers: the fold of the desk's facts and of its own (domain 7.7).

Everything daily belongs to a trading date and falls back to nothing at 17:00 New York by itself:
what was realised or halted on another date does not count today.

Which brackets are the metrics' own follows from the signals that risk was asked about, because
only they leave when the metrics turn.
"""

from dataclasses import dataclass, field
from datetime import date

from actors.core.ids import derived_id
from actors.core.session.calendar import trading_date
from protocol.account import BalanceReported, TradingHalted, TradingResumed
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    BracketSubmitted,
    FlattenOrdered,
    PositionClosed,
    PositionOpened,
)
from protocol.patterns import FAMILY, Family
from protocol.signals import SignalApproved

Fact = (
    SignalApproved
    | BracketApproved
    | BracketDenied
    | BracketSubmitted
    | BracketEnded
    | PositionOpened
    | PositionClosed
    | FlattenOrdered
    | TradingHalted
    | TradingResumed
    | BalanceReported
)


@dataclass(slots=True)
class RiskState:
    """The fold of the facts."""

    pending: dict[str, str] = field(default_factory=dict)  # Bracket on its way: its contract.
    positions: dict[str, PositionOpened] = field(default_factory=dict)  # By bracket id.
    by_flow: set[str] = field(default_factory=set)  # Brackets of the metrics, not yet over.
    finished: set[str] = field(default_factory=set)  # Brackets that are over.
    flattened: set[str] = field(default_factory=set)  # Flatten ids ordered.
    closed_ns: dict[str, int] = field(default_factory=dict)  # The last close, by contract.
    realised_cents: int = 0  # Since the beginning.
    day: date | None = None  # Trading date of `day_cents`.
    day_cents: int = 0
    halted: date | None = None  # Trading date of the last halt that stands.
    reported: tuple[int, int] | None = None  # Balance and day's result last reported.

    def cents_on(self, ts_ns: int) -> int:
        """Return what was realised on the trading date of an instant."""
        return self.day_cents if self.day == trading_date(ts_ns) else 0

    def halted_on(self, ts_ns: int) -> bool:
        """Return whether a halt stands on the trading date of an instant."""
        return self.halted is not None and self.halted == trading_date(ts_ns)


def bracket_of(signal_id: str) -> str:
    """Return the id of the bracket of a signal: a repeated signal is the same bracket."""
    return derived_id("bracket", signal_id)


def from_flow(signal: SignalApproved) -> bool:
    """Return whether the metrics raised a signal."""
    return FAMILY[signal.pattern] is Family.FLOW


def apply(state: RiskState, fact: Fact) -> RiskState:
    """Change `state` by one fact and return it; a repeated fact changes nothing."""
    match fact:
        case SignalApproved():
            if from_flow(fact) and bracket_of(fact.signal_id) not in state.finished:
                state.by_flow.add(bracket_of(fact.signal_id))
        case BracketDenied():
            denied = bracket_of(fact.signal_id)
            if denied not in state.pending and denied not in state.positions:
                state.by_flow.discard(denied)  # A repeat of what stands is denied, too.
        case BracketApproved() | BracketSubmitted():
            known = fact.bracket_id in state.finished or fact.bracket_id in state.positions
            if not known:
                state.pending[fact.bracket_id] = fact.contract
        case PositionOpened():
            if fact.bracket_id not in state.finished:
                state.pending.pop(fact.bracket_id, None)
                state.positions[fact.bracket_id] = fact
        case PositionClosed():
            if fact.bracket_id not in state.finished:
                _finish(state, fact.bracket_id)
                _realise(state, fact)
        case BracketEnded():
            _finish(state, fact.bracket_id)
        case FlattenOrdered():
            state.flattened.add(fact.flatten_id)
        case TradingHalted():
            state.halted = trading_date(fact.ts_ns)
        case TradingResumed():
            state.halted = None
        case BalanceReported():
            state.reported = (fact.balance_cents, fact.day_pnl_cents)
    return state


def _finish(state: RiskState, bracket_id: str) -> None:
    state.pending.pop(bracket_id, None)
    state.positions.pop(bracket_id, None)
    state.by_flow.discard(bracket_id)
    state.finished.add(bracket_id)


def _realise(state: RiskState, fact: PositionClosed) -> None:
    before_ns = state.closed_ns.get(fact.contract, fact.ts_ns)
    state.closed_ns[fact.contract] = max(before_ns, fact.ts_ns)
    state.day_cents = state.cents_on(fact.ts_ns) + fact.pnl_cents
    state.day = trading_date(fact.ts_ns)
    state.realised_cents += fact.pnl_cents
