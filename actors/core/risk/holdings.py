"""The fold of what is held and of what it earned.

Every bracket's result so far is kept by its id and only differences are booked, so commissions
and partial exits count when they happen and a later correction of a round trip, which says the
same bracket with other figures, counts once. A fact of an older date than the newest changes the
balance and not the day.
"""

from dataclasses import replace

from actors.core.ids import derived_id
from actors.core.orders.money import SIGN, TickValue, result_cents
from actors.core.risk.state import Day, Held, RiskState
from actors.core.session.calendar import trading_date
from protocol.desk import ExecutionBooked, OrderStepped, Step
from protocol.fence import PositionAdopted
from protocol.instruments import instrument_of
from protocol.orders import Leg, PositionChanged, PositionClosed, PositionOpened
from protocol.patterns import Direction

TRIPS_MAX = 100  # Results kept to count a streak by.

Positioned = (
    PositionOpened
    | PositionChanged
    | PositionClosed
    | PositionAdopted
    | ExecutionBooked
    | OrderStepped
)


def apply_position(state: RiskState, fact: Positioned) -> None:
    """Change `state` by one fact about what is held; a repeated fact changes nothing."""
    match fact:
        case PositionOpened():
            if fact.bracket_id not in state.booked:
                _hold(state, fact)
                _book(state, fact, -fact.commission_cents)
        case PositionChanged():
            if _is_new(state, fact):
                state.trips.pop(fact.bracket_id, None)  # A correction can open it again.
                _hold(state, fact)
                _book(state, fact, fact.realised_cents)
        case PositionClosed():
            if _is_new(state, fact):
                _close(state, fact)
        case PositionAdopted():
            _adopt(state, fact)
        case ExecutionBooked():
            _leave_adopted(state, fact)
        case OrderStepped():
            _give_up_rest(state, fact)


def adopted_id(contract: str) -> str:
    """Return under which id is held what no bracket of ours explains."""
    return f"adopted {contract}"


def client_id(bracket_id: str) -> str:
    """Return the id of a bracket at the venue."""
    return derived_id("client", bracket_id)


def _is_new(state: RiskState, fact: PositionChanged | PositionClosed) -> bool:
    told = state.told.setdefault(fact.bracket_id, set())
    if fact in told:
        return False
    told.add(fact)
    return True


def _hold(state: RiskState, fact: PositionOpened | PositionChanged) -> None:
    id = fact.bracket_id
    before, bracket = state.positions.get(id), state.brackets.get(id)
    state.pending.pop(id, None)
    if before is not None:  # Only growth takes from it; an exit may be crossed by a fill.
        rest = max(before.rest - max(fact.quantity - before.quantity, 0), 0)
    else:
        rest = max(bracket.quantity - fact.quantity, 0) if bracket is not None else 0
    state.positions[id] = Held(
        contract=fact.contract,
        direction=fact.direction,
        quantity=fact.quantity,
        entry_sum=fact.entry_sum,
        stop_price=fact.stop_price,
        rest=rest,
        opened_ns=fact.ts_ns if before is None else before.opened_ns,
    )


def _close(state: RiskState, fact: PositionClosed) -> None:
    id = fact.bracket_id
    first = id in state.positions or id not in state.booked
    _book(state, fact, fact.pnl_cents)
    before_ns = state.closed_ns.get(fact.contract, fact.ts_ns)
    state.closed_ns[fact.contract] = max(before_ns, fact.ts_ns)
    for table in (state.brackets, state.pending, state.positions):
        table.pop(id, None)
    if first or id in state.trips:
        state.trips[id] = fact.pnl_cents
    if len(state.trips) > TRIPS_MAX:
        del state.trips[next(iter(state.trips))]


def _book(
    state: RiskState, fact: PositionOpened | PositionChanged | PositionClosed, cents: int
) -> None:
    opened = fact.bracket_id not in state.booked
    change = cents - state.booked.get(fact.bracket_id, 0)
    state.booked[fact.bracket_id] = cents
    _add(state, fact.ts_ns, change, opened)


def _add(state: RiskState, ts_ns: int, change: int, opened: bool) -> None:
    """Add to the balance, and to the day unless the fact is of an older one."""
    state.realised_cents += change
    today = trading_date(ts_ns)
    if state.day is None or state.day.date < today:
        state.day = Day(today)
    if state.day.date == today:
        day = state.day
        state.day = replace(day, cents=day.cents + change, trades=day.trades + opened)


def _adopt(state: RiskState, fact: PositionAdopted) -> None:
    """Hold what the broker holds beyond our brackets; nothing of the contract if it holds none."""
    ours = {id: h for id, h in state.positions.items() if h.contract == fact.contract}
    foreign = adopted_id(fact.contract)
    if fact.quantity == 0:
        for id in ours:
            del state.positions[id]
    else:
        ours.pop(foreign, None)
        state.positions.pop(foreign, None)
        left = fact.quantity - sum(SIGN[h.direction] * h.quantity for h in ours.values())
        total = fact.entry_sum if fact.quantity > 0 else -fact.entry_sum
        total -= sum(SIGN[h.direction] * h.entry_sum for h in ours.values())
        direction = Direction.LONG if left > 0 else Direction.SHORT
        if left:
            entry_sum = SIGN[direction] * total
            held = Held(
                fact.contract, direction, abs(left), entry_sum, None, 0, opened_ns=fact.ts_ns
            )
            state.positions[foreign] = held


def _leave_adopted(state: RiskState, fact: ExecutionBooked) -> None:
    """Take the execution of a flatten from what was adopted; those of brackets are told apart."""
    held = state.positions.get(adopted_id(fact.contract))
    if held is None or fact.leg is not Leg.FLATTEN or fact.exec_id in state.left:
        return
    if any(client_id(id) == fact.client_id for id in state.booked):
        return
    state.left.add(fact.exec_id)
    gone = min(fact.quantity, held.quantity)
    entered = held.entry_sum * gone // held.quantity
    terms = instrument_of(fact.contract)
    tick = TickValue(terms.tick_cents_num, terms.tick_cents_den)
    cents = result_cents(SIGN[held.direction] * (fact.price * gone - entered), 1, tick)
    _add(state, fact.ts_ns, cents - fact.commission_cents, opened=False)
    left = held.quantity - gone
    if left:
        held = replace(held, quantity=left, entry_sum=held.entry_sum - entered)
        state.positions[adopted_id(fact.contract)] = held
    else:
        del state.positions[adopted_id(fact.contract)]


def _give_up_rest(state: RiskState, fact: OrderStepped) -> None:
    """Take what is left of an entry that was cancelled or expired as not coming any more."""
    if fact.leg is Leg.ENTRY and fact.step in (Step.CANCELLED, Step.EXPIRED):
        for id in state.brackets.keys() & state.positions.keys():
            if client_id(id) == fact.client_id:
                state.positions[id] = replace(state.positions[id], rest=0)
