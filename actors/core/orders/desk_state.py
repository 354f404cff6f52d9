"""What the desk knows: the fold of its own stream, and nothing else.

Whoever folds the same facts holds the same state, so a restart forgets no position, no question
and no reason against trading. A fact that comes again changes nothing: executions are known by
their id, steps by their number, submissions by their attempt.
"""

from dataclasses import dataclass, field

from actors.core.orders import brackets
from actors.core.orders.brackets import Bracket, advance, client_id
from actors.core.orders.lifecycle import ALIVE, Order
from protocol.account import LimitsChanged, TradingHalted, TradingResumed
from protocol.commands import Action, CommandGiven
from protocol.desk import ExecutionBooked, OrderStepped, Step
from protocol.fence import (
    BooksAgreed,
    BooksDiffer,
    FenceCause,
    FenceClosed,
    FenceOpened,
    PositionAdopted,
)
from protocol.market import FeedLost, FeedRestored
from protocol.orders import (
    AccountAsked,
    BracketEnded,
    BracketSubmitted,
    CancelSubmitted,
    FlattenSubmitted,
    Leg,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    StatusAsked,
)

Commanded = BracketSubmitted | CancelSubmitted | FlattenSubmitted | StatusAsked | AccountAsked
Positioned = PositionOpened | PositionChanged | PositionClosed | BracketEnded
Fact = (
    Commanded
    | Positioned
    | OrderStepped
    | ExecutionBooked
    | FenceClosed
    | FenceOpened
    | BooksAgreed
    | BooksDiffer
    | PositionAdopted
    | CommandGiven
    | LimitsChanged
    | TradingHalted
    | TradingResumed
    | FeedLost
    | FeedRestored
)
SEEN_MAX = 20_000  # Execution ids of round trips that are over; those of open ones always.
OVER_MAX = 10_000  # Brackets that are over, kept with their executions for corrections.
DETAILS_MAX = 50  # Of one cause of the fence.
UNTOLD = "executions not told"  # A subject of comparisons; the others name what they are about.


@dataclass(slots=True)
class DeskState:
    """The fold of the desk's facts."""

    brackets: dict[str, Bracket] = field(default_factory=dict)  # By client id.
    open: dict[str, Bracket] = field(default_factory=dict)  # Those that are not over.
    refused: dict[str, None] = field(default_factory=dict)  # Bracket ids that were never sent.
    flattens: dict[str, None] = field(default_factory=dict)  # Client ids of all there were.
    leaving: dict[str, FlattenSubmitted] = field(default_factory=dict)  # By contract, the last.
    seen: dict[str, None] = field(default_factory=dict)  # Execution ids.
    fence: dict[FenceCause, tuple[str, ...]] = field(default_factory=dict)  # Causes and details.
    silent: frozenset[str] = frozenset()  # Contracts whose feed was lost and is not back.
    adopted: dict[str, tuple[int, int]] = field(default_factory=dict)  # Beyond the brackets.
    question: AccountAsked | None = None  # Not answered yet.
    asked: int = 0
    asked_ns: int | None = None
    agreed_ns: int | None = None  # Of the last question whose answer agreed.
    compared_id: str = ""  # Of the last question whose answer was compared ...
    differing: frozenset[str] = frozenset()  # ... and the subjects on which it did not agree.
    dirty: bool = False  # Something happened since the last question.
    losses: tuple[int, ...] = ()  # When the link was lost, the last few times.
    commands: dict[str, None] = field(default_factory=dict)  # Ids of all that were told.
    kills: int = 0
    believing: CommandGiven | None = None  # Who told to believe the next account.


def exposed(state: DeskState, contract: str) -> bool:
    """Return whether anything of a contract is held or may come to be."""
    ours = any(bracket.submitted.contract == contract for bracket in state.open.values())
    return ours or state.adopted.get(contract, (0, 0))[0] != 0


def held(state: DeskState) -> dict[str, int]:
    """Return the signed position of each contract by all the desk knows."""
    sums = {contract: quantity for contract, (quantity, _) in state.adopted.items()}
    for bracket in state.open.values():
        contract = bracket.submitted.contract
        sums[contract] = sums.get(contract, 0) + bracket.trip.signed
    return {contract: quantity for contract, quantity in sums.items() if quantity}


def apply(state: DeskState, fact: Fact) -> DeskState:
    """Change `state` by one fact and return it; a repeated fact changes nothing."""
    match fact:
        case OrderStepped():
            _step(state, fact)
        case ExecutionBooked():
            _book(state, fact)
        case PositionOpened() | PositionChanged() | PositionClosed() | BracketEnded():
            _tell(state, fact)
        case FenceClosed():
            _close_fence(state, fact)
        case FenceOpened():
            state.fence.pop(fact.cause, None)
            if fact.cause is FenceCause.SILENT_FEED:
                state.silent = frozenset()  # By itself there are none left; else a person knows.
        case BooksAgreed() | BooksDiffer():
            _compare(state, fact)
        case PositionAdopted():
            _adopt(state, fact)
        case CommandGiven():
            state.commands[fact.id] = None
            state.kills += fact.action is Action.KILL
            if fact.action is Action.FORCE_SYNC:
                state.believing = fact
        case FeedLost():
            state.silent |= {fact.contract}
        case FeedRestored():
            state.silent -= {fact.contract}
            # An answer to a question from before would say nothing of what happened meanwhile.
            state.question, state.dirty = None, True
        case LimitsChanged():
            state.commands[fact.id] = None
        case TradingHalted() | TradingResumed():
            pass  # Risk's to remember: only it knows what is entered when.
        case _:
            _command(state, fact)
    _forget(state)
    return state


def _command(state: DeskState, fact: Commanded) -> None:
    match fact:
        case BracketSubmitted():
            _submit(state, fact)
        case CancelSubmitted():
            brackets.cancel(state.brackets[fact.client_id], fact)
        case FlattenSubmitted():
            state.flattens[fact.client_id] = None
            if exposed(state, fact.contract):
                state.leaving[fact.contract] = fact
                state.dirty = True
        case StatusAsked():
            brackets.ask(state.brackets[fact.client_id], fact)
        case AccountAsked():
            if state.asked_ns is None or state.asked_ns <= fact.ts_ns:
                if state.question is None or state.question.request_id != fact.request_id:
                    state.asked += 1
                state.question, state.asked_ns, state.dirty = fact, fact.ts_ns, False


def _submit(state: DeskState, fact: BracketSubmitted) -> None:
    bracket = state.brackets.get(fact.client_id)
    if bracket is None:
        orders = {Leg.ENTRY: Order.SENT, Leg.STOP: Order.ABSENT, Leg.TARGET: Order.ABSENT}
        bracket = Bracket(fact, orders, fact.ts_ns)
        state.brackets[fact.client_id] = state.open[fact.client_id] = bracket
    elif fact.attempt > bracket.submitted.attempt:
        bracket.submitted = fact
        advance(bracket, Leg.ENTRY, Step.SENT_AGAIN, fact.ts_ns)


def _step(state: DeskState, fact: OrderStepped) -> None:
    bracket = state.brackets[fact.client_id]
    brackets.step(bracket, fact)
    if bracket.entry in ALIVE and bracket.over:
        _reopen(state, bracket)


def _book(state: DeskState, fact: ExecutionBooked) -> None:
    if fact.exec_id in state.seen:
        return
    state.seen |= dict.fromkeys(filter(None, (fact.exec_id, fact.corrects)))
    state.dirty = True
    bracket = state.brackets.get(fact.client_id)
    if bracket is not None:
        brackets.book(bracket, fact)
        if bracket.over and bracket.trip.held and not bracket.written_off:
            _reopen(state, bracket)
        return
    # What a flatten left of a position that was adopted.
    quantity, entry_sum = state.adopted.get(fact.contract, (0, 0))
    rest = quantity - fact.quantity if quantity > 0 else quantity + fact.quantity
    state.adopted[fact.contract] = (rest, entry_sum * rest // quantity if quantity else 0)
    _settle(state, fact.contract)


def _tell(state: DeskState, fact: Positioned) -> None:
    bracket = state.brackets.get(client_id(fact.bracket_id))
    if bracket is None:
        state.refused[fact.bracket_id] = None
        return
    match fact:
        case PositionOpened() | PositionChanged():
            bracket.told = True
        case PositionClosed() | BracketEnded():
            bracket.over = True
            bracket.question = bracket.naked_ns = None
            bracket.written_off = bracket.trip.held != 0
            state.open.pop(bracket.submitted.client_id, None)
            _settle(state, bracket.submitted.contract)


def _reopen(state: DeskState, bracket: Bracket) -> None:
    bracket.over = False
    state.open[bracket.submitted.client_id] = bracket


def _settle(state: DeskState, contract: str) -> None:
    if state.adopted.get(contract, (1, 0))[0] == 0:
        del state.adopted[contract]
    if not exposed(state, contract):
        state.leaving.pop(contract, None)


def _close_fence(state: DeskState, fact: FenceClosed) -> None:
    if fact.cause is FenceCause.LINK and fact.ts_ns not in state.losses:
        state.losses = (*state.losses, fact.ts_ns)[-DETAILS_MAX:]
    details = state.fence.get(fact.cause, ())
    if fact.detail not in details:
        state.fence[fact.cause] = (*details, fact.detail)[-DETAILS_MAX:]
        if fact.cause is FenceCause.LINK:
            # An answer to a question from before would say nothing of what happened meanwhile.
            state.question, state.dirty = None, True


def _compare(state: DeskState, fact: BooksAgreed | BooksDiffer) -> None:
    if state.question is not None and state.question.request_id == fact.request_id:
        state.believing = None
        if isinstance(fact, BooksAgreed):
            state.agreed_ns = state.question.ts_ns
        state.compared_id, state.differing, state.question = fact.request_id, frozenset(), None
    if isinstance(fact, BooksDiffer) and fact.request_id == state.compared_id:
        state.differing |= {subject(fact)}


def subject(fact: BooksDiffer) -> str:
    """Return what a difference is about, whatever the figures are."""
    return fact.detail.partition(":")[0]


def _adopt(state: DeskState, fact: PositionAdopted) -> None:
    # What a person has explained begins anew: it has to differ twice again.
    state.differing -= {fact.contract, UNTOLD}
    quantity, entry_sum = fact.quantity, fact.entry_sum
    for bracket in state.open.values():
        if bracket.submitted.contract == fact.contract:
            quantity -= bracket.trip.signed
            entry_sum -= bracket.trip.held_sum
    state.adopted[fact.contract] = (quantity, max(entry_sum, 0))
    _settle(state, fact.contract)


def _forget(state: DeskState) -> None:
    """Keep to the limits; nothing of an open bracket is ever forgotten."""
    for ids in (state.refused, state.flattens, state.commands):
        if len(ids) > OVER_MAX:
            del ids[next(iter(ids))]
    if len(state.brackets) > OVER_MAX + len(state.open):
        old = next(key for key, bracket in state.brackets.items() if bracket.over)
        del state.brackets[old]
    if len(state.seen) > SEEN_MAX:
        live = {id for bracket in state.open.values() for id in bracket.executions}
        over = [id for id in state.seen if id not in live]
        for id in over[: max(0, len(over) - SEEN_MAX // 2)]:
            del state.seen[id]
