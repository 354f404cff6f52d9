"""The paper broker: an exchange simulator behind the broker's port."""

from collections.abc import Iterable
from typing import Any

from actors.adapters.open import open_journal
from actors.core.columns import trades_of
from actors.core.orders.exchange import ExchangeState, accept, apply, execute, seen
from actors.core.orders.fills import PaperRule
from actors.core.rules import paper_rule
from protocol.instruments import instrument_of
from protocol.market import Cut, Settled, TradeBatch
from protocol.message import Message
from protocol.orders import BracketSubmitted, FlattenSubmitted
from protocol.settings import Settings
from supervision.journal import Journal
from supervision.shell import JournaledShell, handles


class PaperBrokerShell(JournaledShell):
    """Fills orders by the trades of the feed. Its state is the fold of its journal.

    The stop and the target of a bracket rest here from the very fill that opens the position.
    Trades behind a cut wait until every order that the cut brought is in.
    """

    gated = "feed"

    def configure(self, settings: Settings, directory: str) -> None:
        self.settings = settings.paper
        self.own = instrument_of(settings.feed.symbol)
        self.rule: PaperRule | None = None
        self.state = ExchangeState()

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        return open_journal(settings, directory, "broker")

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> Iterable[Message]:
        """Execute against the trades."""
        trades = trades_of(batch)
        facts = execute(self.state, trades, self._rule_for(batch.contract))
        seen(self.state, trades)
        return facts

    @handles(BracketSubmitted)
    @handles(FlattenSubmitted)
    def on_order(self, order: BracketSubmitted | FlattenSubmitted) -> Iterable[Message]:
        """Take or refuse an order; one that was answered before brings nothing."""
        answer = accept(self.state, order, self.rule or self._rule_for(order.contract))
        return () if answer is None else (answer,)

    @handles(Cut, source="feed")
    def on_feed_cut(self, cut: Cut) -> Iterable[Message]:
        """All trades before the cut are executed against: tell the desk."""
        return (cut,)

    @handles(Settled)
    def on_settled(self, settled: Settled) -> Iterable[Message]:
        """All orders of the cut are in: the feed may go on."""
        return (settled,)

    def _rule_for(self, contract: str) -> PaperRule:
        if self.rule is None or self.rule.contract != contract:
            self.rule = paper_rule(self.settings, self.own, contract)
        return self.rule

    def apply(self, fact: Any) -> None:
        if not isinstance(fact, Cut | Settled):
            apply(self.state, fact)

    def inspect(self) -> dict[str, Any]:
        state = self.state
        return {
            "entries": {id: str(entry) for id, entry in state.entries.items()},
            "positions": {id: str(held) for id, held in state.positions.items()},
            "flattens": dict(state.flattens),
            "answered": len(state.known),
        }
