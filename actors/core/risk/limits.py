"""Risk: which approved signal may become a bracket, and when everything must be given up.

All is asked of the state of things and of nothing else (domain 7.7, 7.8). Time rules are levels:
"it is past 15:55 and we hold something" is asked at every cut, and stays true until it is answered.

What the metrics opened has two rules of its own (domain 3): no entry of theirs within a cooldown
of the last close, and out when they turn, once the position has been held for a while (7.9).

Risk fails closed: without a last price a position is valued as if it were at its stop already.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.ids import derived_id
from actors.core.orders.money import SIGN, TickValue, result_cents, risk_cents
from actors.core.risk.state import RiskState, bracket_of, from_flow
from actors.core.session.calendar import clock_ns, trading_date, trading_day
from protocol.account import BalanceReported, TradingHalted
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    DenyReason,
    ExitReason,
    FlattenOrdered,
)
from protocol.patterns import Direction
from protocol.signals import FlowTurned, SignalApproved
from protocol.units import NANOS_PER_S, Cents, Contracts, Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """The limits; money in cents, clock times in minutes after midnight in New York."""

    contract: str
    quantity: int
    stop_ticks: int  # Of signals that bring none of their own.
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
    cooldown_ns: int  # From the last close to the next entry of the metrics.
    hold_min_ns: int  # How long a position is held before the metrics can close it.

    def __post_init__(self) -> None:
        if self.quantity != 1:
            raise ValueError(f"quantity {self.quantity}, wanted 1: sizing is not decided here")
        if self.loss_limit_cents <= 0:
            raise ValueError(f"daily loss limit {self.loss_limit_cents} cents, wanted above 0")


def judge(
    state: RiskState, approved: SignalApproved, rule: RiskRule
) -> BracketApproved | BracketDenied:
    """Return the bracket allowed for a signal, or the first reason against it."""
    stop_ticks = approved.stop_ticks or rule.stop_ticks
    risk = bracket_risk_cents(stop_ticks, rule)
    refusal = _refusal(state, approved, risk, rule)
    if refusal is not None:
        return _denied(approved, *refusal)
    return BracketApproved(
        bracket_id=bracket_of(approved.signal_id),
        signal_id=approved.signal_id,
        contract=approved.contract,
        ts_ns=approved.ts_ns,
        direction=approved.direction,
        quantity=Contracts(rule.quantity),
        stop_ticks=stop_ticks,
        target_ticks=approved.target_ticks or rule.target_ticks,
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
    state: RiskState,
    ts_ns: int,
    last_price: int | None,
    rule: RiskRule,
    turned: Sequence[FlowTurned] = (),
) -> list[TradingHalted | FlattenOrdered | BalanceReported]:
    """Return what the state of things at `ts_ns` demands; nothing that was already ordered.

    `turned` is what the metrics said against positions since the cut before.
    """
    day_cents = state.cents_on(ts_ns)
    facts: list[TradingHalted | FlattenOrdered | BalanceReported] = []
    balance = rule.balance_cents + state.realised_cents
    if state.reported != (balance, day_cents):
        facts.append(
            BalanceReported(
                ts_ns=Nanos(ts_ns), balance_cents=Cents(balance), day_pnl_cents=Cents(day_cents)
            )
        )
    total = day_cents + unrealised_cents(state, last_price, rule)
    halted = state.halted_on(ts_ns)
    if total <= -rule.loss_limit_cents and not halted:
        facts.append(_halt(ts_ns, total, rule))
        halted = True
    reason = ExitReason.HALT_FLATTEN if halted else ExitReason.AUTO_FLATTEN
    if halted or _must_be_flat(ts_ns, rule):
        return [*facts, *_flattens(state, ts_ns, reason)]
    leave = {held for said in turned for held in _opposed(state, said, rule)}
    exits = _flattens(state, ts_ns, ExitReason.FLOW_EXIT)
    return [*facts, *(order for order in exits if order.contract in leave)]


def bracket_risk_cents(stop_ticks: int, rule: RiskRule) -> Cents:
    """Return what a bracket loses at its stop, with slippage there and both commissions."""
    ticks = stop_ticks + rule.stop_slippage_ticks
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
    if approved.stop_ticks < 0 or approved.target_ticks < 0:
        own = f"stop {approved.stop_ticks} and target {approved.target_ticks} ticks"
        raise ValueError(f"{own} of {approved.signal_id}, wanted at least 0 each")
    ts_ns = approved.ts_ns
    if state.halted_on(ts_ns):
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
    cooling_ns = _cooling_ns(state, approved, rule)
    if cooling_ns > 0:
        return DenyReason.COOLDOWN, f"{cooling_ns / NANOS_PER_S:g} s too early after the last close"
    day_cents = state.cents_on(ts_ns)
    if day_cents >= rule.profit_target_cents:
        detail = f"{day_cents} cents today, target {rule.profit_target_cents}"
        return DenyReason.PROFIT_TARGET, detail
    if day_cents - risk < -rule.loss_limit_cents:
        detail = f"{day_cents} cents today less risk {risk}, limit -{rule.loss_limit_cents}"
        return DenyReason.RISK_BUDGET, detail
    return None


def _cooling_ns(state: RiskState, approved: SignalApproved, rule: RiskRule) -> int:
    """Return how long the metrics must still wait after a close; 0 or less where they need not."""
    closed_ns = state.closed_ns.get(approved.contract)
    if closed_ns is None or not from_flow(approved):
        return 0
    return closed_ns + rule.cooldown_ns - approved.ts_ns


def _opposed(state: RiskState, said: FlowTurned, rule: RiskRule) -> list[str]:
    """Return the contracts of the metrics' own positions that they speak against."""
    return [
        held.contract
        for bracket_id, held in state.positions.items()
        if bracket_id in state.by_flow
        and (held.contract, held.direction) == (said.contract, said.against)
        and said.ts_ns - held.ts_ns >= rule.hold_min_ns
    ]


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


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
