"""From trades to patterns and indicators in pandas: footprint, then all the rest."""

import numpy as np
import pandas as pd

from actors.core.session.calendar import Phase
from ops.bench import pandas_bars as bars_pandas
from ops.bench import pandas_levels as levels_pandas
from ops.bench.loop_chain import value_area
from ops.bench.pandas_bars import smoothed, true_range, wilder
from ops.bench.pandas_levels import Frames
from ops.bench.tables import BAR_NS, MINUTE_NS, PHASES, Answer, Value, calendar

DETECTORS = (
    levels_pandas.imbalance,
    levels_pandas.exhaustion,
    bars_pandas.trend_exhaustion,
    levels_pandas.absorption,
    levels_pandas.level_absorption,
    bars_pandas.effort,
    bars_pandas.divergence,
    bars_pandas.participation,
    levels_pandas.unfinished,
    bars_pandas.trapped,
    bars_pandas.initiative,
)


def chain(trades: pd.DataFrame) -> Answer:
    """Return all patterns of the trades; the indicators are made, too."""
    given = finished(trades)
    found: Answer = levels_pandas.tape_absorption(trades)
    for detector in DETECTORS:
        found.update(detector(given))
    indicators(given)
    return found


def sides(trades: pd.DataFrame) -> pd.Series:
    """Return the sides by the tick rule alone (domain 1.2); 0 before the first change of price."""
    moved = trades["price"].diff()
    turns = pd.Series(np.where(moved > 0, 1.0, 2.0), trades.index)
    return turns.where(moved.fillna(0) != 0).ffill().fillna(0).astype(np.uint8)


def finished(trades: pd.DataFrame) -> Frames:
    """Return the tables of the bars of five minutes that ended."""
    start = trades["ts"] // BAR_NS * BAR_NS
    whole = start < start.iloc[-1]  # The last bar has not ended.
    rows = pd.DataFrame(
        {
            "start": start,
            "price": trades["price"],
            "volume": trades["size"],
            "buy": trades["size"].where(trades["side"] == 1, 0),
            "sell": trades["size"].where(trades["side"] == 2, 0),
        }
    )[whole]
    closes = rows.groupby("start")["price"].last()
    levels = rows.groupby(["start", "price"], as_index=False).sum()
    levels["bar"] = levels["start"].ne(levels["start"].shift()).cumsum() - 1
    levels = _dense(levels)
    bars = _bars(levels, closes)
    return Frames(bars, levels, _values(bars, levels, int(trades["ts"].iloc[0])))


def _dense(levels: pd.DataFrame) -> pd.DataFrame:
    """Return a row for every price from low to high of each bar, traded or not."""
    price = levels.groupby("bar")["price"]
    low, count = price.min().to_numpy(), (price.max() - price.min() + 1).to_numpy()
    bar = np.repeat(np.arange(len(low)), count)
    above = np.arange(len(bar)) - np.repeat(count.cumsum() - count, count)
    every = pd.DataFrame({"bar": bar, "price": low[bar] + above})
    columns = levels[["bar", "price", "volume", "buy", "sell"]]
    return every.merge(columns, how="left", on=["bar", "price"]).fillna(0).astype("i8")


def _bars(levels: pd.DataFrame, closes: pd.Series) -> pd.DataFrame:
    levels = levels.assign(priced=levels["price"] * levels["volume"])
    bars = levels.groupby("bar", as_index=False).agg(
        low=("price", "min"),
        high=("price", "max"),
        volume=("volume", "sum"),
        bought=("buy", "sum"),
        sold=("sell", "sum"),
        price_volume=("priced", "sum"),
    )
    bars["start"], bars["close"] = closes.index.to_numpy(), closes.to_numpy()
    bars["end"], bars["delta"] = bars["start"] + BAR_NS, bars["bought"] - bars["sold"]
    bars = bars.assign(**calendar(bars["start"].tolist()))
    bars["cvd"] = bars.groupby("reset")["delta"].cumsum()
    bars["poc"] = _pocs(levels, bars)
    return bars


def _pocs(levels: pd.DataFrame, bars: pd.DataFrame) -> pd.Series:
    """Return the price with the most volume of each bar (domain 1.5)."""
    of_bar, volume = levels["bar"], levels["volume"]
    twice = levels["price"] * 2 - (bars["low"] + bars["high"]).to_numpy()[of_bar]
    heavier = (np.sign(twice) * volume).groupby(of_bar).sum().to_numpy()[of_bar] > 0
    most = volume == volume.groupby(of_bar).transform("max")
    ties = pd.DataFrame(
        {
            "bar": of_bar,
            "far": twice.abs(),
            "side": levels["price"].where(~heavier, -levels["price"]),
            "price": levels["price"],
        }
    )[most]
    first = ties.sort_values(["bar", "far", "side"]).drop_duplicates("bar")
    return first["price"].reset_index(drop=True)


def _values(bars: pd.DataFrame, levels: pd.DataFrame, first: int) -> pd.DataFrame:
    """Return the values of the regular sessions; the expansion itself is a loop."""
    regular = bars[bars["phase"] == PHASES.index(Phase.RTH)]
    begun = regular.groupby("date")[["start", "reset"]].first()
    whole = begun["start"].clip(lower=first) < begun["reset"] + MINUTE_NS
    sides = levels.merge(regular[["bar", "date"]], on="bar")
    volumes = sides.groupby(["date", "price"])["volume"].sum()
    rows = []
    for date, profile in volumes.groupby("date"):
        profile = profile.droplevel("date")
        low = profile.index[0]
        below, above = value_area(
            profile.reindex(range(low, profile.index[-1] + 1), fill_value=0).tolist()
        )
        rows.append((date, low + below, low + above, int(whole[date])))
    return pd.DataFrame(rows, columns=list(Value._fields))


def indicators(given: Frames) -> pd.DataFrame:
    """Return averages, ranges, direction and structure after each bar (domain 4.1, 4.2).

    A value over a window is empty until the window is full. No regime is judged by them.
    """
    bars = given.bars
    high, low, volume = bars["high"], bars["low"], bars["volume"]
    atr = wilder(true_range(bars), 14)
    rank = atr.rolling(51, min_periods=11).rank(method="min")
    earlier = atr.rolling(51, min_periods=1).count() - 1
    adx = _adx(bars)
    sums = bars.groupby(["date", "by_day"])[["price_volume", "volume"]].cumsum()
    highs, lows = high.shift().rolling(4).max(), low.shift().rolling(4).min()
    margin = (high - low).shift(9) / 10
    top, bottom = high.shift(9) + margin, low.shift(9) - margin
    lows_hold = low.rolling(2).min() > low.shift(2).rolling(3).min()
    highs_hold = high.rolling(2).max() < high.shift(2).rolling(3).max()
    return pd.DataFrame(
        {
            "ema_fast": smoothed(bars["close"], 9, 0.2),
            "ema_slow": smoothed(bars["close"], 21, 2 / 22),
            "atr": atr,
            "atr_percentile": (100 * (rank - 1) / earlier).fillna(50.0),
            "adx": adx,
            "adx_slope": _slope(adx, 5),
            "vwap": sums["price_volume"] / sums["volume"],
            "higher_high": (high > highs).where(highs.notna()),
            "lower_low": (low < lows).where(lows.notna()),
            "higher_low": ((low > lows) & lows_hold).where(lows.notna()),
            "lower_high": ((high < highs) & highs_hold).where(highs.notna()),
            "average_range": (high - low).rolling(5).mean(),
            "range_bound": sum(
                ((high.shift(back) <= top) & (low.shift(back) >= bottom)).where(top.notna())
                for back in range(10)
            ),
            "delta_slope": _slope(bars["delta"], 10),
            "volume_ratio": volume / volume.rolling(20).mean(),
        }
    )


def _adx(bars: pd.DataFrame) -> pd.Series:
    up, down = bars["high"].diff()[1:], -bars["low"].diff()[1:]
    plus = wilder(up.where(up > down.clip(lower=0), 0), 14)
    minus = wilder(down.where(down > up.clip(lower=0), 0), 14)
    both = plus + minus
    spread = (100 * (plus - minus).abs() / both).mask(both == 0, 0)
    return wilder(spread[13:], 14).reindex(bars.index)


def _slope(values: pd.Series, count: int) -> pd.Series:
    """Return the least-squares slope over the last `count` values (domain 1.4)."""
    steps = [i - (count - 1) / 2 for i in range(count)]
    moved = sum(step * values.shift(count - 1 - i) for i, step in enumerate(steps))
    return moved / sum(step**2 for step in steps)
