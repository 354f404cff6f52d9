"""What is at stake: results so far, results at the stops, and margin; all in cents.

An open position counts by its mark. Without one, where no price is known of its contract, it
counts as if it were at its stop already: risk fails closed.
"""

from actors.core.orders.money import SIGN, TickValue, result_cents, risk_cents
from actors.core.risk.rule import RiskRule, Terms, loss_limit_cents, terms_of, tier_at
from actors.core.risk.state import Held, RiskState, day_at
from actors.core.risk.tiers import contract_of, has_prices_of, root
from protocol.units import Cents


def bracket_risk_cents(stop_ticks: int, quantity: int, terms: Terms, rule: RiskRule) -> Cents:
    """Return what a bracket loses at its stop, with slippage there and both commissions (7.7)."""
    loss = risk_cents(stop_ticks + rule.stop_slippage_ticks, quantity, terms.tick)
    return Cents(loss + 2 * terms.commission_cents * quantity)


def unrealised_cents(state: RiskState, rule: RiskRule) -> int:
    """Return the result of all open positions at the last price, exit commissions not counted."""
    total = 0
    for held in state.positions.values():
        terms, ticks = terms_of(held.contract, rule), _marked_ticks(held, state)
        if terms is not None and ticks is not None:
            total += result_cents(ticks, 1, terms.tick)
    return total


def day_total_cents(state: RiskState, ts_ns: int, rule: RiskRule) -> int:
    """Return the result of the trading date: realised net and unrealised (domain 7.7)."""
    return day_at(state, ts_ns).cents + unrealised_cents(state, rule)


def worst_cents(state: RiskState, ts_ns: int, rule: RiskRule) -> int:
    """Return the day's result if all that is held or on its way were stopped out.

    It is the daily result less the open risk of domain 7.7: slippage at the stops and the
    commissions of the exits are inside, and what is left of an entry counts as filled.
    """
    total = day_at(state, ts_ns).cents
    for id, held in state.positions.items():
        terms = terms_of(held.contract, rule)
        if terms is None:
            continue
        ticks = [t for t in (_marked_ticks(held, state), _stopped_ticks(held)) if t is not None]
        slippage = rule.stop_slippage_ticks * held.quantity
        total += _floor_cents(min(ticks, default=0) - slippage, terms.tick)
        total -= terms.commission_cents * held.quantity
        bracket = state.brackets.get(id)
        if held.rest and bracket is not None:
            total -= bracket_risk_cents(bracket.stop_ticks, held.rest, terms, rule)
    for pending in state.pending.values():
        terms = terms_of(pending.contract, rule)
        if terms is not None:
            total -= bracket_risk_cents(pending.stop_ticks, pending.quantity, terms, rule)
    return total


def balance_cents(state: RiskState, rule: RiskRule) -> int:
    """Return the balance: what there was at first and all results since."""
    return rule.balance_cents + state.realised_cents


def limit_cents(state: RiskState, rule: RiskRule) -> int:
    """Return the loss limit that stands."""
    return loss_limit_cents(tier_at(state.tier, rule), rule)


def traded(state: RiskState, rule: RiskRule) -> str | None:
    """Return the contract that entries are in, or None while none can be told.

    It is the contract of the bars, or the tier's full-sized or micro sibling of it.
    """
    if state.price is None or root(state.contract) is None:
        return None
    if rule.tiers is None:
        return state.contract
    return contract_of(state.instrument, state.contract) if state.instrument else None


def _marked_ticks(held: Held, state: RiskState) -> int | None:
    """Return the result in ticks times contracts at the last price, or else at the stop."""
    if state.price is None or not has_prices_of(held.contract, state.contract):
        return _stopped_ticks(held)
    return SIGN[held.direction] * (state.price * held.quantity - held.entry_sum)


def _stopped_ticks(held: Held) -> int | None:
    if held.stop_price is None:
        return None
    return SIGN[held.direction] * (held.stop_price * held.quantity - held.entry_sum)


def _floor_cents(ticks: int, tick: TickValue) -> int:
    return ticks * tick.cents_num // tick.cents_den
