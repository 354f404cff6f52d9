"""The paper broker's shell in its cell, as both runtimes run it; it dies where it is told."""

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np

from actors.broker import PaperBrokerShell
from actors.core.columns import Trades, batch_of
from actors.core.orders.fills import PaperRule
from actors.core.orders.tick_fills import Order
from actors.core.rules import paper_rule
from protocol.instruments import instrument_of
from protocol.market import Cut, CutReason, Settled
from protocol.message import Message
from protocol.settings import Settings
from supervision.cell import Cell
from supervision.journal import MemoryJournal


class PaperFloor:
    """A broker between a feed and a desk that a test plays."""

    def __init__(self, rule: PaperRule) -> None:
        base = Settings()
        self.settings = dataclasses.replace(
            base,
            paper=dataclasses.replace(
                base.paper,
                commission_cents=rule.commission_cents,
                target_fill=rule.target_fill,
                partial="traded" if rule.partial else "off",
                displayed_contracts=rule.displayed,
            ),
        )
        assert paper_rule(self.settings.paper, instrument_of("ES"), rule.contract) == rule
        self.contract = rule.contract
        self.journal = MemoryJournal()
        self.cuts = 0
        self.start()

    def start(self) -> None:
        """Begin anew with what the journal holds; what it published comes again."""
        self.shell = PaperBrokerShell()
        self.shell.configure(self.settings, "")
        self.out: list[Message] = []
        self.cell = Cell(self.shell, ("feed", "desk"), self.out.extend, self.journal)
        self.numbers = self.cell.recover()

    def take(self, source: str, message: Message) -> None:
        """Hand over the next message of a source."""
        self.numbers[source] += 1
        self.cell.offer(source, self.numbers[source], message)
        self.cell.release()

    def trade(self, trades: Trades) -> None:
        """Hand over trades of the feed."""
        self.take("feed", batch_of(trades, self.contract, False))

    def cut(self, ts_ns: int, orders: Sequence[Message] = ()) -> None:
        """Reach a decision point, and settle it once the orders it brought are in."""
        self.cuts += 1
        self.take("feed", Cut(number=self.cuts, ts_ns=ts_ns, reason=CutReason.BAR))
        for order in orders:
            self.take("desk", order)
        self.take("desk", Settled(number=self.cuts))

    def play(
        self,
        trades: Trades,
        orders: Sequence[Order],
        batch: int = 7,
        deaths: Collection[int] = (),
    ) -> list[Message]:
        """Send each order before the trades of its instant; return what the journal holds."""
        rows: dict[int, list[Order]] = {}
        for order in sorted(orders, key=lambda order: order.ts_ns):
            row = int(np.searchsorted(trades.ts_event, order.ts_ns))
            rows.setdefault(row, []).append(order)
        edges = sorted({0, len(trades), *range(0, len(trades), batch), *rows})
        for number, (start, stop) in enumerate(zip(edges, edges[1:], strict=False)):
            self.cut(int(trades.ts_event[start]), rows.get(start, ()))
            if number in deaths:
                self.start()
            self.trade(trades.slice(start, stop))
        return self.facts()

    def facts(self) -> list[Message]:
        """Return all that was recorded but for the marks of the tape."""
        return [fact for fact in self.journal.load() if not isinstance(fact, Cut | Settled)]
