"""The market family: what was traded, and the bars made of it.

Trades travel as columns, never one by one: a column is the raw little-endian bytes of one
integer type, so that a reader views it with `numpy.frombuffer` and copies nothing.
"""

from enum import IntEnum, StrEnum

from protocol.message import Message, message
from protocol.units import Contracts, Nanos, Ticks


class Aggressor(IntEnum):
    """Who crossed the spread: BUY lifted the offer, SELL hit the bid."""

    UNKNOWN = 0
    BUY = 1
    SELL = 2


class SideSource(IntEnum):
    """How the aggressor of a trade became known (domain 1.2)."""

    NONE = 0
    FEED = 1
    QUOTE = 2
    TICKRULE = 3


class Window(StrEnum):
    """Which part of the trading day a profile is of (domain 1.7)."""

    RTH = "rth"
    OVERNIGHT = "overnight"


class CutReason(StrEnum):
    """Why decisions may fall at this point of the tape."""

    BAR = "bar"
    SESSION = "session"
    TIMER = "timer"  # A slice of the metrics is over (domain 3).
    END = "end"


@message("market.trade_batch")
class TradeBatch(Message):
    """Consecutive trades of one contract, in order of the exchange, as equal columns."""

    contract: str  # Raw symbol of the contract month, "ESU3".
    simulated: bool
    ts_event: bytes  # int64, UTC nanoseconds, never falling.
    price: bytes  # int32, ticks.
    size: bytes  # int32, contracts, at least 1.
    aggressor: bytes  # uint8, Aggressor.
    source: bytes  # uint8, SideSource.
    flags: bytes  # uint8, as the feed gave them.
    bid: bytes  # int32, ticks: best bid just before the trade; empty where the feed has no quotes.
    ask: bytes  # int32, ticks: best ask just before the trade; empty where the feed has no quotes.

    def __post_init__(self) -> None:
        count, rest = divmod(len(self.ts_event), 8)
        wanted = {"price": 4, "size": 4, "aggressor": 1, "source": 1, "flags": 1}
        for name, width in wanted.items():
            if rest or len(getattr(self, name)) != count * width:
                raise ValueError(
                    f"column {name} has {len(getattr(self, name))} bytes,"
                    f" wanted {count * width} for {count} trades"
                )
        if not len(self.bid) == len(self.ask) or len(self.bid) not in (0, count * 4):
            raise ValueError(
                f"columns bid and ask have {len(self.bid)} and {len(self.ask)} bytes,"
                f" wanted none or {count * 4}"
            )

    def __len__(self) -> int:
        return len(self.ts_event) // 8


@message("market.depth_batch")
class DepthBatch(Message):
    """Consecutive changes of one contract's book by price level, as equal columns."""

    contract: str
    simulated: bool
    ts_event: bytes  # int64, UTC nanoseconds.
    side: bytes  # uint8: 1 bid, 2 ask.
    price: bytes  # int32, ticks.
    size: bytes  # int32, contracts resting at the price after the change; 0 removes the level.
    orders: bytes  # int32, orders resting at the price after the change.

    def __post_init__(self) -> None:
        count, rest = divmod(len(self.ts_event), 8)
        for name, width in {"side": 1, "price": 4, "size": 4, "orders": 4}.items():
            if rest or len(getattr(self, name)) != count * width:
                raise ValueError(
                    f"column {name} has {len(getattr(self, name))} bytes,"
                    f" wanted {count * width} for {count} changes"
                )

    def __len__(self) -> int:
        return len(self.ts_event) // 8


@message("market.cut")
class Cut(Message):
    """A decision point: of this stream, all that happened before `ts_ns` has been sent.

    Each actor hands the cut on in its own stream once everything that follows from the same cut
    of its sources has been sent, so whoever reads several streams can line them up.
    """

    number: int  # 1, 2, 3 ... along the tape.
    ts_ns: Nanos
    reason: CutReason


@message("market.settled")
class Settled(Message):
    """Everything that follows from cut `number` has been done, up to the orders at the broker."""

    number: int


MARKS = (Cut, Settled)  # A union spelled out would be made anew each time one is asked.


@message("market.bar_closed", version=2)
class BarClosed(Message):
    """A bar is complete; its footprint will not change again.

    Levels are dense: entry `i` of a level column belongs to the price `low + i`.
    """

    contract: str
    series: str  # Which bars it is one of: "time:300", "tick:1000", "volume:5000", "range:16".
    start_ns: Nanos
    # Nothing may be traded on the bar earlier. A bar ended by a trade, not by the clock, ends one
    # nanosecond after that trade.
    end_ns: Nanos
    order: int  # 0, or 1, 2 ... where several bars of a series end in the same nanosecond.
    open: Ticks
    high: Ticks
    low: Ticks
    close: Ticks
    sells: tuple[Contracts, ...]  # B(p): sold into the bid, per level.
    buys: tuple[Contracts, ...]  # A(p): bought at the ask, per level.
    unknowns: tuple[Contracts, ...]  # U(p): side unknown, per level.
    trades: int
    volume: Contracts
    buy_volume: Contracts
    sell_volume: Contracts
    unknown_volume: Contracts
    inferred_volume: Contracts  # Volume whose side came from the tick rule, or from nothing.
    delta: int
    delta_max: int  # Of the running delta, the initial 0 included.
    delta_min: int
    cvd: int  # Cumulative delta at the close, since its last reset.
    cvd_eth: int  # The same since 18:00; by day what the night left.
    poc: Ticks
    value_low: Ticks
    value_high: Ticks
    price_volume: int  # Sum of price x size, ticks x contracts: VWAP without rounding.
    price2_volume: int  # Sum of price^2 x size.
    simulated: bool

    def __post_init__(self) -> None:
        levels = self.high - self.low + 1
        if not len(self.sells) == len(self.buys) == len(self.unknowns) == levels:
            raise ValueError(
                f"{len(self.sells)} sell, {len(self.buys)} buy and {len(self.unknowns)} unknown"
                f" levels, wanted {levels} from {self.low} to {self.high}"
            )


@message("market.bar_warm")
class BarWarm(Message):
    """A bar of the time before the first trade: known, but nothing may follow from it (8.3)."""

    bar: BarClosed


@message("market.value_judged")
class ValueJudged(Message):
    """The value area of a session so far, sent after each bar that decisions are taken on."""

    contract: str
    ts_ns: Nanos
    window: Window
    date: str  # Trading date, "2025-12-02".
    low: Ticks
    high: Ticks
    value_low: Ticks
    value_high: Ticks
    poc: Ticks
    volume: Contracts
    whole: bool  # Seen from its first minute on.


@message("market.feed_lost")
class FeedLost(Message):
    """The source of a contract's trades went silent or away."""

    contract: str
    reason: str


@message("market.feed_restored")
class FeedRestored(Message):
    """The source of a contract's trades delivers again."""

    contract: str
