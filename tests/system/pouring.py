"""A feed that waits for nobody: the tape by the clock, as a live market sends it."""

from pathlib import Path

from actors.adapters.tape import Tape
from actors.feed import FeedShell
from protocol.settings import Settings


class PouringFeedShell(FeedShell):
    """Releases its tape whether or not anything behind it has settled."""

    def configure(self, settings: Settings, directory: str) -> None:
        path = Path(directory) / "tape.frames"
        self._given = Tape.open(path, settings.feed.speed, ahead=1_000_000)
        super().configure(settings, directory)
