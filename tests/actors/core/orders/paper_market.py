"""A small market for the tests of the paper exchange: its rule, its clock, its commands."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from actors.core.orders.answers import Command, answer
from actors.core.orders.book import ExchangeState, Fact, apply
from actors.core.orders.exchange import elapse, execute, seen
from actors.core.orders.fills import PaperRule
from protocol.orders import (
    AccountAsked,
    CancelSubmitted,
    EntryKind,
    Leg,
    ModifySubmitted,
    StatusAsked,
)
from protocol.paper import LimitRested
from protocol.units import NANOS_PER_MS
from tests.makers import CONTRACT, at, make_submitted, make_trades

RULE = PaperRule(
    contract=CONTRACT,
    latency_ns=50 * NANOS_PER_MS,
    slippage_ticks=1,
    stop_slippage_ticks=1,
    target_fill="through",
    commission_cents=62,
    partial=False,
    displayed=10,
    depth_slippage=False,
)
TOUCH = dataclasses.replace(RULE, target_fill="touch")
QUEUE = dataclasses.replace(RULE, target_fill="queue")
PARTIAL = dataclasses.replace(RULE, partial=True)
T0 = at("10:05")


def ms(count: float) -> int:
    """Return the instant so many milliseconds after 10:05."""
    return T0 + round(count * NANOS_PER_MS)


def order(state: ExchangeState, command: Command, rule: PaperRule = RULE) -> Any:
    """Send a command and return the answer; None if there is none."""
    facts = answer(state, command, rule)
    for fact in facts:
        apply(state, fact)
    return facts[-1] if facts else None


def run(
    state: ExchangeState,
    rows: Sequence[tuple],
    quotes: Sequence[tuple[int, int]] | None = None,
    rule: PaperRule = RULE,
) -> list[Fact]:
    """Execute (milliseconds after 10:05, price and perhaps size), as shell and journal would."""
    trades = make_trades([(ms(row[0]), row[1], "B", (*row, 1)[2]) for row in rows], quotes)
    facts = execute(state, trades, rule)
    for fact in facts:
        apply(state, fact)
    seen(state, trades)
    return facts


def wait(state: ExchangeState, until_ms: float) -> list[Fact]:
    """Let time pass without a trade."""
    facts = elapse(state, ms(until_ms))
    for fact in facts:
        apply(state, fact)
    return facts


def held(rule: PaperRule = RULE, **fields: Any) -> ExchangeState:
    """Return an exchange that holds a long from 23061 with stop 23045 and target 23085."""
    state = ExchangeState()
    order(state, make_submitted(**fields), rule)
    size = fields.get("quantity", 1)
    run(state, [(100, 23_060, size)], [(23_059, 23_060)], rule)
    return state


def but_rests(facts: Sequence[Fact]) -> list[Any]:
    """Return all but the notes that a limit rests."""
    return [fact for fact in facts if not isinstance(fact, LimitRested)]


def brief(facts: Sequence[Any]) -> list[tuple]:
    """Return leg, price and milliseconds after 10:05 of each."""
    return [(fact.leg, fact.price, (fact.ts_ns - T0) // NANOS_PER_MS) for fact in facts]


def limit(price: int, **fields: Any) -> Any:
    """Return the submission of a limit entry at `price`."""
    return make_submitted(entry=EntryKind.LIMIT, limit_price=price, **fields)


def cancel(at_ms: float, **fields: Any) -> CancelSubmitted:
    """Return the request to give up the entry of client-1."""
    values: dict[str, Any] = {
        "request_id": "cancel-1",
        "client_id": "client-1",
        "contract": CONTRACT,
        "ts_ns": ms(at_ms),
        "reason": "no longer wanted",
    }
    return CancelSubmitted(**(values | fields))


def modify(at_ms: float, price: int, leg: Leg = Leg.STOP, **fields: Any) -> ModifySubmitted:
    """Return the request to move the stop, or the target, of client-1."""
    values: dict[str, Any] = {
        "request_id": "modify-1",
        "client_id": "client-1",
        "contract": CONTRACT,
        "ts_ns": ms(at_ms),
        "leg": leg,
        "price": price,
    }
    return ModifySubmitted(**(values | fields))


def status(client_id: str = "client-1", at_ms: float = 0) -> StatusAsked:
    """Return the question what became of an order."""
    return StatusAsked(
        request_id="status-1", client_id=client_id, contract=CONTRACT, ts_ns=ms(at_ms)
    )


def account(since_ms: float = 0, at_ms: float = 0) -> AccountAsked:
    """Return the question for all that is held and works, with executions from `since_ms` on."""
    return AccountAsked(request_id="account-1", ts_ns=ms(at_ms), since_ns=ms(since_ms))
