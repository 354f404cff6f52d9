"""The desk family: the desk's own record of what it was told.

What the desk holds and what it is waiting for is the fold of its stream alone. The public facts
of the order family say what follows from a fill or an answer; these say which fill or answer it
was, so that a restarted desk waits for the same answers, knows the same executions and can take
back any of them when the venue corrects it.
"""

from enum import StrEnum

from protocol.message import Message, message
from protocol.orders import ExitReason, Leg, StopCause
from protocol.units import Cents, Contracts, Nanos, Ticks


class Step(StrEnum):
    """What can happen to one order of a bracket."""

    ASKED = "asked"  # Its status was asked, because an answer is missing.
    FOUND = "found"  # The broker knows it.
    NOT_FOUND = "not_found"  # The broker was asked and does not know it.
    UNLISTED = "unlisted"  # It is not among the orders that work at the broker.
    SENT_AGAIN = "sent_again"
    GIVEN_UP = "given_up"  # Not sent again: too often lost, or not wanted any more.
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PLACED = "placed"  # A stop or target, by a fill of its entry.
    PART_FILLED = "part_filled"
    FILLED = "filled"
    CANCEL_SENT = "cancel_sent"
    CANCEL_REFUSED = "cancel_refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    MODIFIED = "modified"
    MODIFY_REFUSED = "modify_refused"
    DONE = "done"  # Nothing is held any more, so nothing is left to leave.


@message("desk.order_stepped")
class OrderStepped(Message):
    """An order of a bracket took a step in its life."""

    client_id: str  # Of the bracket.
    number: int  # 1, 2, 3 ... of the bracket: a repeat changes nothing.
    contract: str
    ts_ns: Nanos
    leg: Leg
    step: Step
    left: Contracts  # Of an entry that was cancelled or expired: what was not filled.
    price: Ticks | None  # Where a modified order rests.
    cause: StopCause | None  # Of a modified stop.


@message("desk.execution_booked")
class ExecutionBooked(Message):
    """The desk has taken an execution into its books, or the correction of one."""

    exec_id: str
    corrects: str
    client_id: str  # Of the bracket; of a flatten, where no bracket was left.
    contract: str
    ts_ns: Nanos
    leg: Leg
    quantity: Contracts  # 0 takes back what it corrects.
    price: Ticks
    commission_cents: Cents
    stop_price: Ticks | None  # Of an entry: where the stop rests from now on.
    target_price: Ticks | None
    reason: ExitReason | None  # Of an exit.
