"""Risk: which approved signal may become a bracket, and when everything must be given up.

The state folds the desk's facts and risk's own (domain 7.7, 7.8). Everything daily belongs to a
trading date and falls back to nothing at 17:00 New York by itself: what was realised or halted on
another date does not count today. Time rules are levels: "it is past 15:55 and we hold something"
is asked at every cut, and stays true until it is answered.

Risk fails closed: without a last price a position is valued as if it were at its stop already.
"""

from dataclasses import dataclass, field
from datetime import date

from actors.core.ids import derived_id
from actors.core.orders.money import SIGN, TickValue, result_cents, risk_cents
from actors.core.session.calendar import clock_ns, trading_date, trading_day
from protocol.account import BalanceReported, TradingHalted, TradingResumed
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    BracketSubmitted,
    DenyReason,
    ExitReason,
    FlattenOrdered,
    PositionClosed,
    PositionOpened,
)
from protocol.patterns import Direction
from protocol.signals import SignalApproved
from protocol.units import Cents, Contracts, Nanos

Fact = (
    BracketApproved
    | BracketSubmitted
    | BracketEnded
    | PositionOpened
    | PositionClosed
    | FlattenOrdered
    | TradingHalted
    | TradingResumed
    | BalanceReported
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """The limits; money in cents, clock times in minutes after midnight in New York."""

    contract: str
    quantity: int
    stop_ticks: int
    target_ticks: int
    stop_slippage_ticks: int
    tick: TickValue
    commission_cents: int  # Per side and contract.
    loss_limit_cents: int  # Above 0.
    profit_target_cents: int
    balance_cents: int  # Before the first round trip.
    first_entry_minute: int
    last_entry_minute: int
    flatten_minute: int
    low_quality_allowed: bool

    def __post_init__(self) -> None:
        if self.quantity != 1:
            raise ValueError(f"quantity {self.quantity}, wanted 1: sizing is not decided here")
        if self.loss_limit_cents <= 0:
            raise ValueError(f"daily loss limit {self.loss_limit_cents} cents, wanted above 0")


@dataclass(slots=True)
class RiskState:
    """The fold of the facts."""

    pending: dict[str, str] = field(default_factory=dict)  # Bracket on its way: its contract.
    positions: dict[str, PositionOpened] = field(default_factory=dict)  # By bracket id.
    finished: set[str] = field(default_factory=set)  # Brackets that are over.
    flattened: set[str] = field(default_factory=set)  # Flatten ids ordered.
    realised_cents: int = 0  # Since the beginning.
    day: date | None = None  # Trading date of `day_cents`.
    day_cents: int = 0
    halted: date | None = None  # Trading date of the last halt that stands.
    reported: tuple[int, int] | None = None  # Balance and day's result last reported.


def judge(
    state: RiskState, approved: SignalApproved, rule: RiskRule
) -> BracketApproved | BracketDenied:
    """Return the bracket allowed for a signal, or the first reason against it."""
    risk = bracket_risk_cents(rule)
    refusal = _refusal(state, approved, risk, rule)
    if refusal is not None:
        return _denied(approved, *refusal)
    return BracketApproved(
        bracket_id=derived_id("bracket", approved.signal_id),
        signal_id=approved.signal_id,
        contract=approved.contract,
        ts_ns=approved.ts_ns,
        direction=approved.direction,
        quantity=Contracts(rule.quantity),
        stop_ticks=rule.stop_ticks,
        target_ticks=rule.target_ticks,
        risk_cents=risk,
    )


def judge_cut(
    state: RiskState, approved: list[SignalApproved], rule: RiskRule
) -> list[BracketApproved | BracketDenied]:
    """Return the answers to all signals approved at one cut, in order.

    Signals in both directions deny each other: the bar says nothing. Of several in one direction
    the first that is allowed stands in the way of the others. `state` is not changed.
    """
    if len({signal.direction for signal in approved}) > 1:
        detail = "signals in both directions at one cut"
        return [_denied(signal, DenyReason.OPPOSED, detail) for signal in approved]
    answers: list[BracketApproved | BracketDenied] = []
    for signal in approved:
        answer = judge(state, signal, rule)
        first = next((a for a in answers if isinstance(a, BracketApproved)), None)
        if first is not None and isinstance(answer, BracketApproved):
            detail = f"bracket {first.bracket_id} on its way"
            answer = _denied(signal, DenyReason.POSITION_OPEN, detail)
        answers.append(answer)
    return answers


def after_cut(
    state: RiskState, ts_ns: int, last_price: int | None, rule: RiskRule
) -> list[TradingHalted | FlattenOrdered | BalanceReported]:
    """Return what the state of things at `ts_ns` demands; nothing that was already ordered."""
    day_cents = _day_cents(state, ts_ns)
    facts: list[TradingHalted | FlattenOrdered | BalanceReported] = []
    balance = rule.balance_cents + state.realised_cents
    if state.reported != (balance, day_cents):
        facts.append(
            BalanceReported(
                ts_ns=Nanos(ts_ns), balance_cents=Cents(balance), day_pnl_cents=Cents(day_cents)
            )
        )
    total = day_cents + unrealised_cents(state, last_price, rule)
    halted = _halted(state, ts_ns)
    if total <= -rule.loss_limit_cents and not halted:
        facts.append(_halt(ts_ns, total, rule))
        halted = True
    reason = ExitReason.HALT_FLATTEN if halted else ExitReason.AUTO_FLATTEN
    if halted or _must_be_flat(ts_ns, rule):
        facts += _flattens(state, ts_ns, reason)
    return facts


def apply(state: RiskState, fact: Fact) -> RiskState:
    """Change `state` by one fact and return it; a repeated fact changes nothing."""
    match fact:
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
                _realise(state, fact)
        case BracketEnded():
            state.pending.pop(fact.bracket_id, None)
            state.finished.add(fact.bracket_id)
        case FlattenOrdered():
            state.flattened.add(fact.flatten_id)
        case TradingHalted():
            state.halted = trading_date(fact.ts_ns)
        case TradingResumed():
            state.halted = None
        case BalanceReported():
            state.reported = (fact.balance_cents, fact.day_pnl_cents)
    return state


def bracket_risk_cents(rule: RiskRule) -> Cents:
    """Return what a bracket loses at its stop, with slippage there and both commissions."""
    ticks = rule.stop_ticks + rule.stop_slippage_ticks
    loss = risk_cents(ticks, rule.quantity, rule.tick)
    return Cents(loss + 2 * rule.commission_cents * rule.quantity)


def unrealised_cents(state: RiskState, last_price: int | None, rule: RiskRule) -> int:
    """Return the result of all open positions at `last_price`, commissions not counted."""
    total = 0
    for held in state.positions.values():
        known = last_price is not None and held.contract == rule.contract
        price = last_price if known else held.stop_price
        ticks = SIGN[held.direction] * (price - held.entry_price)
        total += result_cents(ticks, held.quantity, rule.tick)
    return total


def _refusal(
    state: RiskState, approved: SignalApproved, risk: int, rule: RiskRule
) -> tuple[DenyReason, str] | None:
    if approved.contract != rule.contract or approved.direction is Direction.NONE:
        raise ValueError(f"{approved.direction} in {approved.contract}, wanted {rule.contract}")
    ts_ns = approved.ts_ns
    if _halted(state, ts_ns):
        return DenyReason.HALTED, f"halted for {state.halted}"
    if approved.low_quality and not rule.low_quality_allowed:
        return DenyReason.LOW_QUALITY, "more than a fifth of the bar has an inferred side"
    day = trading_date(ts_ns)
    first = clock_ns(day, rule.first_entry_minute)
    if not first <= ts_ns <= clock_ns(day, rule.last_entry_minute):
        window = f"{_clock(rule.first_entry_minute)} to {_clock(rule.last_entry_minute)}"
        return DenyReason.OUTSIDE_HOURS, f"entries from {window} New York on {day}"
    if state.positions or state.pending:
        found = [*state.positions, *state.pending]
        return DenyReason.POSITION_OPEN, f"open or on its way: {', '.join(found)}"
    day_cents = _day_cents(state, ts_ns)
    if day_cents >= rule.profit_target_cents:
        detail = f"{day_cents} cents today, target {rule.profit_target_cents}"
        return DenyReason.PROFIT_TARGET, detail
    if day_cents - risk < -rule.loss_limit_cents:
        detail = f"{day_cents} cents today less risk {risk}, limit -{rule.loss_limit_cents}"
        return DenyReason.RISK_BUDGET, detail
    return None


def _denied(approved: SignalApproved, reason: DenyReason, detail: str) -> BracketDenied:
    return BracketDenied(
        signal_id=approved.signal_id,
        contract=approved.contract,
        ts_ns=approved.ts_ns,
        direction=approved.direction,
        reason=reason,
        detail=detail,
    )


def _halt(ts_ns: int, total: int, rule: RiskRule) -> TradingHalted:
    return TradingHalted(
        ts_ns=Nanos(ts_ns),
        reason=f"daily loss of {-total} cents, limit {rule.loss_limit_cents}",
        day_pnl_cents=Cents(total),
        limit_cents=Cents(rule.loss_limit_cents),
    )


def _flattens(state: RiskState, ts_ns: int, reason: ExitReason) -> list[FlattenOrdered]:
    """Return one order per contract whose brackets are not all being flattened already."""
    exposed: dict[str, list[str]] = {}
    for bracket_id, contract in state.pending.items():
        exposed.setdefault(contract, []).append(bracket_id)
    for bracket_id, held in state.positions.items():
        exposed.setdefault(held.contract, []).append(bracket_id)
    orders = [
        FlattenOrdered(
            # Named by what is to be flattened, so the same need is the same order.
            flatten_id=derived_id("flatten", contract, *sorted(brackets)),
            contract=contract,
            ts_ns=Nanos(ts_ns),
            reason=reason,
        )
        for contract, brackets in exposed.items()
    ]
    return [order for order in orders if order.flatten_id not in state.flattened]


def _must_be_flat(ts_ns: int, rule: RiskRule) -> bool:
    """Say whether no position may exist: always but from the regular open to the flatten."""
    day = trading_day(ts_ns)
    return not day.rth_open_ns <= ts_ns < clock_ns(day.date, rule.flatten_minute)


def _day_cents(state: RiskState, ts_ns: int) -> int:
    return state.day_cents if state.day == trading_date(ts_ns) else 0


def _halted(state: RiskState, ts_ns: int) -> bool:
    return state.halted is not None and state.halted == trading_date(ts_ns)


def _realise(state: RiskState, fact: PositionClosed) -> None:
    state.pending.pop(fact.bracket_id, None)
    state.positions.pop(fact.bracket_id, None)
    state.finished.add(fact.bracket_id)
    state.day_cents = _day_cents(state, fact.ts_ns) + fact.pnl_cents
    state.day = trading_date(fact.ts_ns)
    state.realised_cents += fact.pnl_cents


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
