"""The circuit breaker: from this loss of a day on, a person has to look (domain 7.7, 7.9).

A halt at the loss limit ends with the trading day. The breaker does not: the desk's fence stays
closed until a person opens it, and closes again at the next cut while the day is still at the
breaker or beyond it. Positions keep their brackets; to leave them is the loss limit's.
"""

from actors.core.risk.exposure import day_total_cents
from actors.core.risk.rule import RiskRule
from actors.core.risk.state import RiskState
from protocol.fence import FenceCause, FenceOrdered
from protocol.risk_settings import RiskSettings
from protocol.units import Nanos


def breaker_cents(risk: RiskSettings) -> int:
    """Return the loss of a day at which the breaker trips, in cents; 0 for never."""
    return round(risk.breaker_dollars * 100)


def tripped(
    state: RiskState, ts_ns: int, rule: RiskRule, limit_cents: int
) -> list[FenceOrdered]:
    """Return the order to close the fence where the day, open positions marked, lost so much."""
    if not limit_cents or FenceCause.CIRCUIT_BREAKER in state.fence:
        return []
    total = day_total_cents(state, ts_ns, rule)
    if total > -limit_cents:
        return []
    return [
        FenceOrdered(
            ts_ns=Nanos(ts_ns),
            cause=FenceCause.CIRCUIT_BREAKER,
            detail=f"daily loss of {-total} cents {rule.currency}, the breaker is at {limit_cents}",
        )
    ]
