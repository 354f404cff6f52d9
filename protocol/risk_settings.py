"""The settings of risk: limits, hours and sizes (domain 7.2, 7.5 to 7.9), and the capital tiers.

Money is in dollars here and in cents inside.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from protocol.pattern_settings import PositiveInt, Share, WholeNumber

ClockTime = str  # "HH:MM", New York.
Dollars = Annotated[float, Gt(0.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSettings:
    """What may be lost, held and entered, and when (domain 7.2, 7.5, 7.7 to 7.9)."""

    currency: Literal["USD"] = "USD"  # Of the account; ticks are worth dollars.
    preset: Literal["none", "topstep"] = "none"  # Rules of a firm that lends the account.
    quantity: PositiveInt = 1  # Contracts of an entry, where no tier says it.
    quantity_max: PositiveInt = 2
    size_ranging: Share = 0.75  # Of the size, by regime; trends take the whole.
    size_volatile: Share = 0.50
    positions_max: PositiveInt = 1
    symbol_positions_max: PositiveInt = 1
    trades_max: WholeNumber = 0  # Entries of a trading day; 0 for no limit.
    daily_loss_dollars: Dollars = 300.0  # The tightest of this and the tier's.
    daily_profit_dollars: Dollars = 500.0
    # From this loss on a person has to look before anything is entered again, on whatever day; 0
    # for never. In the account's currency, as all that is called dollars here.
    breaker_dollars: Annotated[float, Ge(0.0)] = 0.0
    reduce_band: bool = False  # Smaller, then no entries on the way to the loss limit.
    reduce_share: Share = 0.40  # Of the loss limit: half the size from here on ...
    stop_share: Share = 0.70  # ... and none from here on.
    # The broker's day margin, "symbol:dollars": ES and MES are domain 7.7; the others are ours,
    # dear rather than cheap. An instrument that is not listed is not entered.
    day_margins: tuple[str, ...] = (
        "ES:500", "MES:50", "NQ:1000", "MNQ:100", "YM:500", "MYM:50", "RTY:500", "M2K:50",
        "CL:1000", "MCL:100", "NG:1000", "GC:1500", "MGC:150", "SI:2000", "SIL:400",
        "PL:1500", "HG:1500", "6E:500", "ZB:500", "ZN:500",
    )  # fmt: skip
    stop_ticks: WholeNumber = 0  # 0 takes the instrument's own (domain 0.1).
    target_ticks: WholeNumber = 0
    entry: Literal["market", "limit"] = "market"
    entry_bars: PositiveInt = 6  # How long a limit entry waits for its fill.
    breakeven_ticks: WholeNumber = 0  # Excursion that moves the stop to the entry; 0 for never.
    breakeven_offset_ticks: WholeNumber = 1  # How far beyond the entry.
    trail_start_ticks: WholeNumber = 0  # Excursion from which the stop trails; 0 for never.
    trail_ticks: WholeNumber = 0  # Behind the best price.
    first_entry: ClockTime = "09:35"
    last_entry: ClockTime = "15:45"
    flatten: ClockTime = "15:55"
    no_trade: tuple[str, ...] = ()  # Windows without entries, "12:00-13:00".
    flatten_again_s: PositiveInt = 60  # While something is held that may not be.
    reject_block_s: WholeNumber = 1_800  # For the same idea, after the venue rejected it.
    low_quality_entries: Literal["deny", "allow"] = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierSettings:
    """The capital tiers (domain 7.6): what is traded, and how much, by the balance.

    `table` holds "name:balance from:instrument:base:max:daily loss:scaled or fixed", upwards.
    """

    enabled: bool = False
    table: tuple[str, ...] = (
        "MES Building:0:MES:1:3:100:scaled",
        "ES Entry:3500:ES:1:1:400:fixed",
        "ES Growth:5000:ES:1:2:400:scaled",
        "ES Scaling:7500:ES:1:3:500:scaled",
        "ES Full:10000:ES:1:3:500:scaled",
    )
    demote_share: Annotated[float, Ge(0.0), Le(0.5)] = 0.05  # Below its minimum a tier is kept.
    families_min: PositiveInt = 2  # Of patterns that agree, for one contract more.
    wins_min: PositiveInt = 3  # In a row, for one contract more.
    losses_min: PositiveInt = 2  # In a row, for one less.
