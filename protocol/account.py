"""The account family: what there is to lose, and whether trading is allowed."""

from protocol.message import Message, message
from protocol.units import Cents, Nanos


@message("account.balance_reported")
class BalanceReported(Message):
    """Realised result of the trading day so far and the balance that follows."""

    ts_ns: Nanos
    balance_cents: Cents
    day_pnl_cents: Cents


@message("account.trading_halted")
class TradingHalted(Message):
    """No new entries until the next trading day: a limit was reached."""

    ts_ns: Nanos
    reason: str
    day_pnl_cents: Cents
    limit_cents: Cents


@message("account.trading_resumed")
class TradingResumed(Message):
    """Entries are allowed again."""

    ts_ns: Nanos
    reason: str
