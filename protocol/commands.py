"""The command family: what a person, a program of his or the kill file tells the floor to do."""

from enum import StrEnum

from protocol.message import Message, message
from protocol.units import Cents, Contracts, Nanos


class Action(StrEnum):
    """What can be told. Leaving is always possible; entering again may be refused."""

    HALT = "halt"  # No entries until the next trading day or a resume; brackets stay.
    RESUME = "resume"
    FLATTEN = "flatten"  # Leave every position and cancel every entry, now.
    KILL = "kill"  # Flatten, and no entry until the fence is opened by hand.
    OPEN_FENCE = "open_fence"
    FORCE_SYNC = "force_sync"  # Believe the broker about what is held.


@message("command.given")
class CommandGiven(Message):
    """Somebody told the floor to do something; recorded before anything follows."""

    id: str  # Given by whoever tells: a repeat is the same command.
    ts_ns: Nanos  # By the clock of whoever tells, for the record: decisions take market time.
    action: Action
    cause: str  # Of the fence to open; empty for all other actions.
    who: str
    reason: str


@message("command.limits_given")
class LimitsGiven(Message):
    """Somebody set limits anew; None leaves one as it is."""

    id: str  # Given by whoever tells: a repeat is the same command.
    ts_ns: Nanos  # By the clock of whoever tells.
    who: str
    reason: str
    loss_limit_cents: Cents | None  # Of a day.
    profit_target_cents: Cents | None  # Of a day.
    trades_max: int | None  # Entries of a trading date; 0: no limit.
    quantity_max: Contracts | None
