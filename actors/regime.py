"""The regime of one symbol: what state the market is in after each bar."""

from collections.abc import Iterable
from typing import Any

from actors.core.regime.classify import RegimeRule, RegimeState
from protocol.instruments import instrument
from protocol.market import BarClosed
from protocol.message import Message
from protocol.settings import Settings
from supervision.shell import Shell, handles


class RegimeShell(Shell):
    """Judges every bar. A restart reads the bars again and knows as much as before."""

    def configure(self, settings: Settings, directory: str) -> None:
        own = instrument(settings.feed.symbol)
        self.state = RegimeState(RegimeRule.of(settings.regime, own.tick_size))

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> Iterable[Message]:
        return (self.state.judge(bar),)

    def inspect(self) -> dict[str, Any]:
        return self.state.inspect()
