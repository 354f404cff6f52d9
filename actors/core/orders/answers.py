"""What the paper exchange answers to a command, at once; the tape decides what follows (7.9).

A bracket is placed once for its client id, ever. A flatten is repeated until flat: while one is at
work, or where a later attempt was answered, a repeat brings nothing; a later attempt that finds
something exposed acts. A request to cancel or to move takes the latency like any order, so a fill
may cross it; then it is refused.

Answers to questions are facts like any other, because all that is published is recorded first.
They fold into nothing, and a question that comes again is answered again, with what is then so.
The events of the order asked for are repeated before the answer, under the ids they had.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import replace

from actors.core.orders.book import ExchangeState, Fact, OrderFact, exposed
from actors.core.orders.bracket_terms import Terms, refusal, terms_of
from actors.core.orders.fills import Entry, Held, PaperRule
from actors.core.orders.money import SIGN
from protocol.orders import (
    AccountAsked,
    BracketSubmitted,
    CancelSubmitted,
    EntryKind,
    FlattenSubmitted,
    Leg,
    ModifySubmitted,
    StatusAsked,
)
from protocol.paper import RequestTaken
from protocol.patterns import Direction
from protocol.reports import (
    AccountReported,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReported,
)
from protocol.units import Contracts, Nanos

Request = ModifySubmitted | CancelSubmitted
OrderCommand = BracketSubmitted | FlattenSubmitted | Request | StatusAsked
Command = OrderCommand | AccountAsked
NO_TERMS = Terms(stop_ticks=0, target_ticks=0)


def answer(state: ExchangeState, command: Command, rule: PaperRule) -> list[Fact]:
    """Return what the exchange says to a command; nothing if it was answered before."""
    match command:
        case BracketSubmitted():
            return _bracket(state, command, rule)
        case FlattenSubmitted():
            return _flatten(state, command, rule)
        case ModifySubmitted() | CancelSubmitted():
            return _request(state, command, rule)
        case StatusAsked():
            return [*state.orders.get(command.client_id, ()), _reported(state, command)]
        case AccountAsked():
            return [account(state, command)]


def account(state: ExchangeState, asked: AccountAsked) -> AccountReported:
    """Return all that is held, netted by contract, and all that works."""
    quantities: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    works: list[tuple[str, Leg, int]] = [
        (entry.client_id, Leg.ENTRY, entry.quantity) for entry in state.entries.values()
    ]
    for held in state.positions.values():
        sign = SIGN[held.direction]
        quantities[held.contract] += sign * held.quantity
        sums[held.contract] += sign * _entry_sum(state, held)
        works += [(held.client_id, leg, held.quantity) for leg in (Leg.STOP, Leg.TARGET)]
    held_now = [contract for contract in quantities if quantities[contract]]
    since = bisect_left(state.executions, (asked.since_ns, ""))
    return AccountReported(
        request_id=asked.request_id,
        ts_ns=asked.ts_ns,
        contracts=tuple(held_now),
        quantities=tuple(quantities[contract] for contract in held_now),
        entry_sums=tuple(abs(sums[contract]) for contract in held_now),
        order_ids=tuple(client_id for client_id, _, _ in works),
        order_legs=tuple(leg.value for _, leg, _ in works),
        order_quantities=tuple(quantity for _, _, quantity in works),
        exec_ids=tuple(exec_id for _, exec_id in state.executions[since:]),
    )


def _entry_sum(state: ExchangeState, held: Held) -> int:
    """Return the entries of what is held: an exit leaves what was entered first."""
    gone, entry_sum = held.entered - held.quantity, 0
    for fact in state.orders[held.client_id]:
        if isinstance(fact, OrderFilled) and fact.leg is Leg.ENTRY:
            stays = max(0, fact.quantity - gone)
            gone -= fact.quantity - stays
            entry_sum += fact.price * stays
    return entry_sum


def cancelled(entry: Entry, now_ns: int, reason: str, request_id: str = "") -> OrderCancelled:
    """Return the end of what is left of an entry."""
    return OrderCancelled(
        client_id=entry.client_id,
        request_id=request_id,
        contract=entry.contract,
        ts_ns=Nanos(now_ns),
        leg=Leg.ENTRY,
        left=entry.quantity,
        reason=reason,
    )


def refused(request: RequestTaken | Request, now_ns: int, reason: str) -> OrderRejected:
    """Return the refusal of a request."""
    return OrderRejected(
        client_id=request.client_id,
        request_id=request.request_id,
        contract=request.contract,
        ts_ns=Nanos(now_ns),
        leg=Leg.ENTRY if isinstance(request, CancelSubmitted) else request.leg,
        reason=reason,
    )


def _active_ns(state: ExchangeState, ts_ns: int, rule: PaperRule) -> Nanos:
    # Never the event that made the order: a later one (F0).
    return Nanos(max(ts_ns + max(rule.latency_ns, 1), state.last_ns + 1))


def _bracket(state: ExchangeState, command: BracketSubmitted, rule: PaperRule) -> list[Fact]:
    if command.client_id in state.orders:
        return []
    active_ns = _active_ns(state, command.ts_ns, rule)
    reason = _refusal(state, command, active_ns, rule)
    if reason is not None:
        return [_rejected(command, Leg.ENTRY, reason)]
    limit = command.limit_price if command.entry is EntryKind.LIMIT else None
    accepted = _accepted(command, Leg.ENTRY, terms_of(command), active_ns)
    return [
        replace(
            accepted,
            direction=command.direction,
            quantity=command.quantity,
            entry=command.entry,
            limit_price=limit,
            expires_ns=command.expires_ns,
        )
    ]


def _refusal(
    state: ExchangeState, command: BracketSubmitted, active_ns: int, rule: PaperRule
) -> str | None:
    if command.contract != rule.contract:
        return f"contract {command.contract}, wanted {rule.contract}"
    if any(flatten.contract == command.contract for flatten in state.flattens.values()):
        return "a flatten is at work"
    if command.direction is Direction.NONE:
        return "a bracket without a direction"
    if command.quantity < 1:
        return f"quantity {command.quantity}, wanted at least 1"
    if command.entry is EntryKind.LIMIT and command.limit_price is None:
        return "a limit entry without a price"
    if command.expires_ns is not None and command.expires_ns <= active_ns:
        return f"expires at {command.expires_ns}, wanted later than its activation at {active_ns}"
    return refusal(terms_of(command))


def _flatten(state: ExchangeState, command: FlattenSubmitted, rule: PaperRule) -> list[Fact]:
    said = state.orders.get(command.client_id, ())
    if command.client_id in state.flattens or any(f.ts_ns >= command.ts_ns for f in said):
        return []
    if not exposed(state, command.contract):
        reason = (
            "nothing to flatten"
            if command.contract == rule.contract
            else (f"contract {command.contract}, wanted {rule.contract}")
        )
        return [_rejected(command, Leg.FLATTEN, reason)]
    active_ns = _active_ns(state, command.ts_ns, rule)
    accepted = _accepted(command, Leg.FLATTEN, NO_TERMS, active_ns)
    return [replace(accepted, reason=command.reason)]


def _accepted(
    command: BracketSubmitted | FlattenSubmitted, leg: Leg, terms: Terms, active_ns: Nanos
) -> OrderAccepted:
    return OrderAccepted(
        client_id=command.client_id,
        contract=command.contract,
        ts_ns=command.ts_ns,
        leg=leg,
        direction=Direction.NONE,
        quantity=Contracts(0),
        entry=EntryKind.MARKET,
        limit_price=None,
        expires_ns=None,
        stop_ticks=terms.stop_ticks,
        target_ticks=terms.target_ticks,
        breakeven_ticks=terms.breakeven_ticks,
        breakeven_offset_ticks=terms.breakeven_offset_ticks,
        trail_start_ticks=terms.trail_start_ticks,
        trail_ticks=terms.trail_ticks,
        active_ns=active_ns,
        reason=None,
    )


def _rejected(command: BracketSubmitted | FlattenSubmitted, leg: Leg, reason: str) -> OrderRejected:
    return OrderRejected(
        client_id=command.client_id,
        request_id="",
        contract=command.contract,
        ts_ns=command.ts_ns,
        leg=leg,
        reason=reason,
    )


def _request(state: ExchangeState, command: Request, rule: PaperRule) -> list[Fact]:
    if command.request_id in state.answered:
        return []
    reason = _hopeless(state, command)
    if reason is not None:
        return [refused(command, command.ts_ns, reason)]
    leg, price, why = Leg.ENTRY, None, ""
    match command:
        case ModifySubmitted():
            leg, price = command.leg, command.price
        case CancelSubmitted():
            why = command.reason
    return [
        RequestTaken(
            request_id=command.request_id,
            client_id=command.client_id,
            contract=command.contract,
            ts_ns=command.ts_ns,
            leg=leg,
            price=price,
            reason=why,
            active_ns=_active_ns(state, command.ts_ns, rule),
        )
    ]


def _hopeless(state: ExchangeState, command: Request) -> str | None:
    """Return why a request cannot come to anything; None if the tape will tell."""
    said = state.orders.get(command.client_id)
    if said is None:
        return "unknown order"
    if isinstance(command, CancelSubmitted):
        return None if command.client_id in state.entries else f"too late: {_end(said)}"
    if command.leg not in (Leg.STOP, Leg.TARGET):
        return f"leg {command.leg}, wanted stop or target"
    if command.client_id in state.positions:
        return None
    if command.client_id in state.entries:
        return "too early: nothing is held yet"
    return f"too late: {_end(said)}"


def _end(said: list[OrderFact]) -> str:
    """Return how an entry ended, in a word: filled, cancelled, expired, rejected."""
    for fact in reversed(said):
        match fact:
            case OrderFilled():
                return "filled"
            case OrderCancelled() | OrderExpired() | OrderRejected(request_id=""):
                return fact.KIND.removeprefix("order.")
    return "no bracket"


def _reported(state: ExchangeState, asked: StatusAsked) -> OrderReported:
    said = state.orders.get(asked.client_id, ())
    entry, held = state.entries.get(asked.client_id), state.positions.get(asked.client_id)
    filled = sum(f.quantity for f in said if isinstance(f, OrderFilled) and f.leg is Leg.ENTRY)
    return OrderReported(
        request_id=asked.request_id,
        client_id=asked.client_id,
        contract=asked.contract,
        ts_ns=asked.ts_ns,
        known=asked.client_id in state.orders,
        filled=Contracts(filled),
        left=entry.quantity if entry else Contracts(0),
        held=Contracts(SIGN[held.direction] * held.quantity if held else 0),
    )
