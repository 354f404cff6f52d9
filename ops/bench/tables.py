"""The same finished bars in the shape that each peer of the bench likes: rows, or two tables.

A peer answers the core question of a detector with the settings that an ES trader has by default:
at which bars and prices which pattern is raised. What stands here is made ready before the clock
runs: the columns of bars and of levels, the calendar of each bar and the value of each session.
The numbers of the rules are written out once more, as whoever writes such a script would do; a
test holds their answers against the detectors'.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from actors.core.columns import Trades
from actors.core.session.calendar import Phase, last_rth_open, phase, trading_day
from protocol.market import BarClosed, ValueJudged, Window
from protocol.patterns import Pattern
from protocol.units import NANOS_PER_S

BAR_NS = 300 * NANOS_PER_S
MINUTE_NS = 60 * NANOS_PER_S
VOLUME_MIN, ABSORPTION_MIN = 20, 150  # Of ES, contracts.
PHASES = tuple(Phase)

# What a peer found: per pattern a table with the columns "bar" and "price", or a list of both.
Answer = dict[Pattern, Any]
Columns = dict[str, Sequence[int]]


class Bar(NamedTuple):
    """A finished bar as a row; levels upwards from the low."""

    start: int
    end: int
    high: int
    low: int
    close: int
    sells: Sequence[int]
    buys: Sequence[int]
    volume: int
    delta: int
    cvd: int
    poc: int
    price_volume: int
    date: int  # Of the trading day, counted in days.
    phase: int  # Its place among the phases.
    by_day: int  # 1 from 09:30 on.


class Value(NamedTuple):
    """The value area with which a regular session ended."""

    date: int
    value_low: int
    value_high: int
    whole: int  # 1 if it was seen from its first minute.


class Ready(NamedTuple):
    """What the calculations on bars are given."""

    bars: list[Bar]
    values: list[Value]


def ready(found: Iterable[BarClosed | ValueJudged]) -> Ready:
    """Return finished bars and the last value area of each regular session."""
    bars, values = [], dict[int, Value]()
    for message in found:
        if isinstance(message, BarClosed):
            bars.append(_row(message))
        elif message.window is Window.RTH:
            date = trading_day(message.ts_ns - 1).date.toordinal()
            values[date] = Value(
                date, message.value_low, message.value_high, int(message.whole)
            )
    return Ready(bars, list(values.values()))


def calendar(starts: Iterable[int]) -> Columns:
    """Return date, phase, half of the day and reset of the delta of bars that start then.

    In the chain it is the one thing that peers are given and do not make.
    """
    rows = []
    for start in starts:
        day = trading_day(start)
        phase_of = PHASES.index(phase(start))
        by_day = int(start >= day.rth_open_ns)
        rows.append((day.date.toordinal(), phase_of, by_day, last_rth_open(start)))
    names = ("date", "phase", "by_day", "reset")
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def trade_columns(trades: Trades) -> dict[str, Any]:
    """Return the columns of trades that all tables start from; side 1 bought, 2 sold."""
    return {
        "ts": trades.ts_event,
        "price": trades.price.astype("i8"),
        "size": trades.size.astype("i8"),
        "side": trades.aggressor,
    }


def bar_columns(bars: Sequence[Bar]) -> Columns:
    """Return a row for each bar; `bar` is its number."""
    names = [name for name in Bar._fields if name not in ("sells", "buys")]
    columns: Columns = {name: [getattr(bar, name) for bar in bars] for name in names}
    return {"bar": range(len(bars)), **columns}


def level_columns(bars: Sequence[Bar]) -> Columns:
    """Return a row for each level of each bar, upwards."""
    rows = [
        (number, bar.low + level, sold, bought)
        for number, bar in enumerate(bars)
        for level, (sold, bought) in enumerate(zip(bar.sells, bar.buys, strict=True))
    ]
    names = ("bar", "price", "sell", "buy")
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def value_columns(values: Sequence[Value]) -> Columns:
    """Return a row for each session."""
    return {name: [getattr(value, name) for value in values] for name in Value._fields}


def rows_of(answer: Mapping[Pattern, Any]) -> set[tuple[int, str, int]]:
    """Return what was found as (bar, pattern, price), whatever table it stood in."""
    return {
        (int(bar), str(pattern), int(price))
        for pattern, table in answer.items()
        for bar, price in (
            table
            if isinstance(table, list)
            else zip(table["bar"], table["price"], strict=True)
        )
    }


def _row(bar: BarClosed) -> Bar:
    day = trading_day(bar.start_ns)
    return Bar(
        bar.start_ns,
        bar.end_ns,
        bar.high,
        bar.low,
        bar.close,
        bar.sells,
        bar.buys,
        bar.volume,
        bar.delta,
        bar.cvd,
        bar.poc,
        bar.price_volume,
        day.date.toordinal(),
        PHASES.index(phase(bar.start_ns)),
        int(bar.start_ns >= day.rth_open_ns),
    )
