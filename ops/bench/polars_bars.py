"""The detectors that compare bars with each other, and the indicators, in polars (domain 2, 4.1).

A look back is a shift or a rolling window over the table of bars; where a bar has not enough
before it the window is empty, and every comparison with it is false.
"""

import polars as pl
from polars import col

from actors.core.session.calendar import Phase
from ops.bench.polars_levels import Frames
from ops.bench.tables import MINUTE_NS, PHASES, Answer
from protocol.patterns import Pattern

HIGH, LOW, CLOSE = col("high"), col("low"), col("close")
VOLUME, DELTA, CVD, POC = col("volume"), col("delta"), col("cvd"), col("poc")
# How often the cumulative delta was reset up to a bar.
COUNT = (CVD - DELTA).ne_missing(CVD.shift()).cum_sum()
TRUE_RANGE = pl.max_horizontal(HIGH, CLOSE.shift()) - pl.min_horizontal(LOW, CLOSE.shift())


def trend_exhaustion(given: Frames) -> Answer:
    """Return exhaustion of a trend of ten bars (domain 2.3b)."""
    volume, delta, moved = VOLUME.rolling_sum(5), DELTA.rolling_sum(5), CLOSE.diff(9)
    first = delta.shift(5)
    falls = volume * 10 < 8 * volume.shift(5)
    up = (moved > 0) & (falls | (delta * 2 < first * 2 - first.abs()))
    down = (moved < 0) & (falls | (delta * 2 > first * 2 + first.abs()))
    return _chosen(
        given.bars,
        {
            Pattern.UPTREND_EXHAUSTION: (up, HIGH.rolling_max(10)),
            Pattern.DOWNTREND_EXHAUSTION: (down, LOW.rolling_min(10)),
        },
    )


def _chosen(bars: pl.DataFrame, wanted: dict[Pattern, tuple[pl.Expr, pl.Expr]]) -> Answer:
    """Return bar and price of each pattern; all columns are calculated in one go."""
    columns = {f"{name} found": found for name, (found, _) in wanted.items()}
    prices = {f"{name} price": price for name, (_, price) in wanted.items()}
    table = bars.select("bar", **columns, **prices)
    return {
        name: table.filter(col(f"{name} found")).select("bar", price=f"{name} price")
        for name in wanted
    }


def effort(given: Frames) -> Answer:
    """Return effort without result (domain 2.4 E)."""
    by_day = col("phase") == PHASES.index(Phase.RTH)
    change = col("change")
    past = change.rolling_std(200, min_samples=20, ddof=0).shift().over("by_day")
    known = (
        given.bars.lazy()
        .with_columns(
            by_day=by_day,
            count=COUNT,
            change=CVD.diff(9),
            moved=CLOSE.diff(9),
            top=HIGH.rolling_max(10),
            bottom=LOW.rolling_min(10),
            days=by_day.cast(pl.Int64).rolling_sum(9),
        )
        .filter((col("count") == col("count").shift(9)) & col("days").is_in((0, 9)))
        .with_columns(past=past)
        .filter((col("moved").abs() <= 2) & (col("past") > 0))
        .collect()
    )
    bought = known.filter(change >= 2 * col("past"))
    sold = known.filter(-change >= 2 * col("past"))
    return {
        Pattern.EFFORT_SELLING_ABSORPTION: bought.select("bar", price="top"),
        Pattern.EFFORT_BUYING_ABSORPTION: sold.select("bar", price="bottom"),
    }


def divergence(given: Frames) -> Answer:
    """Return divergences between pivots, open and hidden, and by bars (domain 2.5)."""
    most, least = DELTA.shift().rolling_max(4), DELTA.shift().rolling_min(4)
    bearish = (HIGH > HIGH.shift().rolling_max(4)) & (DELTA < 0) & (most > 0)
    bullish = ~bearish & (LOW < LOW.shift().rolling_min(4)) & (DELTA > 0) & (least < 0)
    wanted = {
        Pattern.BEARISH_BAR_DIVERGENCE: (bearish, HIGH),
        Pattern.BULLISH_BAR_DIVERGENCE: (bullish, LOW),
    }
    bearish_pivots, hidden_bearish = _pivots(given.bars, 1)
    bullish_pivots, hidden_bullish = _pivots(given.bars, -1)
    return {
        Pattern.BEARISH_DELTA_DIVERGENCE: bearish_pivots,
        Pattern.BULLISH_DELTA_DIVERGENCE: bullish_pivots,
        Pattern.HIDDEN_BEARISH_DIVERGENCE: hidden_bearish,
        Pattern.HIDDEN_BULLISH_DIVERGENCE: hidden_bullish,
        **_chosen(given.bars, wanted),
    }


def _pivots(bars: pl.DataFrame, side: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    price = HIGH if side > 0 else -LOW
    peak, around = price.shift(2), price.rolling_max(2)
    moved, change, mean = col("peak").diff(), col("turned").diff(), col("mean")
    pivots = (
        bars.lazy()
        .select(
            "bar",
            price=peak * side,
            peak=peak,
            turned=CVD.shift(2) * side,
            count=COUNT.shift(2),
            mean=VOLUME.rolling_mean(20),
            found=(peak > around) & (peak > around.shift(3)),
        )
        .filter(col("found"))
        .with_columns(moved=moved, change=change)
        .filter((col("count") == col("count").shift()) & (col("bar").diff() <= 30))
        .filter((mean > 0) & (col("change").abs() * 10 >= mean))
        .collect()
    )
    return (
        pivots.filter((col("moved") > 0) & (col("change") < 0)),
        pivots.filter((col("moved") < 0) & (col("change") > 0)),
    )


def participation(given: Frames) -> Answer:
    """Return new extremes that too few took part in, and points of control (domain 2.6)."""
    top, bottom = CVD.shift().rolling_max(10), CVD.shift().rolling_min(10)
    before = VOLUME.shift().rolling_sum(10)
    thin = (before > 0) & (before * 8 >= VOLUME * 100)
    wide = (COUNT == COUNT.shift(10)) & (top > bottom)
    new_high = HIGH > HIGH.shift().rolling_max(10)
    new_low = LOW < LOW.shift().rolling_min(10)
    one, rose, change = COUNT == COUNT.shift(2), POC.diff(2), CVD.diff(2)
    return _chosen(
        given.bars,
        {
            Pattern.LACK_OF_BUYERS: (new_high & (thin | (wide & (CVD < top))), HIGH),
            Pattern.LACK_OF_SELLERS: (new_low & (thin | (wide & (CVD > bottom))), LOW),
            Pattern.POC_WITHOUT_BUYERS: (one & (rose > 0) & (change < 0), POC),
            Pattern.POC_WITHOUT_SELLERS: (one & (rose < 0) & (change > 0), POC),
        },
    )


def trapped(given: Frames) -> Answer:
    """Return trapped traders, once for each extreme (domain 2.8)."""
    return {
        Pattern.TRAPPED_BUYERS: _left(given.bars, HIGH, CLOSE, 1),
        Pattern.TRAPPED_SELLERS: _left(given.bars, -LOW, -CLOSE, -1),
    }


def _left(bars: pl.DataFrame, price: pl.Expr, close: pl.Expr, side: int) -> pl.DataFrame:
    """Return the extremes that price has left; lows come in upside down."""
    top = price.rolling_max(10)
    here = [(back, price.shift(back) == top) for back in range(10)]  # The latest comes first.
    ago = pl.coalesce(pl.when(found).then(back) for back, found in here)
    volume = pl.coalesce(pl.when(found).then(VOLUME.shift(back)) for back, found in here)
    fallen = top - close
    heavy = (ago >= 3) & (volume * 20 > 3 * VOLUME.rolling_sum(10))
    far = (fallen > 0) & (fallen * 500 >= top.abs()) & (fallen >= wilder(TRUE_RANGE, 14))
    table = bars.select("bar", price=top * side, at=col("bar") - ago, found=heavy & far)
    return table.filter(col("found")).unique("at", keep="first", maintain_order=True)


def initiative(given: Frames) -> Answer:
    """Return initiative and responsive bars, each once in an excursion (domain 2.9)."""
    bars = given.bars.join_asof(
        given.values.sort("date"), on="date", allow_exact_matches=False, check_sortedness=False
    )
    high, low = col("value_high"), col("value_low")
    outside = (CLOSE > high).cast(pl.Int8) - (CLOSE < low).cast(pl.Int8)
    side = pl.when(col("whole") == 1).then(outside).otherwise(0)
    changes = (col(name).ne_missing(col(name).shift()) for name in ("side", "date", "phase"))
    light = VOLUME * 5 <= 6 * col("mean")
    accepted = ~light & (col("end") - col("begun") > 15 * MINUTE_NS)
    runs = (
        bars.with_columns(side=side, mean=VOLUME.rolling_mean(20))
        .with_columns(run=pl.any_horizontal(changes).cum_sum())
        .with_columns(begun=col("end").first().over("run"))
    )

    def once(found: pl.Expr, price: str) -> pl.DataFrame:
        first = runs.filter(found).unique("run", keep="first", maintain_order=True)
        return first.select("bar", price=price)

    above, below = col("side") > 0, col("side") < 0
    return {
        Pattern.RESPONSIVE_SELLING: once(light & above, "value_high"),
        Pattern.RESPONSIVE_BUYING: once(light & below, "value_low"),
        Pattern.INITIATIVE_BUYING: once(accepted & above, "value_high"),
        Pattern.INITIATIVE_SELLING: once(accepted & below, "value_low"),
    }


def wilder(values: pl.Expr, period: int) -> pl.Expr:
    """Return Wilder's average of `values`, the first at index `period` - 1."""
    return smoothed(values, period, 1 / period)


def smoothed(values: pl.Expr, period: int, alpha: float) -> pl.Expr:
    """Return the exponential average that begins with the mean of the first `period` values."""
    row = pl.int_range(pl.len())
    seeded = (
        pl.when(row >= period).then(values).when(row == period - 1).then(values.head(period).mean())
    )
    return seeded.ewm_mean(alpha=alpha, adjust=False, ignore_nulls=True)
