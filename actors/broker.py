"""The paper broker: an exchange simulator behind the broker's port."""

from collections.abc import Iterable
from typing import Any

from actors.adapters.store import SqlJournal, engine_for
from actors.core.columns import trades_of
from actors.core.orders.exchange import ExchangeState, PaperRule, accept, apply, execute
from protocol.instruments import instrument
from protocol.market import Cut, Settled, TradeBatch
from protocol.message import Message
from protocol.orders import BracketSubmitted, FlattenSubmitted
from protocol.settings import Settings
from supervision.journal import Journal
from supervision.shell import JournaledShell, handles


class PaperBrokerShell(JournaledShell):
    """Fills orders by the trades of the feed. Its state is the fold of its journal.

    The stop and the target of a bracket rest here from the very fill that opens the position.
    """

    def configure(self, settings: Settings, directory: str) -> None:
        self.rule = PaperRule.of(settings.paper, instrument(settings.feed.symbol))
        self.state = ExchangeState()

    def open_journal(self, settings: Settings, directory: str, actor: str) -> Journal:
        return SqlJournal(engine_for(settings.store.url, directory, actor), actor)

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> Iterable[Message]:
        return execute(self.state, trades_of(batch), self.rule)

    @handles(BracketSubmitted)
    @handles(FlattenSubmitted)
    def on_order(self, order: BracketSubmitted | FlattenSubmitted) -> Iterable[Message]:
        return accept(self.state, order, self.rule)

    @handles(Cut, source="feed")
    def on_feed_cut(self, cut: Cut) -> Iterable[Message]:
        """All trades before the cut are executed against: tell the desk."""
        return (cut,)

    @handles(Settled)
    def on_settled(self, settled: Settled) -> Iterable[Message]:
        """All orders of the cut are in: the feed may go on."""
        return (settled,)

    def apply(self, fact: Message) -> None:
        self.state = apply(self.state, fact)

    def inspect(self) -> dict[str, Any]:
        return self.state.inspect()
