"""The order desk: what is ordered, what is held, and what each round trip earned.

The desk decides facts, and its state is their fold and nothing else (`desk_state`). `decide`
compares a message with the state and returns the facts that follow; the shell records them, folds
them with `apply` and only then lets anybody read them. So a message that comes twice, or again
after a restart, finds its facts in the state and yields nothing.

Each order lives by the table of `lifecycle`. What the table does not know closes the fence with
all that was found, and is recorded once: the desk goes on, exits go on, entries wait for a person.
"""

from collections.abc import Sequence

from actors.core.orders import booking, reconcile, reports, timeouts
from actors.core.orders.brackets import client_id
from actors.core.orders.commands import Heard, obey
from actors.core.orders.corrections import corrected
from actors.core.orders.desk_rule import DeskRule
from actors.core.orders.desk_state import DeskState, Fact, apply, exposed
from actors.core.orders.draft import draft
from actors.core.orders.fence import closing, fenced
from actors.core.orders.lifecycle import Disagreement
from actors.core.orders.money import tick_of
from actors.core.orders.notices import Noticed, heed
from protocol.fence import FenceCause
from protocol.instruments import UnknownSymbol
from protocol.market import Cut
from protocol.orders import BracketApproved, BracketEnded, BracketSubmitted, FlattenOrdered
from protocol.reports import AccountReported, LinkChanged, OrderFilled

Told = OrderFilled | reports.Report
Input = (
    Told
    | BracketApproved
    | FlattenOrdered
    | AccountReported
    | LinkChanged
    | Cut
    | Heard
    | Noticed
)


def decide_all(state: DeskState, messages: Sequence[Input], rule: DeskRule) -> list[Fact]:
    """Return the facts that follow from `messages` one after the other; `state` is not changed."""
    if not messages:
        return []
    *before, last = messages
    if not before:
        return decide(state, last, rule)
    told = {message.client_id for message in before if isinstance(message, Told)}
    facts, scratch = list[Fact](), draft(state, told)
    for message in before:
        decided = decide(scratch, message, rule)
        for fact in decided:
            apply(scratch, fact)
        facts += decided
    return [*facts, *decide(scratch, last, rule)]


def decide(state: DeskState, message: Input, rule: DeskRule) -> list[Fact]:
    """Return the facts that follow from `message`; none if it is a repeat."""
    match message:
        case BracketApproved():
            return _submit(state, message)
        case FlattenOrdered():
            return _flatten(state, message)
        case AccountReported():
            return reconcile.answered(state, message)
        case LinkChanged():
            return reconcile.link_changed(state, message, rule)
        case Heard():
            return obey(state, message)
        case Noticed():
            return heed(state, message)
        case Cut():
            due = timeouts.due(state, message.ts_ns, rule)
            return [*due, *reconcile.asked_at(state, message, rule)]
    try:
        return _told(state, message, rule)
    except Disagreement as disagreement:
        return [*closing(state, FenceCause.MISMATCH, message.ts_ns, str(disagreement))]


def _submit(state: DeskState, approved: BracketApproved) -> list[Fact]:
    key, id = client_id(approved.bracket_id), approved.bracket_id
    if key in state.brackets or id in state.refused:
        return []
    reason = _refusal(state, approved.contract)
    if reason:
        return [
            BracketEnded(
                bracket_id=id,
                contract=approved.contract,
                ts_ns=approved.ts_ns,
                reason=f"not sent: {reason}",
                rejected=False,
            )
        ]
    return [
        BracketSubmitted(
            client_id=key,
            attempt=1,
            bracket_id=id,
            contract=approved.contract,
            ts_ns=approved.ts_ns,
            direction=approved.direction,
            quantity=approved.quantity,
            entry=approved.entry,
            limit_price=approved.limit_price,
            expires_ns=approved.expires_ns,
            stop_ticks=approved.stop_ticks,
            target_ticks=approved.target_ticks,
            breakeven_ticks=approved.breakeven_ticks,
            breakeven_offset_ticks=approved.breakeven_offset_ticks,
            trail_start_ticks=approved.trail_start_ticks,
            trail_ticks=approved.trail_ticks,
        )
    ]


def _refusal(state: DeskState, contract: str) -> str:
    """Return why no entry is sent in a contract; empty if nothing stands against it."""
    if state.fence:
        return f"fenced by {fenced(state)}"
    if contract in state.leaving:
        return "a flatten is at work"
    try:
        tick_of(contract)
    except UnknownSymbol as error:
        return str(error)
    return ""


def _flatten(state: DeskState, ordered: FlattenOrdered) -> list[Fact]:
    if client_id(ordered.flatten_id) in state.flattens:
        return []
    # One flatten of a contract at a time: it is repeated until flat.
    if ordered.contract in state.leaving or not exposed(state, ordered.contract):
        return []
    return [booking.flatten(ordered.contract, ordered.flatten_id, ordered.ts_ns, ordered.reason)]


def _told(state: DeskState, message: Told, rule: DeskRule) -> list[Fact]:
    """Return what follows from what the broker tells of an order, or raise a disagreement."""
    bracket = state.brackets.get(message.client_id)
    if not isinstance(message, OrderFilled):
        if bracket is None:
            return reports.unknown(message)
        return reports.reported(state, bracket, message, rule.attempts_max)
    if message.exec_id in state.seen:
        return []
    if bracket is None:
        return booking.adopted_left(state, message)
    if message.corrects in bracket.executions:
        return corrected(state, bracket, message)
    return booking.filled(state, bracket, message)
