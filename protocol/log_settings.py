"""The settings of the log: what of the decisions is written, and how much of it is kept."""

from dataclasses import dataclass
from typing import Literal

from protocol.pattern_settings import PositiveInt


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """One line for each decision, with what it came from; the books hold the decisions anyway."""

    level: Literal["off", "debug", "info", "warning", "error"] = "info"  # What is less is left out.
    format: Literal["console", "json"] = "console"  # How it is shown; the files are JSON.
    file_mb: PositiveInt = 20  # Then the next file begins ...
    files_kept: PositiveInt = 10  # ... and the oldest beyond so many goes.
