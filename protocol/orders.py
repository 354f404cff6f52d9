"""The order family. *Denied* is ours, *rejected* is the venue's; approved is a type of its own.

The desk's stream is both the record of what was ordered and the command the broker reads: what
was not recorded cannot be sent.
"""

from enum import StrEnum

from protocol.message import Message, message
from protocol.patterns import Direction
from protocol.units import Cents, Contracts, Nanos, Ticks


class DenyReason(StrEnum):
    """Why risk refused an approved signal (domain 3, 7.7, 7.8)."""

    HALTED = "halted"
    LOW_QUALITY = "low_quality"
    OUTSIDE_HOURS = "outside_hours"
    POSITION_OPEN = "position_open"
    PROFIT_TARGET = "profit_target"
    RISK_BUDGET = "risk_budget"
    OPPOSED = "opposed"
    COOLDOWN = "cooldown"


class Leg(StrEnum):
    """Which order of a bracket."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    FLATTEN = "flatten"


class ExitReason(StrEnum):
    """Why a position was left (domain 7.1)."""

    TARGET = "target"
    STOP = "stop"
    FLOW_EXIT = "flow_exit"
    AUTO_FLATTEN = "auto_flatten"
    HALT_FLATTEN = "halt_flatten"


@message("order.bracket_approved")
class BracketApproved(Message):
    """Risk allows this bracket; the desk accepts nothing else."""

    bracket_id: str  # Derived from the signal: a repeat is the same bracket.
    signal_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts
    stop_ticks: int  # Distance from the average entry fill.
    target_ticks: int
    risk_cents: Cents  # What the bracket loses at its stop, slippage and commissions included.


@message("order.bracket_denied")
class BracketDenied(Message):
    """Risk refuses a signal; nothing is sent."""

    signal_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    reason: DenyReason
    detail: str  # What was found and what the limit is, in words and numbers.


@message("order.flatten_ordered")
class FlattenOrdered(Message):
    """Risk wants no position and no working entry in a contract."""

    flatten_id: str
    contract: str
    ts_ns: Nanos
    reason: ExitReason


@message("order.bracket_submitted")
class BracketSubmitted(Message):
    """The desk has recorded a bracket and hands it to the broker under its own client id."""

    client_id: str  # Idempotency key: the broker places one bracket for it, ever.
    bracket_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts
    stop_ticks: int
    target_ticks: int


@message("order.flatten_submitted")
class FlattenSubmitted(Message):
    """The desk has recorded a flatten and hands it to the broker."""

    client_id: str
    contract: str
    ts_ns: Nanos
    reason: ExitReason


@message("order.accepted")
class OrderAccepted(Message):
    """The broker took an order; it can be filled from `active_ns` on."""

    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg
    direction: Direction  # Of the position the bracket opens, for every leg.
    quantity: Contracts
    stop_ticks: int
    target_ticks: int
    active_ns: Nanos
    reason: ExitReason | None  # Of a flatten.


@message("order.rejected")
class OrderRejected(Message):
    """The broker refused an order."""

    client_id: str
    contract: str
    ts_ns: Nanos
    reason: str


@message("order.filled")
class OrderFilled(Message):
    """An order was executed. `exec_id` is the venue's: a repeat is the same fill."""

    exec_id: str
    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg
    direction: Direction
    quantity: Contracts
    price: Ticks
    commission_cents: Cents
    stop_price: Ticks | None  # Of an entry: where its stop rests at the broker from now on.
    target_price: Ticks | None


@message("order.cancelled")
class OrderCancelled(Message):
    """An order will not be filled any more."""

    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg
    reason: str


@message("order.position_opened")
class PositionOpened(Message):
    """The desk holds a position whose stop and target rest at the broker."""

    bracket_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts
    entry_price: Ticks
    stop_price: Ticks
    target_price: Ticks
    exec_id: str  # Of the entry fill: a repeat of the fill opens nothing.
    commission_cents: Cents  # Of the entry.


@message("order.position_closed")
class PositionClosed(Message):
    """A round trip is complete."""

    bracket_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts
    entry_price: Ticks
    exit_price: Ticks
    reason: ExitReason
    pnl_cents: Cents  # Net: commissions of both sides are inside.
    commission_cents: Cents  # Of both sides.
    exec_id: str  # Of the exit fill: a repeat of the fill closes nothing.


@message("order.bracket_ended")
class BracketEnded(Message):
    """A bracket ended without a position: rejected or cancelled before its entry was filled."""

    bracket_id: str
    contract: str
    ts_ns: Nanos
    reason: str
