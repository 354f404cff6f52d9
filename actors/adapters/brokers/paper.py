"""The paper exchange behind the broker's port: no line, no account, the same rules.

The tree runs the exchange as a shell of its own with a journal; this is the same exchange for
whoever speaks to a port, and the measure that every other venue is held to.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from actors.adapters.brokers.port import BrokerEvent, Capabilities
from actors.core.columns import Trades
from actors.core.orders.book import Fact, Note
from actors.core.orders.paper import PaperExchange
from protocol.orders import (
    AccountAsked,
    BracketSubmitted,
    CancelSubmitted,
    FlattenSubmitted,
    ModifySubmitted,
    StatusAsked,
)
from protocol.reports import LinkChanged
from protocol.units import Nanos


class PaperBroker:
    """Takes commands by the port, and the market by `trade` and `elapse`."""

    capabilities = Capabilities(
        native_bracket=True,
        one_cancels_other=True,
        rests_at_broker=True,
        trails=True,
        modifies=True,
        partial_fills=True,
        executions_since=True,
    )

    def __init__(self, exchange: PaperExchange) -> None:
        self.exchange = exchange
        self._events: deque[BrokerEvent] = deque()

    def connect(self) -> None:
        last_ns = Nanos(max(0, self.exchange.state.last_ns))
        self._events.append(LinkChanged(ts_ns=last_ns, up=True, reason="paper"))

    def account(self) -> str:
        return "paper"

    def submit(self, bracket: BracketSubmitted) -> None:
        self._tell(self.exchange.send(bracket))

    def modify(self, change: ModifySubmitted) -> None:
        self._tell(self.exchange.send(change))

    def cancel(self, cancel: CancelSubmitted) -> None:
        self._tell(self.exchange.send(cancel))

    def flatten(self, flatten: FlattenSubmitted) -> None:
        self._tell(self.exchange.send(flatten))

    def ask_status(self, asked: StatusAsked) -> None:
        self._tell(self.exchange.send(asked))

    def ask_account(self, asked: AccountAsked) -> None:
        self._tell(self.exchange.send(asked))

    def trade(self, trades: Trades) -> None:
        """Execute against the market's trades."""
        self._tell(self.exchange.trade(trades))

    def elapse(self, now_ns: Nanos) -> None:
        """Let time pass without a trade."""
        self._tell(self.exchange.elapse(now_ns))

    def events(self) -> Iterator[BrokerEvent]:
        while self._events:
            yield self._events.popleft()

    def descriptor(self) -> int | None:
        return None

    def close(self) -> None:
        self._events.clear()

    def _tell(self, facts: Iterable[Fact]) -> None:
        """Keep what a reader may hear; the exchange's notes to itself stay in it."""
        self._events.extend(fact for fact in facts if not isinstance(fact, Note))
