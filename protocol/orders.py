"""The order family. *Denied* is ours, *rejected* is the venue's; approved is a type of its own.

The desk's stream is both the record of what was ordered and the command the broker reads: what
was not recorded cannot be sent. An order at the venue is named by the client id of its bracket
and its leg, in both directions.
"""

from enum import StrEnum

from protocol.message import Message, message
from protocol.patterns import Direction
from protocol.units import Cents, Contracts, Nanos, Ticks


class DenyReason(StrEnum):
    """Why risk refused an approved signal (domain 3, 7.6 to 7.9)."""

    HALTED = "halted"
    FENCED = "fenced"
    LOW_QUALITY = "low_quality"
    OUTSIDE_HOURS = "outside_hours"
    POSITION_OPEN = "position_open"
    PROFIT_TARGET = "profit_target"
    RISK_BUDGET = "risk_budget"
    REDUCE_BAND = "reduce_band"
    NO_SIZE = "no_size"
    TRADES_MAX = "trades_max"
    MARGIN = "margin"
    REJECT_REPLAY = "reject_replay"
    COOLDOWN = "cooldown"
    OPPOSED = "opposed"


class EntryKind(StrEnum):
    """How a position is entered."""

    MARKET = "market"
    LIMIT = "limit"


class Leg(StrEnum):
    """Which order of a bracket."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    FLATTEN = "flatten"


class StopCause(StrEnum):
    """Why a stop rests where it rests (domain 7.5)."""

    ANCHORED = "anchored"  # At its distance from the average entry.
    BREAKEVEN = "breakeven"
    TRAIL = "trail"
    AMENDED = "amended"  # By a person.


class ExitReason(StrEnum):
    """Why a position was left (domain 7.1)."""

    TARGET = "target"
    STOP = "stop"
    BREAKEVEN = "breakeven"
    TRAIL = "trail"
    FLOW_EXIT = "flow_exit"
    AUTO_FLATTEN = "auto_flatten"
    HALT_FLATTEN = "halt_flatten"
    MANUAL = "manual"
    TIMEOUT = "timeout"
    RECONCILED = "reconciled"  # The broker was flat and said by which executions.


@message("order.bracket_approved", version=2)
class BracketApproved(Message):
    """Risk allows this bracket; the desk accepts nothing else."""

    bracket_id: str  # Derived from the signal: a repeat is the same bracket.
    signal_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts
    entry: EntryKind
    limit_price: Ticks | None  # Of a limit entry.
    expires_ns: Nanos | None  # When a limit entry that was not filled is given up.
    stop_ticks: int  # Distance from the average entry fill.
    target_ticks: int
    breakeven_ticks: int  # Excursion in favour that moves the stop to the entry; 0: never.
    breakeven_offset_ticks: int  # How far beyond the entry it moves.
    trail_start_ticks: int  # Excursion from which the stop trails; 0: never.
    trail_ticks: int  # Distance behind the best price.
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


@message("order.bracket_submitted", version=2)
class BracketSubmitted(Message):
    """The desk has recorded a bracket and hands it to the broker under its own client id.

    `attempt` 2 and 3 repeat what the broker said it does not know: the same client id, so the
    broker that knows it after all places nothing.
    """

    client_id: str  # Idempotency key: the broker places one bracket for it, ever.
    attempt: int
    bracket_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
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


@message("order.modify_submitted")
class ModifySubmitted(Message):
    """The desk wants a resting stop or target elsewhere."""

    request_id: str  # Idempotency key of the change.
    client_id: str  # Of the bracket.
    contract: str
    ts_ns: Nanos
    leg: Leg
    price: Ticks


@message("order.cancel_submitted")
class CancelSubmitted(Message):
    """The desk gives up what is left of an entry. Stop and target stay with what was filled."""

    request_id: str
    client_id: str
    contract: str
    ts_ns: Nanos
    reason: str


@message("order.flatten_submitted", version=2)
class FlattenSubmitted(Message):
    """The desk has recorded a flatten and hands it to the broker; it repeats it until flat."""

    client_id: str
    attempt: int
    contract: str
    ts_ns: Nanos
    reason: ExitReason


@message("order.status_asked")
class StatusAsked(Message):
    """The desk does not know what became of an order and asks before it does anything."""

    request_id: str
    client_id: str
    contract: str
    ts_ns: Nanos


@message("order.account_asked")
class AccountAsked(Message):
    """The desk wants to compare: positions, working orders, executions."""

    request_id: str
    ts_ns: Nanos
    since_ns: Nanos  # Executions from here on.


@message("order.position_opened", version=2)
class PositionOpened(Message):
    """The desk holds a position whose stop and target rest at the broker."""

    bracket_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts
    entry_sum: int  # Price in ticks times contracts: the average is exact.
    stop_price: Ticks
    target_price: Ticks
    exec_id: str  # Of the entry fill: a repeat of the fill opens nothing.
    commission_cents: Cents  # Of the entry.


@message("order.position_changed")
class PositionChanged(Message):
    """A position grew by a partial entry, shrank by a partial exit, or its stop moved."""

    bracket_id: str
    contract: str
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts  # Held now.
    entry_sum: int  # Of what is held now.
    stop_price: Ticks
    target_price: Ticks
    stop_cause: StopCause
    realised_cents: Cents  # By exits so far, commissions of them and of the entry inside.
    commission_cents: Cents  # So far.
    exec_id: str  # Empty where no execution caused it.


@message("order.position_closed", version=2)
class PositionClosed(Message):
    """A round trip is complete."""

    bracket_id: str
    contract: str
    opened_ns: Nanos
    ts_ns: Nanos
    direction: Direction
    quantity: Contracts  # Entered in all.
    entry_sum: int
    exit_sum: int
    reason: ExitReason  # Of the last exit.
    pnl_cents: Cents  # Net: commissions of both sides are inside.
    commission_cents: Cents  # Of both sides.
    exec_id: str  # Of the last exit fill: a repeat of the fill closes nothing.


@message("order.bracket_ended", version=2)
class BracketEnded(Message):
    """A bracket ended without a position: rejected, cancelled or expired before any fill."""

    bracket_id: str
    contract: str
    ts_ns: Nanos
    reason: str
    rejected: bool  # By the venue: the same idea is blocked for a while.
