"""What a desk is told in tests: the messages of a broker that the test writes by hand."""

from typing import Any

from actors.core.orders.brackets import client_id
from actors.core.orders.desk import decide_all
from actors.core.orders.desk_rule import DeskRule
from actors.core.orders.desk_state import DeskState, Fact, apply
from protocol.market import Cut, CutReason
from protocol.orders import EntryKind, ExitReason, FlattenOrdered, Leg, StopCause
from protocol.patterns import Direction
from protocol.reports import (
    AccountReported,
    LinkChanged,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from tests.makers import CONTRACT, at, make_bracket

RULE = DeskRule(
    ack_ns=10 * NANOS_PER_S,
    attempts_max=3,
    backoff_ns=500 * NANOS_PER_MS,
    rest_ns=15 * NANOS_PER_S,
    flatten_ns=5 * NANOS_PER_S,
    protect_ns=5 * NANOS_PER_S,
    reconcile_ns=10 * NANOS_PER_S,
    losses_max=3,
    losses_within_ns=600 * NANOS_PER_S,
)
CLIENT = client_id("bracket-1")
T0 = at("10:05")


def s(seconds: float) -> int:
    """Return the instant so many seconds after 10:05."""
    return T0 + round(seconds * NANOS_PER_S)


def send(state: DeskState, *messages: Any) -> list[Fact]:
    """Decide on messages as if they came together, and fold, as shell and journal do."""
    facts = decide_all(state, messages, RULE)
    for fact in facts:
        apply(state, fact)
    return facts


def cut(seconds: float, reason: CutReason = CutReason.BAR) -> Cut:
    """Return a cut so many seconds after 10:05."""
    return Cut(number=1, ts_ns=s(seconds), reason=reason)


def due(state: DeskState, seconds: float) -> list[Fact]:
    """Return what a cut demands, the comparison of the books apart."""
    return [fact for fact in send(state, cut(seconds)) if "account" not in fact.KIND]


def about(**fields: Any) -> dict[str, Any]:
    """Return the fields that every message about bracket-1 has."""
    return {"client_id": CLIENT, "contract": CONTRACT, "ts_ns": s(1)} | fields


def fill(leg: Leg = Leg.ENTRY, price: int = 23_061, **fields: Any) -> OrderFilled:
    """Return an execution; an entry places its stop 16 and its target 24 ticks away."""
    entry = leg is Leg.ENTRY
    sign = -1 if fields.get("direction") is Direction.SHORT else 1
    values: dict[str, Any] = {
        "exec_id": f"exec-{leg}",
        "corrects": "",
        "leg": leg,
        "direction": Direction.LONG,
        "quantity": 1,
        "left": 0,
        "price": price,
        "commission_cents": 62,
        "stop_price": price - sign * 16 if entry else None,
        "target_price": price + sign * 24 if entry else None,
    }
    return OrderFilled(**about(**(values | fields)))


def accepted(**fields: Any) -> OrderAccepted:
    """Return that the broker took the entry."""
    values: dict[str, Any] = {
        "leg": Leg.ENTRY,
        "direction": Direction.LONG,
        "quantity": 1,
        "entry": EntryKind.MARKET,
        "limit_price": None,
        "expires_ns": None,
        "stop_ticks": 16,
        "target_ticks": 24,
        "breakeven_ticks": 0,
        "breakeven_offset_ticks": 0,
        "trail_start_ticks": 0,
        "trail_ticks": 0,
        "active_ns": T0,
        "reason": None,
    }
    return OrderAccepted(**about(**(values | fields)))


def rejected(**fields: Any) -> OrderRejected:
    """Return that the broker refused the entry."""
    values: dict[str, Any] = {"request_id": "", "leg": Leg.ENTRY, "reason": "no"}
    return OrderRejected(**about(**(values | fields)))


def cancelled(leg: Leg = Leg.ENTRY, left: int = 1, **fields: Any) -> OrderCancelled:
    """Return that what was left of an order will not be filled any more."""
    values: dict[str, Any] = {"request_id": "", "leg": leg, "left": left, "reason": "flattened"}
    return OrderCancelled(**about(**(values | fields)))


def expired(left: int = 1, **fields: Any) -> OrderExpired:
    """Return that a limit entry was not filled in its time."""
    return OrderExpired(**about(left=left, **fields))


def modified(price: int, cause: StopCause = StopCause.BREAKEVEN, **fields: Any) -> OrderModified:
    """Return that the stop rests elsewhere."""
    values: dict[str, Any] = {"request_id": "", "leg": Leg.STOP, "price": price, "cause": cause}
    return OrderModified(**about(**(values | fields)))


def status(state: DeskState, **fields: Any) -> OrderReported:
    """Return the answer to the question that stands about bracket-1: nothing of it is left."""
    question = state.brackets[CLIENT].question
    values: dict[str, Any] = {
        "request_id": "" if question is None else question.request_id,
        "known": True,
        "filled": 0,
        "left": 0,
        "held": 0,
    }
    return OrderReported(**about(**(values | fields)))


def account(state: DeskState, **fields: Any) -> AccountReported:
    """Return the answer to the question about the account: nothing is held and nothing works."""
    values: dict[str, Any] = {
        "request_id": "" if state.question is None else state.question.request_id,
        "ts_ns": s(2),
        "contracts": (),
        "quantities": (),
        "entry_sums": (),
        "order_ids": (),
        "order_legs": (),
        "order_quantities": (),
        "exec_ids": (),
    }
    return AccountReported(**(values | fields))


def held_there(quantity: int = 1, entry_sum: int = 23_061, stop: int | None = None) -> dict:
    """Return the fields of an account that holds a position of bracket-1 and its stop."""
    works = abs(quantity) if stop is None else stop
    legs = [(CLIENT, "stop", works), (CLIENT, "target", abs(quantity))] if works else []
    return {
        "contracts": (CONTRACT,),
        "quantities": (quantity,),
        "entry_sums": (entry_sum,),
        "order_ids": tuple(id for id, _, _ in legs),
        "order_legs": tuple(leg for _, leg, _ in legs),
        "order_quantities": tuple(size for _, _, size in legs),
    }


def flatten(flatten_id: str = "flatten-1", seconds: float = 60, **fields: Any) -> FlattenOrdered:
    """Return the order of risk to leave everything."""
    values: dict[str, Any] = {
        "flatten_id": flatten_id,
        "contract": CONTRACT,
        "ts_ns": s(seconds),
        "reason": ExitReason.AUTO_FLATTEN,
    }
    return FlattenOrdered(**(values | fields))


def link(up: bool, seconds: float) -> LinkChanged:
    """Return that the connection was lost or is back."""
    return LinkChanged(ts_ns=s(seconds), up=up, reason="line")


def desk(*messages: Any, **fields: Any) -> DeskState:
    """Return a desk that was told `messages` after it had submitted bracket-1."""
    state = DeskState()
    send(state, make_bracket(contract=fields.pop("contract", CONTRACT), **fields))
    for message in messages:
        send(state, message)
    return state


def kinds(facts: list[Fact]) -> list[str]:
    """Return the names of facts, the desk's own record apart."""
    own = ("ExecutionBooked", "OrderStepped")
    names = [type(fact).__name__ for fact in facts]
    return [name for name in names if name not in own]


def of(facts: list[Fact], kind: type) -> Any:
    """Return the only fact of a kind."""
    (found,) = [fact for fact in facts if isinstance(fact, kind)]
    return found
