"""Round trips for the tests of statistics."""

from typing import Any

from actors.core.analytics.outcome import Outcome
from protocol.patterns import Direction, Pattern
from tests.makers import at


def make_outcome(**fields: Any) -> Outcome:
    """Return the long of domain 9, Ex-3: 5765.25 to 5771.25, won in MES on a Tuesday at 10:05."""
    values: dict[str, Any] = {
        "opened_ns": at("10:05:01"),
        "closed_ns": at("10:20"),
        "symbol": "MES",
        "direction": Direction.LONG,
        "quantity": 1,
        "net_cents": 2_876,
        "commission_cents": 124,
        "risk_cents": 2_249,
        "ticks": 24.0,
        "mae_ticks": 9.0,
        "mfe_ticks": 25.0,
        "slippage_ticks": 1.0,
        "stop_slippage_ticks": None,
        "reason": "target",
        "pattern": Pattern.STACKED_BUY,
        "regime": "volatile",
        "condition": "balance",
        "flow": "rotational",
        "tier": 1,
        "confluence": 1,
        "strength_ppm": 600_000,
        "confidence_ppm": 800_000,
        "synthetic": False,
    }
    return Outcome(**(values | fields))
