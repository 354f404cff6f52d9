"""The detector set of one symbol: patterns in its closed bars."""

from collections.abc import Iterable

from actors.core.orderflow.imbalance import imbalances
from actors.core.rules import imbalance_rule
from protocol.instruments import instrument_of
from protocol.market import BarClosed
from protocol.message import Message
from protocol.settings import Settings
from supervision.shell import Shell, handles


class DetectorShell(Shell):
    """Raises signals from closed bars. Keeps nothing between bars: a restart loses nothing."""

    def configure(self, settings: Settings, directory: str) -> None:
        self.rule = imbalance_rule(settings.imbalance, instrument_of(settings.feed.symbol))

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> Iterable[Message]:
        """Raise one signal per imbalance and one per stack of them."""
        return imbalances(bar, self.rule)
