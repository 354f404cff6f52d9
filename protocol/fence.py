"""The order family, third part: whether the desk may enter, and whether its books agree.

The fence closes by any of its causes and is open only where none is left.
"""

from enum import StrEnum

from protocol.message import Message, message
from protocol.units import Nanos


class FenceCause(StrEnum):
    """Why no entry may be sent (domain 7.9). Only LINK and SILENT_FEED open by themselves."""

    LINK = "link"  # Broker silent or disconnected; until it is back and the books agree.
    SILENT_FEED = "silent_feed"  # The same of a feed.
    MISMATCH = "mismatch"
    FOREIGN = "foreign"  # At the start the broker held what we know nothing of.
    UNCONFIRMED = "unconfirmed"  # An order whose state nobody could tell.
    RECONNECTS = "reconnects"
    KILL = "kill"
    PREFLIGHT = "preflight"  # Something was not well before the open.
    CLOCK_SKEW = "clock_skew"  # Our clock cannot be believed.
    CIRCUIT_BREAKER = "circuit_breaker"  # The day has lost more than a machine may lose alone.


# What others than the desk find; only a person takes it away.
ORDERED = (FenceCause.PREFLIGHT, FenceCause.CLOCK_SKEW, FenceCause.CIRCUIT_BREAKER)


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


@message("order.fence_ordered")
class FenceOrdered(Message):
    """Risk at its breaker, or a preflight, wants no entry until a person has looked."""

    ts_ns: Nanos  # By the clock of whoever orders it: the desk takes market time.
    cause: FenceCause
    detail: str  # Who found what, and what the limit is.

    def __post_init__(self) -> None:
        if self.cause not in ORDERED or not self.detail:
            raise ValueError(
                f"found cause {self.cause} with detail {self.detail!r},"
                f" wanted one of {', '.join(ORDERED)} and words"
            )


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
