"""When a message of the feed's stream happened: by it the recorder begins the file of a new day."""

from actors.core.session.calendar import trading_day
from protocol.market import Cut, DepthBatch, TradeBatch
from protocol.message import Message


def instant_ns(message: Message) -> int | None:
    """Return the event time of a message, of a batch that of its first row; None without one."""
    if isinstance(message, Cut):
        return message.ts_ns
    if isinstance(message, TradeBatch | DepthBatch) and len(message):
        return int.from_bytes(message.ts_event[:8], "little", signed=True)
    return None


def day_end_ns(ts_ns: int) -> int:
    """Return 17:00 New York of the trading date that holds `ts_ns` (domain 8.1)."""
    return trading_day(ts_ns).end_ns
