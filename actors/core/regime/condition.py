"""The market condition, the traffic light over all setups (domain 4.4).

Where value migrates to and how wide the initial balance is are told by the auction, not made up
here: what is absent is neutral, and without any of it the market is in balance.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from actors.core.session.calendar import minutes_since_open
from protocol.patterns import Direction
from protocol.signals import FlowRegime, MarketCondition

IB_MINUTES = 60  # From 10:30 on the initial balance does not change.


class Migration(StrEnum):
    """Where the value area of the day moves against the composite one (domain 5.6)."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    NEUTRAL = "neutral"
    BREAKOUT_PENDING = "breakout_pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionContext:
    """What the auction says beyond the running session; prices in ticks, None where unknown."""

    migration: Migration | None = None
    ib_low: int | None = None
    ib_high: int | None = None
    ib_range_mean: float | None = None  # Ticks, of the last twenty sessions.
    composite_low: int | None = None  # Value area of the last five sessions.
    composite_high: int | None = None
    bias: Direction = Direction.NONE  # Of the hypothesis of the day; NONE allows both.


UNKNOWN_AUCTION = AuctionContext()


class Light(NamedTuple):
    """A market condition and the clause that decided."""

    condition: MarketCondition
    reason: str


def market_condition(
    ts_ns: int, close: int, vwap: float | None, flow: FlowRegime, auction: AuctionContext
) -> Light:
    """Return the condition after a bar that ended at `ts_ns`: the first clause that holds.

    `close` and `vwap` are ticks. Without a VWAP there is no trend.
    """
    migration = auction.migration
    if migration is Migration.BREAKOUT_PENDING:
        return Light(MarketCondition.BREAKOUT_PENDING, "value migration waits for a breakout")
    if _compressed(ts_ns, close, auction):
        return Light(MarketCondition.BREAKOUT_PENDING, "inside a narrow initial balance")
    if vwap is not None:
        if migration is Migration.BULLISH and flow is not FlowRegime.BEARISH and close >= vwap:
            return Light(MarketCondition.TREND_UP, "value migrates up, price at or above VWAP")
        if migration is Migration.BEARISH and flow is not FlowRegime.BULLISH and close <= vwap:
            return Light(MarketCondition.TREND_DOWN, "value migrates down, price at or below VWAP")
    if migration is None:
        return Light(MarketCondition.BALANCE, "no value migration known")
    return Light(MarketCondition.BALANCE, f"value migration {migration}, no trend with it")


def _compressed(ts_ns: int, close: int, auction: AuctionContext) -> bool:
    """Return whether price is inside an initial balance less than half as wide as usual."""
    since = minutes_since_open(ts_ns)
    low, high, usual = auction.ib_low, auction.ib_high, auction.ib_range_mean
    if since is None or since < IB_MINUTES or low is None or high is None or usual is None:
        return False
    return high - low < 0.5 * usual and low <= close <= high
