"""The account family: what there is to lose, and whether trading is allowed."""

from protocol.message import Message, message
from protocol.units import Cents, Contracts, Nanos


@message("account.balance_reported")
class BalanceReported(Message):
    """Realised result of the trading day so far and the balance that follows."""

    ts_ns: Nanos
    balance_cents: Cents
    day_pnl_cents: Cents


@message("account.trading_halted")
class TradingHalted(Message):
    """No new entries until the next trading day or a resume.

    At a limit all is left; where a person halted there is no limit and brackets stay.
    """

    ts_ns: Nanos
    reason: str
    day_pnl_cents: Cents
    limit_cents: Cents  # The limit that was reached; 0: a person halted.


@message("account.trading_resumed")
class TradingResumed(Message):
    """Entries are allowed again."""

    ts_ns: Nanos
    reason: str


@message("account.limits_changed")
class LimitsChanged(Message):
    """Limits were set anew; None leaves one as it is.

    What is tighter than before stands at once, what is not from the next trading date on.
    """

    id: str  # Of the command.
    ts_ns: Nanos  # Of the market.
    who: str
    reason: str
    loss_limit_cents: Cents | None  # Of a day.
    profit_target_cents: Cents | None  # Of a day.
    trades_max: int | None  # Entries of a trading date; 0: no limit.
    quantity_max: Contracts | None


@message("account.tier_changed")
class TierChanged(Message):
    """Another capital tier stands from this session on, with what it means."""

    ts_ns: Nanos
    tier: int  # 1 is the lowest.
    before: int  # 0: none yet.
    name: str
    instrument: str  # What the tier wants traded.
    traded: bool  # False: the feed's prices are not those of the instrument, so nothing is entered.
    balance_cents: Cents
    quantity_max: Contracts
    loss_limit_cents: Cents  # Of a day: the tightest there is.
    stop_cents: Cents  # What one base entry loses at its stop ...
    stop_share_ppm: int  # ... and its share of the balance.


@message("account.margin_short")
class MarginShort(Message):
    """The balance does not carry the day margin of what is held, or of one contract."""

    ts_ns: Nanos
    contract: str
    needed_cents: Cents
    equity_cents: Cents


@message("account.margin_restored")
class MarginRestored(Message):
    """The balance carries the day margin again."""

    ts_ns: Nanos
    contract: str
    needed_cents: Cents
    equity_cents: Cents


@message("account.still_exposed")
class StillExposed(Message):
    """A position or an entry is left at the hard stop, when there may be none."""

    ts_ns: Nanos
    contract: str
    quantity: Contracts  # Held or on its way.
    hard_stop_ns: Nanos
