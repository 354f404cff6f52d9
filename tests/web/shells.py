"""Shells for tests that ask an actor, or tell the desk something."""

from actors.desk import DeskShell
from protocol.market import Cut, CutReason
from protocol.settings import Settings
from supervision.shell import Shell
from tests.makers import at

NOON = Cut(number=1, ts_ns=at("12:00"), reason=CutReason.BAR)


class QuietShell(Shell):
    """Reads nothing and says nothing."""


class BusyDesk(DeskShell):
    """A desk that has passed a decision point, at noon."""

    def configure(self, settings: Settings, directory: str) -> None:
        super().configure(settings, directory)
        self.apply(NOON)
