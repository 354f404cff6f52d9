"""The same footprint as others would make it: a loop over a dict, pandas, polars.

All get the same columns of trades and answer the same question: volume by bar, price and side.
What they do not do, they do not pay for: no sides to infer, no point of control, no message.
"""

import time
from collections import defaultdict

from actors.core.columns import Trades
from protocol.units import NANOS_PER_S

BAR_NS = 300 * NANOS_PER_S
Footprint = dict[tuple[int, int, int], int]  # (bar, price, side) -> volume.


def dict_loop(trades: Trades) -> tuple[float, Footprint]:
    """Return trades per second trade by trade, and the footprint."""
    columns = (trades.ts_event.tolist(), trades.price.tolist(), trades.size.tolist())
    sides = trades.aggressor.tolist()
    bars: dict[int, dict[int, list[int]]] = {}
    began = time.perf_counter()
    for ts, price, size, side in zip(*columns, sides, strict=True):
        levels = bars.setdefault(ts // BAR_NS, defaultdict(lambda: [0, 0, 0]))
        levels[price][side] += size
    rate = len(trades) / (time.perf_counter() - began)
    return rate, {
        (bar, price, side): volume
        for bar, levels in bars.items()
        for price, volumes in levels.items()
        for side, volume in enumerate(volumes)
        if volume
    }


def pandas_groupby(trades: Trades) -> tuple[float, Footprint]:
    """Return trades per second of a groupby over bar, price and side, and the footprint."""
    import pandas as pd

    frame = pd.DataFrame(_columns(trades))
    began = time.perf_counter()
    frame["bar"] = frame["ts"] // BAR_NS
    summed = frame.groupby(["bar", "price", "side"], sort=False)["size"].sum()
    rate = len(trades) / (time.perf_counter() - began)
    return rate, {key: int(volume) for key, volume in summed.items()}


def polars_group_by(trades: Trades) -> tuple[float, Footprint]:
    """Return trades per second of a group_by over bar, price and side, and the footprint."""
    import polars as pl

    frame = pl.DataFrame(_columns(trades))
    began = time.perf_counter()
    summed = (
        frame.lazy()
        .group_by(pl.col("ts") // BAR_NS, "price", "side")
        .agg(pl.col("size").sum())
        .collect()
    )
    rate = len(trades) / (time.perf_counter() - began)
    return rate, {(bar, price, side): volume for bar, price, side, volume in summed.iter_rows()}


def rates(trades: Trades, rounds: int) -> dict[str, float]:
    """Return trades per second of each peer, the best of some rounds."""
    return {name: max(peer(trades)[0] for _ in range(rounds)) for name, peer in PEERS.items()}


def _columns(trades: Trades) -> dict[str, object]:
    return {
        "ts": trades.ts_event,
        "price": trades.price,
        "size": trades.size,
        "side": trades.aggressor,
    }


PEERS = {
    "dict loop": dict_loop,
    "pandas": pandas_groupby,
    "polars, all cores": polars_group_by,
}
