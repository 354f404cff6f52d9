"""Risk: which approved signals become brackets, and when everything must be left."""

from collections.abc import Iterable, Sequence
from typing import Any

from actors.core.plain import plain
from actors.core.risk.breaker import breaker_cents, tripped
from actors.core.risk.changes import Limits, limited, standing
from actors.core.risk.exposure import balance_cents, limit_cents, unrealised_cents
from actors.core.risk.judge import judge_cut
from actors.core.risk.ledger import apply
from actors.core.risk.limits import after_cut, before_cut, halted
from actors.core.risk.rule import RiskRule
from actors.core.risk.state import RiskState, standing_streak
from actors.core.rules import risk_rule
from actors.core.session.calendar import trading_date
from protocol.account import LimitsChanged, TradingHalted, TradingResumed
from protocol.desk import ExecutionBooked, OrderStepped
from protocol.fence import FenceClosed, FenceOpened, PositionAdopted
from protocol.instruments import instrument_of
from protocol.market import BarClosed, Cut, Settled
from protocol.message import Message
from protocol.orders import (
    BracketEnded,
    BracketSubmitted,
    PositionChanged,
    PositionClosed,
    PositionOpened,
)
from protocol.settings import Settings
from protocol.signals import FlowTurned, SignalApproved
from supervision.shell import Shell, handles


class RiskShell(Shell):
    """Judges signals against limits. At a cut it first learns of fills, then it decides.

    Its state is the fold of what it reads and of what it decides. After a restart it
    knows every position, result, halt and tier as before.
    """

    resumes = True

    def configure(self, settings: Settings, directory: str) -> None:
        self.series = settings.bars.series[0]
        self.settled = self.rule = risk_rule(settings, instrument_of(settings.feed.symbol))
        self.breaker_cents = breaker_cents(settings.risk)
        self.state = RiskState()
        self.last_ns = 0
        self.turned: list[FlowTurned] = []  # Since the last cut.

    @handles(BracketSubmitted)
    @handles(BracketEnded)
    @handles(PositionOpened)
    @handles(PositionChanged)
    @handles(PositionClosed)
    @handles(PositionAdopted)
    @handles(ExecutionBooked)
    @handles(OrderStepped)
    @handles(FenceClosed)
    @handles(FenceOpened)
    @handles(TradingHalted)
    @handles(TradingResumed)
    @handles(LimitsChanged)
    @handles(SignalApproved)
    def on_fact(self, fact: Any) -> None:
        """Fold what the desk did or a person asked, and signals: they wait for the cut."""
        apply(self.state, fact)

    @handles(BarClosed)
    def on_bar_closed(self, bar: BarClosed) -> None:
        """Mark positions by the close of the bars decided on."""
        if bar.series == self.series:
            apply(self.state, bar)

    @handles(FlowTurned)
    def on_flow_turned(self, said: FlowTurned) -> None:
        """Wait for the cut: whether a position is held is known there."""
        self.turned.append(said)

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Settle tier and resume, judge the signals, halt at a limit, flatten when it is time."""
        self.last_ns = cut.ts_ns
        if self.state.changes:
            self.rule = self._standing_rule(cut.ts_ns)
        decided = self._folded(before_cut(self.state, cut.ts_ns, self.rule))
        apply(self.state, cut)
        # Before the judging: what has tripped lets no entry of this very cut through.
        decided += self._folded(tripped(self.state, cut.ts_ns, self.rule, self.breaker_cents))
        decided += self._folded(judge_cut(self.state, cut.ts_ns, self.rule))
        decided += self._folded(after_cut(self.state, cut.ts_ns, self.rule, self.turned))
        self.turned.clear()
        return decided

    def _standing_rule(self, ts_ns: int) -> RiskRule:
        today = trading_date(ts_ns)
        return limited(self.settled, standing(Limits.of(self.settled), self.state.changes, today))

    def _folded(self, facts: Sequence[Any]) -> list[Message]:
        """Return facts of ours after the state has learned of them."""
        for fact in facts:
            apply(self.state, fact)
        return list(facts)

    def unhurried(self) -> dict[str, tuple[type[Message], ...]]:
        return {"desk": (Settled,)}

    def inspect(self) -> dict[str, Any]:
        state, rule = self.state, self.rule
        return {
            "positions": plain(state.positions),
            "pending": plain(state.pending),
            "day": plain(state.day),
            "unrealised_cents": unrealised_cents(state, rule),
            "balance_cents": balance_cents(state, rule),
            "limit_cents": limit_cents(state, rule),
            "halted": halted(state, self.last_ns, rule),
            "fence": sorted(state.fence),
            "tier": state.tier,
            "instrument": state.instrument,
            "streak": plain(standing_streak(state)),
            "price": state.price,
        }
