"""The order desk: journal first, then the broker; round trips and their results."""

from collections.abc import Iterable
from typing import Any

from actors.adapters.store import SqlJournal, engine_for
from actors.core.orders.desk import DeskRule, DeskState, apply, decide
from protocol.instruments import instrument
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
        self.rule = DeskRule.of(instrument(settings.feed.symbol))
        self.state = DeskState()

    def open_journal(self, settings: Settings, directory: str, actor: str) -> Journal:
        return SqlJournal(engine_for(settings.store.url, directory, actor), actor)

    @handles(BracketApproved)
    @handles(FlattenOrdered)
    @handles(OrderAccepted)
    @handles(OrderRejected)
    @handles(OrderFilled)
    @handles(OrderCancelled)
    def on_order_message(self, message: Message) -> Iterable[Message]:
        return decide(self.state, message, self.rule)

    @handles(Cut, source="broker")
    def on_broker_cut(self, cut: Cut) -> Iterable[Message]:
        """All fills before the cut are known: tell risk."""
        return (cut,)

    @handles(Cut, source="risk")
    def on_risk_cut(self, cut: Cut) -> Iterable[Message]:
        """All orders that the cut brought are out: tell the broker."""
        return (Settled(number=cut.number),)

    def apply(self, fact: Message) -> None:
        self.state = apply(self.state, fact)

    def inspect(self) -> dict[str, Any]:
        return self.state.inspect()
