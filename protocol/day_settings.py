"""The settings of the day: its clock and its chores, preflight (domain 8.6), warm-up (8.3).

Times are in seconds. What a preflight shares with the watchdog, the floors of disk and memory and
the age of a heartbeat, is set there.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from protocol.pattern_settings import PositiveInt, WholeNumber

ChoreName = Literal["preflight", "recap", "export"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySettings:
    """What the hours of the day bring about (domain 8.2)."""

    # The clock of the market's own events, for replays, the demo and simulations; or the wall's.
    clock: Literal["event", "wall"] = "event"
    chores: tuple[ChoreName, ...] = ()  # Done by processes of their own; the rest is left alone.
    attempts_max: PositiveInt = 12  # Of a chore that asks to be tried again.
    backoff_s: PositiveInt = 30  # Before the second attempt; doubled with each ...
    backoff_max_s: PositiveInt = 1_800  # ... up to this.
    chore_limit_s: PositiveInt = 1_800  # A chore that takes longer is ended and tried again.
    niceness: Annotated[int, Ge(0), Le(19)] = 10  # Of a chore: whoever trades goes before it.


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightSettings:
    """What must be well before the open (domain 8.6)."""

    time_server: str = ""  # Host or host:port that speaks SNTP; empty: only the kernel is asked.
    time_server_timeout_s: PositiveInt = 2
    clock_offset_ms: PositiveInt = 2_000  # From here on NO-GO.
    bars_min: WholeNumber = 28  # Fewer are a warning.
    notify: bool = True  # Whether a test notice is sent where a webhook is set.


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmupSettings:
    """How much is known before the first live bar (domain 8.3)."""

    bars: WholeNumber = 36  # Wanted; 0 switches the warm-up off.
    bars_min: PositiveInt = 21  # With fewer the market must deliver the rest itself.
    days_max: PositiveInt = 7  # Stored bars are looked for no further back.
