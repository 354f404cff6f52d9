"""What the state of things demands at a cut: tiers, halts, flattens, alarms (domain 7.6 to 7.8).

Asked at every cut and about what is, not about what has just happened, so no moment can be
missed. A halt stands until the next trading date or until a person resumes, and nobody can while
a limit is still exceeded; where the account is lent (Topstep) it stands until 18:00 whatever
anybody says. A flatten is ordered once for what is exposed, again every so often while it is, and
at the hard stop at once: how it is carried out and repeated is the desk's.

What the metrics opened they close, too, when they turn (domain 3, 7.9), unless all must be left
anyway. A flatten empties a contract, so nothing of another pattern may be in it.
"""

from collections.abc import Sequence
from dataclasses import replace

from actors.core.ids import derived_id
from actors.core.risk.exposure import (
    balance_cents,
    bracket_risk_cents,
    day_total_cents,
    limit_cents,
    traded,
    unrealised_cents,
)
from actors.core.risk.rule import RiskRule, loss_limit_cents, terms_of
from actors.core.risk.state import (
    RiskState,
    contracts_exposed,
    day_at,
    exposed,
    is_of_flow,
)
from actors.core.risk.tiers import has_prices_of, same_prices, standing_tier
from actors.core.risk.windows import must_be_flat, past_hard_stop
from actors.core.session.calendar import trading_date, trading_day
from protocol.account import (
    BalanceReported,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
)
from protocol.orders import ExitReason, FlattenOrdered
from protocol.signals import PPM, FlowTurned
from protocol.units import Cents, Contracts, Nanos

Demand = (
    TradingHalted | FlattenOrdered | BalanceReported | MarginShort | MarginRestored | StillExposed
)


def before_cut(state: RiskState, ts_ns: int, rule: RiskRule) -> list[TierChanged | TradingHalted]:
    """Return what has to stand before signals are judged: the session's tier, a refused resume.

    The session begins at the first cut of a trading date. Who is not flat then keeps the tier.
    """
    facts: list[TierChanged | TradingHalted] = []
    starts = state.session != trading_date(ts_ns)
    if rule.tiers is not None and starts and not exposed(state):
        tier = standing_tier(balance_cents(state, rule), state.tier, rule.tiers)
        if tier != state.tier:
            facts.append(_tier(state, ts_ns, tier, rule))
    if state.resumed and state.lost is not None and _lost(state, ts_ns, rule):
        # It began when it began: asking does not make it longer.
        refused = f"resume refused, {halt_reason(state, ts_ns, rule)}"
        facts.append(replace(state.lost, reason=refused))
    return facts


def after_cut(
    state: RiskState, ts_ns: int, rule: RiskRule, turned: Sequence[FlowTurned] = ()
) -> list[Demand]:
    """Return what the state of things at `ts_ns` demands; nothing that was already ordered.

    `turned` is what the metrics said against positions since the cut before.
    """
    demands: list[Demand] = [*_balance(state, ts_ns, rule), *_margin(state, ts_ns, rule)]
    if beyond_limit(state, ts_ns, rule) and not _in_force(state, ts_ns, rule):
        demands.append(
            TradingHalted(
                ts_ns=Nanos(ts_ns),
                reason=halt_reason(state, ts_ns, rule),
                day_pnl_cents=Cents(day_total_cents(state, ts_ns, rule)),
                limit_cents=Cents(limit_cents(state, rule)),
            )
        )
    hard_stop_ns = past_hard_stop(ts_ns, rule.hours)
    complains = hard_stop_ns is not None and hard_stop_ns != state.exposed_ns
    lost = _lost(state, ts_ns, rule)
    if lost or must_be_flat(ts_ns, rule.hours):
        reason = ExitReason.HALT_FLATTEN if lost else ExitReason.AUTO_FLATTEN
        demands += _flattens(state, ts_ns, reason, rule, at_once=complains)
    else:
        leave = {contract for said in turned for contract in _opposed(state, said, rule)}
        exits = _flattens(state, ts_ns, ExitReason.FLOW_EXIT, rule, at_once=False)
        demands += [order for order in exits if order.contract in leave]
    if hard_stop_ns is not None and complains:
        demands += [
            StillExposed(
                ts_ns=Nanos(ts_ns),
                contract=contract,
                quantity=Contracts(contracts_exposed(state, contract)),
                hard_stop_ns=Nanos(hard_stop_ns),
            )
            for contract in exposed(state)
        ]
    return demands


def halted(state: RiskState, ts_ns: int, rule: RiskRule) -> bool:
    """Say whether no entry is allowed: by the day's loss, or because a person said so today."""
    return _lost(state, ts_ns, rule) or _stopped(state, ts_ns)


def halt_reason(state: RiskState, ts_ns: int, rule: RiskRule) -> str:
    """Return in words and numbers why no entry is allowed."""
    total, limit = day_total_cents(state, ts_ns, rule), limit_cents(state, rule)
    if total <= -limit:
        return f"daily loss of {-total} cents {rule.currency}, limit {limit}"
    if _in_force(state, ts_ns, rule) and rule.locked_when_lost:
        return "the account is locked until 18:00 New York"
    standing = state.lost if _in_force(state, ts_ns, rule) else state.stopped
    return standing.reason if standing is not None else ""


def beyond_limit(state: RiskState, ts_ns: int, rule: RiskRule) -> bool:
    """Say whether the day's result, realised and unrealised, is at the loss limit or past it."""
    return day_total_cents(state, ts_ns, rule) <= -limit_cents(state, rule)


def _lost(state: RiskState, ts_ns: int, rule: RiskRule) -> bool:
    return beyond_limit(state, ts_ns, rule) or _in_force(state, ts_ns, rule)


def _in_force(state: RiskState, ts_ns: int, rule: RiskRule) -> bool:
    """Say whether a halt at a limit stands: of this trading date, and no person has ended it."""
    if state.lost is None or (state.resumed and not rule.locked_when_lost):
        return False
    day = trading_day(state.lost.ts_ns)
    until_ns = trading_day(day.end_ns).open_ns if rule.locked_when_lost else day.end_ns
    return ts_ns < until_ns


def _stopped(state: RiskState, ts_ns: int) -> bool:
    return state.stopped is not None and trading_date(state.stopped.ts_ns) == trading_date(ts_ns)


def _opposed(state: RiskState, said: FlowTurned, rule: RiskRule) -> list[str]:
    """Return the contracts that hold the metrics' own alone, each for long enough and opposed."""
    return [
        contract
        for contract, brackets in exposed(state).items()
        if has_prices_of(contract, said.contract)
        and all(is_of_flow(state, id) for id in brackets)
        and any(id in state.positions for id in brackets)
        and all(
            held.direction is said.against and said.ts_ns - held.opened_ns >= rule.hold_min_ns
            for id, held in state.positions.items()
            if id in brackets
        )
    ]


def _tier(state: RiskState, ts_ns: int, number: int, rule: RiskRule) -> TierChanged:
    assert rule.tiers is not None  # Only asked where there are tiers.
    tier = rule.tiers.tiers[number - 1]
    balance, terms = balance_cents(state, rule), rule.terms[tier.instrument]
    stop = bracket_risk_cents(terms.stop_ticks, tier.base, terms, rule)
    return TierChanged(
        ts_ns=Nanos(ts_ns),
        tier=number,
        before=state.tier,
        name=tier.name,
        instrument=tier.instrument,
        traded=same_prices((tier.instrument, rule.symbol)),
        balance_cents=Cents(balance),
        quantity_max=Contracts(tier.quantity_max),
        loss_limit_cents=Cents(loss_limit_cents(tier, rule)),
        stop_cents=stop,
        stop_share_ppm=stop * PPM // balance if balance > 0 else PPM,
    )


def _balance(state: RiskState, ts_ns: int, rule: RiskRule) -> list[BalanceReported]:
    balance, day_cents = balance_cents(state, rule), day_at(state, ts_ns).cents
    if state.reported == (balance, day_cents):
        return []
    return [
        BalanceReported(
            ts_ns=Nanos(ts_ns), balance_cents=Cents(balance), day_pnl_cents=Cents(day_cents)
        )
    ]


def _margin(state: RiskState, ts_ns: int, rule: RiskRule) -> list[MarginShort | MarginRestored]:
    """Return the alarm when the balance ceases to carry the margin, or carries it again."""
    contract = traded(state, rule)
    terms = terms_of(contract, rule) if contract is not None else None
    if contract is None or terms is None or terms.margin_cents is None:
        return []
    equity = balance_cents(state, rule) + unrealised_cents(state, rule)
    needed = terms.margin_cents * max(contracts_exposed(state, contract), 1)
    if (equity < needed) == state.margin_short:
        return []
    kind = MarginRestored if state.margin_short else MarginShort
    return [
        kind(
            ts_ns=Nanos(ts_ns),
            contract=contract,
            needed_cents=Cents(needed),
            equity_cents=Cents(equity),
        )
    ]


def _flattens(
    state: RiskState, ts_ns: int, reason: ExitReason, rule: RiskRule, at_once: bool
) -> list[FlattenOrdered]:
    """Return one order per contract that holds more than was ordered, or still holds it."""
    orders: list[FlattenOrdered] = []
    for contract, brackets in exposed(state).items():
        last = state.flattens.get(contract)
        if last is not None and last.brackets >= set(brackets):
            if ts_ns - last.ts_ns < rule.flatten_again_ns and not at_once:
                continue
        times = last.times + 1 if last is not None else 1
        orders.append(
            FlattenOrdered(
                # Numbered, so that what is ordered again is another order.
                flatten_id=derived_id("flatten", contract, *sorted(brackets), times),
                contract=contract,
                ts_ns=Nanos(ts_ns),
                reason=reason,
            )
        )
    return orders
