"""The port to a broker: what every venue does for the desk, and what it says in return.

A venue is driven by the wake-ups of its actor. Nothing here waits: a command is handed over and
returns at once; what becomes of it is told by `events`, in the messages of the order family. A
venue whose library runs a loop of its own keeps it in a thread, puts each message into a queue as
it comes and makes `descriptor` readable; `events` empties the queue in the actor's own thread, so
no other code meets that thread.

A command may come twice, since an actor that dies between sending it and noting that it was sent
sends it again. So a venue finds an order by its client id (or the request id) before it places one,
in its own records, not in memory: IB keeps our id in `orderRef`, Rithmic in `user_tag`. An event
may come twice too, and then carries the execution id that it had.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from protocol.orders import (
    AccountAsked,
    BracketSubmitted,
    CancelSubmitted,
    FlattenSubmitted,
    ModifySubmitted,
    StatusAsked,
)
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

BrokerEvent = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderModified
    | OrderCancelled
    | OrderExpired
    | OrderReported
    | AccountReported
    | LinkChanged
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a venue does by itself; what it does not, its adapter must do, or the floor must not."""

    native_bracket: bool  # Entry, stop and target go out as one order.
    one_cancels_other: bool  # The fill of stop or target ends the other without us.
    rests_at_broker: bool  # Stop and target are there while we are not.
    trails: bool  # Break-even and trailing are moved by the venue.
    modifies: bool  # A resting stop or target can be moved.
    partial_fills: bool
    executions_since: bool  # Executions of the past can be asked for.


class BrokerPort(Protocol):
    """A connection to a venue."""

    capabilities: Capabilities

    def connect(self) -> None:
        """Begin to connect; LinkChanged tells when the link is up, then and after each loss."""

    def account(self) -> str:
        """Return the account that is traded; empty before the link was up."""

    def submit(self, bracket: BracketSubmitted) -> None:
        """Place a bracket, once for its client id whatever the attempt."""

    def modify(self, change: ModifySubmitted) -> None:
        """Move a resting stop or target."""

    def cancel(self, cancel: CancelSubmitted) -> None:
        """Give up what is left of an entry; stop and target stay with what was filled."""

    def flatten(self, flatten: FlattenSubmitted) -> None:
        """Leave every position of a contract at the market and cancel its entries."""

    def ask_status(self, asked: StatusAsked) -> None:
        """Ask what became of an order: its events come again, then OrderReported."""

    def ask_account(self, asked: AccountAsked) -> None:
        """Ask for all that is held, works and was executed: AccountReported."""

    def events(self) -> Iterator[BrokerEvent]:
        """Yield what has arrived since the last call, oldest first; never wait."""

    def descriptor(self) -> int | None:
        """Return what is readable while events wait; None if they come only while it is called."""

    def close(self) -> None:
        """Leave the venue; what rests there stays there."""
