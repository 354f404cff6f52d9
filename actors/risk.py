"""Risk: which approved signals become brackets, and when everything must be left."""

from collections.abc import Iterable
from typing import Any

from actors.core.risk.limits import RiskRule, RiskState, after_cut, judge
from protocol.instruments import instrument
from protocol.market import BarClosed, Cut
from protocol.message import Message
from protocol.orders import BracketEnded, BracketSubmitted, PositionClosed, PositionOpened
from protocol.settings import Settings
from protocol.signals import SignalApproved
from supervision.shell import Shell, handles


class RiskShell(Shell):
    """Judges signals against limits. At a cut it first learns of fills, then it decides.

    A restart reads the desk's stream again: it knows every position and result as before.
    """

    def configure(self, settings: Settings, directory: str) -> None:
        own = instrument(settings.feed.symbol)
        self.rule = RiskRule.of(settings.risk, settings.paper, own)
        self.state = RiskState()

    @handles(BracketSubmitted)
    def on_bracket_submitted(self, fact: BracketSubmitted) -> None:
        self.state = self.state.after(fact)

    @handles(PositionOpened)
    def on_position_opened(self, fact: PositionOpened) -> None:
        self.state = self.state.after(fact)

    @handles(PositionClosed)
    def on_position_closed(self, fact: PositionClosed) -> None:
        self.state = self.state.after(fact)

    @handles(BracketEnded)
    def on_bracket_ended(self, fact: BracketEnded) -> None:
        self.state = self.state.after(fact)

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> None:
        self.state = self.state.marked(bar.close)

    @handles(SignalApproved)
    def on_signal_approved(self, signal: SignalApproved) -> Iterable[Message]:
        decision = judge(self.state, signal, self.rule)
        self.state = self.state.after(decision)
        return (decision,)

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Halt at the limit, flatten when it is time; asked at every cut, so nothing is missed."""
        for decision in after_cut(self.state, cut.ts_ns, self.rule):
            self.state = self.state.after(decision)
            yield decision

    def inspect(self) -> dict[str, Any]:
        return self.state.inspect()
