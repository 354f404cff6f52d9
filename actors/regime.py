"""The regime of one symbol: what state the market is in after each bar."""

from collections.abc import Iterable
from typing import Any

from actors.core.regime.flow import FlowRegimeRule
from actors.core.regime.market import Judged, MarketState
from actors.core.rules import regime_rule
from protocol.instruments import instrument_of
from protocol.market import BarClosed, BarWarm, Cut, ValueJudged
from protocol.message import Message
from protocol.settings import Settings
from supervision.shell import Shell, handles


class RegimeShell(Shell):
    """Judges every bar decided on. After a restart it knows as much as before."""

    resumes = True

    def configure(self, settings: Settings, directory: str) -> None:
        self.settings = settings
        self.series = settings.bars.series[0]
        self.own = instrument_of(settings.feed.symbol)
        self.state: MarketState | None = None

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> Iterable[Message]:
        """Judge the bar; another contract starts with an empty history."""
        if bar.series != self.series:
            return ()
        state, over = self._state_of(bar.contract)
        return (*over, *state.add(bar))

    @handles(BarWarm)
    def on_bar_warm(self, warm: BarWarm) -> None:
        """Learn a bar of the past, and say nothing of it."""
        state, _ = self._state_of(warm.bar.contract)
        state.add(warm.bar)
        state.complete()

    @handles(ValueJudged)
    def on_value_judged(self, value: ValueJudged) -> Iterable[Message]:
        """Complete the condition of the bar that the value area belongs to."""
        return () if self.state is None else self.state.add_value(value)

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Complete the condition of a bar without a value area."""
        return () if self.state is None else self.state.complete()

    def _state_of(self, contract: str) -> tuple[MarketState, list[Judged]]:
        """Return the state of a contract, and what is left to say of another's."""
        over: list[Judged] = []
        if self.state is None or self.state.contract != contract:
            over = self.state.complete() if self.state else []
            self.state = MarketState(
                regime_rule(self.settings, self.own, contract),
                FlowRegimeRule.of(self.settings.condition, self.own),
            )
        return self.state, over

    def inspect(self) -> dict[str, Any]:
        return {} if self.state is None else self.state.shown()
