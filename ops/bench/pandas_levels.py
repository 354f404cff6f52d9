"""The detectors that read one bar's levels, and the tape, in pandas (domain 2).

A level is a row of one table for all bars, so a neighbour is the row before or after it, unless
that belongs to another bar. Not done here: zones that are tested and broken, unfinished levels
that are revisited and repaired; a table has no such life.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from actors.core.columns import Trades
from ops.bench.loop_levels import Recent
from ops.bench.tables import (
    ABSORPTION_MIN,
    VOLUME_MIN,
    Answer,
    Ready,
    bar_columns,
    level_columns,
    trade_columns,
    value_columns,
)
from protocol.patterns import Pattern


class Frames(NamedTuple):
    """The same as three tables: a row a bar, a row a level, a row a session."""

    bars: pd.DataFrame
    levels: pd.DataFrame
    values: pd.DataFrame


def frames(given: Ready) -> Frames:
    """Return the tables of finished bars."""
    return Frames(
        pd.DataFrame(bar_columns(given.bars)),
        pd.DataFrame(level_columns(given.bars)),
        pd.DataFrame(value_columns(given.values)),
    )


def columns(trades: Trades) -> tuple[pd.DataFrame]:
    """Return the one table of trades, a row a trade."""
    return (pd.DataFrame(trade_columns(trades)),)


def imbalance(given: Frames) -> Answer:
    """Return single and stacked diagonal imbalances (domain 2.1, 2.2); no life of a zone."""
    levels = given.levels
    first = _first(levels)
    last = first.shift(-1, fill_value=True)
    below = levels["sell"].shift(fill_value=0).clip(lower=1)
    above = levels["buy"].shift(-1, fill_value=0).clip(lower=1)
    buy, sell = levels["buy"], levels["sell"]
    longs = levels[~first & (buy >= VOLUME_MIN) & (buy >= 3 * below)]
    shorts = levels[~last & (sell >= VOLUME_MIN) & (sell >= 3 * above)]
    return {
        Pattern.BUY_IMBALANCE: longs,
        Pattern.SELL_IMBALANCE: shorts,
        Pattern.STACKED_BUY: _stacks(longs, "last"),
        Pattern.STACKED_SELL: _stacks(shorts, "first"),
    }


def _first(levels: pd.DataFrame) -> pd.Series:
    """Return which rows are the lowest level of their bar."""
    return levels["bar"].ne(levels["bar"].shift())


def _stacks(side: pd.DataFrame, far: str) -> pd.DataFrame:
    run = (side["bar"].diff().ne(0) | side["price"].diff().ne(1)).cumsum()
    runs = side.groupby(run).agg(
        bar=("bar", "first"), price=("price", far), levels=("price", "size")
    )
    return runs[runs["levels"] >= 3]


def horizontal(given: Frames) -> Answer:
    """Return imbalances at one price (domain 2.1b)."""
    levels = given.levels
    buy, sell = levels["buy"], levels["sell"]
    return {
        Pattern.HORIZONTAL_BUY: levels[(buy >= VOLUME_MIN) & (buy >= 2 * sell.clip(lower=1))],
        Pattern.HORIZONTAL_SELL: levels[(sell >= VOLUME_MIN) & (sell >= 2 * buy.clip(lower=1))],
    }


def exhaustion(given: Frames) -> Answer:
    """Return exhaustion at the extremes (domain 2.3)."""
    return {
        Pattern.BUYING_EXHAUSTION: _fading(given.levels[::-1], "buy"),
        Pattern.SELLING_EXHAUSTION: _fading(given.levels, "sell"),
    }


def _fading(inwards: pd.DataFrame, side: str) -> pd.DataFrame:
    depth = inwards.groupby("bar", sort=False).cumcount()
    near = inwards[depth < 5]
    rises = (depth[depth < 5] == 0) | (near[side] > near[side].shift())
    rising = near[rises.astype("i1").groupby(near["bar"], sort=False).cummin() == 1]
    found = rising.groupby("bar", sort=False).agg(
        price=("price", "first"), outer=(side, "first"), inner=(side, "last"), n=(side, "size")
    )
    inner = found["inner"]
    steep = (inner - found["outer"]) * 10 >= 3 * inner
    return found[(found["n"] >= 3) & (inner >= VOLUME_MIN) & steep].reset_index()


def absorption(given: Frames) -> Answer:
    """Return absorption in the three ticks at an extreme (domain 2.4 A)."""
    bars, levels = given.bars, given.levels
    of_bar = levels["bar"].to_numpy()
    sides = levels[["sell", "buy"]]
    low = sides[levels["price"] < bars["low"].to_numpy()[of_bar] + 3]
    high = sides[levels["price"] > bars["high"].to_numpy()[of_bar] - 3]
    below, above = (zone.groupby(levels["bar"]).sum() for zone in (low, high))
    span = bars["high"] - bars["low"]
    up, down = (bars["close"] - bars["low"]) * 2, (bars["high"] - bars["close"]) * 2
    return {
        Pattern.BUYING_ABSORPTION: _at(bars, "low", _one_way(below, "sell") & _off(up, span)),
        Pattern.SELLING_ABSORPTION: _at(bars, "high", _one_way(above, "buy") & _off(down, span)),
    }


def _one_way(zone: pd.DataFrame, side: str) -> pd.Series:
    both = zone["sell"] + zone["buy"]
    return (both >= ABSORPTION_MIN) & (zone[side] * 10 >= 6 * both)


def _off(twice: pd.Series, span: pd.Series) -> pd.Series:
    return (span >= 3) & (twice >= span)


def _at(bars: pd.DataFrame, price: str, found: pd.Series) -> pd.DataFrame:
    return bars.loc[found, ["bar", price]].rename(columns={price: "price"})


def level_absorption(given: Frames) -> Answer:
    """Return absorption at the outermost level (domain 2.4 C)."""
    bars = given.bars
    low, high = _extremes(given.levels)
    sold = (low["sell"] >= VOLUME_MIN) & (low["sell"] >= 3 * low["buy"].clip(lower=1))
    bought = (high["buy"] >= VOLUME_MIN) & (high["buy"] >= 3 * high["sell"].clip(lower=1))
    return {
        Pattern.LEVEL_BUYING_ABSORPTION: low[sold & (bars["close"] - bars["low"] >= 2)],
        Pattern.LEVEL_SELLING_ABSORPTION: high[bought & (bars["high"] - bars["close"] >= 2)],
    }


def _extremes(levels: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the lowest and the highest level of each bar, a row a bar."""
    first = _first(levels)
    last = first.shift(-1, fill_value=True)
    return levels[first].reset_index(drop=True), levels[last].reset_index(drop=True)


def unfinished(given: Frames) -> Answer:
    """Return unfinished extremes (domain 2.7); not what becomes of them in later bars."""
    low, high = _extremes(given.levels)
    return {
        Pattern.UNFINISHED_HIGH: high[(high["buy"] > 0) & (high["sell"] > 0)],
        Pattern.UNFINISHED_LOW: low[(low["buy"] > 0) & (low["sell"] > 0)],
    }


def tape_absorption(trades: pd.DataFrame) -> Answer:
    """Return absorption on the tape (domain 2.4 B); `bar` is the time of the last trade.

    Repetitions are told from events in a loop over the few windows that are left.
    """
    size, price, side = trades["size"], trades["price"], trades["side"]
    row = np.arange(len(trades))
    windows = np.minimum((row + 1) // 5 - 1, 19)
    total = size.cumsum()
    before = total.shift(5, fill_value=0)
    # Until there are nineteen windows the baseline begins after the trades that fill none.
    odd = np.concatenate(([0], total.to_numpy()[:4]))[(row + 1) % 5]
    baseline = before - total.shift(100, fill_value=0).where(row >= 99, odd)
    heavy = (windows >= 2) & ((total - before) * windows >= 2 * baseline)
    low, high = price.rolling(5).min(), price.rolling(5).max()
    bought = size.where(side == 1, 0).rolling(5).sum()
    sold = size.where(side == 2, 0).rolling(5).sum()
    moved = price.diff(4)
    near = heavy & (high - low <= 2)
    up = near & (bought > sold) & (bought >= 2 * sold.clip(lower=1)) & (moved <= 1)
    down = near & (sold > bought) & (sold >= 2 * bought.clip(lower=1)) & (moved >= -1)
    answer = Recent()
    tables = (
        (Pattern.TAPE_SELLING_ABSORPTION, trades["ts"][up], high[up]),
        (Pattern.TAPE_BUYING_ABSORPTION, trades["ts"][down], low[down]),
    )
    for pattern, ts, prices in tables:
        for when, where in zip(ts.tolist(), prices.astype("i8").tolist(), strict=True):
            answer.add(pattern, when, where)
    return answer.found
