"""Small honest records for the tests of the metrics: changes of a book, rules, measurements."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from actors.core.flow.rules import FlowRule
from actors.core.flow.score import Metrics
from protocol.instruments import instrument
from protocol.market import DepthBatch
from protocol.pattern_settings import FlowSettings
from tests.makers import CONTRACT

BID, ASK = 1, 2


def make_depth(rows: Sequence[tuple[int, int, int, int]] = (), **fields: Any) -> DepthBatch:
    """Return changes from rows of (ts_ns, side, price, size)."""
    columns = np.array(rows, np.int64).reshape(-1, 4)
    values: dict[str, Any] = {
        "contract": CONTRACT,
        "simulated": False,
        "ts_event": columns[:, 0].astype("<i8").tobytes(),
        "side": columns[:, 1].astype("u1").tobytes(),
        "price": columns[:, 2].astype("<i4").tobytes(),
        "size": columns[:, 3].astype("<i4").tobytes(),
        "orders": np.ones(len(columns), "<i4").tobytes(),
    }
    return DepthBatch(**(values | fields))


def make_rule(**settings: Any) -> FlowRule:
    """Return the rule of the default settings but for exits, with `settings` changed, for ES."""
    return FlowRule.of(FlowSettings(**({"exits": False} | settings)), instrument("ES"))


def make_metrics(**fields: Any) -> Metrics:
    """Return the measurement of a window in which nothing leans either way."""
    values: dict[str, Any] = {
        "imbalance_ppm": 0,
        "delta": 0,
        "aggressive_ppm": 0,
        "depth_ppm": 0,
        "intensity": 0.0,
        "buy_volume": 0,
        "sell_volume": 0,
        "low_quality": False,
    }
    return Metrics(**(values | fields))
