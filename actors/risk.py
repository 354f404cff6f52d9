"""Risk: which approved signals become brackets, and when everything must be left."""

from collections.abc import Iterable
from typing import Any

from actors.core.risk.limits import RiskRule, after_cut, judge_cut
from actors.core.risk.state import RiskState, apply
from actors.core.rules import risk_rule
from protocol.instruments import instrument_of
from protocol.market import BarClosed, Cut
from protocol.message import Message
from protocol.orders import BracketEnded, BracketSubmitted, PositionClosed, PositionOpened
from protocol.settings import Settings
from protocol.signals import FlowTurned, SignalApproved
from supervision.shell import Shell, handles


class RiskShell(Shell):
    """Judges signals against limits. At a cut it first learns of fills, then it decides.

    A restart reads the desk's stream again: it knows every position and result as before.
    """

    def configure(self, settings: Settings, directory: str) -> None:
        self.settings = settings
        self.series = settings.bars.series[0]
        self.own = instrument_of(settings.feed.symbol)
        self.rule: RiskRule | None = None
        self.state = RiskState()
        self.last_price: int | None = None
        self.approved: list[SignalApproved] = []
        self.turned: list[FlowTurned] = []  # Since the last cut.

    @handles(BracketSubmitted)
    @handles(BracketEnded)
    @handles(PositionOpened)
    @handles(PositionClosed)
    def on_desk_fact(
        self, fact: BracketSubmitted | BracketEnded | PositionOpened | PositionClosed
    ) -> None:
        """Fold what the desk did; a repeat changes nothing."""
        apply(self.state, fact)

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> None:
        """Mark positions by the close of the bars decided on."""
        if bar.series != self.series:
            return
        if self.rule is None or self.rule.contract != bar.contract:
            self.rule = risk_rule(self.settings, self.own, bar.contract)
        self.last_price = bar.close

    @handles(SignalApproved)
    def on_signal_approved(self, signal: SignalApproved) -> None:
        """Wait for the cut: signals of one bar are judged together."""
        apply(self.state, signal)
        self.approved.append(signal)

    @handles(FlowTurned)
    def on_flow_turned(self, said: FlowTurned) -> None:
        """Wait for the cut: whether a position is held is known there."""
        self.turned.append(said)

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Judge the signals, halt at the limit, flatten when it is time.

        Asked at every cut and about what is, not about what has just happened, so no moment can
        be missed.
        """
        turned, self.turned = self.turned, []
        if self.rule is None:
            return ()
        decisions: list[Any] = [*judge_cut(self.state, self.approved, self.rule)]
        self.approved.clear()
        for decision in decisions:
            apply(self.state, decision)
        demands = after_cut(self.state, cut.ts_ns, self.last_price, self.rule, turned)
        for demand in demands:
            apply(self.state, demand)
        return [*decisions, *demands]

    def inspect(self) -> dict[str, Any]:
        state = self.state
        return {
            "positions": {id: str(held) for id, held in state.positions.items()},
            "pending": dict(state.pending),
            "day": state.day,
            "day_cents": state.day_cents,
            "realised_cents": state.realised_cents,
            "halted": state.halted,
            "last_price": self.last_price,
        }
