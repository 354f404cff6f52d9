"""One line of the order log for each message about an order, or about what it may risk. Pure."""

from protocol.account import LimitsChanged, MarginRestored, MarginShort, StillExposed, TierChanged
from protocol.commands import CommandGiven
from protocol.fence import BooksDiffer, FenceClosed, FenceOpened, PositionAdopted
from protocol.message import Message
from protocol.orders import (
    BracketSubmitted,
    CancelSubmitted,
    FlattenOrdered,
    FlattenSubmitted,
    ModifySubmitted,
    StatusAsked,
)
from protocol.reports import (
    LinkChanged,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
)
from protocol.signals import FlowTurned
from web.records import Event


def line(message: Message) -> Event:
    """Return what the log says of a message; one that is not about orders raises ValueError."""
    match message:
        case CommandGiven(id=id) as told:
            what, why = f"told: {told.action} {told.cause}".rstrip(), f"{told.who}: {told.reason}"
            return Event(told.ts_ns, what, id, detail=why)
        case FlowTurned(ts_ns=ts_ns) as said:
            return Event(ts_ns, "flow turned", "", direction=said.against, detail=said.reason)
        case BracketSubmitted(ts_ns=ts_ns, client_id=id) as order:
            what = "submitted" if order.attempt == 1 else f"submitted again, {order.attempt}"
            detail = f"stop {order.stop_ticks} target {order.target_ticks} ticks"
            return Event(
                ts_ns, what, id, "entry", order.direction, order.quantity, order.limit_price, detail
            )
        case FlattenOrdered(ts_ns=ts_ns, flatten_id=id, reason=reason):
            return Event(ts_ns, "flatten ordered", id, detail=str(reason))
        case FlattenSubmitted(ts_ns=ts_ns, client_id=id, reason=reason, attempt=attempt):
            what = "submitted" if attempt == 1 else f"submitted again, {attempt}"
            return Event(ts_ns, what, id, "flatten", detail=str(reason))
        case OrderFilled(ts_ns=ts_ns, client_id=id, leg=leg) as fill:
            detail = f"commission {fill.commission_cents / 100:.2f}"
            if fill.left:
                detail += f", {fill.left} left"
            what = "corrected" if fill.corrects else "filled"
            return Event(
                ts_ns, what, id, leg, fill.direction, fill.quantity, fill.price, detail
            )
        case OrderAccepted(ts_ns=ts_ns, client_id=id, leg=leg) as taken:
            return Event(ts_ns, "accepted", id, leg, taken.direction, taken.quantity)
        case _:
            return _change(message)


def _change(message: Message) -> Event:
    match message:
        case ModifySubmitted(ts_ns=ts_ns, client_id=id, leg=leg, price=price):
            return Event(ts_ns, "change asked", id, leg, price=price)
        case CancelSubmitted(ts_ns=ts_ns, client_id=id, reason=reason):
            return Event(ts_ns, "cancel asked", id, "entry", detail=reason)
        case OrderModified(ts_ns=ts_ns, client_id=id, leg=leg, price=price, cause=cause):
            return Event(ts_ns, "moved", id, leg, price=price, detail=str(cause))
        case OrderRejected(ts_ns=ts_ns, client_id=id, leg=leg, reason=reason):
            return Event(ts_ns, "rejected", id, leg, detail=reason)
        case OrderCancelled(ts_ns=ts_ns, client_id=id, leg=leg, reason=reason, left=left):
            return Event(ts_ns, "cancelled", id, leg, quantity=left, detail=reason)
        case OrderExpired(ts_ns=ts_ns, client_id=id, left=left):
            return Event(ts_ns, "expired", id, "entry", quantity=left)
        case StatusAsked(ts_ns=ts_ns, client_id=id):
            return Event(ts_ns, "status asked", id)
        case LinkChanged(ts_ns=ts_ns, up=up, reason=reason):
            return Event(ts_ns, "link up" if up else "link down", "", detail=reason)
        case FenceClosed(ts_ns=ts_ns, cause=cause, detail=detail):
            return Event(ts_ns, "fence closed", "", detail=f"{cause}: {detail}")
        case FenceOpened(ts_ns=ts_ns, cause=cause, detail=detail):
            return Event(ts_ns, "fence opened", "", detail=f"{cause}: {detail}")
        case BooksDiffer(ts_ns=ts_ns, detail=detail):
            return Event(ts_ns, "books differ", "", detail=detail)
        case PositionAdopted(ts_ns=ts_ns, quantity=quantity, who=who, reason=reason):
            return Event(ts_ns, "adopted", "", quantity=quantity, detail=f"{who}: {reason}")
        case _:
            return _capital(message)


def _capital(message: Message) -> Event:
    match message:
        case TierChanged(ts_ns=ts_ns) as tier:
            stop = f"a stop is {tier.stop_share_ppm / 10_000:.1f} % of the balance"
            idle = "" if tier.traded else ", which this feed cannot trade"
            told = f"{tier.name}: up to {tier.quantity_max} {tier.instrument}{idle}; {stop}"
            return Event(ts_ns, f"tier {tier.before} to {tier.tier}", "", detail=told)
        case MarginShort(ts_ns=ts_ns) | MarginRestored(ts_ns=ts_ns):
            what = "margin short" if isinstance(message, MarginShort) else "margin restored"
            needed, equity = message.needed_cents / 100, message.equity_cents / 100
            return Event(ts_ns, what, "", detail=f"{equity:,.2f} for {needed:,.2f} needed")
        case LimitsChanged(ts_ns=ts_ns, id=id, who=who, reason=reason):
            return Event(ts_ns, "limits set anew", id, detail=f"{who}: {reason}")
        case StillExposed(ts_ns=ts_ns, contract=contract, quantity=quantity):
            return Event(ts_ns, "still exposed", "", quantity=quantity, detail=contract)
        case _:
            raise ValueError(f"{message.KIND} is not about an order")
