"""A venue that misbehaves on request: what lies between a desk and an exchange, played by a seed.

The exchange itself never errs. On the way to it commands are lost, late or doubled, or refused for
no reason; on the way back events are lost, late or doubled, and at times the link is down: then
nothing goes either way, and what happened meanwhile is learned only by asking.

What a real venue keeps in order stays in order: executions of one order among themselves, and what
is said about its state among itself, but the one may overtake the other. An answer travels with the
events it repeats and behind all that was said before. No real run uses this; the same seed gives
the same run.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from actors.core.columns import Trades
from actors.core.orders.answers import Command
from actors.core.orders.book import Fact, Note, apply
from actors.core.orders.paper import PaperExchange
from protocol.orders import BracketSubmitted, Leg
from protocol.reports import (
    AccountReported,
    LinkChanged,
    OrderFilled,
    OrderRejected,
    OrderReported,
)
from protocol.units import NANOS_PER_S, Nanos

# An order fact of the tape, an answer with what it repeats before it, or the state of the link.
Event = Fact | LinkChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRates:
    """Probabilities per command, per event and per second of the link, and how long each lasts."""

    command_lost: float = 0.0
    command_late: float = 0.0
    command_twice: float = 0.0
    refused: float = 0.0  # A bracket, by the venue, for no reason of ours.
    event_lost: float = 0.0
    event_late: float = 0.0
    event_twice: float = 0.0
    disconnect: float = 0.0
    late_max_ns: int = 20 * NANOS_PER_S
    down_max_ns: int = 60 * NANOS_PER_S


class FaultyVenue:
    """An exchange behind a bad line. Its time is what the calls say."""

    def __init__(self, exchange: PaperExchange, seed: int, rates: FaultRates) -> None:
        self.exchange = exchange
        self.rates = rates
        self.up = True
        self.now_ns = -(2**63)
        self._random = np.random.default_rng(seed)
        self._count = 0  # Of packets, to keep equal times in order.
        self._to_venue: list[tuple[int, int, Command]] = []
        self._to_desk: list[tuple[int, int, list[Event]]] = []
        self._channels: dict[tuple[str, bool], int] = {}  # Until when the last packet travels.
        self._up_again_ns = 0
        self._looked_ns = 0

    def send(self, command: Command) -> None:
        """Take a command from the desk; it arrives now, later, twice or never."""
        self._reach(command.ts_ns)
        if not self.up or self._happens(self.rates.command_lost):
            return
        for _ in range(1 + self._happens(self.rates.command_twice)):
            due = self.now_ns + self._delay(self.rates.command_late)
            heapq.heappush(self._to_venue, (due, self._next(), command))
        self._arrive(self.now_ns)

    def trade(self, trades: Trades) -> None:
        """Execute against trades; commands arrive between them when their time has come."""
        row = 0
        while row < len(trades):
            self._arrive(int(trades.ts_event[row]))
            due = self._to_venue[0][0] if self._to_venue else int(trades.ts_event[-1]) + 1
            stop = max(row + 1, int(np.searchsorted(trades.ts_event, due)))
            part = trades.slice(row, stop)
            self._reach(int(part.ts_event.max()))
            self._tell(self.exchange.trade(part))
            row = stop

    def deliver(self, now_ns: Nanos) -> list[Event]:
        """Return what reaches the desk up to `now_ns`, in the order in which it arrives."""
        elapsed_ns = max(0, now_ns - max(self._looked_ns, now_ns - NANOS_PER_S))
        self._looked_ns = now_ns
        self._arrive(now_ns)
        self._reach(now_ns)
        self._tell(self.exchange.elapse(now_ns))
        events: list[Event] = []
        if self.up and self._happens(self.rates.disconnect * elapsed_ns / NANOS_PER_S):
            self._up_again_ns = now_ns + self._span(self.rates.down_max_ns)
            events += self._arrived(now_ns)
            self._to_desk.clear()  # What was under way is gone with the line.
            events.append(self._link(False))
        elif not self.up and now_ns >= self._up_again_ns:
            events.append(self._link(True))
        return events + self._arrived(now_ns)

    def _link(self, up: bool) -> LinkChanged:
        self.up = up
        return LinkChanged(
            ts_ns=Nanos(self.now_ns), up=up, reason="line is back" if up else "line is down"
        )

    def _arrived(self, now_ns: int) -> list[Event]:
        events: list[Event] = []
        while self._to_desk and self._to_desk[0][0] <= now_ns:
            events += heapq.heappop(self._to_desk)[2]
        return events

    def _arrive(self, now_ns: int) -> None:
        """Hand the exchange the commands whose time has come."""
        while self._to_venue and self._to_venue[0][0] <= now_ns:
            due, _, command = heapq.heappop(self._to_venue)
            self._reach(due)
            if (
                isinstance(command, BracketSubmitted)
                and command.client_id not in self.exchange.state.orders
                and self._happens(self.rates.refused)
            ):
                self._tell([self._refuse(command)])
            else:
                self._tell(self.exchange.send(command))

    def _refuse(self, bracket: BracketSubmitted) -> OrderRejected:
        rejected = OrderRejected(
            client_id=bracket.client_id,
            request_id="",
            contract=bracket.contract,
            ts_ns=bracket.ts_ns,
            leg=Leg.ENTRY,
            reason="refused by the venue",
        )
        apply(self.exchange.state, rejected)
        return rejected

    def _tell(self, facts: list[Fact]) -> None:
        """Send the desk what the exchange says; its private notes stay with it."""
        told: list[Event] = [f for f in facts if not isinstance(f, Note)]
        if told and isinstance(told[-1], OrderReported | AccountReported):
            self._carry(told)
            return
        for fact in told:
            self._carry([fact])

    def _carry(self, packet: list[Event]) -> None:
        rates, last = self.rates, packet[-1]
        if not self.up or self._happens(rates.event_lost):
            return
        due = self.now_ns + self._delay(rates.event_late)
        channels = list(self._channels)
        if isinstance(last, OrderReported):
            channels = [(last.client_id, executions) for executions in (True, False)]
        elif not isinstance(last, AccountReported | LinkChanged):
            channels = [(last.client_id, isinstance(last, OrderFilled))]
        due = max([due, *(self._channels.get(channel, due) for channel in channels)])
        self._channels |= dict.fromkeys(channels, due)
        for _ in range(1 + self._happens(rates.event_twice)):
            heapq.heappush(self._to_desk, (due, self._next(), packet))

    def _reach(self, now_ns: int) -> None:
        self.now_ns = max(self.now_ns, now_ns)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and bool(self._random.random() < probability)

    def _delay(self, probability: float) -> int:
        return self._span(self.rates.late_max_ns) if self._happens(probability) else 0

    def _span(self, most_ns: int) -> int:
        return int(self._random.integers(1, most_ns + 1))
