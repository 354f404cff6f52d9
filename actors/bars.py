"""The aggregator of one symbol: footprint bars from its trades."""

from collections.abc import Iterable
from typing import Any

from actors.core.columns import trades_of
from actors.core.orderflow.footprint import BarBuilder, BarRule
from protocol.market import Cut, CutReason, TradeBatch
from protocol.message import Message
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.shell import Shell, handles


class BarsShell(Shell):
    """Builds bars. A restart reads the trades of the session again and has the same bar open."""

    def configure(self, settings: Settings, directory: str) -> None:
        self.settings = settings.bars
        self.builder: BarBuilder | None = None

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> Iterable[Message]:
        """Add the trades; a bar closes with the first trade behind its end."""
        if self.builder is None or self.builder.rule.contract != batch.contract:
            self.builder = self._builder_for(batch)
        return self.builder.add(trades_of(batch))

    def _builder_for(self, batch: TradeBatch) -> BarBuilder:
        rule = BarRule(
            contract=batch.contract,
            bar_ns=self.settings.seconds * NANOS_PER_S,
            value_area=self.settings.value_area,
            simulated=batch.simulated,
        )
        return BarBuilder(rule)

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Close the bar whose time is over; at the end of the tape, the open one."""
        if self.builder is None:
            return ()
        if cut.reason is CutReason.END:
            return self.builder.close_now()
        return self.builder.close_at(cut.ts_ns)

    def inspect(self) -> dict[str, Any]:
        return {} if self.builder is None else self.builder.inspect()
