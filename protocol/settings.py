"""Every setting there is, with its only default and the values allowed.

These are plain frozen records. `ops/config.py` reads the file and the environment, checks the
whole against the annotations here and hands the result to every actor; an actor only rebuilds
the records from it with `settings_from` and never reads a file or the environment itself.
"""

import dataclasses
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le

from protocol.databento_settings import DatabentoSettings
from protocol.day_settings import DaySettings, PreflightSettings, WarmupSettings
from protocol.export_settings import ExportSettings, RecorderSettings
from protocol.history_settings import HistorySettings
from protocol.log_settings import LogSettings
from protocol.pattern_settings import (
    AbsorptionSettings,
    DivergenceSettings,
    EffortSettings,
    ExhaustionSettings,
    FlowSettings,
    HorizontalSettings,
    ImbalanceSettings,
    InitiativeSettings,
    LevelAbsorptionSettings,
    ParticipationSettings,
    PositiveInt,
    Share,
    TapeAbsorptionSettings,
    TrappedSettings,
    TrendExhaustionSettings,
    UnfinishedSettings,
    WholeNumber,
)
from protocol.risk_settings import RiskSettings, TierSettings
from protocol.watch_settings import NotifySettings, WatchSettings
from protocol.web_settings import WebSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Where a run lives and how its processes are started."""

    directory: str = "runs"
    method: Literal["fork", "spawn"] = "fork"
    admin_port: Annotated[int, Ge(0), Le(65535)] = 0  # 0 asks the system for a free one.


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Where trades come from and how they are cut into batches."""

    source: Literal["simulated", "databento"] = "simulated"
    symbol: str = "ES"
    speed: Annotated[float, Ge(0.0)] = 0.0  # 1 real time, 10 ten times faster, 0 without a clock.
    batch_ms: PositiveInt = 10
    batch_trades_max: PositiveInt = 1024
    quote_max_age_ms: PositiveInt = 5_000
    jump_ticks_max: PositiveInt = 200
    # Levels of the book beside recorded trades, and beside live ones of schema mbp-10.
    depth: Literal["none", "ten"] = "ten"
    session_trades: PositiveInt = 120_000  # Of a simulated session.
    seed: WholeNumber = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSettings:
    """Footprint bars (domain 1.3 to 1.6), "kind:size" of time, tick, volume and range.

    Decisions are taken on the first series; the others are built beside it for whoever looks.
    """

    series: tuple[str, ...] = ("time:300",)
    split: bool = True  # A trade that overfills a volume bar opens the next with its rest.
    value_area: Annotated[float, Ge(0.5), Le(0.95)] = 0.70
    value_rows: Literal[1, 2] = 2  # Rows compared at a time.
    cvd_reset: Literal["rth_open", "trading_day", "none"] = "rth_open"


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
    minutes_around_news: WholeNumber = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSettings:
    """Flow regime and market condition (domain 4.4)."""

    threshold_mode: Literal["normalized", "fixed"] = "normalized"
    threshold_rth: PositiveInt = 50  # Contracts; "fixed" only, as the two below.
    threshold_eth: PositiveInt = 30
    buffer: WholeNumber = 10
    deviation_share: Annotated[float, Gt(0.0)] = 0.25  # Of the closing delta of past sessions.
    sessions: Annotated[int, Ge(2)] = 20
    volume_share: Annotated[float, Gt(0.0)] = 0.02  # Of the expected volume, without sessions.


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSettings:
    """The days that differ, and the news, found when the program starts (domain 8.1)."""

    overrides_file: str = ""  # TOML: what the exchange has announced since.
    news_file: str = ""  # CSV: instant and title of scheduled events.
    closed: tuple[str, ...] = ()  # Filled from the calendar: "2025-12-25".
    early: tuple[str, ...] = ()  # Filled from the calendar: "2025-11-28 13:15", New York.
    news: tuple[str, ...] = ()  # Filled from the file: "2025-12-10T19:00:00Z FOMC".


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSettings:
    """Which patterns a regime lets through, "pattern:regime" (domain 4.5)."""

    strength_min: Share = 0.50
    confidence_min: Share = 0.60
    enabled: tuple[str, ...] = (
        "stacked_buy:volatile",
        "stacked_sell:volatile",
        "buying_exhaustion:trending_down",
        "buying_exhaustion:ranging",
        "selling_exhaustion:trending_up",
        "selling_exhaustion:ranging",
        "buying_absorption:trending_up",
        "buying_absorption:ranging",
        "selling_absorption:trending_down",
        "selling_absorption:ranging",
        "bullish_delta_divergence:trending_up",
        "bearish_delta_divergence:trending_down",
        "unfinished_high:ranging",  # These two as targets only.
        "unfinished_low:ranging",
        "flow_buying:trending_up",  # These only where the metrics are switched on.
        "flow_buying:ranging",
        "flow_buying:volatile",
        "flow_selling:trending_down",
        "flow_selling:ranging",
        "flow_selling:volatile",
    )
    disabled_patterns: tuple[str, ...] = ()
    synthetic: Literal["deny", "allow"] = "deny"  # Signals from simulated trades.
    ttl_s: WholeNumber = 0  # How long a signal lives; 0 for one bar of a series of time.


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSettings:
    """The setups of the flow regimes (domain 4.4)."""

    enabled: bool = True
    confidence_min: Share = 0.75
    boost_max: Share = 0.15  # What agreeing order flow can add.
    veto: Share = 0.50  # Disagreeing order flow above it forbids the setup.
    confirm_s: PositiveInt = 300
    life_s: PositiveInt = 3_600
    recommendations_max: PositiveInt = 5
    reward_min: Annotated[float, Ge(0.0)] = 1.0  # To the first target, in units of the risk.
    fade: Share = 0.80
    breakout: Share = 0.75
    bounce: Share = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSettings:
    """The paper exchange (domain 7.3)."""

    latency_ms: WholeNumber = 50
    slippage_ticks: WholeNumber = 1
    stop_slippage_ticks: WholeNumber = 1
    target_fill: Literal["through", "touch", "queue"] = "through"  # Limit entries alike.
    partial: Literal["off", "traded"] = "off"  # Whether an event fills more than it traded.
    displayed_contracts: PositiveInt = 100  # Taken to rest at each price; no feed says.
    depth_slippage: Literal["off", "on"] = "off"  # A tick more for more than is displayed.
    commission_cents: Annotated[int, Ge(-1)] = -1  # A side and contract; -1: instrument's.
    balance_dollars: Annotated[float, Gt(0.0)] = 2_500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """How long the order desk waits, in seconds of the tape (domain 7.9)."""

    ack_s: PositiveInt = 10  # Without an answer for so long, the broker is asked.
    attempts_max: PositiveInt = 3  # How often a bracket is sent.
    backoff_ms: PositiveInt = 500  # Before the second attempt; doubled with each.
    rest_s: PositiveInt = 15  # Then the rest of a partly filled entry is given up.
    flatten_s: PositiveInt = 5  # Not flat after this, a flatten is repeated.
    protect_s: PositiveInt = 5  # Without a working stop for longer, a position is left.
    reconcile_s: PositiveInt = 10  # Between comparisons with the broker.
    losses_max: PositiveInt = 3  # Of the link within the time below: more need a person.
    losses_within_s: PositiveInt = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where journals and books are kept."""

    # Address of a PostgreSQL server; empty: SQLite files in the directory of the run. Its password
    # must not get into a log by way of a printed record.
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionSettings:
    """Beats, time-outs and how many restarts are too many."""

    beat_ms: PositiveInt = 500
    restarts_max: PositiveInt = 10
    period_s: PositiveInt = 60
    checkpoint_ms: WholeNumber = 100  # Work of an actor between two copies of its state.


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole, one record per concern."""

    run: RunSettings = field(default_factory=RunSettings)
    feed: FeedSettings = field(default_factory=FeedSettings)
    databento: DatabentoSettings = field(default_factory=DatabentoSettings)
    bars: BarSettings = field(default_factory=BarSettings)
    imbalance: ImbalanceSettings = field(default_factory=ImbalanceSettings)
    horizontal: HorizontalSettings = field(default_factory=HorizontalSettings)
    exhaustion: ExhaustionSettings = field(default_factory=ExhaustionSettings)
    trend_exhaustion: TrendExhaustionSettings = field(default_factory=TrendExhaustionSettings)
    absorption: AbsorptionSettings = field(default_factory=AbsorptionSettings)
    tape_absorption: TapeAbsorptionSettings = field(default_factory=TapeAbsorptionSettings)
    level_absorption: LevelAbsorptionSettings = field(default_factory=LevelAbsorptionSettings)
    effort: EffortSettings = field(default_factory=EffortSettings)
    divergence: DivergenceSettings = field(default_factory=DivergenceSettings)
    participation: ParticipationSettings = field(default_factory=ParticipationSettings)
    unfinished: UnfinishedSettings = field(default_factory=UnfinishedSettings)
    trapped: TrappedSettings = field(default_factory=TrappedSettings)
    initiative: InitiativeSettings = field(default_factory=InitiativeSettings)
    flow: FlowSettings = field(default_factory=FlowSettings)
    regime: RegimeSettings = field(default_factory=RegimeSettings)
    condition: ConditionSettings = field(default_factory=ConditionSettings)
    calendar: CalendarSettings = field(default_factory=CalendarSettings)
    router: RouterSettings = field(default_factory=RouterSettings)
    setups: SetupSettings = field(default_factory=SetupSettings)
    risk: RiskSettings = field(default_factory=RiskSettings)
    tiers: TierSettings = field(default_factory=TierSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    paper: PaperSettings = field(default_factory=PaperSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    day: DaySettings = field(default_factory=DaySettings)
    preflight: PreflightSettings = field(default_factory=PreflightSettings)
    warmup: WarmupSettings = field(default_factory=WarmupSettings)
    history: HistorySettings = field(default_factory=HistorySettings)
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    notify: NotifySettings = field(default_factory=NotifySettings)
    log: LogSettings = field(default_factory=LogSettings)
    web: WebSettings = field(default_factory=WebSettings)
    supervision: SupervisionSettings = field(default_factory=SupervisionSettings)


R = TypeVar("R")


def settings_from(mapping: dict[str, Any]) -> Settings:
    """Rebuild the records from checked plain values; whatever is absent takes its default."""
    return _record(Settings, mapping)


def prepare() -> None:
    """Make now what `settings_from` makes at its first use; whoever is forked later shares it."""
    for record in _hints(Settings).values():
        _hints(record)


def _record(record: type[R], mapping: dict[str, Any]) -> R:
    hints = _hints(record)
    values = {
        name: _record(hints[name], value)
        if dataclasses.is_dataclass(hints[name])
        else tuple(value) if isinstance(value, list) else value
        for name, value in mapping.items()
    }
    return record(**values)


_hints: Callable[[type], dict[str, Any]] = cache(typing.get_type_hints)
