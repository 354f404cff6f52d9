"""Whether the books of the broker are those of the desk (domain 7.9).

The desk asks: once at the start, after a lost connection, after every fill, and as often as its
settings say where timer cuts mark the time. Compared are signed positions, working stops and
entries, and the executions since the last agreement. A difference may be a message on its way:
the orders concerned are asked about, and what is then told again is booked. The same subject
twice in a row closes the fence. No trade is ever invented: what the desk holds changes by
executions alone, or by a person who believes the broker (`adopt`).
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from actors.core.ids import derived_id
from actors.core.orders.booking import ended
from actors.core.orders.brackets import Bracket
from actors.core.orders.desk_rule import DeskRule
from actors.core.orders.desk_state import UNTOLD, DeskState, Fact, held, subject
from actors.core.orders.fence import closing, opening
from actors.core.orders.lifecycle import Order
from actors.core.orders.money import SIGN
from actors.core.orders.reports import step
from actors.core.orders.timeouts import status_asked
from protocol.desk import Step
from protocol.fence import (
    BooksAgreed,
    BooksDiffer,
    FenceCause,
    FenceClosed,
    FenceOpened,
    PositionAdopted,
)
from protocol.market import Cut, CutReason
from protocol.orders import AccountAsked, Leg
from protocol.reports import AccountReported, LinkChanged
from protocol.units import NANOS_PER_S, Nanos


def asked_at(state: DeskState, cut: Cut, rule: DeskRule) -> list[AccountAsked]:
    """Return the question that is due at a cut, if one is."""
    if state.asked_ns is None:
        return [account_asked(state, cut.ts_ns)]
    waited = cut.ts_ns - state.asked_ns
    if state.question is not None:
        return [account_asked(state, cut.ts_ns)] if waited >= rule.ack_ns else []
    if state.differing or cut.reason is CutReason.TIMER:
        # What differs gets time to be told: two comparisons in a row are to say something.
        due = waited >= rule.reconcile_ns
    else:
        due = state.dirty
    return [account_asked(state, cut.ts_ns)] if due else []


def account_asked(state: DeskState, ts_ns: int) -> AccountAsked:
    """Return the next question about the whole account."""
    since = state.agreed_ns if state.agreed_ns is not None else state.asked_ns
    return AccountAsked(
        request_id=derived_id("account", state.asked + 1),
        ts_ns=Nanos(ts_ns),
        since_ns=Nanos(ts_ns if since is None else since),
    )


def link_changed(state: DeskState, change: LinkChanged, rule: DeskRule) -> list[Fact]:
    """Return what follows from the loss or the return of the connection.

    One that is lost again and again is no connection to trade by, though it comes back each time.
    """
    ts_ns = change.ts_ns
    if change.up:
        return [account_asked(state, ts_ns)]
    if ts_ns in state.losses:
        return []
    losses = 1 + sum(ts_ns - lost_ns < rule.losses_within_ns for lost_ns in state.losses)
    lost = FenceClosed(ts_ns=ts_ns, cause=FenceCause.LINK, detail=f"down: {change.reason}")
    if losses <= rule.losses_max:
        return [lost]
    minutes = rule.losses_within_ns / (60 * NANOS_PER_S)
    detail = f"lost {losses} times within {minutes:g} minutes, at most {rule.losses_max} pass"
    return [lost, *closing(state, FenceCause.RECONNECTS, ts_ns, detail)]


def answered(state: DeskState, report: AccountReported) -> list[Fact]:
    """Return what a comparison brings; an answer to an older question says nothing."""
    question = state.question
    if question is None or question.request_id != report.request_id:
        return []
    differences = [*_positions(state, report), *_orders(state, report), *_lacking(state, report)]
    facts = _listed(state, report)
    if not differences:
        agreed = BooksAgreed(request_id=report.request_id, ts_ns=report.ts_ns)
        return [*facts, agreed, *_reopened(state, report)]
    facts += differences
    facts += [
        status_asked(bracket, report.ts_ns)
        for bracket in state.brackets.values()
        # What was given up may have been on its way, filled and left while nobody listened.
        if bracket.entry is Order.GIVEN_UP or not (bracket.over or bracket.question)
    ]
    if state.believing is not None:
        # What a person has told us to believe is no mismatch any more. What was asked before that
        # may still bring the executions of what is given up.
        told = state.believing
        return [*facts, *believe(state, report, report.ts_ns, told.who, told.reason)]
    details = "; ".join(difference.detail for difference in differences)
    if not state.brackets and not state.compared_id:
        facts += closing(state, FenceCause.FOREIGN, report.ts_ns, details)
    elif any(subject(difference) in state.differing for difference in differences):
        facts += closing(state, FenceCause.MISMATCH, report.ts_ns, details)
    return facts


def incremental_entry(
    their_quantity: int, their_sum: int, our_quantity: int, our_sum: int
) -> Fraction | None:
    """Return the price in ticks at which the broker must have added what we do not know.

    It is (average_b * q_b - sum of ours) / (q_b - q), sums in ticks times contracts (domain 7.9);
    None where the broker does not hold more in our direction.
    """
    more = abs(their_quantity) - abs(our_quantity)
    if more <= 0 or their_quantity * our_quantity < 0:
        return None
    return Fraction(their_sum - our_sum, more)


def adopt(
    state: DeskState, contract: str, quantity: int, entry_sum: int, ts_ns: int, who: str,
    reason: str,
) -> list[Fact]:
    """Return that a person believes the broker about a contract (force-sync).

    Where the broker is flat, our brackets in it are over, and what they earned stays unknown
    until their executions come. What it holds beyond ours is held, and left by any flatten.
    """
    if not who or not reason or (quantity == 0) != (entry_sum == 0) or entry_sum < 0:
        raise ValueError(
            f"found quantity {quantity}, entry sum {entry_sum}, who {who!r}, reason {reason!r};"
            " wanted both words, and a sum above 0 with any quantity"
        )
    facts: list[Fact] = []
    if quantity == 0:
        facts += [
            ended(bracket, f"given up by {who}: {reason}", ts_ns)
            for bracket in state.open.values()
            if bracket.submitted.contract == contract
        ]
    adopted = PositionAdopted(
        contract=contract,
        ts_ns=Nanos(ts_ns),
        quantity=quantity,
        entry_sum=entry_sum,
        who=who,
        reason=reason,
    )
    return [*facts, adopted]


def believe(
    state: DeskState, report: AccountReported, ts_ns: int, who: str, reason: str
) -> list[Fact]:
    """Return that a person believes a report about every contract on which it differs."""
    theirs = dict(zip(report.contracts, report.quantities, strict=True))
    sums = dict(zip(report.contracts, report.entry_sums, strict=True))
    ours = held(state)
    facts: list[Fact] = []
    for contract in sorted(ours.keys() | theirs.keys()):
        quantity = theirs.get(contract, 0)
        if quantity != ours.get(contract, 0):
            entry_sum = sums.get(contract, 0)
            facts += adopt(state, contract, quantity, entry_sum, ts_ns, who, reason)
    return facts


def _reopened(state: DeskState, report: AccountReported) -> Iterator[FenceOpened]:
    """Yield what an agreement takes away: connectivity, where it is back (domain 7.9)."""
    yield from opening(state, FenceCause.LINK, report.ts_ns, "the books agree again")
    if not state.silent:
        told = "the feed is back, the books agree"
        yield from opening(state, FenceCause.SILENT_FEED, report.ts_ns, told)


def _positions(state: DeskState, report: AccountReported) -> Iterator[BooksDiffer]:
    ours = held(state)
    theirs = dict(zip(report.contracts, report.quantities, strict=True))
    sums = dict(zip(report.contracts, report.entry_sums, strict=True))
    for contract in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(contract, 0), theirs.get(contract, 0)
        if mine == other:
            continue
        detail = f"{contract}: the broker holds {other:+}, the desk {mine:+}"
        price = incremental_entry(other, sums.get(contract, 0), mine, _entry_sum(state, contract))
        if price is not None:
            detail += f", {other - mine:+} from {float(price):.2f} ticks"
        yield _differs(report, contract, mine, other, detail)


def _entry_sum(state: DeskState, contract: str) -> int:
    quantity, total = state.adopted.get(contract, (0, 0))
    total = total if quantity > 0 else -total
    for bracket in state.open.values():
        if bracket.submitted.contract == contract:
            total += SIGN[bracket.submitted.direction] * bracket.trip.held_sum
    return abs(total)


def _orders(state: DeskState, report: AccountReported) -> Iterator[BooksDiffer]:
    works = _working(report)
    for bracket in state.open.values():
        order, trip = bracket.submitted, bracket.trip
        stop = works[order.client_id, Leg.STOP]
        if trip.held > 0 and stop < trip.held:
            detail = f"bracket {order.bracket_id}: the stop works for {stop} of {trip.held}"
            yield _differs(report, order.contract, trip.signed, trip.signed, detail)
        if _unlisted(bracket, works):
            detail = f"bracket {order.bracket_id}: the entry does not work at the broker"
            yield _differs(report, order.contract, trip.signed, trip.signed, detail)
    for (id, leg), quantity in works.items():
        if leg is not Leg.FLATTEN and id not in state.open:
            detail = f"order {id} {leg}: it works for {quantity} at the broker and is not ours"
            yield _differs(report, "", 0, 0, detail)


def _working(report: AccountReported) -> Counter[tuple[str, Leg]]:
    works: Counter[tuple[str, Leg]] = Counter()
    rows = zip(report.order_ids, report.order_legs, report.order_quantities, strict=True)
    for id, leg, quantity in rows:
        works[id, Leg(leg)] += quantity
    return works


def _unlisted(bracket: Bracket, works: Counter[tuple[str, Leg]]) -> bool:
    listed = (bracket.submitted.client_id, Leg.ENTRY) in works
    return bracket.entry in (Order.WORKING, Order.CANCELLING) and not listed


def _lacking(state: DeskState, report: AccountReported) -> Iterator[BooksDiffer]:
    lacking = [id for id in report.exec_ids if id not in state.seen]
    if lacking:
        yield _differs(report, "", 0, 0, f"{UNTOLD}: {', '.join(lacking)}")


def _differs(
    report: AccountReported, contract: str, ours: int, theirs: int, detail: str
) -> BooksDiffer:
    return BooksDiffer(
        request_id=report.request_id,
        ts_ns=report.ts_ns,
        contract=contract,
        ours=ours,
        theirs=theirs,
        detail=detail,
    )


def _listed(state: DeskState, report: AccountReported) -> list[Fact]:
    """Return the steps of stops and entries that are missing at the broker, or are back."""
    works = _working(report)
    theirs = dict(zip(report.contracts, report.quantities, strict=True))
    facts: list[Fact] = []
    for bracket in state.open.values():
        order, trip = bracket.submitted, bracket.trip
        there = theirs.get(order.contract, 0)
        if _unlisted(bracket, works):
            facts += step(bracket, Leg.ENTRY, Step.UNLISTED, report.ts_ns)
        elif trip.held > 0 and works[order.client_id, Leg.STOP] >= trip.held:
            facts += step(bracket, Leg.STOP, Step.FOUND, report.ts_ns)
        # A stop that is gone with its position is no danger: its fill is on its way. And once is
        # not enough, because a fill may overtake the answer.
        elif trip.held > 0 and there and f"bracket {order.bracket_id}" in state.differing:
            facts += step(bracket, Leg.STOP, Step.UNLISTED, report.ts_ns)
    return facts
