"""The heartbeat: what the floor says of itself every half minute (domain 8.4).

Whoever watches from outside has nothing but this file, so it says when it was written and by whom,
and a reader refuses what is incomplete instead of guessing. In the file times are UTC ISO 8601
with their offset and amounts are dollars; inside they are nanoseconds and cents. Further keys are
passed over: a newer floor may be watched by an older watchman.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from protocol.units import NANOS_PER_S

SCHEMA = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TIMES = {"timestamp": "timestamp_ns", "last_tick_time": "last_tick_ns"}
AMOUNTS = {
    "daily_pnl": "daily_pnl_cents",
    "unrealized_pnl": "unrealized_pnl_cents",
    "balance": "balance_cents",
}
WANTED = {"int": (int,), "str": (str,), "bool": (bool,), "int | None": (int, type(None))}


class BadHeartbeat(ValueError):
    """What was read is no heartbeat; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The floor at one moment. Counters are of the trading day, which begins at 17:00 ET."""

    timestamp_ns: int  # When it was written.
    pid: int  # Of its writer.
    stopped: bool  # Written last, at an orderly end.
    market: str  # "live", or "tape": trades of another day.
    mode: str  # "paper" or "live".
    symbol: str
    trading_date: str  # "2025-12-02"; empty before the first message.
    last_tick_ns: int | None
    tick_count: int
    bar_count: int
    bars_available: int  # Of history behind the regime.
    signal_count: int
    feed_connected: bool
    reconnect_count: int
    regime: str
    regime_confidence_ppm: int
    fence: str  # "open", or the causes for which it is closed.
    is_halted: bool
    halt_reason: str
    tier_name: str
    balance_cents: int
    daily_pnl_cents: int  # Realised.
    unrealized_pnl_cents: int
    trade_count: int  # Round trips.
    open_positions: int
    broker_response_ms: int | None  # The last time that the broker took to answer.
    orders_accepted: int
    orders_rejected: int
    clock_offset_ms: int | None  # None: the kernel does not know.


def plain(beat: Heartbeat) -> dict[str, Any]:
    """Return a heartbeat as it stands in the file."""
    values: dict[str, Any] = {"schema": SCHEMA}
    values |= {name: _iso(getattr(beat, own)) for name, own in TIMES.items()}
    values |= {name: getattr(beat, own) / 100 for name, own in AMOUNTS.items()}
    values["regime_confidence"] = beat.regime_confidence_ppm / 1_000_000
    converted = {*TIMES.values(), *AMOUNTS.values(), "regime_confidence_ppm"}
    return values | {
        each.name: getattr(beat, each.name) for each in fields(beat) if each.name not in converted
    }


def heartbeat_of(values: Any) -> Heartbeat:
    """Return the heartbeat that plain values say; anything less raises `BadHeartbeat`."""
    if not isinstance(values, Mapping):
        raise BadHeartbeat(f"found {type(values).__name__}, wanted the fields of a heartbeat")
    if values.get("schema") != SCHEMA:
        raise BadHeartbeat(f"schema {values.get('schema')!r}, wanted {SCHEMA}")
    given = dict(values)
    for name, own in TIMES.items():
        given[own] = _nanos(name, values.get(name))
    for name, own in AMOUNTS.items():
        given[own] = round(_number(name, values.get(name)) * 100)
    confidence = _number("regime_confidence", values.get("regime_confidence"))
    given["regime_confidence_ppm"] = round(confidence * 1_000_000)
    for each in fields(Heartbeat):
        found = given.get(each.name)
        if each.name not in given or type(found) not in WANTED[_annotation(each.type)]:
            wanted = _annotation(each.type)
            raise BadHeartbeat(f"{each.name} is {found!r}, wanted {wanted}")
    beat = Heartbeat(**{each.name: given[each.name] for each in fields(Heartbeat)})
    if beat.trading_date:
        _check_date(beat.trading_date)
    return beat


def _annotation(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _iso(ts_ns: int | None) -> str | None:
    """Return an instant to the microsecond: 2025-12-02T15:05:00.000000+00:00."""
    if ts_ns is None:
        return None
    return (EPOCH + ts_ns // 1000 * MICROSECOND).isoformat(timespec="microseconds")


def _nanos(name: str, words: Any) -> int | None:
    if words is None:
        return None
    try:
        instant = datetime.fromisoformat(words)
    except (TypeError, ValueError):
        instant = datetime.min
    if instant.utcoffset() is None:
        raise BadHeartbeat(f"{name} is {words!r}, wanted an ISO 8601 time with its offset")
    return (instant - EPOCH) // MICROSECOND * (NANOS_PER_S // 1_000_000)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e13:
        raise BadHeartbeat(f"{name} is {value!r}, wanted a finite number")
    return float(value)


def _check_date(words: str) -> None:
    try:
        date.fromisoformat(words)
    except ValueError:
        raise BadHeartbeat(f"trading_date is {words!r}, wanted YYYY-MM-DD") from None
