"""The signal family: patterns found, regimes judged, signals let through or dropped."""

from enum import StrEnum

from protocol.message import Message, message
from protocol.units import Nanos, Ticks

PPM = 1_000_000  # Strengths and confidences from 0 to 1 travel in parts per million.


class Direction(StrEnum):
    """Which way a signal points."""

    LONG = "long"
    SHORT = "short"
    NONE = "none"


class Pattern(StrEnum):
    """What was seen in a bar (domain 2)."""

    BUY_IMBALANCE = "buy_imbalance"
    SELL_IMBALANCE = "sell_imbalance"
    STACKED_BUY = "stacked_buy"
    STACKED_SELL = "stacked_sell"


class Regime(StrEnum):
    """The state of the market (domain 4.3)."""

    TRENDING_UP = "trending_up"
    TRENDING_DOWN = "trending_down"
    RANGING = "ranging"
    VOLATILE = "volatile"
    NO_TRADE = "no_trade"


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


@message("signal.raised")
class SignalRaised(Message):
    """A pattern was confirmed at the close of a bar."""

    id: str  # Derived from contract, pattern, ref_ts and ref_price: a repeat is the same signal.
    contract: str
    ts_ns: Nanos  # Confirmation: nothing may be traded earlier.
    pattern: Pattern
    direction: Direction
    strength_ppm: int
    ref_price: Ticks  # The level of the pattern.
    last_price: Ticks  # The market at confirmation.
    zone_low: Ticks
    zone_high: Ticks
    low_quality: bool  # More than a fifth of the bar's volume has an inferred or unknown side.
    synthetic: bool


@message("signal.regime_judged")
class RegimeJudged(Message):
    """The regime after one more bar; sent for every bar, changed or not."""

    contract: str
    ts_ns: Nanos
    regime: Regime
    confidence_ppm: int
    reason: str  # "scores up 8.5 down 2.5 ..." or the override that decided.
    bars: int  # Bars of history behind the judgement.


@message("signal.approved")
class SignalApproved(Message):
    """The router lets a signal through to risk."""

    signal_id: str
    contract: str
    ts_ns: Nanos
    pattern: Pattern
    direction: Direction
    strength_ppm: int
    last_price: Ticks
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
