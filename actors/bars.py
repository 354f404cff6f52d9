"""The aggregator of one symbol: footprint bars from its trades, and the value areas of the day."""

from collections.abc import Iterable, Sequence
from typing import Any

from actors.core.columns import trades_of
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.orderflow.foresight import known_ahead
from actors.core.rules import bar_rules
from protocol.market import BarClosed, BarWarm, Cut, CutReason, TradeBatch, ValueJudged
from protocol.message import Message
from protocol.settings import Settings
from supervision.shell import Shell, handles


class BarsShell(Shell):
    """Builds the bars of every series, side by side.

    Bars go out by end, series and number, those of the first series each followed by the value
    area of its session: an order that the trades alone decide, not how they were cut into batches.

    After a restart the same bars are open.
    """

    resumes = True

    def configure(self, settings: Settings, directory: str) -> None:
        self.settings = settings.bars
        self.bars: ContractBars | None = None

    @handles(BarWarm)
    def on_bar_warm(self, warm: BarWarm) -> Iterable[Message]:
        """Let the sums of the session go on from a bar of the past, and hand it on."""
        bars, _ = self._bars_of(warm.bar.contract, warm.bar.simulated)
        bars.warm(warm.bar)
        return (warm,)

    def foresee(self, messages: Sequence[Message]) -> None:
        """Build the bars of the next trades at once, as far as they may be known."""
        first = messages[0]
        if self.bars is None and isinstance(first, TradeBatch):
            self._bars_of(first.contract, first.simulated)
        if self.bars is not None:
            self.bars.foresee(known_ahead(messages, self.bars))

    @handles(TradeBatch)
    def on_trades(self, batch: TradeBatch) -> Iterable[Message]:
        """Add the trades; what ended before the last of them goes out."""
        bars, left = self._bars_of(batch.contract, batch.simulated)
        return [*left, *bars.add(trades_of(batch))]

    def _bars_of(
        self, contract: str, simulated: bool
    ) -> tuple[ContractBars, list[BarClosed | ValueJudged]]:
        """Return the bars of a contract, and what is left of another's.

        Another contract starts anew: two months never share a bar, a profile or a cumulative
        delta.
        """
        left: list[BarClosed | ValueJudged] = []
        if self.bars is None or not self.bars.fits(contract, simulated):
            left = [] if self.bars is None else self.bars.closed()
            self.bars = ContractBars(bar_rules(self.settings, contract), simulated)
        return self.bars, left

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Close the bars whose time is over; at the end of the tape, the open ones."""
        if self.bars is None:
            return ()
        if cut.reason is CutReason.END:
            return self.bars.close_now(cut.ts_ns)
        return self.bars.close_at(cut.ts_ns)

    def inspect(self) -> dict[str, Any]:
        if self.bars is None:
            return {}
        return {"contract": self.bars.contract, "late_trades": self.bars.late}
