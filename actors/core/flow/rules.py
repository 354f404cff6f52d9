"""The numbers of the metric engine: settings in a person's units become ppm and nanoseconds.

A preset (domain 3) is three numbers under one name. A setting of 0 takes the preset's number, any
other value wins over it.
"""

from dataclasses import dataclass

from actors.core.flow.confirm import Confirmation
from actors.core.flow.liquidity import ZoneRule
from actors.core.flow.metrics import WINDOW_NS_MAX
from actors.core.flow.stops import StopRule
from protocol.instruments import Instrument
from protocol.pattern_settings import FlowSettings
from protocol.signals import PPM
from protocol.units import NANOS_PER_S


@dataclass(frozen=True, slots=True)
class Preset:
    """What goes by the name of a sensitivity."""

    imbalance_min_ppm: int
    confidence_min_ppm: int
    cooldown_s: int


PRESETS = {
    "normal": Preset(600_000, 600_000, 300),
    "aggressive": Preset(500_000, 500_000, 180),
    "conservative": Preset(700_000, 700_000, 600),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRule:
    """What is measured, when it counts and what else a signal needs (domain 3)."""

    window_ns: int
    step_ns: int  # Slices are laid on multiples of it since 1970 UTC.
    imbalance_min_ppm: int  # M1 and M3 to M5 count above their minimum, not at it.
    delta_min: int  # Contracts, M2.
    aggressive_min_ppm: int
    depth_min_ppm: int
    intensity_min: int  # Trades a minute.
    confidence_min_ppm: int  # Enough when reached.
    levels_known: bool  # False: only the touch is known, M4 counts for nothing.
    require_primary: bool  # Only M1 sets the direction.
    cooldown_ns: int
    confirmation: Confirmation
    night_only: bool
    stops: StopRule
    zones: ZoneRule | None  # None: stops and targets by the table alone.
    exits: bool  # Say at every slice whether the metrics oppose a position.

    def __post_init__(self) -> None:
        if not 0 < self.window_ns <= WINDOW_NS_MAX:
            raise ValueError(
                f"a flow window of {self.window_ns} ns, wanted 1 to {WINDOW_NS_MAX} ns, an hour"
            )
        if self.step_ns < 1:
            raise ValueError(f"slices of {self.step_ns} ns, wanted at least 1")

    @classmethod
    def of(cls, settings: FlowSettings, own: Instrument) -> "FlowRule":
        """Return the rule of `settings`; only stops and zones depend on the instrument.

        An instrument without a stop in the table is refused, and with zones one without levels.
        """
        preset = PRESETS[settings.preset]
        return cls(
            window_ns=settings.window_s * NANOS_PER_S,
            step_ns=settings.step_s * NANOS_PER_S,
            imbalance_min_ppm=round(settings.imbalance_min * PPM) or preset.imbalance_min_ppm,
            delta_min=settings.delta_min,
            aggressive_min_ppm=round(settings.aggressive_min * PPM),
            depth_min_ppm=round(settings.depth_min * PPM),
            intensity_min=settings.intensity_min,
            confidence_min_ppm=round(settings.confidence_min * PPM) or preset.confidence_min_ppm,
            levels_known=settings.depth == "levels",
            require_primary=settings.require_primary,
            cooldown_ns=cooldown_ns(settings),
            confirmation=Confirmation(settings.confirm),
            night_only=settings.night_only,
            stops=StopRule.of(settings, own),
            zones=ZoneRule.of(own) if settings.liquidity else None,
            exits=settings.exits,
        )


def cooldown_ns(settings: FlowSettings) -> int:
    """Return how long after a signal, and after a close, no entry follows (domain 3)."""
    return (settings.cooldown_s or PRESETS[settings.preset].cooldown_s) * NANOS_PER_S
