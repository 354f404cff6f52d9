"""The router: which signals the regime lets through, and which setups the flow recommends."""

from collections.abc import Iterable
from typing import Any

from actors.core.plain import plain
from actors.core.regime.permit import permit
from actors.core.regime.setups import SetupRule, Setups
from actors.core.rules import router_rule
from protocol.market import Cut
from protocol.message import Message
from protocol.settings import Settings
from protocol.signals import ConditionJudged, RegimeJudged, SignalRaised
from supervision.shell import Shell, handles


class RouterShell(Shell):
    """Approves or drops every signal, by the regime of the same bar, and follows the setups.

    A condition is judged at the cut, when the signals of the same bar have been read. After
    a restart the same recommendations stand.
    """

    resumes = True

    def configure(self, settings: Settings, directory: str) -> None:
        self.rule = router_rule(settings.router, settings.bars)
        low_quality_allowed = settings.risk.low_quality_entries == "allow"
        self.setups = Setups(SetupRule.of(settings.setups, low_quality_allowed))
        self.regime: RegimeJudged | None = None
        self.conditions: list[ConditionJudged] = []  # Since the last cut.

    @handles(RegimeJudged)
    def on_regime_judged(self, judged: RegimeJudged) -> None:
        self.regime = judged

    @handles(ConditionJudged)
    def on_condition_judged(self, judged: ConditionJudged) -> None:
        self.conditions.append(judged)

    @handles(SignalRaised)
    def on_signal_raised(self, signal: SignalRaised) -> Iterable[Message]:
        self.setups.signal(signal)
        return (permit(signal, self.regime, self.rule),)

    def on_cut(self, cut: Cut) -> Iterable[Message]:
        """Recommend setups and end those that are over, bar by bar."""
        conditions, self.conditions = self.conditions, []
        return [answer for judged in conditions for answer in self.setups.condition(judged)]

    def inspect(self) -> dict[str, Any]:
        return {"regime": plain(self.regime), "setups": plain(self.setups.standing)}
