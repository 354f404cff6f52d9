"""The kill file: while it is there nothing may be entered, whatever else works or does not."""

from pathlib import Path
from typing import Protocol

from protocol.units import NANOS_PER_S

NAME = "KILL"
LOOK_S = 0.5  # How often it is looked for.
WORDS_MAX = 200


class KillSwitch(Protocol):
    """The port to a switch outside the program."""

    def thrown(self) -> str | None:
        """Return why it is thrown, None if it is not."""


class KillFile:
    """The switch is thrown while a file of that name stands in the directory of the run."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / NAME

    def thrown(self) -> str | None:
        try:
            with self._path.open(errors="replace") as file:
                words = file.read(WORDS_MAX).strip()
        except FileNotFoundError:
            return None
        except OSError as error:  # It is there and cannot be read: that is enough.
            words = f"unreadable: {error.strerror}"
        return words or "no reason given"


class KillWatch:
    """Looks at a switch now and then; `on` is whether it was thrown at the last look."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch
        self._looked_ns = -NANOS_PER_S
        self.on = False

    def appeared(self, now_ns: int) -> str | None:
        """Return why it is thrown if it was not at the look before."""
        if 0 <= now_ns - self._looked_ns < LOOK_S * NANOS_PER_S:
            return None
        self._looked_ns = now_ns
        words = self._switch.thrown()
        was, self.on = self.on, words is not None
        return None if was else words
