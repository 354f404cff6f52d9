"""The detector set of one symbol: patterns in its closed bars."""

from collections.abc import Iterable

from actors.core.orderflow.imbalance import ImbalanceRule, imbalance_signals
from protocol.instruments import instrument
from protocol.market import BarClosed
from protocol.message import Message
from protocol.settings import Settings
from supervision.shell import Shell, handles


class DetectorShell(Shell):
    """Raises signals from closed bars. Keeps nothing between bars: a restart loses nothing."""

    def configure(self, settings: Settings, directory: str) -> None:
        chosen = settings.imbalance
        own = instrument(settings.feed.symbol)
        self.rule = ImbalanceRule(
            ratio=chosen.ratio,
            volume_min=chosen.volume_min or own.imbalance_volume_min,
            zero_policy=chosen.zero_policy,
            stack_min=chosen.stack_min,
        )

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> Iterable[Message]:
        """Raise one signal per imbalance and one per stack of them."""
        return imbalance_signals(bar, self.rule)
