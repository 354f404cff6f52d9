"""The fold of what risk reads and of what it decides itself.

Nothing of the state is kept elsewhere: whoever reads the same streams again arrives at the same
state, and a repeat changes nothing. Signals wait here for their cut, so each has one answer.
"""

from datetime import date

from actors.core.ids import derived_id
from actors.core.risk.holdings import Positioned, apply_position
from actors.core.risk.state import Flattening, Pending, RiskState, exposed, standing_streak
from actors.core.risk.tiers import root
from actors.core.session.calendar import trading_date
from protocol.account import (
    BalanceReported,
    LimitsChanged,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)
from protocol.fence import FenceClosed, FenceOpened, FenceOrdered
from protocol.market import BarClosed, Cut
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    BracketSubmitted,
    FlattenOrdered,
)
from protocol.signals import SignalApproved

OVER_MAX = 10_000  # Brackets that are over, and rejected ideas, kept from session to session.
SIGNATURE_TICKS = 4  # Prices of one step of so many ticks are the same idea (domain 7.9).

Bracketed = BracketApproved | BracketDenied | BracketSubmitted | BracketEnded
Judged = (
    FlattenOrdered
    | TradingHalted
    | TradingResumed
    | LimitsChanged
    | TierChanged
    | BalanceReported
    | MarginShort
    | MarginRestored
    | StillExposed
)
Fenced = FenceOrdered | FenceClosed | FenceOpened
Fact = BarClosed | SignalApproved | Cut | Fenced | Bracketed | Positioned | Judged


def apply(state: RiskState, fact: Fact) -> RiskState:
    """Change `state` by one fact and return it; a repeated fact changes nothing."""
    match fact:
        case BarClosed():
            state.contract, state.price = fact.contract, fact.close
        case SignalApproved():
            _ask(state, fact)
        case Cut():
            _begin_session(state, trading_date(fact.ts_ns))
        case FenceOrdered() | FenceClosed():  # Ours, and nothing may pass before it is obeyed.
            state.fence.add(fact.cause)
        case FenceOpened():
            state.fence.discard(fact.cause)
        case BracketApproved() | BracketDenied() | BracketSubmitted() | BracketEnded():
            _of_bracket(state, fact)
        case (
            FlattenOrdered()
            | TradingHalted()
            | TradingResumed()
            | LimitsChanged()
            | TierChanged()
            | BalanceReported()
            | MarginShort()
            | MarginRestored()
            | StillExposed()
        ):
            _of_account(state, fact)
        case _:
            apply_position(state, fact)
    return state


def bracket_id(signal_id: str) -> str:
    """Return the id of the bracket that a signal becomes."""
    return derived_id("bracket", signal_id)


def signature(signal: SignalApproved, contract: str, quantity: int) -> str:
    """Return what makes two ideas the same (domain 7.9): no time is in it."""
    level = signal.last_price // SIGNATURE_TICKS
    symbol = root(contract) or contract
    return f"{symbol}|{signal.direction}|{signal.pattern}|{level}|{quantity}"


def _ask(state: RiskState, signal: SignalApproved) -> None:
    id = bracket_id(signal.signal_id)
    known = id in state.brackets or id in state.booked or id in state.ended
    if not known and all(asked.signal_id != signal.signal_id for asked in state.asked):
        state.asked.append(signal)


def _begin_session(state: RiskState, today: date) -> None:
    if state.session == today:
        return
    state.session, state.resumed = today, False
    state.streak_at_start = standing_streak(state)
    state.told = {id: told for id, told in state.told.items() if id in state.positions}
    state.left.clear()
    _keep_latest(state.rejected)
    _keep_latest(state.ended)
    for id in list(state.booked)[: max(0, len(state.booked) - OVER_MAX)]:
        if id not in state.positions:
            del state.booked[id]


def _keep_latest(table: dict[str, int]) -> None:
    for key in list(table)[: max(0, len(table) - OVER_MAX)]:
        del table[key]


def _of_bracket(state: RiskState, fact: Bracketed) -> None:
    match fact:
        case BracketDenied():
            _answered(state, fact.signal_id)
        case BracketApproved():
            _await(state, fact, _answered(state, fact.signal_id))
        case BracketSubmitted():
            _await(state, fact, None)
        case BracketEnded():
            bracket = state.brackets.pop(fact.bracket_id, None)
            state.pending.pop(fact.bracket_id, None)
            state.ended[fact.bracket_id] = fact.ts_ns
            if fact.rejected and bracket is not None and bracket.signal is not None:
                idea = signature(bracket.signal, bracket.contract, bracket.quantity)
                state.rejected[idea] = fact.ts_ns


def _answered(state: RiskState, signal_id: str) -> SignalApproved | None:
    for index, signal in enumerate(state.asked):
        if signal.signal_id == signal_id:
            return state.asked.pop(index)
    return None


def _await(
    state: RiskState, fact: BracketApproved | BracketSubmitted, signal: SignalApproved | None
) -> None:
    id = fact.bracket_id
    if id in state.brackets or id in state.booked or id in state.ended:
        return
    bracket = Pending(fact.contract, fact.direction, fact.quantity, fact.stop_ticks, signal)
    state.brackets[id] = state.pending[id] = bracket


def _of_account(state: RiskState, fact: Judged) -> None:
    match fact:
        case FlattenOrdered():
            brackets = frozenset(exposed(state).get(fact.contract, ()))
            last = state.flattens.get(fact.contract)
            times = last.times + 1 if last is not None else 1
            state.flattens[fact.contract] = Flattening(fact.ts_ns, times, brackets)
        case TradingHalted(limit_cents=0):
            state.stopped = fact  # No limit: by a person.
        case TradingHalted():
            state.lost, state.resumed = fact, False
        case TradingResumed():
            state.stopped, state.resumed = None, state.lost is not None
        case LimitsChanged():
            if all(known.id != fact.id for known in state.changes):
                state.changes.append(fact)
        case TierChanged():
            if state.instrument not in ("", fact.instrument):
                state.trips.clear()  # Streaks do not outlive the instrument (domain 7.6).
                state.streak_at_start = standing_streak(state)
            state.tier, state.instrument = fact.tier, fact.instrument
        case BalanceReported():
            state.reported = (fact.balance_cents, fact.day_pnl_cents)
        case MarginShort() | MarginRestored():
            state.margin_short = isinstance(fact, MarginShort)
        case StillExposed():
            state.exposed_ns = fact.hard_stop_ns
