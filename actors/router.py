"""The router: which signals the regime lets through."""

from collections.abc import Iterable
from typing import Any

from actors.core.regime.permit import permit
from actors.core.rules import router_rule
from protocol.message import Message
from protocol.settings import Settings
from protocol.signals import RegimeJudged, SignalRaised
from supervision.shell import Shell, handles


class RouterShell(Shell):
    """Approves or drops every signal, by the regime of the same bar."""

    def configure(self, settings: Settings, directory: str) -> None:
        self.rule = router_rule(settings.router, settings.bars)
        self.regime: RegimeJudged | None = None

    @handles(RegimeJudged)
    def on_regime_judged(self, judged: RegimeJudged) -> None:
        self.regime = judged

    @handles(SignalRaised)
    def on_signal_raised(self, signal: SignalRaised) -> Iterable[Message]:
        return (permit(signal, self.regime, self.rule),)

    def inspect(self) -> dict[str, Any]:
        return {"regime": str(self.regime)}
