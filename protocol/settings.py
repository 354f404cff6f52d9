"""Every setting there is, with its only default and the values allowed.

These are plain frozen records. `ops/config.py` reads the file and the environment, checks the
whole against the annotations here and hands the result to every actor; an actor only rebuilds
the records from it with `settings_from` and never reads a file or the environment itself.
"""

import dataclasses
import typing
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le

PositiveInt = Annotated[int, Gt(0)]
WholeNumber = Annotated[int, Ge(0)]
Share = Annotated[float, Ge(0.0), Le(1.0)]
ClockTime = str  # "HH:MM", New York.


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Where a run lives and how its processes are started."""

    directory: str = "runs"
    method: Literal["fork", "spawn"] = "fork"
    admin_port: Annotated[int, Ge(0), Le(65535)] = 0  # 0 asks the system for a free one.


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Where trades come from and how they are cut into batches."""

    symbol: str = "ES"
    speed: Annotated[float, Ge(0.0)] = 0.0  # 1 real time, 10 ten times faster, 0 without a clock.
    batch_ms: PositiveInt = 10
    batch_trades_max: PositiveInt = 1024
    quote_max_age_ms: PositiveInt = 5_000
    jump_ticks_max: PositiveInt = 200
    session_trades: PositiveInt = 120_000  # Of a simulated session.
    seed: WholeNumber = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSettings:
    """Footprint bars (domain 1.3 to 1.6)."""

    seconds: PositiveInt = 300
    value_area: Annotated[float, Ge(0.5), Le(0.95)] = 0.70


@dataclass(frozen=True, slots=True, kw_only=True)
class ImbalanceSettings:
    """Diagonal and stacked imbalance (domain 2.1, 2.2)."""

    ratio: Annotated[float, Gt(1.0)] = 3.0
    volume_min: WholeNumber = 0  # 0 takes the instrument's own (domain 0.1).
    zero_policy: Literal["one", "ignore", "infinite"] = "one"
    stack_min: Annotated[int, Ge(2)] = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeSettings:
    """The classification of the market (domain 4.3)."""

    bars_min: PositiveInt = 21
    score_min: Annotated[float, Ge(0.0)] = 4.0
    bars_in_regime_min: PositiveInt = 2
    normalize: bool = True
    minutes_after_open: WholeNumber = 5
    minutes_before_close: WholeNumber = 15
    volume_ratio_min: Annotated[float, Ge(0.0)] = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSettings:
    """Which patterns a regime lets through, "pattern:regime" (domain 4.5)."""

    strength_min: Share = 0.50
    confidence_min: Share = 0.60
    enabled: tuple[str, ...] = ("stacked_buy:volatile", "stacked_sell:volatile")
    disabled_patterns: tuple[str, ...] = ()
    synthetic: Literal["deny", "allow"] = "deny"  # Signals from simulated trades.


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSettings:
    """Limits; money in dollars here and in cents inside (domain 7.2, 7.7, 7.8)."""

    quantity: Annotated[int, Ge(1), Le(1)] = 1
    daily_loss_dollars: Annotated[float, Gt(0.0)] = 300.0
    daily_profit_dollars: Annotated[float, Gt(0.0)] = 500.0
    stop_ticks: WholeNumber = 0  # 0 takes the instrument's own (domain 0.1).
    target_ticks: WholeNumber = 0
    first_entry: ClockTime = "09:35"
    last_entry: ClockTime = "15:45"
    flatten: ClockTime = "15:55"
    low_quality_entries: Literal["deny", "allow"] = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSettings:
    """The paper exchange (domain 7.3)."""

    latency_ms: WholeNumber = 50
    slippage_ticks: WholeNumber = 1
    stop_slippage_ticks: WholeNumber = 1
    target_fill: Literal["through", "touch"] = "through"
    commission_cents: Annotated[int, Ge(-1)] = -1  # A side and contract; -1: instrument's.
    balance_dollars: Annotated[float, Gt(0.0)] = 2_500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where journals and books are kept."""

    url: str = ""  # SQL address; empty: SQLite files in the directory of the run.


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The dashboard."""

    host: str = "127.0.0.1"
    port: Annotated[int, Ge(0), Le(65535)] = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionSettings:
    """Beats, time-outs and how many restarts are too many."""

    beat_ms: PositiveInt = 500
    restarts_max: PositiveInt = 10
    period_s: PositiveInt = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole, one record per concern."""

    run: RunSettings = field(default_factory=RunSettings)
    feed: FeedSettings = field(default_factory=FeedSettings)
    bars: BarSettings = field(default_factory=BarSettings)
    imbalance: ImbalanceSettings = field(default_factory=ImbalanceSettings)
    regime: RegimeSettings = field(default_factory=RegimeSettings)
    router: RouterSettings = field(default_factory=RouterSettings)
    risk: RiskSettings = field(default_factory=RiskSettings)
    paper: PaperSettings = field(default_factory=PaperSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    web: WebSettings = field(default_factory=WebSettings)
    supervision: SupervisionSettings = field(default_factory=SupervisionSettings)


R = TypeVar("R")


def settings_from(mapping: dict[str, Any]) -> Settings:
    """Rebuild the records from checked plain values; whatever is absent takes its default."""
    return _record(Settings, mapping)


def _record(record: type[R], mapping: dict[str, Any]) -> R:
    hints = typing.get_type_hints(record)
    values = {
        name: _record(hints[name], value)
        if dataclasses.is_dataclass(hints[name])
        else tuple(value) if isinstance(value, list) else value
        for name, value in mapping.items()
    }
    return record(**values)
