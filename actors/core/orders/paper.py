"""The paper exchange as one thing: its state, its rule, and the facts folded as they fall.

A shell has its facts recorded before they are folded; research, the port and the tests have no
journal and use this. What happens is decided by the same functions either way.
"""

from actors.core.columns import Trades
from actors.core.orders.answers import Command, answer
from actors.core.orders.book import ExchangeState, Fact, apply
from actors.core.orders.exchange import elapse, execute, seen
from actors.core.orders.fills import PaperRule
from protocol.units import Nanos


class PaperExchange:
    """Takes commands, trades and the time, and returns the facts that follow."""

    def __init__(self, rule: PaperRule, state: ExchangeState | None = None) -> None:
        self.rule = rule
        self.state = state or ExchangeState()

    def send(self, command: Command) -> list[Fact]:
        """Answer a command."""
        return self._fold(answer(self.state, command, self.rule))

    def trade(self, trades: Trades) -> list[Fact]:
        """Execute against trades."""
        facts = self._fold(execute(self.state, trades, self.rule))
        seen(self.state, trades)
        return facts

    def elapse(self, now_ns: Nanos) -> list[Fact]:
        """Let time pass; every trade before `now_ns` has been executed against."""
        return self._fold(elapse(self.state, now_ns))

    def _fold(self, facts: list[Fact]) -> list[Fact]:
        for fact in facts:
            apply(self.state, fact)
        return facts
