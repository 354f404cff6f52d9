"""The order desk: journal first, then the broker; round trips and their results."""

from collections.abc import Iterable
from typing import Any

from actors.adapters.open import open_journal
from actors.core.orders.desk import DeskState, apply, decide
from actors.core.rules import tick_value
from protocol.instruments import instrument_of
from protocol.market import Cut, Settled
from protocol.message import Message
from protocol.orders import (
    BracketApproved,
    FlattenOrdered,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from protocol.settings import Settings
from supervision.journal import Journal
from supervision.shell import JournaledShell, handles


class DeskShell(JournaledShell):
    """Turns approvals into orders and fills into positions. Its state is the fold of its journal.

    What it publishes has been recorded before, so the broker never sees an order that a restart
    could forget. A repeated approval or fill is recognised by its id and changes nothing.
    """

    def configure(self, settings: Settings, directory: str) -> None:
        self.tick = tick_value(instrument_of(settings.feed.symbol))
        self.state = DeskState()

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        return open_journal(settings, directory, "desk")

    @handles(BracketApproved)
    @handles(FlattenOrdered)
    @handles(OrderAccepted)
    @handles(OrderRejected)
    @handles(OrderFilled)
    @handles(OrderCancelled)
    def on_order_message(self, message: Any) -> Iterable[Message]:
        """Record what follows from an approval or from what the broker reports."""
        return decide(self.state, message, self.tick)

    @handles(Cut, source="broker")
    def on_broker_cut(self, cut: Cut) -> Iterable[Message]:
        """All fills before the cut are known: tell risk."""
        return (cut,)

    @handles(Cut, source="risk")
    def on_risk_cut(self, cut: Cut) -> Iterable[Message]:
        """All orders that the cut brought are out: tell the broker."""
        return (Settled(number=cut.number),)

    def apply(self, fact: Any) -> None:
        if not isinstance(fact, Cut | Settled):
            apply(self.state, fact)

    def inspect(self) -> dict[str, Any]:
        state = self.state
        return {
            "brackets": len(state.brackets),
            "open": {id: f"{b.phase} {b.opened or b.submitted}" for id, b in state.open.items()},
            "flattens": len(state.flattens),
        }
