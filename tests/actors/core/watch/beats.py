"""A heartbeat, readings and a sight of a floor that is well; a test names what is not."""

from typing import Any

from actors.core.watch.checks import Sight
from actors.core.watch.heartbeat import Heartbeat
from actors.core.watch.readings import Readings
from tests.makers import at

NOON = at("12:00")


def make_beat(**fields: Any) -> Heartbeat:
    """Return the heartbeat of a live market at noon of a Tuesday."""
    values: dict[str, Any] = {
        "timestamp_ns": NOON, "pid": 4242, "stopped": False, "market": "live", "mode": "paper",
        "symbol": "ES", "trading_date": "2025-12-02", "last_tick_ns": NOON, "tick_count": 9,
        "bar_count": 3, "bars_available": 40, "signal_count": 2, "feed_connected": True,
        "reconnect_count": 0, "regime": "ranging", "regime_confidence_ppm": 800_000,
        "fence": "open", "is_halted": False, "halt_reason": "", "tier_name": "",
        "balance_cents": 250_000, "daily_pnl_cents": -1_234, "unrealized_pnl_cents": 1_250,
        "trade_count": 1, "open_positions": 0, "broker_response_ms": 20, "orders_accepted": 3,
        "orders_rejected": 0, "clock_offset_ms": None,
    }  # fmt: skip
    return Heartbeat(**(values | fields))


def make_readings(**fields: Any) -> Readings:
    """Return a machine at half of everything."""
    values: dict[str, Any] = {
        "memory_ppm": 500_000, "cpu_ppm": 500_000, "disk_free_bytes": 10**10,
        "disk_used_ppm": 500_000, "clock_offset_ms": 0,
    }  # fmt: skip
    return Readings(**(values | fields))


def make_sight(**fields: Any) -> Sight:
    """Return a floor that is well, seen at noon."""
    values: dict[str, Any] = {
        "now_ns": NOON, "beat": make_beat(), "damage": "", "alive": True,
        "readings": make_readings(),
    }  # fmt: skip
    return Sight(**(values | fields))
