"""The regime of one symbol: what state the market is in after each bar."""

from collections.abc import Iterable
from typing import Any

from actors.core.regime.classify import RegimeState
from actors.core.rules import regime_rule
from protocol.instruments import instrument_of
from protocol.market import BarClosed
from protocol.message import Message
from protocol.settings import Settings
from supervision.shell import Shell, handles


class RegimeShell(Shell):
    """Judges every bar. A restart reads the bars again and knows as much as before."""

    def configure(self, settings: Settings, directory: str) -> None:
        self.settings = settings
        self.state: RegimeState | None = None

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> Iterable[Message]:
        """Judge the bar; another contract starts with an empty history."""
        if self.state is None or self.state.rule.contract != bar.contract:
            own = instrument_of(self.settings.feed.symbol)
            self.state = RegimeState(regime_rule(self.settings.regime, own, bar.contract))
        return (self.state.judge(bar),)

    def inspect(self) -> dict[str, Any]:
        return {} if self.state is None else {"contract": self.state.rule.contract}
