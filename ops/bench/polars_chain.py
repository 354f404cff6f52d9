"""From trades to patterns and indicators in polars: footprint, then all the rest."""

import polars as pl
from polars import col

from actors.core.session.calendar import Phase
from ops.bench import polars_bars as bars_polars
from ops.bench import polars_levels as levels_polars
from ops.bench.loop_chain import value_area
from ops.bench.polars_bars import CLOSE, DELTA, HIGH, LOW, TRUE_RANGE, VOLUME, smoothed, wilder
from ops.bench.polars_levels import PRICE, Frames
from ops.bench.tables import BAR_NS, MINUTE_NS, PHASES, Answer, Value, calendar

DETECTORS = (
    levels_polars.imbalance,
    levels_polars.exhaustion,
    bars_polars.trend_exhaustion,
    levels_polars.absorption,
    levels_polars.level_absorption,
    bars_polars.effort,
    bars_polars.divergence,
    bars_polars.participation,
    levels_polars.unfinished,
    bars_polars.trapped,
    bars_polars.initiative,
)


def chain(trades: pl.DataFrame) -> Answer:
    """Return all patterns of the trades; the indicators are made, too."""
    given = finished(trades)
    found: Answer = levels_polars.tape_absorption(trades)
    for detector in DETECTORS:
        found.update(detector(given))
    indicators(given)
    return found


def sides(trades: pl.DataFrame) -> pl.Series:
    """Return the sides by the tick rule alone (domain 1.2); 0 before the first change of price."""
    moved = PRICE.diff()
    turns = pl.when(moved > 0).then(1).when(moved < 0).then(2).otherwise(None)
    return trades.select(turns.forward_fill().fill_null(0).cast(pl.UInt8)).to_series()


def finished(trades: pl.DataFrame) -> Frames:
    """Return the tables of the bars of five minutes that ended."""
    start, side, size = col("ts") // BAR_NS * BAR_NS, col("side"), col("size")
    rows = trades.lazy().with_columns(start=start).filter(col("start") < col("start").last())
    closes, sums = pl.collect_all(
        [
            rows.group_by("start").agg(close=PRICE.last()).sort("start").with_row_index("bar"),
            rows.group_by("start", "price").agg(
                volume=size.sum(),
                buy=size.filter(side == 1).sum(),
                sell=size.filter(side == 2).sum(),
            ),
        ]
    )
    sums = sums.join(closes, on="start")
    levels = (
        sums.group_by("bar", maintain_order=True)
        .agg(price=pl.int_range(PRICE.min(), PRICE.max() + 1))
        .explode("price")
        .join(sums, on=["bar", "price"], how="left")
        .select(col("bar").cast(pl.Int64), PRICE, *(_filled(name) for name in sums.columns[2:5]))
        .sort("bar", "price")
    )
    bars = _bars(levels, closes)
    return Frames(bars, levels, _values(bars, levels, trades["ts"][0]))


def _filled(name: str) -> pl.Expr:
    return col(name).fill_null(0)


def _bars(levels: pl.DataFrame, closes: pl.DataFrame) -> pl.DataFrame:
    middle = PRICE.min() + PRICE.max()
    side = (PRICE * 2 - middle).sign()
    above = (side * VOLUME).sum() > 0
    ties, far = VOLUME == VOLUME.max(), (PRICE * 2 - middle).abs()
    order = pl.when(above).then(-PRICE).otherwise(PRICE)
    return (
        levels.group_by("bar", maintain_order=True)
        .agg(
            low=PRICE.min(),
            high=PRICE.max(),
            volume=VOLUME.sum(),
            delta=col("buy").sum() - col("sell").sum(),
            price_volume=(PRICE * VOLUME).sum(),
            poc=PRICE.filter(ties).sort_by(far.filter(ties), order.filter(ties)).first(),
        )
        .with_columns(closes["start"], closes["close"], end=closes["start"] + BAR_NS)
        .with_columns(pl.DataFrame(calendar(closes["start"].to_list())))
        .with_columns(cvd=DELTA.cum_sum().over("reset"))
    )


def _values(bars: pl.DataFrame, levels: pl.DataFrame, first: int) -> pl.DataFrame:
    """Return the values of the regular sessions; the expansion itself is a loop."""
    regular = bars.filter(col("phase") == PHASES.index(Phase.RTH))
    sides = levels.join(regular.select("bar", "date"), on="bar")
    profiles = sides.group_by("date", "price").agg(VOLUME.sum()).sort("date", "price")
    rows = []
    for date, start, reset in (
        regular.unique("date", keep="first", maintain_order=True)
        .select("date", "start", "reset")
        .iter_rows()
    ):
        profile = dict(profiles.filter(col("date") == date).select("price", "volume").iter_rows())
        low, high = min(profile), max(profile)
        below, above = value_area([profile.get(price, 0) for price in range(low, high + 1)])
        whole = int(max(start, first) < reset + MINUTE_NS)
        rows.append((date, low + below, low + above, whole))
    return pl.DataFrame(rows, dict.fromkeys(Value._fields, pl.Int64), orient="row")


def indicators(given: Frames) -> pl.DataFrame:
    """Return averages, ranges, direction and structure after each bar (domain 4.1, 4.2).

    A value over a window is empty until the window is full. No regime is judged by them.
    """
    atr, adx = wilder(TRUE_RANGE, 14), col("adx")
    rank = atr.rolling_rank(51, method="min", min_samples=11)
    earlier = atr.is_not_null().cast(pl.Int64).rolling_sum(51, min_samples=1) - 1
    session = ["date", "by_day"]
    vwap = col("price_volume").cum_sum().over(session) / VOLUME.cum_sum().over(session)
    highs, lows = HIGH.shift().rolling_max(4), LOW.shift().rolling_min(4)
    margin = (HIGH - LOW).shift(9) / 10
    top, bottom = HIGH.shift(9) + margin, LOW.shift(9) - margin
    lows_hold = LOW.rolling_min(2) > LOW.shift(2).rolling_min(3)
    highs_hold = HIGH.rolling_max(2) < HIGH.shift(2).rolling_max(3)
    inside = ((HIGH.shift(n) <= top) & (LOW.shift(n) >= bottom) for n in range(10))
    return given.bars.select(
        ema_fast=smoothed(CLOSE, 9, 0.2),
        ema_slow=smoothed(CLOSE, 21, 2 / 22),
        atr=atr,
        atr_percentile=(100 * (rank - 1) / earlier).fill_null(50.0),
        adx=_adx(),
        vwap=vwap,
        higher_high=HIGH > highs,
        lower_low=LOW < lows,
        higher_low=(LOW > lows) & lows_hold,
        lower_high=(HIGH < highs) & highs_hold,
        average_range=(HIGH - LOW).rolling_mean(5),
        range_bound=pl.when(top.is_not_null()).then(pl.sum_horizontal(inside)),
        delta_slope=_slope(DELTA, 10),
        volume_ratio=VOLUME / VOLUME.rolling_mean(20),
    ).with_columns(adx_slope=_slope(adx, 5))


def _adx() -> pl.Expr:
    up, down = HIGH.diff(), -LOW.diff()
    plus = _later(pl.when(up > down.clip(lower_bound=0)).then(up).otherwise(0), 14, 1)
    minus = _later(pl.when(down > up.clip(lower_bound=0)).then(down).otherwise(0), 14, 1)
    both = plus + minus
    spread = pl.when(both > 0).then(100 * (plus - minus).abs() / both).otherwise(0.0)
    return _later(spread, 14, 14)


def _later(values: pl.Expr, period: int, left_out: int) -> pl.Expr:
    """Return Wilder's average of `values` without the first few."""
    return wilder(values.shift(-left_out), period).shift(left_out)


def _slope(values: pl.Expr, count: int) -> pl.Expr:
    """Return the least-squares slope over the last `count` values (domain 1.4)."""
    steps = [i - (count - 1) / 2 for i in range(count)]
    parts = [step * values.shift(count - 1 - i) for i, step in enumerate(steps)]
    return sum(parts[1:], parts[0]) / sum(step**2 for step in steps)
