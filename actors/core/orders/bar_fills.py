"""Fills where nothing but bars is known (domain 7.3 F2, 7.4): pessimistic, and stamped as such.

A bar does not say in which order its prices came. So the stop comes first wherever a bar holds both
stop and target, and the trip is marked ambiguous; the bar of the entry counts for the stop and not
for the target, and moves no stop; a limit that only trades at its price, but not beyond, is filled
in `touch` alone, since a bar says nothing of a queue. An order works from the first bar that starts
no earlier than the order was made: the latency is finer than any bar, and slippage stands for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.orders.bracket_terms import moved_stop, stop_at, target_at, terms_of
from actors.core.orders.fills import PaperRule, extra_tick
from actors.core.orders.money import SIGN
from actors.core.orders.tick_fills import STOPPED_BY, FillModel, RoundTrip
from protocol.market import BarClosed
from protocol.orders import BracketSubmitted, EntryKind, ExitReason, FlattenSubmitted, StopCause
from protocol.units import Cents, Nanos


@dataclass(slots=True)
class _Position:
    entry_ns: Nanos
    entry: int
    stop: int
    target: int
    cause: StopCause = StopCause.ANCHORED


def bar_trips(
    bars: Sequence[BarClosed],
    orders: Sequence[BracketSubmitted | FlattenSubmitted],
    rule: PaperRule,
) -> list[RoundTrip]:
    """Return the round trips of `orders` on `bars` of one series, in order of their entries.

    A flatten ends every position at the open of the first bar that starts after it. What is open
    in the end is left out.
    """
    flattens = [order for order in orders if isinstance(order, FlattenSubmitted)]
    trips = []
    for bracket in orders:
        if isinstance(bracket, BracketSubmitted):
            later = [f for f in flattens if f.ts_ns >= bracket.ts_ns]
            flatten = min(later, key=lambda f: f.ts_ns, default=None)
            trip = _trip(bars, bracket, flatten, rule)
            trips += [] if trip is None else [trip]
    return sorted(trips, key=lambda trip: trip.entry_ns)


def _trip(
    bars: Sequence[BarClosed],
    bracket: BracketSubmitted,
    flatten: FlattenSubmitted | None,
    rule: PaperRule,
) -> RoundTrip | None:
    position, first = None, True
    for bar in bars:
        if bar.start_ns < bracket.ts_ns:
            continue
        leaving = flatten if flatten is not None and bar.start_ns >= flatten.ts_ns else None
        fresh = position is None
        if position is None:
            if leaving is not None or _expired(bracket, bar):
                return None
            position = _enter(bracket, bar, first, rule)
            first = False
        if position is None:
            continue
        trip = _exit(bracket, position, bar, leaving, fresh, rule)
        if trip is not None:
            return trip
        if not fresh:
            _move(bracket, position, bar)
    return None


def _expired(bracket: BracketSubmitted, bar: BarClosed) -> bool:
    """Return whether a fill in this bar could have come too late."""
    return bracket.expires_ns is not None and bar.end_ns > bracket.expires_ns


def _enter(
    bracket: BracketSubmitted, bar: BarClosed, first: bool, rule: PaperRule
) -> _Position | None:
    sign, terms = SIGN[bracket.direction], terms_of(bracket)
    market = bar.open + sign * (rule.slippage_ticks + extra_tick(bracket.quantity, rule))
    if bracket.entry is EntryKind.MARKET:
        price = market
    elif bracket.limit_price is None:
        raise ValueError(f"limit entry {bracket.client_id} without a price, wanted one")
    elif first and sign * (bracket.limit_price - bar.open) > 0:
        # It arrives at a market that is better than its limit, and pays what the market asks.
        price = sign * min(sign * market, sign * bracket.limit_price)
    else:
        price = bracket.limit_price
        beyond = sign * (price - (bar.low if sign > 0 else bar.high))
        if beyond < _reach(rule):
            return None
    return _Position(
        bar.start_ns,
        price,
        stop_at(bracket.direction, price, terms),
        target_at(bracket.direction, price, terms),
    )


def _exit(
    bracket: BracketSubmitted,
    position: _Position,
    bar: BarClosed,
    leaving: FlattenSubmitted | None,
    fresh: bool,
    rule: PaperRule,
) -> RoundTrip | None:
    sign, slip = SIGN[bracket.direction], extra_tick(bracket.quantity, rule)
    worst, best = (bar.low, bar.high) if sign > 0 else (bar.high, bar.low)
    reached = sign * (best - position.target) >= _reach(rule)
    gapped = sign * (bar.open - position.stop) <= 0
    if leaving is not None and not gapped:
        price = bar.open - sign * (rule.slippage_ticks + slip)
        return _left(bracket, position, bar.start_ns, price, leaving.reason, False, rule)
    if sign * (worst - position.stop) <= 0:
        level = bar.open if gapped else position.stop
        price = level - sign * (rule.stop_slippage_ticks + slip)
        reason = STOPPED_BY.get(position.cause, ExitReason.STOP)
        return _left(bracket, position, bar.end_ns, price, reason, reached, rule)
    if reached and not fresh:
        price, reason = position.target, ExitReason.TARGET
        return _left(bracket, position, bar.end_ns, price, reason, False, rule)
    return None


def _move(bracket: BracketSubmitted, position: _Position, bar: BarClosed) -> None:
    """Move the stop by what the whole bar showed, effective from the next bar."""
    best = bar.high if SIGN[bracket.direction] > 0 else bar.low
    terms = terms_of(bracket)
    moved = moved_stop(bracket.direction, position.entry, position.stop, terms, best)
    if moved is not None:
        position.stop, position.cause = moved


def _reach(rule: PaperRule) -> int:
    """Return how many ticks beyond a limit a bar must trade to fill it."""
    return 0 if rule.target_fill == "touch" else 1


def _left(
    bracket: BracketSubmitted,
    position: _Position,
    exit_ns: Nanos,
    price: int,
    reason: ExitReason,
    ambiguous: bool,
    rule: PaperRule,
) -> RoundTrip:
    return RoundTrip(
        client_id=bracket.client_id,
        contract=bracket.contract,
        direction=bracket.direction,
        quantity=bracket.quantity,
        entry_ns=position.entry_ns,
        entry_sum=position.entry * bracket.quantity,
        exit_ns=exit_ns,
        exit_sum=price * bracket.quantity,
        reason=reason,
        commission_cents=Cents(2 * rule.commission_cents * bracket.quantity),
        ambiguous=ambiguous,
        fill_model=FillModel.BAR,
    )
