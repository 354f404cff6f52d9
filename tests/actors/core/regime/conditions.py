"""A market condition for tests: what a test does not name gets a plain, consistent value."""

from typing import Any

from protocol.market import ValueJudged, Window
from protocol.signals import ConditionJudged, FlowRegime, MarketCondition
from tests.makers import CONTRACT, at

# Value from 20,000 to 20,040 with the POC in the middle; VWAP there, too, deviations of 10.
BANDS = (19_990, 20_000, 20_010, 20_020, 20_030, 20_040, 20_050)


def make_condition(**fields: Any) -> ConditionJudged:
    """Return a rotational bar that closes at 20,020 at 10:05; high and low are the close."""
    close = fields.get("close", 20_020)
    values: dict[str, Any] = {
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "condition": MarketCondition.BALANCE,
        "flow": FlowRegime.ROTATIONAL,
        "cvd": 0,
        "threshold": 50,
        "high": close,
        "low": close,
        "close": close,
        "atr_milliticks": 8_000,
        "vwap_bands": BANDS,
        "value_low": 20_000,
        "value_high": 20_040,
        "poc": 20_020,
        "reason": "no value migration known",
    }
    return ConditionJudged(**(values | fields))


def make_value(**fields: Any) -> ValueJudged:
    """Return the value area of a regular session at 10:05, seen whole."""
    values: dict[str, Any] = {
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "window": Window.RTH,
        "date": "2025-12-02",
        "low": 19_980,
        "high": 20_060,
        "value_low": 20_000,
        "value_high": 20_040,
        "poc": 20_020,
        "volume": 10_000,
        "whole": True,
    }
    return ValueJudged(**(values | fields))
