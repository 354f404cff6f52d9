"""Signals that are judged after facts: what the judge answers, and why it denies."""

import dataclasses
from typing import Any

from actors.core.risk.judge import judge_cut
from actors.core.risk.ledger import apply
from actors.core.risk.rule import RiskRule
from protocol.orders import BracketDenied, DenyReason, PositionClosed
from protocol.patterns import Pattern
from protocol.signals import SignalApproved
from tests.actors.core.risk.accounts import fold, make_rule
from tests.makers import at, make_approved, make_closed

RULE = make_rule()
FLOW = {"pattern": Pattern.FLOW_BUYING, "stop_ticks": 20, "target_ticks": 40}


def changed(rule: RiskRule = RULE, **fields: Any) -> RiskRule:
    return dataclasses.replace(rule, **fields)


def lost(cents: int, clock: str = "10:00", **fields: Any) -> PositionClosed:
    return make_closed(pnl_cents=cents, ts_ns=at(clock), **({"bracket_id": "b"} | fields))


def ask(
    *facts: Any,
    rule: RiskRule = RULE,
    signals: list[SignalApproved] | None = None,
    clock: str = "10:05",
    day: str = "2025-12-02",
    **fields: Any,
) -> list[Any]:
    """Return the answers to signals after facts."""
    signals = signals or [make_approved(**fields)]
    state = facts[0] if facts and not hasattr(facts[0], "KIND") else fold(*facts)
    for signal in signals:
        apply(state, signal)
    return judge_cut(state, at(clock, day), rule)


def denied(*facts: Any, **fields: Any) -> DenyReason | None:
    """Return why one signal is denied; None where it is approved."""
    (answer,) = ask(*facts, **fields)
    return answer.reason if isinstance(answer, BracketDenied) else None
