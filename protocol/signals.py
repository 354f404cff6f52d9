"""The signal family: patterns found, regimes judged, signals let through or dropped."""

from enum import StrEnum

from protocol.message import Message, message
from protocol.patterns import Direction, Pattern
from protocol.units import Nanos, Ticks

PPM = 1_000_000  # Strengths and confidences from 0 to 1 travel in parts per million.


class Regime(StrEnum):
    """The state of the market (domain 4.3)."""

    TRENDING_UP = "trending_up"
    TRENDING_DOWN = "trending_down"
    RANGING = "ranging"
    VOLATILE = "volatile"
    NO_TRADE = "no_trade"


class MarketCondition(StrEnum):
    """The traffic light (domain 4.4): green, red, yellow, purple."""

    TREND_UP = "trend_up"
    TREND_DOWN = "trend_down"
    BALANCE = "balance"
    BREAKOUT_PENDING = "breakout_pending"


class FlowRegime(StrEnum):
    """Who drives, by the cumulative delta of the session (domain 4.4)."""

    ROTATIONAL = "rotational"
    BULLISH = "directional_bullish"
    BEARISH = "directional_bearish"


class Setup(StrEnum):
    """The trades that a flow regime allows (domain 4.4)."""

    VA_FADE_LONG = "va_fade_long"
    VA_FADE_SHORT = "va_fade_short"
    VWAP_BOUNCE_LONG = "vwap_bounce_long"
    VWAP_BOUNCE_SHORT = "vwap_bounce_short"
    VA_BREAKOUT_LONG = "va_breakout_long"
    VA_BREAKOUT_SHORT = "va_breakout_short"
    PULLBACK_LONG = "pullback_long"
    PULLBACK_SHORT = "pullback_short"


class SetupEnd(StrEnum):
    """Why a recommendation stands no longer."""

    EXPIRED = "expired"
    STOPPED = "stopped"
    TARGET_REACHED = "target_reached"
    CROWDED_OUT = "crowded_out"
    CONTRACT_CHANGED = "contract_changed"


class ZoneState(StrEnum):
    """What became of a zone of stacked imbalance or of an unfinished level (domain 2.2, 2.7)."""

    ACTIVE = "active"
    TESTED = "tested"
    BROKEN = "broken"
    REVISITED = "revisited"
    REPAIRED = "repaired"
    DROPPED = "dropped"


class DropReason(StrEnum):
    """Why the router let a signal fall (domain 4.5), in the order of the checks."""

    UNKNOWN_REGIME = "unknown_regime"
    NO_TRADE = "no_trade"
    PATTERN_DISABLED = "pattern_disabled"
    PATTERN_NOT_ENABLED = "pattern_not_enabled"
    BIAS_CONFLICT = "bias_conflict"
    LOW_STRENGTH = "low_strength"
    LOW_REGIME_CONFIDENCE = "low_regime_confidence"
    SYNTHETIC = "synthetic"
    EXPIRED = "expired"


@message("signal.raised", version=3)
class SignalRaised(Message):
    """A pattern was confirmed: at the close of a bar, or by a trade."""

    id: str  # Derived from where, what and when: a repeat is the same signal.
    contract: str
    series: str  # The bars it was seen in, "time:300"; "trades" where none were needed.
    ts_ns: Nanos  # Confirmation: nothing may be traded earlier.
    pattern: Pattern
    direction: Direction
    strength_ppm: int
    confidence_ppm: int  # 1 where the pattern has no confidence of its own.
    actionable: bool  # False: worth a look, too weak to act on.
    ref_price: Ticks  # The level of the pattern.
    last_price: Ticks  # The market at confirmation.
    zone_low: Ticks
    zone_high: Ticks
    stop_ticks: int  # Distances from the entry; 0 takes the instrument's own.
    target_ticks: int
    detail: str  # The numbers behind it, in words.
    low_quality: bool  # More than a fifth of the volume has an inferred or unknown side.
    synthetic: bool


@message("signal.flow_turned")
class FlowTurned(Message):
    """At the end of a slice the metrics oppose the positions of one direction (domain 3)."""

    contract: str
    ts_ns: Nanos
    against: Direction  # Of the positions that should be left.
    reason: str  # The conditions that oppose, in words with their values.


@message("signal.zone_changed")
class ZoneChanged(Message):
    """A zone or level that a signal marked was reached, broken, repaired or given up."""

    signal_id: str  # Of the signal that marked it.
    contract: str
    ts_ns: Nanos
    pattern: Pattern
    zone_low: Ticks
    zone_high: Ticks
    state: ZoneState


@message("signal.regime_judged")
class RegimeJudged(Message):
    """The regime after one more bar; sent for every bar, changed or not."""

    contract: str
    ts_ns: Nanos
    regime: Regime
    confidence_ppm: int
    reason: str  # "scores up 8.5 down 2.5 ..." or the override that decided.
    bars: int  # Bars of history behind the judgement.


@message("signal.condition_judged")
class ConditionJudged(Message):
    """The market condition after one more bar, with the levels that setups are measured by."""

    contract: str
    ts_ns: Nanos
    condition: MarketCondition
    flow: FlowRegime
    cvd: int  # Of the running session, regular or overnight.
    threshold: int  # Contracts of cumulative delta within which directional flow ends.
    high: Ticks
    low: Ticks
    close: Ticks
    atr_milliticks: int | None  # Thousandths of a tick.
    vwap_bands: tuple[Ticks, ...]  # -3 to +3 deviations, the VWAP in the middle; empty: no VWAP.
    value_low: Ticks | None  # Of the regular session so far.
    value_high: Ticks | None
    poc: Ticks | None
    reason: str


@message("signal.approved", version=3)
class SignalApproved(Message):
    """The router lets a signal through to risk."""

    signal_id: str
    contract: str
    ts_ns: Nanos
    pattern: Pattern
    direction: Direction
    strength_ppm: int
    ref_price: Ticks  # The level of the pattern: a limit entry rests there.
    last_price: Ticks
    stop_ticks: int  # Of the signal; 0 takes the instrument's own.
    target_ticks: int
    regime: Regime
    regime_confidence_ppm: int
    low_quality: bool


@message("signal.dropped")
class SignalDropped(Message):
    """The router lets a signal fall, with its code and what was found."""

    signal_id: str
    contract: str
    ts_ns: Nanos
    pattern: Pattern
    direction: Direction
    regime: Regime
    regime_confidence_ppm: int
    reason: DropReason
    detail: str


@message("signal.target_noted")
class TargetNoted(Message):
    """A level that may serve as a target and never as an entry."""

    signal_id: str
    contract: str
    ts_ns: Nanos
    pattern: Pattern
    direction: Direction
    price: Ticks
    regime: Regime
    regime_confidence_ppm: int


@message("signal.setup_recommended")
class SetupRecommended(Message):
    """A setup of the flow regime stands: where to enter, where it is wrong, where it pays."""

    id: str
    contract: str
    ts_ns: Nanos
    setup: Setup
    direction: Direction
    entry: Ticks
    stop: Ticks
    target_1: Ticks
    target_2: Ticks
    confidence_ppm: int
    size_ppm: int  # Share of the full size.
    expires_ns: Nanos
    synthetic: bool
    reason: str


@message("signal.setup_ended")
class SetupEnded(Message):
    """A recommendation stands no longer."""

    id: str
    contract: str
    ts_ns: Nanos
    setup: Setup
    reason: SetupEnd
