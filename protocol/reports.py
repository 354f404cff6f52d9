"""The order family, second part: what the broker says about orders, and what it holds.

A report comes with the venue's own execution ids, so one that comes again is known.
"""

from protocol.message import Message, message
from protocol.orders import EntryKind, ExitReason, Leg, StopCause
from protocol.patterns import Direction
from protocol.units import Cents, Contracts, Nanos, Ticks


@message("order.accepted", version=2)
class OrderAccepted(Message):
    """The broker took an order; it can be filled from `active_ns` on."""

    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg  # ENTRY or FLATTEN.
    direction: Direction  # Of the position the bracket opens, for every leg.
    quantity: Contracts
    entry: EntryKind
    limit_price: Ticks | None
    expires_ns: Nanos | None
    stop_ticks: int
    target_ticks: int
    breakeven_ticks: int
    breakeven_offset_ticks: int
    trail_start_ticks: int
    trail_ticks: int
    active_ns: Nanos
    reason: ExitReason | None  # Of a flatten.


@message("order.rejected", version=2)
class OrderRejected(Message):
    """The broker refused an order, or to change or cancel one (`request_id` says which)."""

    client_id: str
    request_id: str  # Empty: the order itself.
    contract: str
    ts_ns: Nanos
    leg: Leg
    reason: str


@message("order.filled", version=2)
class OrderFilled(Message):
    """An order was executed, whole or in part. `exec_id` is the venue's: a repeat is the same fill.

    After an entry fill stop and target rest at the broker for all that is held; their prices are
    anchored to the average of all entry fills so far.
    """

    exec_id: str
    corrects: str  # The execution that this one replaces; empty: none.
    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg
    direction: Direction
    quantity: Contracts  # Of this execution. 0 in a correction that takes one back.
    left: Contracts  # Of the order, after this execution.
    price: Ticks
    commission_cents: Cents
    stop_price: Ticks | None  # Of an entry: where the stop rests at the broker from now on.
    target_price: Ticks | None


@message("order.modified")
class OrderModified(Message):
    """A stop or target rests at another price from now on."""

    request_id: str  # Empty where the broker moved it by the bracket's own terms.
    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg
    price: Ticks
    cause: StopCause


@message("order.cancelled", version=2)
class OrderCancelled(Message):
    """An order, or what was left of it, will not be filled any more."""

    client_id: str
    request_id: str  # Empty where nobody asked.
    contract: str
    ts_ns: Nanos
    leg: Leg
    left: Contracts  # What was not filled.
    reason: str


@message("order.expired")
class OrderExpired(Message):
    """A limit entry was not filled in its time."""

    client_id: str
    contract: str
    ts_ns: Nanos
    left: Contracts


@message("order.reported")
class OrderReported(Message):
    """The broker's answer to StatusAsked: the events it sent about the order come before it."""

    request_id: str
    client_id: str
    contract: str
    ts_ns: Nanos
    known: bool
    filled: Contracts  # Of the entry.
    left: Contracts  # Of the entry, still at work.
    held: Contracts  # Signed position that the bracket holds.


@message("order.account_reported")
class AccountReported(Message):
    """The broker's answer to AccountAsked: all it holds and all that works; equal columns."""

    request_id: str
    ts_ns: Nanos
    contracts: tuple[str, ...]
    quantities: tuple[int, ...]  # Signed position of each contract.
    entry_sums: tuple[int, ...]  # Sum of price in ticks times contracts, without a sign.
    order_ids: tuple[str, ...]  # Client ids of the working orders ...
    order_legs: tuple[str, ...]  # ... their legs ...
    order_quantities: tuple[int, ...]  # ... and what is left of each.
    exec_ids: tuple[str, ...]  # Executions since the instant that was asked for.


@message("order.link_changed")
class LinkChanged(Message):
    """The connection to the venue was lost or is back."""

    ts_ns: Nanos
    up: bool
    reason: str
