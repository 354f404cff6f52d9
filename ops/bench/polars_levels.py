"""The detectors that read one bar's levels, and the tape, in polars (domain 2).

A level is a row of one table for all bars, so a neighbour is the row before or after it, unless
that belongs to another bar. Not done here: zones that are tested and broken, unfinished levels
that are revisited and repaired; a table has no such life.
"""

from typing import NamedTuple

import polars as pl
from polars import col

from actors.core.columns import Trades
from ops.bench.loop_levels import Recent
from ops.bench.tables import (
    ABSORPTION_MIN,
    VOLUME_MIN,
    Answer,
    Ready,
    Value,
    bar_columns,
    level_columns,
    trade_columns,
    value_columns,
)
from protocol.patterns import Pattern

BUY, SELL, PRICE = col("buy"), col("sell"), col("price")
FIRST = col("bar").ne_missing(col("bar").shift())  # The lowest level of its bar.
LAST = col("bar").ne_missing(col("bar").shift(-1))


class Frames(NamedTuple):
    """The same as three tables: a row a bar, a row a level, a row a session."""

    bars: pl.DataFrame
    levels: pl.DataFrame
    values: pl.DataFrame


def frames(given: Ready) -> Frames:
    """Return the tables of finished bars."""
    values = pl.DataFrame(value_columns(given.values), dict.fromkeys(Value._fields, pl.Int64))
    return Frames(
        pl.DataFrame(bar_columns(given.bars)), pl.DataFrame(level_columns(given.bars)), values
    )


def columns(trades: Trades) -> tuple[pl.DataFrame]:
    """Return the one table of trades, a row a trade."""
    return (pl.DataFrame(trade_columns(trades)),)


def over(strong: pl.Expr, weak: pl.Expr, ratio: int) -> pl.Expr:
    """Return whether one side is large and at least `ratio` times the other, from 1 up."""
    return (strong >= VOLUME_MIN) & (strong >= ratio * weak.clip(lower_bound=1))


def imbalance(given: Frames) -> Answer:
    """Return single and stacked diagonal imbalances (domain 2.1, 2.2); no life of a zone."""
    longs = given.levels.filter(~FIRST & over(BUY, SELL.shift(), 3))
    shorts = given.levels.filter(~LAST & over(SELL, BUY.shift(-1), 3))
    return {
        Pattern.BUY_IMBALANCE: longs,
        Pattern.SELL_IMBALANCE: shorts,
        Pattern.STACKED_BUY: _stacks(longs, PRICE.last()),
        Pattern.STACKED_SELL: _stacks(shorts, PRICE.first()),
    }


def _stacks(side: pl.DataFrame, far: pl.Expr) -> pl.DataFrame:
    begins = FIRST | (PRICE.diff() != 1)
    runs = side.group_by(begins.cum_sum().alias("run")).agg(
        col("bar").first(), far, pl.len().alias("levels")
    )
    return runs.filter(col("levels") >= 3)


def horizontal(given: Frames) -> Answer:
    """Return imbalances at one price (domain 2.1b)."""
    return {
        Pattern.HORIZONTAL_BUY: given.levels.filter(over(BUY, SELL, 2)),
        Pattern.HORIZONTAL_SELL: given.levels.filter(over(SELL, BUY, 2)),
    }


def exhaustion(given: Frames) -> Answer:
    """Return exhaustion at the extremes (domain 2.3)."""
    return {
        Pattern.BUYING_EXHAUSTION: _fading(given.levels.reverse(), BUY),
        Pattern.SELLING_EXHAUSTION: _fading(given.levels, SELL),
    }


def _fading(inwards: pl.DataFrame, side: pl.Expr) -> pl.DataFrame:
    near = side.head(5)
    rising = (near.diff() > 0).fill_null(True).cast(pl.UInt8).cum_min().cast(pl.Boolean)
    found = inwards.group_by("bar").agg(
        PRICE.first(),
        near.first().alias("outer"),
        near.filter(rising).last().alias("inner"),
        rising.sum().alias("levels"),
    )
    inner = col("inner")
    steep = (inner - col("outer")) * 10 >= 3 * inner
    return found.filter((col("levels") >= 3) & (inner >= VOLUME_MIN) & steep)


def absorption(given: Frames) -> Answer:
    """Return absorption in the three ticks at an extreme (domain 2.4 A)."""
    zones = given.levels.group_by("bar").agg(
        SELL.head(3).sum().alias("sold_low"),
        BUY.head(3).sum().alias("bought_low"),
        SELL.tail(3).sum().alias("sold_high"),
        BUY.tail(3).sum().alias("bought_high"),
    )
    bars = given.bars.filter(col("high") - col("low") >= 3).join(zones, on="bar")
    span = col("high") - col("low")
    low = _one_way(col("sold_low"), col("bought_low"))
    high = _one_way(col("bought_high"), col("sold_high"))
    return {
        Pattern.BUYING_ABSORPTION: bars.filter(
            low & ((col("close") - col("low")) * 2 >= span)
        ).select("bar", price="low"),
        Pattern.SELLING_ABSORPTION: bars.filter(
            high & ((col("high") - col("close")) * 2 >= span)
        ).select("bar", price="high"),
    }


def _one_way(strong: pl.Expr, weak: pl.Expr) -> pl.Expr:
    return (strong + weak >= ABSORPTION_MIN) & (strong * 10 >= 6 * (strong + weak))


def level_absorption(given: Frames) -> Answer:
    """Return absorption at the outermost level (domain 2.4 C)."""
    close = given.bars["close"]
    low = given.levels.filter(FIRST).with_columns(close)
    high = given.levels.filter(LAST).with_columns(close)
    return {
        Pattern.LEVEL_BUYING_ABSORPTION: low.filter(
            over(SELL, BUY, 3) & (col("close") - PRICE >= 2)
        ),
        Pattern.LEVEL_SELLING_ABSORPTION: high.filter(
            over(BUY, SELL, 3) & (PRICE - col("close") >= 2)
        ),
    }


def unfinished(given: Frames) -> Answer:
    """Return unfinished extremes (domain 2.7); not what becomes of them in later bars."""
    both = (BUY > 0) & (SELL > 0)
    return {
        Pattern.UNFINISHED_HIGH: given.levels.filter(LAST & both),
        Pattern.UNFINISHED_LOW: given.levels.filter(FIRST & both),
    }


def tape_absorption(trades: pl.DataFrame) -> Answer:
    """Return absorption on the tape (domain 2.4 B); `bar` is the time of the last trade.

    Repetitions are told from events in a loop over the few windows that are left.
    """
    size, side, row = col("size"), col("side"), pl.int_range(pl.len())
    windows = ((row + 1) // 5 - 1).clip(upper_bound=19)
    # Until there are nineteen windows the baseline begins after the trades that fill none.
    odd = pl.when((row + 1) % 5 > 0).then(col("total").gather((row % 5).clip(0, 3))).otherwise(0)
    start = pl.when(row >= 99).then(col("total").shift(100, fill_value=0)).otherwise(odd)
    volume, baseline = col("total") - col("before"), col("before") - start
    found = (
        trades.lazy()
        .with_columns(
            total=size.cum_sum(),
            low=PRICE.rolling_min(5),
            high=PRICE.rolling_max(5),
            bought=pl.when(side == 1).then(size).otherwise(0).rolling_sum(5),
            sold=pl.when(side == 2).then(size).otherwise(0).rolling_sum(5),
            moved=PRICE.diff(4),
        )
        .with_columns(before=col("total").shift(5, fill_value=0))
        .filter((windows >= 2) & (volume * windows >= 2 * baseline))
        .filter(col("high") - col("low") <= 2)
        .select("ts", "low", "high", "moved", "bought", "sold")
        .collect()
    )
    up = _absorbed(col("bought"), col("sold"), col("moved"))
    down = _absorbed(col("sold"), col("bought"), -col("moved"))
    answer = Recent()
    for when, high in found.filter(up).select("ts", "high").iter_rows():
        answer.add(Pattern.TAPE_SELLING_ABSORPTION, when, high)
    for when, low in found.filter(down).select("ts", "low").iter_rows():
        answer.add(Pattern.TAPE_BUYING_ABSORPTION, when, low)
    return answer.found


def _absorbed(strong: pl.Expr, weak: pl.Expr, moved: pl.Expr) -> pl.Expr:
    return (strong > weak) & (strong >= 2 * weak.clip(lower_bound=1)) & (moved <= 1)
