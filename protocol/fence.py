"""The order family, third part: whether the desk may enter, and whether its books agree.

The fence closes by any of its causes and is open only where none is left.
"""

from enum import StrEnum

from protocol.message import Message, message
from protocol.units import Nanos


class FenceCause(StrEnum):
    """Why no entry may be sent (domain 7.9). Only LINK opens by itself, once reconciled."""

    LINK = "link"  # Feed or broker silent or disconnected.
    MISMATCH = "mismatch"
    FOREIGN = "foreign"  # At the start the broker held what we know nothing of.
    UNCONFIRMED = "unconfirmed"  # An order whose state nobody could tell.
    RECONNECTS = "reconnects"
    KILL = "kill"


@message("order.fence_closed")
class FenceClosed(Message):
    """No entry is sent until every cause is gone; brackets stay at the broker."""

    ts_ns: Nanos
    cause: FenceCause
    detail: str


@message("order.fence_opened")
class FenceOpened(Message):
    """A cause is gone, by itself or by a person."""

    ts_ns: Nanos
    cause: FenceCause
    detail: str


@message("order.books_agreed")
class BooksAgreed(Message):
    """What the broker holds is what the desk holds, as compared at `ts_ns`."""

    request_id: str
    ts_ns: Nanos


@message("order.books_differ")
class BooksDiffer(Message):
    """What the broker holds is not what the desk holds."""

    request_id: str
    ts_ns: Nanos
    contract: str
    ours: int  # Signed.
    theirs: int
    detail: str


@message("order.position_adopted")
class PositionAdopted(Message):
    """A person told the desk to believe the broker about a contract (force-sync)."""

    contract: str
    ts_ns: Nanos
    quantity: int  # Signed, what the broker holds.
    entry_sum: int
    who: str
    reason: str
