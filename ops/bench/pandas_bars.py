"""The detectors that compare bars with each other, and the indicators, in pandas (domain 2, 4.1).

A look back is a shift or a rolling window over the table of bars; where a bar has not enough
before it the window is empty, and every comparison with it is false.
"""

import pandas as pd

from actors.core.session.calendar import Phase
from ops.bench.pandas_levels import Frames
from ops.bench.tables import MINUTE_NS, PHASES, Answer
from protocol.patterns import Pattern


def trend_exhaustion(given: Frames) -> Answer:
    """Return exhaustion of a trend of ten bars (domain 2.3b)."""
    bars = given.bars
    volume, delta = bars["volume"].rolling(5).sum(), bars["delta"].rolling(5).sum()
    first, moved = delta.shift(5), bars["close"].diff(9)
    falls = volume * 10 < 8 * volume.shift(5)
    up = (moved > 0) & (falls | (delta * 2 < first * 2 - first.abs()))
    down = (moved < 0) & (falls | (delta * 2 > first * 2 + first.abs()))
    return {
        Pattern.UPTREND_EXHAUSTION: _at(bars, up, bars["high"].rolling(10).max()),
        Pattern.DOWNTREND_EXHAUSTION: _at(bars, down, bars["low"].rolling(10).min()),
    }


def _at(bars: pd.DataFrame, found: pd.Series, price: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"bar": bars["bar"][found], "price": price[found]})


def _counts(bars: pd.DataFrame) -> pd.Series:
    """Return for each bar how often the cumulative delta was reset up to it."""
    return (bars["cvd"] - bars["delta"]).ne(bars["cvd"].shift()).cumsum()


def effort(given: Frames) -> Answer:
    """Return effort without result (domain 2.4 E)."""
    bars, count = given.bars, _counts(given.bars)
    day = bars["phase"] == PHASES.index(Phase.RTH)
    known = (count == count.shift(9)) & day.rolling(9).sum().isin((0, 9))
    change, moved = bars["cvd"].diff(9)[known], bars["close"].diff(9)[known]
    by_day = day[known]
    past = pd.concat(
        change[part].rolling(200, min_periods=20).std(ddof=0).shift()
        for part in (by_day, ~by_day)
    )
    deviation = past.reindex(change.index)
    still = (moved.abs() <= 2) & (deviation > 0)
    found = bars.loc[known, ["bar"]]
    top, bottom = bars["high"].rolling(10).max()[known], bars["low"].rolling(10).min()[known]
    return {
        Pattern.EFFORT_SELLING_ABSORPTION: _at(found, still & (change >= 2 * deviation), top),
        Pattern.EFFORT_BUYING_ABSORPTION: _at(found, still & (-change >= 2 * deviation), bottom),
    }


def divergence(given: Frames) -> Answer:
    """Return divergences between pivots, open and hidden, and by bars (domain 2.5)."""
    bars = given.bars
    high, low, delta = bars["high"], bars["low"], bars["delta"]
    highs_before, lows_before = high.shift().rolling(4).max(), low.shift().rolling(4).min()
    most, least = delta.shift().rolling(4).max(), delta.shift().rolling(4).min()
    bearish = (high > highs_before) & (delta < 0) & (most > 0)
    bullish = ~bearish & (low < lows_before) & (delta > 0) & (least < 0)
    bearish_pivots, hidden_bearish = _pivots(bars, 1)
    bullish_pivots, hidden_bullish = _pivots(bars, -1)
    return {
        Pattern.BEARISH_DELTA_DIVERGENCE: bearish_pivots,
        Pattern.BULLISH_DELTA_DIVERGENCE: bullish_pivots,
        Pattern.HIDDEN_BEARISH_DIVERGENCE: hidden_bearish,
        Pattern.HIDDEN_BULLISH_DIVERGENCE: hidden_bullish,
        Pattern.BEARISH_BAR_DIVERGENCE: _at(bars, bearish, high),
        Pattern.BULLISH_BAR_DIVERGENCE: _at(bars, bullish, low),
    }


def _pivots(bars: pd.DataFrame, side: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    price = bars["high"] if side > 0 else -bars["low"]
    peak, around = price.shift(2), price.rolling(2).max()
    pivots = pd.DataFrame(
        {
            "bar": bars["bar"],
            "price": peak * side,
            "peak": peak,
            "cvd": bars["cvd"].shift(2) * side,
            "count": _counts(bars).shift(2),
            "mean": bars["volume"].rolling(20).mean(),
        }
    )[(peak > around) & (peak > around.shift(3))]
    before = pivots.shift()
    moved, change = pivots["peak"] - before["peak"], pivots["cvd"] - before["cvd"]
    comparable = (pivots["count"] == before["count"]) & (pivots["bar"] - before["bar"] <= 30)
    large = comparable & (pivots["mean"] > 0) & (change.abs() * 10 >= pivots["mean"])
    return (
        pivots[large & (moved > 0) & (change < 0)],
        pivots[large & (moved < 0) & (change > 0)],
    )


def participation(given: Frames) -> Answer:
    """Return new extremes that too few took part in, and points of control (domain 2.6)."""
    bars, count = given.bars, _counts(given.bars)
    cvd, poc = bars["cvd"], bars["poc"]
    top, bottom = cvd.shift().rolling(10).max(), cvd.shift().rolling(10).min()
    before = bars["volume"].shift().rolling(10).sum()
    thin = (before > 0) & (before * 8 >= bars["volume"] * 100)
    wide = (count == count.shift(10)) & (top > bottom)
    new_high = bars["high"] > bars["high"].shift().rolling(10).max()
    new_low = bars["low"] < bars["low"].shift().rolling(10).min()
    one = count == count.shift(2)
    rose, change = poc.diff(2), cvd.diff(2)
    buyers, sellers = thin | (wide & (cvd < top)), thin | (wide & (cvd > bottom))
    return {
        Pattern.LACK_OF_BUYERS: _at(bars, new_high & buyers, bars["high"]),
        Pattern.LACK_OF_SELLERS: _at(bars, new_low & sellers, bars["low"]),
        Pattern.POC_WITHOUT_BUYERS: _at(bars, one & (rose > 0) & (change < 0), poc),
        Pattern.POC_WITHOUT_SELLERS: _at(bars, one & (rose < 0) & (change > 0), poc),
    }


def trapped(given: Frames) -> Answer:
    """Return trapped traders, once for each extreme (domain 2.8)."""
    bars = given.bars
    atr = wilder(true_range(bars), 14)
    buyers = _left(bars, bars["high"], bars["close"], atr)
    sellers = _left(bars, -bars["low"], -bars["close"], atr)
    sellers["price"] = -sellers["price"]
    return {Pattern.TRAPPED_BUYERS: buyers, Pattern.TRAPPED_SELLERS: sellers}


def _left(
    bars: pd.DataFrame, price: pd.Series, close: pd.Series, atr: pd.Series
) -> pd.DataFrame:
    """Return the extremes that price has left; lows come in upside down."""
    top = price.rolling(10).max()
    ago = pd.Series(float("nan"), price.index)
    volume = ago.copy()
    for back in range(9, -1, -1):  # The latest of equal extremes is written last.
        here = price.shift(back) == top
        ago, volume = ago.mask(here, back), volume.mask(here, bars["volume"].shift(back))
    fallen = top - close
    heavy = (ago >= 3) & (volume * 20 > 3 * bars["volume"].rolling(10).sum())
    far = (fallen > 0) & (fallen * 500 >= top.abs()) & (fallen >= atr)
    found = pd.DataFrame({"bar": bars["bar"], "price": top, "at": bars["bar"] - ago})
    return found[heavy & far].drop_duplicates("at")


def initiative(given: Frames) -> Answer:
    """Return initiative and responsive bars, each once in an excursion (domain 2.9)."""
    values = given.values.sort_values("date").astype("i8")
    bars = pd.merge_asof(given.bars, values, on="date", allow_exact_matches=False)
    outside = (bars["close"] > bars["value_high"]).astype("i1")
    outside -= (bars["close"] < bars["value_low"]).astype("i1")
    side = outside.where(bars["whole"] == 1, 0)
    key = pd.DataFrame({"side": side, "date": bars["date"], "phase": bars["phase"]})
    run = key.ne(key.shift()).any(axis=1).cumsum()
    begun = bars["end"].groupby(run).transform("first")
    mean = bars["volume"].rolling(20).mean()
    light = bars["volume"] * 5 <= 6 * mean
    accepted = (bars["volume"] * 5 > 6 * mean) & (bars["end"] - begun > 15 * MINUTE_NS)

    def once(found: pd.Series, price: str) -> pd.DataFrame:
        return _at(bars, found & ~run.where(found).duplicated(), bars[price])

    return {
        Pattern.RESPONSIVE_SELLING: once(light & (side > 0), "value_high"),
        Pattern.RESPONSIVE_BUYING: once(light & (side < 0), "value_low"),
        Pattern.INITIATIVE_BUYING: once(accepted & (side > 0), "value_high"),
        Pattern.INITIATIVE_SELLING: once(accepted & (side < 0), "value_low"),
    }


def true_range(bars: pd.DataFrame) -> pd.Series:
    """Return the range of each bar, the gap from the close before it included, ticks."""
    before = bars["close"].shift().fillna(bars["close"])
    return bars["high"].clip(lower=before) - bars["low"].clip(upper=before)


def wilder(values: pd.Series, period: int) -> pd.Series:
    """Return Wilder's average of `values`, the first at index `period` - 1."""
    return smoothed(values, period, 1 / period)


def smoothed(values: pd.Series, period: int, alpha: float) -> pd.Series:
    """Return the exponential average that begins with the mean of the first `period` values."""
    seeded = values.astype(float)
    seeded.iloc[: period - 1] = float("nan")
    seeded.iloc[period - 1 : period] = values.iloc[:period].mean()
    return seeded.ewm(alpha=alpha, adjust=False).mean()
