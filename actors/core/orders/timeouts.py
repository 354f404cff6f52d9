"""What is due at a cut: all that the desk does because something did not happen (domain 7.9).

There is no clock. Time passes by the cuts of the tape, and each asks what has been waited for too
long: levels, not edges, so no cut can be missed and none counts twice. Never is an order sent
again before the broker has said that it does not know it.
"""

from dataclasses import replace

from actors.core.ids import derived_id
from actors.core.orders.booking import cancel, ended, flatten
from actors.core.orders.brackets import Bracket
from actors.core.orders.desk_rule import DeskRule
from actors.core.orders.desk_state import DeskState, Fact, exposed
from actors.core.orders.fence import closing, fenced
from actors.core.orders.lifecycle import Order
from actors.core.orders.reports import stepped
from protocol.desk import Step
from protocol.fence import FenceCause
from protocol.orders import ExitReason, FlattenSubmitted, Leg, StatusAsked
from protocol.units import Nanos


def due(state: DeskState, ts_ns: int, rule: DeskRule) -> list[Fact]:
    """Return what time demands of every open bracket and every flatten."""
    facts: list[Fact] = []
    for bracket in state.open.values():
        facts += _of_entry(state, bracket, ts_ns, rule)
        facts += _of_stop(state, bracket, ts_ns, rule)
    left = {fact.contract for fact in facts if isinstance(fact, FlattenSubmitted)}
    facts += [
        replace(last, attempt=last.attempt + 1, ts_ns=Nanos(ts_ns))
        for contract, last in state.leaving.items()
        if ts_ns - last.ts_ns >= rule.flatten_ns and contract not in left
        if exposed(state, contract)
    ]
    return facts


def status_asked(bracket: Bracket, ts_ns: int) -> StatusAsked:
    """Return the next question about a bracket."""
    order = bracket.submitted
    return StatusAsked(
        request_id=derived_id("status", order.client_id, bracket.asked + 1),
        client_id=order.client_id,
        contract=order.contract,
        ts_ns=Nanos(ts_ns),
    )


def _of_entry(state: DeskState, bracket: Bracket, ts_ns: int, rule: DeskRule) -> list[Fact]:
    if bracket.entry is Order.LOST:
        return _of_lost(state, bracket, ts_ns, rule)
    if _wants_answer(bracket, ts_ns, rule):
        return _ask(state, bracket, ts_ns, rule)
    trip = bracket.trip
    if bracket.entry is Order.WORKING and trip.entered and ts_ns - trip.opened_ns >= rule.rest_ns:
        return [cancel(bracket, ts_ns, f"rest of a partial fill, {trip.entered} filled")]
    return []


def _wants_answer(bracket: Bracket, ts_ns: int, rule: DeskRule) -> bool:
    """Say whether an answer about a bracket is missing and the broker must be asked."""
    if bracket.question is not None:
        return ts_ns - bracket.question.ts_ns >= rule.ack_ns
    if bracket.entry is Order.UNSURE:
        return True
    waits = bracket.entry in (Order.SENT, Order.CANCELLING)
    # Fills that are known to exist and did not come, or an exit without its entry.
    lacks = bracket.entry is not Order.WORKING and bracket.unfinished or bracket.trip.held < 0
    return (waits or lacks) and ts_ns - bracket.since_ns >= rule.ack_ns


def _ask(state: DeskState, bracket: Bracket, ts_ns: int, rule: DeskRule) -> list[Fact]:
    facts: list[Fact] = [status_asked(bracket, ts_ns)]
    if bracket.asks >= rule.attempts_max:
        detail = f"bracket {bracket.submitted.bracket_id}: asked, and no answer settles it"
        facts += closing(state, FenceCause.UNCONFIRMED, ts_ns, detail)
    return facts


def _of_lost(state: DeskState, bracket: Bracket, ts_ns: int, rule: DeskRule) -> list[Fact]:
    """Return how an entry goes on that the broker does not know: sent again, or given up."""
    order = bracket.submitted
    if order.attempt >= rule.attempts_max:
        detail = f"bracket {order.bracket_id}: sent {order.attempt} times, never known"
        return [
            *_given_up(bracket, ts_ns, f"sent {order.attempt} times and not known"),
            *closing(state, FenceCause.UNCONFIRMED, ts_ns, detail),
        ]
    late = order.expires_ns is not None and ts_ns >= order.expires_ns
    if state.fence or late or order.contract in state.leaving:
        why = fenced(state) or ("expired" if late else "a flatten is at work")
        return _given_up(bracket, ts_ns, f"not known and not sent again: {why}")
    if ts_ns - bracket.since_ns < rule.backoff_ns << (order.attempt - 1):
        return []
    return [replace(order, attempt=order.attempt + 1, ts_ns=Nanos(ts_ns))]


def _given_up(bracket: Bracket, ts_ns: int, reason: str) -> list[Fact]:
    step = stepped(bracket, Leg.ENTRY, Step.GIVEN_UP, ts_ns)
    return [step, ended(bracket, reason, ts_ns)]


def _of_stop(state: DeskState, bracket: Bracket, ts_ns: int, rule: DeskRule) -> list[Fact]:
    """Return how a position is left that has no working stop (domain 7.9)."""
    contract = bracket.submitted.contract
    if bracket.naked_ns is None or ts_ns - bracket.naked_ns < rule.protect_ns:
        return []
    detail = f"bracket {bracket.submitted.bracket_id}: no working stop since {bracket.naked_ns}"
    facts: list[Fact] = [*closing(state, FenceCause.UNCONFIRMED, ts_ns, detail)]
    if contract not in state.leaving:
        flatten_id = f"bare {bracket.submitted.bracket_id} {bracket.naked_ns}"
        facts.append(flatten(contract, flatten_id, ts_ns, ExitReason.TIMEOUT))
    return facts
