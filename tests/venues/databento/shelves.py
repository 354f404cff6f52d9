"""What the historical service of a test has: the recorded hour of ESH4, and made-up trades."""

import numpy as np

from tests.actors.adapters.feeds.dbn_files import Trade, record
from tests.actors.adapters.feeds.recordings import real
from tests.venues.databento.historical import (
    NANOS,
    HistoricalServer,
    Shelf,
    shelf_of,
    shelf_of_file,
)

ESH4 = "es-mbo-20231225/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
OPEN_NS = 1_703_545_200_000_000_000  # 2023-12-25 18:00 New York, the trading date of the 26th.
DAY_NS = 86_400 * NANOS
_TRADE = np.dtype(
    [("head", "V16"), ("price", "<i8"), ("size", "<u4"), ("action", "u1"), ("side", "u1"),
     ("flags", "u1"), ("depth", "u1"), ("ts_recv", "<u8"), ("delta", "<i4"), ("sequence", "<u4")]
)  # fmt: skip
_ORDER = np.dtype(
    [("head", "V16"), ("order_id", "<u8"), ("price", "<i8"), ("size", "<u4"), ("flags", "u1"),
     ("channel", "u1"), ("action", "u1"), ("side", "u1"), ("ts_recv", "<u8"), ("delta", "<i4"),
     ("sequence", "<u4")]
)  # fmt: skip


def stocked(server: HistoricalServer) -> HistoricalServer:
    """Put a service back to its beginning: nothing asked, no fault, two contracts on the shelves.

    Of ESH4 a trade a second for a minute at the open of the 26th and of the 27th, of ESM4 the
    latter alone.
    """
    server.asked.clear()
    server.faults.clear()
    server.continuous.clear()
    server.cents_per_byte = 0.001
    server.end = "2030-01-01T00:00:00.000000000Z"
    first = [OPEN_NS + n * NANOS for n in range(60)]
    second = [ts + DAY_NS for ts in first]
    server.shelves = {
        ("trades", "ESH4"): made_trades(first + second),
        ("trades", "ESM4"): made_trades(second, instrument_id=5602),
    }
    return server


def recorded_orders() -> Shelf:
    """The real hour of market by order, as it was recorded."""
    return shelf_of_file(real(ESH4))


def recorded_trades(orders: Shelf) -> Shelf:
    """The trades in it, in schema trades."""
    rows = np.frombuffer(orders.raw, _ORDER)
    rows = rows[rows["action"] == ord("T")]
    trades = np.zeros(len(rows), _TRADE)
    for name in ("head", "price", "size", "action", "side", "ts_recv", "delta", "sequence"):
        trades[name] = rows[name]
    head = trades.view(np.uint8).reshape(-1, 48)
    head[:, 0], head[:, 1] = 48 // 4, 0
    return shelf_of(trades.tobytes())


def made_trades(times: list[int], instrument_id: int = 17077, price: int = 4_800) -> Shelf:
    """Trades at the given times, captured when they happened."""
    raw = bytearray()
    for ts in times:
        row = bytearray(record(Trade(ts, price * 10**9, instrument_id=instrument_id), 0))
        row[32:40] = ts.to_bytes(8, "little")
        raw += row
    return shelf_of(bytes(raw))
