"""Small honest records for tests: what a test does not name gets a plain, consistent value."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from actors.core.columns import Trades
from actors.core.orderflow.profile import point_of_control, value_area
from actors.core.session.calendar import clock_minute, clock_ns
from protocol.account import LimitsChanged
from protocol.market import Aggressor, BarClosed, SideSource
from protocol.orders import (
    BracketApproved,
    BracketSubmitted,
    EntryKind,
    ExitReason,
    FlattenSubmitted,
    PositionClosed,
    PositionOpened,
)
from protocol.patterns import Direction, Pattern
from protocol.signals import Regime, RegimeJudged, SignalApproved, SignalRaised
from protocol.units import NANOS_PER_S

CONTRACT = "ESZ5"
SIDES = {"B": Aggressor.BUY, "S": Aggressor.SELL, "U": Aggressor.UNKNOWN}


def at(clock: str, day: str = "2025-12-02") -> int:
    """Return the instant of "HH:MM" or "HH:MM:SS.mmm" in New York, on a Tuesday by default."""
    seconds = float(clock[6:] or 0)
    minute = clock_ns(date.fromisoformat(day), clock_minute(clock[:5]))
    return minute + round(seconds * NANOS_PER_S)


def make_trades(
    rows: Sequence[tuple[int, int, str, int]] = (),
    quotes: Sequence[tuple[int, int]] | None = None,
    source: SideSource = SideSource.FEED,
) -> Trades:
    """Return trades from rows of (ts_ns, price, side "B", "S" or "U", size) and (bid, ask)."""
    count = len(rows)
    sides = [SIDES[side] for _, _, side, _ in rows]
    sources = [source if side else SideSource.NONE for side in sides]
    bids = asks = None
    if quotes is not None:
        bids = np.array([bid for bid, _ in quotes], np.int32)
        asks = np.array([ask for _, ask in quotes], np.int32)
    return Trades(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[3] for row in rows], np.int32),
        np.array(sides, np.uint8),
        np.array(sources, np.uint8),
        np.zeros(count, np.uint8),
        bids,
        asks,
    )


def make_bar(
    *,
    low: int = 20_000,
    sells: Sequence[int] = (10, 10, 10),
    buys: Sequence[int] = (10, 10, 10),
    unknowns: Sequence[int] | None = None,
    **fields: Any,
) -> BarClosed:
    """Return a five-minute bar ending 10:05 whose sums follow from its levels.

    The close is the highest price; `fields` override whatever they name, consistent or not.
    """
    unknowns = tuple(unknowns) if unknowns is not None else (0,) * len(sells)
    volumes = [sum(level) for level in zip(sells, buys, unknowns, strict=True)]
    high = low + len(volumes) - 1
    delta = sum(buys) - sum(sells)
    poc = point_of_control(volumes) or 0
    area = value_area(volumes, poc, 700_000)
    priced = list(enumerate(volumes, start=low))
    values: dict[str, Any] = {
        "contract": CONTRACT,
        "series": "time:300",
        "order": 0,
        "start_ns": at("10:00"),
        "end_ns": at("10:05"),
        "open": low,
        "high": high,
        "low": low,
        "close": high,
        "sells": tuple(sells),
        "buys": tuple(buys),
        "unknowns": unknowns,
        "trades": len(volumes),
        "volume": sum(volumes),
        "buy_volume": sum(buys),
        "sell_volume": sum(sells),
        "unknown_volume": sum(unknowns),
        "inferred_volume": sum(unknowns),
        "delta": delta,
        "delta_max": max(delta, 0),
        "delta_min": min(delta, 0),
        "cvd": delta,
        "cvd_eth": 0,
        "poc": low + poc,
        "value_low": low + area[0],
        "value_high": low + area[1],
        "price_volume": sum(price * volume for price, volume in priced),
        "price2_volume": sum(price * price * volume for price, volume in priced),
        "simulated": False,
    }
    return BarClosed(**(values | fields))


def make_signal(**fields: Any) -> SignalRaised:
    """Return a strong stacked buy at 10:05."""
    values: dict[str, Any] = {
        "id": "signal-1",
        "contract": CONTRACT,
        "series": "time:300",
        "ts_ns": at("10:05"),
        "pattern": Pattern.STACKED_BUY,
        "direction": Direction.LONG,
        "strength_ppm": 600_000,
        "confidence_ppm": 1_000_000,
        "actionable": True,
        "detail": "3 levels",
        "ref_price": 20_004,
        "last_price": 20_005,
        "zone_low": 20_002,
        "zone_high": 20_004,
        "stop_ticks": 0,
        "target_ticks": 0,
        "low_quality": False,
        "synthetic": False,
    }
    return SignalRaised(**(values | fields))


def make_regime(**fields: Any) -> RegimeJudged:
    """Return a confident volatile regime at 10:05."""
    values: dict[str, Any] = {
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "regime": Regime.VOLATILE,
        "confidence_ppm": 800_000,
        "reason": "scores",
        "bars": 40,
    }
    return RegimeJudged(**(values | fields))


def make_approved(**fields: Any) -> SignalApproved:
    """Return an approved long at 10:05."""
    values: dict[str, Any] = {
        "signal_id": "signal-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "pattern": Pattern.STACKED_BUY,
        "direction": Direction.LONG,
        "strength_ppm": 600_000,
        "ref_price": 20_004,
        "last_price": 20_005,
        "stop_ticks": 0,
        "target_ticks": 0,
        "regime": Regime.VOLATILE,
        "regime_confidence_ppm": 800_000,
        "low_quality": False,
    }
    return SignalApproved(**(values | fields))


def make_bracket(**fields: Any) -> BracketApproved:
    """Return an approved long bracket of one contract, 16 and 24 ticks."""
    values: dict[str, Any] = {
        "bracket_id": "bracket-1",
        "signal_id": "signal-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "direction": Direction.LONG,
        "quantity": 1,
        "entry": EntryKind.MARKET,
        "limit_price": None,
        "expires_ns": None,
        "stop_ticks": 16,
        "target_ticks": 24,
        "breakeven_ticks": 0,
        "breakeven_offset_ticks": 0,
        "trail_start_ticks": 0,
        "trail_ticks": 0,
        "risk_cents": 21_700,
    }
    return BracketApproved(**(values | fields))


def make_submitted(**fields: Any) -> BracketSubmitted:
    """Return the submission of a long bracket of one contract, 16 and 24 ticks."""
    values: dict[str, Any] = {
        "client_id": "client-1",
        "attempt": 1,
        "bracket_id": "bracket-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "direction": Direction.LONG,
        "quantity": 1,
        "entry": EntryKind.MARKET,
        "limit_price": None,
        "expires_ns": None,
        "stop_ticks": 16,
        "target_ticks": 24,
        "breakeven_ticks": 0,
        "breakeven_offset_ticks": 0,
        "trail_start_ticks": 0,
        "trail_ticks": 0,
    }
    return BracketSubmitted(**(values | fields))


def make_flatten(**fields: Any) -> FlattenSubmitted:
    """Return the submission of a flatten at 15:55."""
    values: dict[str, Any] = {
        "client_id": "flatten-1",
        "attempt": 1,
        "contract": CONTRACT,
        "ts_ns": at("15:55"),
        "reason": ExitReason.AUTO_FLATTEN,
    }
    return FlattenSubmitted(**(values | fields))


def make_opened(**fields: Any) -> PositionOpened:
    """Return a long position from 20,000 with its stop 16 below and its target 24 above."""
    values: dict[str, Any] = {
        "bracket_id": "bracket-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05:01"),
        "direction": Direction.LONG,
        "quantity": 1,
        "entry_sum": 20_000,
        "stop_price": 19_984,
        "target_price": 20_024,
        "exec_id": "exec-1",
        "commission_cents": 225,
    }
    return PositionOpened(**(values | fields))


def make_limits(clock: str = "12:00", day: str = "2025-12-02", **fields: Any) -> LimitsChanged:
    """Return limits that a person set anew; those that are not given stay."""
    none = {"loss_limit_cents": None, "profit_target_cents": None}
    none |= {"trades_max": None, "quantity_max": None}
    who = {"id": f"{clock} {day}", "who": "anna", "reason": "because"}
    return LimitsChanged(**({"ts_ns": at(clock, day)} | who | none | fields))


def make_closed(**fields: Any) -> PositionClosed:
    """Return the round trip that ends the position of `make_opened` at its target in ES."""
    values: dict[str, Any] = {
        "bracket_id": "bracket-1",
        "contract": CONTRACT,
        "opened_ns": at("10:05:01"),
        "ts_ns": at("10:20"),
        "direction": Direction.LONG,
        "quantity": 1,
        "entry_sum": 20_000,
        "exit_sum": 20_024,
        "reason": ExitReason.TARGET,
        "pnl_cents": 29_550,
        "commission_cents": 450,
        "exec_id": "exec-2",
    }
    return PositionClosed(**(values | fields))
