"""The aggregator of one symbol: footprint bars from its trades."""

from collections.abc import Iterable
from typing import Any

from actors.core.columns import trades_of
from actors.core.orderflow.footprint import BarBuilder
from actors.core.rules import bar_rule
from protocol.market import Cut, CutReason, TradeBatch
from protocol.message import Message
from protocol.settings import Settings
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
            # Another contract starts anew: two months never share a bar or a cumulative delta.
            rule = bar_rule(self.settings, batch.contract)
            self.builder = BarBuilder(rule, batch.simulated)
        return self.builder.add(trades_of(batch))

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Close the bar whose time is over; at the end of the tape, the open one."""
        if self.builder is None:
            return ()
        if cut.reason is CutReason.END:
            return self.builder.close_now(cut.ts_ns)
        return self.builder.close_at(cut.ts_ns)

    def inspect(self) -> dict[str, Any]:
        if self.builder is None:
            return {}
        return {"contract": self.builder.rule.contract, "late_trades": self.builder.late}
