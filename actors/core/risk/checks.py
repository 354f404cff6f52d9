"""The table of checks between an approved signal and its bracket, in order (domain 7.6 to 7.9).

| reason | found |
|---|---|
| HALTED | the day's result is beyond the loss limit, or a halt stands |
| FENCED | a cause stands for which the desk sends no entry |
| LOW_QUALITY | a fifth of the bar has an inferred side, and that is not allowed |
| OUTSIDE_HOURS | closed, too early, too late, or in a no-trade window |
| POSITION_OPEN | as many positions as there may be, or one the other way |
| COOLDOWN | the metrics want in again too soon after the last close |
| TRADES_MAX | as many entries as the day may have |
| PROFIT_TARGET | what is realised reached the day's target |
| REDUCE_BAND | most of the loss limit is used up |
| NO_SIZE | the regime takes nothing, or the maximum is held already |
| REJECT_REPLAY | the venue rejected the same idea a short while ago |
| MARGIN | the balance does not carry the day margin, or nobody knows it |
| RISK_BUDGET | with one contract already the day at all stops is beyond the loss limit |

The cheap and the certain come first: what a trader reads is the reason that would have stood
whatever the size. Each says what it found and what the limit is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actors.core.risk.exposure import (
    balance_cents,
    day_total_cents,
    limit_cents,
    unrealised_cents,
    worst_cents,
)
from actors.core.risk.ledger import signature
from actors.core.risk.limits import halt_reason, halted
from actors.core.risk.rule import RiskRule, Terms
from actors.core.risk.state import (
    Held,
    Pending,
    RiskState,
    contracts_exposed,
    day_at,
    from_flow,
)
from actors.core.risk.windows import entry_refusal, last_entry_ns
from actors.core.session.calendar import trading_date
from protocol.orders import DenyReason, EntryKind
from protocol.signals import PPM, SignalApproved
from protocol.units import NANOS_PER_S, Cents


@dataclass(frozen=True, slots=True)
class Idea:
    """A signal on its way to a bracket of `quantity` contracts at `ts_ns`."""

    signal: SignalApproved
    ts_ns: int
    contract: str  # What is traded on it.
    terms: Terms
    stop_ticks: int
    target_ticks: int
    quantity: int
    risk_cents: Cents


Check = Callable[[RiskState, Idea, RiskRule], str | None]  # The finding in words, None for none.


def used_ppm(state: RiskState, ts_ns: int, rule: RiskRule) -> int:
    """Return the share of the loss limit that the day has used up."""
    return -day_total_cents(state, ts_ns, rule) * PPM // limit_cents(state, rule)


def _halted(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    return halt_reason(state, idea.ts_ns, rule) if halted(state, idea.ts_ns, rule) else None


def _fenced(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    return f"fence closed: {', '.join(sorted(state.fence))}" if state.fence else None


def _low_quality(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    if idea.signal.low_quality and not rule.low_quality_allowed:
        return "more than a fifth of the bar has an inferred side"
    return None


def _outside_hours(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    last_ns = last_entry_ns(trading_date(idea.ts_ns), rule.hours)
    if rule.entry.kind is EntryKind.LIMIT and idea.ts_ns == last_ns:
        return "a limit entry would have no time left before the last entry"
    return entry_refusal(idea.ts_ns, rule.hours)


def _position_open(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    held: dict[str, Pending | Held] = {**state.positions, **state.pending}
    here = {id: h for id, h in held.items() if h.contract == idea.contract}
    against = [id for id, h in here.items() if h.direction is not idea.signal.direction]
    full = len(held) >= rule.positions_max or len(here) >= rule.symbol_positions_max
    if not full and not against:
        return None
    return (
        f"open or on its way: {', '.join(held)}; at most {rule.positions_max},"
        f" {rule.symbol_positions_max} of a symbol, all in one direction"
    )


def _cooldown(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    closed_ns = state.closed_ns.get(idea.contract)
    if closed_ns is None or not from_flow(idea.signal):
        return None
    found_ns = idea.ts_ns - closed_ns
    if found_ns >= rule.cooldown_ns:
        return None
    wanted = f"wanted {rule.cooldown_ns / NANOS_PER_S:g} s"
    return f"{found_ns / NANOS_PER_S:g} s after the last close in {idea.contract}, {wanted}"


def _trades_max(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    trades = day_at(state, idea.ts_ns).trades + len(state.pending)
    if rule.trades_max and trades >= rule.trades_max:
        return f"{trades} entries today, at most {rule.trades_max}"
    return None


def _profit_target(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    cents = day_at(state, idea.ts_ns).cents
    if cents < rule.profit_target_cents:
        return None
    return f"{cents} cents {rule.currency} today, target {rule.profit_target_cents}"


def _reduce_band(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    used = used_ppm(state, idea.ts_ns, rule)
    if rule.band is None or used < rule.band.stop_ppm:
        return None
    return f"{used} ppm of the loss limit used, entries end at {rule.band.stop_ppm}"


def _no_size(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    if idea.quantity:
        return None
    held = contracts_exposed(state, idea.contract)
    return f"nothing is taken in a regime {idea.signal.regime} with {held} contracts held"


def _reject_replay(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    sign = signature(idea.signal, idea.contract, idea.quantity)
    rejected_ns = state.rejected.get(sign)
    if rejected_ns is None or idea.ts_ns >= rejected_ns + rule.reject_block_ns:
        return None
    found, block = idea.ts_ns - rejected_ns, rule.reject_block_ns
    return f"{sign} rejected {found // NANOS_PER_S} s ago, blocked for {block // NANOS_PER_S} s"


def _margin(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    margin = idea.terms.margin_cents
    if margin is None:
        return f"the day margin of {idea.contract} is not known"
    needed = margin * (contracts_exposed(state, idea.contract) + idea.quantity)
    equity = balance_cents(state, rule) + unrealised_cents(state, rule)
    if equity >= needed:
        return None
    return f"day margin {needed} cents {rule.currency}, balance {equity}"


def _risk_budget(state: RiskState, idea: Idea, rule: RiskRule) -> str | None:
    worst, limit = worst_cents(state, idea.ts_ns, rule), limit_cents(state, rule)
    if worst - idea.risk_cents >= -limit:
        return None
    return (
        f"{worst} cents {rule.currency} today at all stops, less risk {idea.risk_cents},"
        f" limit -{limit}"
    )


CHECKS: tuple[tuple[DenyReason, Check], ...] = (
    (DenyReason.HALTED, _halted),
    (DenyReason.FENCED, _fenced),
    (DenyReason.LOW_QUALITY, _low_quality),
    (DenyReason.OUTSIDE_HOURS, _outside_hours),
    (DenyReason.POSITION_OPEN, _position_open),
    (DenyReason.COOLDOWN, _cooldown),
    (DenyReason.TRADES_MAX, _trades_max),
    (DenyReason.PROFIT_TARGET, _profit_target),
    (DenyReason.REDUCE_BAND, _reduce_band),
    (DenyReason.NO_SIZE, _no_size),
    (DenyReason.REJECT_REPLAY, _reject_replay),
    (DenyReason.MARGIN, _margin),
    (DenyReason.RISK_BUDGET, _risk_budget),
)
