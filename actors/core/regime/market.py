"""All that is judged of one contract after each bar: regime, flow, condition and their levels.

The value area of the session so far comes just after the bar that it includes, in a message of
its own. So the condition of a bar waits for it: until the value area of the same instant, the next
bar or the decision point, whichever is first. Only a regular session seen from its beginning has a
value area here; half a session has half a value, and setups measured by it would be wrong.
"""

from actors.core.regime.classify import RegimeState
from actors.core.regime.condition import UNKNOWN_AUCTION, AuctionContext, market_condition
from actors.core.regime.flow import Flow, FlowRegimeRule, FlowState
from actors.core.regime.scores import RegimeRule
from actors.core.session.calendar import trading_day
from protocol.market import BarClosed, ValueJudged, Window
from protocol.signals import ConditionJudged, RegimeJudged

Judged = RegimeJudged | ConditionJudged


class MarketState:
    """Judges one contract bar by bar; a new contract needs a new state."""

    def __init__(self, regime: RegimeRule, flow: FlowRegimeRule) -> None:
        self.contract = regime.contract
        self.regime = RegimeState(regime)
        self.flow = FlowState(flow)
        self.auction: AuctionContext = UNKNOWN_AUCTION
        self.value: ValueJudged | None = None  # The latest of a regular session.
        self.waiting: tuple[BarClosed, Flow] | None = None
        self.last_end_ns = -(2**63)

    def add(self, bar: BarClosed) -> list[Judged]:
        """Take in the next bar: the condition of the bar before, if it waits, and the regime."""
        if bar.end_ns < self.last_end_ns:
            raise ValueError(f"a bar that ends {bar.end_ns}, wanted {self.last_end_ns} or later")
        judged = [*self.complete(), self.regime.judge(bar)]
        self.last_end_ns = bar.end_ns
        self.waiting = bar, self.flow.add(bar)
        return judged

    def add_value(self, value: ValueJudged) -> list[Judged]:
        """Take in a value area; that of the bar that waits completes its condition."""
        if value.contract != self.contract:
            raise ValueError(f"a value area of {value.contract}, wanted {self.contract}")
        if value.window is not Window.RTH:
            return []
        self.value = value
        same = self.waiting is not None and self.waiting[0].end_ns == value.ts_ns
        return self.complete() if same else []

    def complete(self) -> list[Judged]:
        """Judge the condition of the bar that waits: nothing more will come for it."""
        if self.waiting is None:
            return []
        bar, flow = self.waiting
        self.waiting = None
        return [self._condition(bar, flow)]

    def shown(self) -> dict[str, str | int | tuple[int, ...]]:
        """Return the state for a screen, with both anchored averages in ticks."""
        return {
            "contract": self.contract,
            "bars": self.regime.bars,
            "regime": self.regime.regime,
            "flow": self.flow.regime,
            "sessions": len(self.flow.sessions),
            "vwap_since_1800": self.regime.vwap.globex.bands(),
            "vwap_since_0930": self.regime.vwap.regular.bands(),
        }

    def _condition(self, bar: BarClosed, flow: Flow) -> ConditionJudged:
        vwap, atr = self.regime.vwap.running, self.regime.atr_now
        light = market_condition(
            bar.end_ns, bar.close, vwap.mean(), flow.regime, self.auction
        )
        value = self._value_of(bar)
        return ConditionJudged(
            contract=bar.contract,
            ts_ns=bar.end_ns,
            condition=light.condition,
            flow=flow.regime,
            cvd=flow.cvd,
            threshold=flow.threshold,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            atr_milliticks=None if atr is None else round(atr * 1000),
            vwap_bands=vwap.bands(),
            value_low=value.value_low if value else None,
            value_high=value.value_high if value else None,
            poc=value.poc if value else None,
            reason=light.reason,
        )

    def _value_of(self, bar: BarClosed) -> ValueJudged | None:
        """Return the value area of the regular session of the bar's trading date."""
        day = trading_day(bar.start_ns)
        if self.value is None or not self.value.whole or self.value.date != str(day.date):
            return None
        return self.value if bar.start_ns >= day.rth_open_ns else None
