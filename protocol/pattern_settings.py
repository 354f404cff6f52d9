"""The settings of the patterns (domain 2) and of the metrics (domain 3), one record each."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

PositiveInt = Annotated[int, Gt(0)]
WholeNumber = Annotated[int, Ge(0)]
Positive = Annotated[float, Gt(0.0)]
Share = Annotated[float, Ge(0.0), Le(1.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImbalanceSettings:
    """Diagonal and stacked imbalance (domain 2.1, 2.2)."""

    enabled: bool = True
    ratio: Annotated[float, Gt(1.0)] = 3.0
    volume_min: WholeNumber = 0  # 0 takes the instrument's own (domain 0.1).
    difference_min: WholeNumber = 0  # Dominant less weak side, contracts.
    zero_policy: Literal["one", "ignore", "infinite"] = "one"
    stack_min: Annotated[int, Ge(2)] = 3
    zones_persist: bool = False  # Zones outlive the trading day.


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizontalSettings:
    """Imbalance at one price (domain 2.1b): diagnostic, so off."""

    enabled: bool = False
    ratio: Annotated[float, Gt(1.0)] = 2.0
    volume_min: WholeNumber = 0  # 0 takes the instrument's own imbalance volume.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhaustionSettings:
    """Exhaustion at the extreme of a bar (domain 2.3)."""

    enabled: bool = True
    levels_min: Annotated[int, Ge(2)] = 3
    levels_max: Annotated[int, Ge(2)] = 5
    decline_min: Share = 0.30
    volume_min: WholeNumber = 0  # 0 takes the instrument's own imbalance volume.
    require_rejection: bool = False  # The close at least a tick off the extreme.


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendExhaustionSettings:
    """Exhaustion of a trend over ten bars (domain 2.3b)."""

    enabled: bool = True
    volume_ratio_max: Positive = 0.8
    delta_fade: Share = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsorptionSettings:
    """Absorption at the extreme of a bar (domain 2.4 A)."""

    enabled: bool = True
    zone_ticks: PositiveInt = 3
    share_min: Share = 0.60
    close_position: Share = 0.5
    volume_min: WholeNumber = 0  # 0 takes the instrument's own absorption volume.
    concentration_min: Share = 0.0  # 0 is off.


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeAbsorptionSettings:
    """Absorption on the tape (domain 2.4 B)."""

    enabled: bool = True
    window_trades: Annotated[int, Ge(2)] = 5
    windows_min: Annotated[int, Ge(2)] = 2  # Of the baseline.
    windows_max: Annotated[int, Ge(2)] = 19
    volume_multiple: Positive = 2.0
    range_ticks_max: WholeNumber = 2
    ratio_min: Positive = 2.0
    move_ticks_max: WholeNumber = 1
    repeat_ticks: Annotated[int, Ge(0), Le(100)] = 1  # One event per price within these ticks ...
    repeat_s: WholeNumber = 5  # ... and these seconds.


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelAbsorptionSettings:
    """Absorption at the outermost level of a bar (domain 2.4 C)."""

    enabled: bool = True
    ratio_min: Positive = 3.0
    ratio_actionable: Positive = 5.0
    volume_min: WholeNumber = 0  # 0 takes the instrument's own imbalance volume.
    close_ticks_min: PositiveInt = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortSettings:
    """Effort without result (domain 2.4 E)."""

    enabled: bool = True
    bars: Annotated[int, Ge(2)] = 10
    price_ticks_max: WholeNumber = 2
    deviations: Positive = 2.0
    changes_min: Annotated[int, Ge(2)] = 20  # Changes of cumulative delta behind the deviation.


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceSettings:
    """Delta divergence between pivots, hidden and by bars (domain 2.5)."""

    enabled: bool = True
    pivot_bars: PositiveInt = 2  # On each side of a pivot.
    separation_max: PositiveInt = 30  # Bars between the pivots.
    cvd_share_min: Annotated[float, Ge(0.0)] = 0.1  # Of the mean volume of twenty bars.
    hidden: bool = True
    by_bar: bool = True
    lookback_bars: Annotated[int, Ge(2)] = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationSettings:
    """Lack of participation at a new extreme (domain 2.6)."""

    enabled: bool = True
    bars: Annotated[int, Ge(10)] = 10
    thin_ratio: Positive = 0.8
    drop_actionable: Share = 0.30


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedSettings:
    """Unfinished auctions (domain 2.7)."""

    enabled: bool = True
    dominant_above: WholeNumber = 0
    opposite_min: PositiveInt = 1
    levels_max: PositiveInt = 50
    persist: bool = False  # Levels outlive the trading day.


@dataclass(frozen=True, slots=True, kw_only=True)
class TrappedSettings:
    """Trapped traders (domain 2.8)."""

    enabled: bool = True
    bars: Annotated[int, Ge(5)] = 10
    recent_bars: PositiveInt = 3  # The extreme lies before these.
    volume_multiple: Positive = 1.5
    reversal_percent: Positive = 0.2
    reversal_atr: Annotated[float, Ge(0.0)] = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeSettings:
    """Initiative and responsive activity outside yesterday's value (domain 2.9)."""

    enabled: bool = True
    volume_multiple: Positive = 1.2
    accept_minutes: PositiveInt = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """The metrics M1 to M5 and their verdict (domain 3); off, as they need depth."""

    enabled: bool = False
    preset: Literal["normal", "aggressive", "conservative"] = "normal"
    window_s: PositiveInt = 60
    step_s: PositiveInt = 5  # Judged at the end of every slice.
    imbalance_min: Share = 0.0  # 0 takes the preset's: 0.6, 0.5 or 0.7.
    confidence_min: Share = 0.0  # 0 takes the preset's: 0.6, 0.5 or 0.7.
    cooldown_s: WholeNumber = 0  # 0 takes the preset's: 300, 180 or 600.
    delta_min: PositiveInt = 1_000
    aggressive_min: Share = 0.5
    depth_min: Share = 0.4
    depth: Literal["touch", "levels"] = "levels"  # "touch": one level is known, M4 is off.
    intensity_min: WholeNumber = 50  # Trades a minute.
    require_primary: bool = True
    confirm: Literal["off", "net_change", "tick_share", "ema", "slope", "two_of_three"] = "off"
    reward_ratio: Positive = 2.0
    night_only: bool = False  # 18:00 to 08:00 New York.
    liquidity: bool = False  # Stop and target by the round numbers that reject price.
    exits: bool = True  # Leave when the metrics turn; brings a cut for every slice.
    hold_min_s: WholeNumber = 10  # No such exit earlier (domain 7.9).
