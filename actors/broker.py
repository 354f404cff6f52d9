"""The paper broker: the exchange simulator at its place in the tree."""

from collections.abc import Iterable
from typing import Any

from actors.adapters.open import open_journal
from actors.core.columns import trades_of
from actors.core.orders.answers import OrderCommand, account, answer
from actors.core.orders.book import ExchangeState, apply
from actors.core.orders.exchange import elapse, execute, seen
from actors.core.orders.fills import PaperRule
from actors.core.plain import plain
from actors.core.risk.tiers import has_prices_of
from actors.core.rules import paper_rule
from protocol.instruments import instrument_of
from protocol.market import Cut, FeedLost, FeedRestored, Settled, TradeBatch
from protocol.message import Message
from protocol.orders import (
    AccountAsked,
    BracketSubmitted,
    CancelSubmitted,
    FlattenSubmitted,
    ModifySubmitted,
    StatusAsked,
)
from protocol.settings import Settings
from supervision.journal import Journal
from supervision.shell import JournaledShell, handles


class PaperBrokerShell(JournaledShell):
    """Fills orders by the trades of the feed. Its state is the fold of its journal.

    The stop and the target of a bracket rest here from the very fill that opens the position.
    Trades behind a cut wait until every order that the cut brought is in.
    """

    gated = "feed"
    echoes = {"desk": Cut}  # The desk hands on a cut that it had from here.

    def configure(self, settings: Settings, directory: str) -> None:
        self.settings = settings.paper
        self.rules: dict[str, PaperRule] = {}
        self.market = ""  # Contract of the trades.
        self.state = ExchangeState()

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        return open_journal(settings, directory, "broker")

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> Iterable[Message]:
        """Execute against the trades."""
        trades, self.market = trades_of(batch), batch.contract
        facts: list[Message] = []
        for contract in self._contracts():
            facts += execute(self.state, trades, self._rule_for(contract))
        seen(self.state, trades)
        return facts

    @handles(BracketSubmitted)
    @handles(FlattenSubmitted)
    @handles(ModifySubmitted)
    @handles(CancelSubmitted)
    @handles(StatusAsked)
    def on_order(self, command: OrderCommand) -> Iterable[Message]:
        """Answer an order or a question about one; an order that comes again brings nothing."""
        follows = not self.market or has_prices_of(command.contract, self.market)
        return answer(
            self.state, command, self._rule_for(command.contract if follows else self.market)
        )

    @handles(AccountAsked)
    def on_account_asked(self, asked: AccountAsked) -> Iterable[Message]:
        """Say what is held, what works and what was executed."""
        return (account(self.state, asked),)

    @handles(FeedLost, source="feed")
    @handles(FeedRestored, source="feed")
    def on_feed_changed(self, change: FeedLost | FeedRestored) -> Iterable[Message]:
        """Tell the desk, which does not read the feed: the fence is its own."""
        return (change,)

    @handles(Cut, source="feed")
    def on_feed_cut(self, cut: Cut) -> Iterable[Message]:
        """All trades before the cut are executed against: tell the desk."""
        return (*elapse(self.state, cut.ts_ns), cut)

    @handles(Settled)
    def on_settled(self, settled: Settled) -> Iterable[Message]:
        """All orders of the cut are in: the feed may go on."""
        return (settled,)

    def _contracts(self) -> list[str]:
        """Return what the trades execute: their own contract, and its micro or full-sized one."""
        state = self.state
        found = dict.fromkeys((
            self.market,
            *(entry.contract for entry in state.entries.values()),
            *(held.contract for held in state.positions.values()),
            *(request.contract for request in state.requests.values()),
        ))
        return [contract for contract in found if has_prices_of(contract, self.market)]

    def _rule_for(self, contract: str) -> PaperRule:
        if contract not in self.rules:
            self.rules[contract] = paper_rule(self.settings, instrument_of(contract), contract)
        return self.rules[contract]

    def apply(self, fact: Any) -> None:
        if not isinstance(fact, Cut | Settled | FeedLost | FeedRestored):
            apply(self.state, fact)

    def inspect(self) -> dict[str, Any]:
        state = self.state
        return {
            "entries": plain(state.entries),
            "positions": plain(state.positions),
            "flattens": plain(state.flattens),
            "requests": plain(state.requests),
            "answered": len(state.orders),
            "executions": len(state.executions),
        }
