"""Feeds whose market waits for the test: no day is over before the test has done its part."""

from pathlib import Path

from actors.adapters.tape import Tape
from actors.feed import FeedShell
from protocol.settings import Settings

LIMIT = "limit"  # In the run's directory: how many cuts there may be; without it, all.


class HeldFeedShell(FeedShell):
    """Plays its tape by a clock that stands while as many cuts are released as may be."""

    def configure(self, settings: Settings, directory: str) -> None:
        super().configure(settings, directory)
        self._limit = Path(directory).parent / LIMIT
        self._seen_ns = self._stood_ns = 0

    def at(self, now_ns: int) -> None:
        """Let the time pass that the market was open."""
        if self._is_held():
            self._stood_ns += now_ns - (self._seen_ns or now_ns)
        self._seen_ns = now_ns
        super().at(now_ns - self._stood_ns)

    def _is_held(self) -> bool:
        try:
            return self.tape.released_cuts >= int(self._limit.read_text())
        except FileNotFoundError:
            return False


class PouringFeedShell(HeldFeedShell):
    """Releases its tape whether or not anything behind it has settled, as a live market does."""

    def configure(self, settings: Settings, directory: str) -> None:
        path = Path(directory) / "tape.frames"
        self._given = Tape.open(path, settings.feed.speed, ahead=1_000_000)
        super().configure(settings, directory)
