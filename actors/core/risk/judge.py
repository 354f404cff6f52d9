"""Which approved signal becomes a bracket: every signal gets exactly one answer.

Signals in both directions at one cut deny each other, OPPOSED: together they say nothing. One of
a contract that is not traded now, that points nowhere or brings distances below 0, gets NO_SIZE.
The others go down the table of `checks`, and the first that finds something denies them.

A signal brings its own stop and target or takes the instrument's. Size comes first, then the
risk budget (domain 7.6, 7.7): a size that does not fit into what is left of the day's limit is
cut down to the largest that does, and one contract that does not fit is denied.

Of several signals in one direction one becomes a bracket; the others have added to its size.
Time is that of the cut: a signal may be older, an entry is sent now.
"""

from bisect import bisect_right

from actors.core.risk.checks import CHECKS, Idea, used_ppm
from actors.core.risk.exposure import bracket_risk_cents, limit_cents, traded, worst_cents
from actors.core.risk.ledger import bracket_id
from actors.core.risk.rule import RiskRule, Terms, terms_of, tier_at
from actors.core.risk.sizing import confluence, size
from actors.core.risk.state import RiskState, contracts_exposed, standing_streak
from actors.core.risk.windows import last_entry_ns
from actors.core.session.calendar import trading_date
from protocol.orders import BracketApproved, BracketDenied, DenyReason, EntryKind
from protocol.patterns import Direction
from protocol.signals import SignalApproved
from protocol.units import Contracts, Nanos, Ticks


def judge_cut(
    state: RiskState, ts_ns: int, rule: RiskRule
) -> list[BracketApproved | BracketDenied]:
    """Return the answers to all signals that were asked since the last cut, in order."""
    asked = state.asked
    directions = {signal.direction for signal in asked if signal.contract == state.contract}
    opposed = {Direction.LONG, Direction.SHORT} <= directions
    answers: list[BracketApproved | BracketDenied] = []
    taken: str | None = None
    for signal in asked:
        if opposed and signal.contract == state.contract:
            detail = "signals in both directions at one cut"
            answers.append(_denied(signal, ts_ns, DenyReason.OPPOSED, detail))
            continue
        answer = judge(state, signal, ts_ns, rule)
        if isinstance(answer, BracketApproved) and taken is not None:
            detail = f"bracket {taken} on its way"
            answer = _denied(signal, ts_ns, DenyReason.POSITION_OPEN, detail)
        if isinstance(answer, BracketApproved):
            taken = answer.bracket_id
        answers.append(answer)
    return answers


def judge(
    state: RiskState, signal: SignalApproved, ts_ns: int, rule: RiskRule
) -> BracketApproved | BracketDenied:
    """Return the bracket allowed for a signal, or the first reason against it."""
    contract = traded(state, rule)
    terms = terms_of(contract, rule) if contract is not None else None
    if contract is None or terms is None or signal.contract != state.contract:
        detail = f"signal in {signal.contract}, bars in {state.contract or 'nothing yet'}"
        detail += f", traded {contract or state.instrument or 'nothing'}"
        return _denied(signal, ts_ns, DenyReason.NO_SIZE, detail)
    if signal.direction is Direction.NONE:
        return _denied(signal, ts_ns, DenyReason.NO_SIZE, "the signal points nowhere")
    if signal.stop_ticks < 0 or signal.target_ticks < 0:
        own = f"stop {signal.stop_ticks} and target {signal.target_ticks} ticks"
        return _denied(signal, ts_ns, DenyReason.NO_SIZE, f"{own}, wanted at least 0 each")
    idea = _idea(state, signal, ts_ns, contract, terms, rule)
    for reason, check in CHECKS:
        found = check(state, idea, rule)
        if found is not None:
            return _denied(signal, ts_ns, reason, found)
    return _approved(idea, rule)


def _idea(
    state: RiskState,
    signal: SignalApproved,
    ts_ns: int,
    contract: str,
    terms: Terms,
    rule: RiskRule,
) -> Idea:
    tier = tier_at(state.tier, rule)
    together = [other for other in state.asked if other.contract == signal.contract]
    families = confluence(together, signal.direction)
    streak = state.streak_at_start if rule.scaled_at_start else standing_streak(state)
    quantity = size(tier, families, signal.regime, streak, rule.size)
    if rule.band is not None and quantity and used_ppm(state, ts_ns, rule) >= rule.band.halve_ppm:
        quantity = max(quantity // 2, 1)
    most = rule.size.quantity_max if tier is None else tier.quantity_max
    quantity = max(min(quantity, most - contracts_exposed(state, contract)), 0)
    stop_ticks = signal.stop_ticks or terms.stop_ticks
    room = worst_cents(state, ts_ns, rule) + limit_cents(state, rule)
    quantity = _fitting(quantity, stop_ticks, terms, room, rule)
    return Idea(
        signal=signal,
        ts_ns=ts_ns,
        contract=contract,
        terms=terms,
        stop_ticks=stop_ticks,
        target_ticks=signal.target_ticks or terms.target_ticks,
        quantity=quantity,
        risk_cents=bracket_risk_cents(stop_ticks, quantity, terms, rule),
    )


def _fitting(quantity: int, stop_ticks: int, terms: Terms, room: int, rule: RiskRule) -> int:
    """Return the largest size up to `quantity` whose risk is within `room`; 1 where none is."""

    def risk(contracts: int) -> int:
        return bracket_risk_cents(stop_ticks, contracts, terms, rule)

    fits = bisect_right(range(1, quantity + 1), room, key=risk)
    return min(quantity, max(fits, 1))


def _approved(idea: Idea, rule: RiskRule) -> BracketApproved:
    signal, entry = idea.signal, rule.entry
    limited = entry.kind is EntryKind.LIMIT
    last_ns = last_entry_ns(trading_date(idea.ts_ns), rule.hours)
    return BracketApproved(
        bracket_id=bracket_id(signal.signal_id),
        signal_id=signal.signal_id,
        contract=idea.contract,
        ts_ns=Nanos(idea.ts_ns),
        direction=signal.direction,
        quantity=Contracts(idea.quantity),
        entry=entry.kind,
        limit_price=Ticks(signal.ref_price) if limited else None,
        # Nothing is entered after the last entry, however late it was asked for.
        expires_ns=Nanos(min(idea.ts_ns + entry.life_ns, last_ns)) if limited else None,
        stop_ticks=idea.stop_ticks,
        target_ticks=idea.target_ticks,
        breakeven_ticks=entry.breakeven_ticks,
        breakeven_offset_ticks=entry.breakeven_offset_ticks,
        trail_start_ticks=entry.trail_start_ticks,
        trail_ticks=entry.trail_ticks,
        risk_cents=idea.risk_cents,
    )


def _denied(
    signal: SignalApproved, ts_ns: int, reason: DenyReason, detail: str
) -> BracketDenied:
    return BracketDenied(
        signal_id=signal.signal_id,
        contract=signal.contract,
        ts_ns=Nanos(ts_ns),
        direction=signal.direction,
        reason=reason,
        detail=detail,
    )
