"""Rules and states for the tests of risk: what a test does not name is plain and consistent."""

import dataclasses
from typing import Any

from actors.core.risk.ledger import apply
from actors.core.risk.limits import after_cut, before_cut
from actors.core.risk.rule import RiskRule
from actors.core.risk.state import RiskState
from actors.core.rules import risk_rule
from protocol.account import BalanceReported
from protocol.instruments import instrument
from protocol.market import Cut, CutReason
from protocol.orders import PositionChanged, StopCause
from protocol.patterns import Direction
from protocol.risk_settings import RiskSettings, TierSettings
from protocol.settings import PaperSettings, Settings
from tests.makers import CONTRACT, at, make_bar


def make_rule(symbol: str = "ES", tiers: bool = False, **fields: Any) -> RiskRule:
    """Return the limits of the domain's examples: 400 to lose, 500 to win, 2,500 to begin with."""
    settings = Settings(
        risk=RiskSettings(daily_loss_dollars=400.0),
        tiers=TierSettings(enabled=tiers),
        paper=PaperSettings(balance_dollars=2_500.0),
    )
    return dataclasses.replace(risk_rule(settings, instrument(symbol)), **fields)


def fold(*facts: Any, price: int | None = 20_000) -> RiskState:
    """Return the state after a bar that closed at `price`, if there is one, and `facts`."""
    state = RiskState()
    if price is not None:
        apply(state, make_bar(close=price))
    for fact in facts:
        apply(state, fact)
    return state


def at_cut(
    state: RiskState, clock: str, rule: RiskRule, day: str = "2025-12-02", turned: Any = ()
) -> list[Any]:
    """Ask at a cut without signals and fold the answers, as the shell does; reports left out."""
    ts_ns = at(clock, day)
    facts: list[Any] = [*before_cut(state, ts_ns, rule)]
    for fact in facts:
        apply(state, fact)
    apply(state, make_cut(clock, day))
    late = after_cut(state, ts_ns, rule, turned)
    for demand in late:
        apply(state, demand)
    return [fact for fact in [*facts, *late] if not isinstance(fact, BalanceReported)]


def make_cut(clock: str, day: str = "2025-12-02") -> Cut:
    """Return a cut at the end of a bar."""
    return Cut(number=1, ts_ns=at(clock, day), reason=CutReason.BAR)


def make_changed(**fields: Any) -> PositionChanged:
    """Return the change of the position of `make_opened` to two contracts."""
    values: dict[str, Any] = {
        "bracket_id": "bracket-1",
        "contract": CONTRACT,
        "ts_ns": at("10:06"),
        "direction": Direction.LONG,
        "quantity": 2,
        "entry_sum": 40_001,
        "stop_price": 19_985,
        "target_price": 20_025,
        "stop_cause": StopCause.ANCHORED,
        "realised_cents": -450,
        "commission_cents": 450,
        "exec_id": "exec-3",
    }
    return PositionChanged(**(values | fields))
