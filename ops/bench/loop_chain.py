"""From trades to patterns and indicators as plain Python loops: footprint, then all the rest."""

from collections import defaultdict, deque
from collections.abc import Sequence

from actors.core.session.calendar import Phase
from ops.bench import loop_bars as bars_loop
from ops.bench import loop_levels as levels_loop
from ops.bench.tables import BAR_NS, MINUTE_NS, PHASES, Answer, Bar, Ready, Value, calendar

RTH = PHASES.index(Phase.RTH)
DETECTORS = (
    levels_loop.imbalance,
    levels_loop.exhaustion,
    bars_loop.trend_exhaustion,
    levels_loop.absorption,
    levels_loop.level_absorption,
    bars_loop.effort,
    bars_loop.divergence,
    bars_loop.participation,
    levels_loop.unfinished,
    bars_loop.trapped,
    bars_loop.initiative,
)
Footprint = dict[int, list[int]]  # Price to volume by side: unknown, bought, sold.
Lists = tuple[list[int], list[int], list[int], list[int]]  # Time, price, size, side.


def chain(ts: list[int], prices: list[int], sizes: list[int], sides: list[int]) -> Answer:
    """Return all patterns of the trades; the indicators are made, too."""
    given = finished((ts, prices, sizes, sides))
    found: Answer = levels_loop.tape_absorption(ts, prices, sizes, sides)
    for detector in DETECTORS:
        found.update(detector(given))
    indicators(given)
    return found


def sides(_ts: list[int], prices: list[int], _sizes: list[int], _sides: list[int]) -> list[int]:
    """Return the sides by the tick rule alone (domain 1.2); 0 before the first change of price."""
    found, side, last = [], 0, prices[0]
    for price in prices:
        if price != last:
            side = 1 if price > last else 2
            last = price
        found.append(side)
    return found


def finished(trades: Lists) -> Ready:
    """Return the bars of five minutes that ended, and the values of the regular sessions."""
    footprints: dict[int, Footprint] = {}
    closes: dict[int, int] = {}
    for ts, price, size, side in zip(*trades, strict=True):
        start = ts - ts % BAR_NS
        if start not in closes:
            footprints[start] = defaultdict(lambda: [0, 0, 0])
        footprints[start][price][side] += size
        closes[start] = price
    footprints.popitem()  # The last bar has not ended.
    days = calendar(footprints)
    bars, reset, cvd = list[Bar](), 0, 0
    profiles: dict[int, Footprint] = {}
    whole: dict[int, int] = {}
    dates, phases, halves, resets = days.values()
    for number, (start, levels) in enumerate(footprints.items()):
        if resets[number] != reset:
            reset, cvd = resets[number], 0
        day = (dates[number], phases[number], halves[number])
        bar = _bar(start, levels, closes[start], cvd, day)
        cvd = bar.cvd
        bars.append(bar)
        if bar.phase == RTH:
            if bar.date not in profiles:
                profiles[bar.date] = defaultdict(lambda: [0, 0, 0])
                whole[bar.date] = max(start, trades[0][0]) < reset + MINUTE_NS
            for price, volumes in levels.items():
                profiles[bar.date][price][0] += sum(volumes)
    return Ready(bars, [_value(date, profiles[date], whole[date]) for date in profiles])


def _bar(start: int, levels: Footprint, close: int, cvd: int, day: tuple[int, int, int]) -> Bar:
    low, high = min(levels), max(levels)
    rows = [levels[price] for price in range(low, high + 1)]
    volumes = [sum(row) for row in rows]
    buys, sells = [row[1] for row in rows], [row[2] for row in rows]
    delta, priced = sum(buys) - sum(sells), sum(p * v for p, v in enumerate(volumes, low))
    return Bar(
        start, start + BAR_NS, high, low, close, sells, buys, sum(volumes), delta, cvd + delta,
        low + point_of_control(volumes), priced, *day,
    )  # fmt: skip


def _value(date: int, profile: Footprint, whole: int) -> Value:
    low, high = min(profile), max(profile)
    below, above = value_area([profile[price][0] for price in range(low, high + 1)])
    return Value(date, low + below, low + above, whole)


def point_of_control(volumes: Sequence[int]) -> int:
    """Return the level with the most volume (domain 1.5)."""
    span, most = len(volumes) - 1, max(volumes)
    ties = [level for level, volume in enumerate(volumes) if volume == most]
    nearest = min(abs(2 * level - span) for level in ties)
    ties = [level for level in ties if abs(2 * level - span) == nearest]
    above, below = sum(volumes[span // 2 + 1 :]), sum(volumes[: (span + 1) // 2])
    return ties[-1] if above > below else ties[0]


def value_area(volumes: Sequence[int]) -> tuple[int, int]:
    """Return the lowest and highest level of 70 % of the volume, two rows a step (domain 1.6)."""
    low = high = point_of_control(volumes)
    inside, wanted = volumes[low], sum(volumes) * 0.7
    while inside < wanted and (low > 0 or high < len(volumes) - 1):
        above, below = volumes[high + 1 : high + 3], volumes[max(low - 2, 0) : low]
        if above and (not below or sum(above) >= sum(below)):
            inside, high = inside + sum(above), high + len(above)
        else:
            inside, low = inside + sum(below), low - len(below)
    return low, high


class Average:
    """An exponential average that begins with the mean of its first values."""

    def __init__(self, period: int, alpha: float) -> None:
        self.period, self.alpha = period, alpha
        self.count, self.now = 0, 0.0

    def add(self, value: float) -> float | None:
        """Return the average with one more value; None before there are enough."""
        self.count += 1
        if self.count <= self.period:
            self.now += value / self.period
        else:
            self.now += self.alpha * (value - self.now)
        return self.now if self.count >= self.period else None


def indicators(given: Ready) -> dict[str, list[float | None]]:
    """Return averages, ranges, direction and structure after each bar (domain 4.1, 4.2).

    A value over a window is None until the window is full. No regime is judged by them.
    """
    found: dict[str, list[float | None]] = defaultdict(list)
    fast, slow, atr = Average(9, 0.2), Average(21, 2 / 22), Average(14, 1 / 14)
    ranged, plus, minus, adx = (Average(14, 1 / 14) for _ in range(4))
    atrs, adxs = deque[float](maxlen=51), deque[float](maxlen=5)
    session, volume, priced = (0, 0), 0, 0
    for number, bar in enumerate(given.bars):
        before = given.bars[number - 1] if number else None
        close = bar.close if before is None else before.close
        width = max(bar.high, close) - min(bar.low, close)
        found["ema_fast"].append(fast.add(bar.close))
        found["ema_slow"].append(slow.add(bar.close))
        found["atr"].append(atr.add(width))
        if found["atr"][-1] is not None:
            atrs.append(atr.now)
        known = sum(old < atr.now for old in list(atrs)[:-1])
        found["atr_percentile"].append(100 * known / (len(atrs) - 1) if len(atrs) > 10 else 50.0)
        direction = None
        if before is not None:
            up, down = bar.high - before.high, before.low - bar.low
            ranged.add(width)
            rise = plus.add(up if up > max(down, 0) else 0)
            fall = minus.add(down if down > max(up, 0) else 0)
            if rise is not None and fall is not None:
                both = rise + fall
                direction = adx.add(100 * abs(rise - fall) / both if both else 0.0)
        if direction is not None:
            adxs.append(direction)
        found["adx"].append(direction)
        found["adx_slope"].append(_slope(adxs) if len(adxs) == 5 else None)
        if session != (bar.date, bar.by_day):
            session, volume, priced = (bar.date, bar.by_day), 0, 0
        volume, priced = volume + bar.volume, priced + bar.price_volume
        found["vwap"].append(priced / volume)
        _windows(given.bars[max(number - 19, 0) : number + 1], found)
    return found


def _windows(bars: Sequence[Bar], found: dict[str, list[float | None]]) -> None:
    highs, lows = [b.high for b in bars], [b.low for b in bars]
    high, low, last, before = highs[-1], lows[-1], slice(-2, None), slice(-5, -2)
    five, ten, twenty = (len(bars) >= count for count in (5, 10, 20))
    top, bottom = max(highs[-5:-1], default=high), min(lows[-5:-1], default=low)
    found["higher_high"].append(high > top if five else None)
    found["lower_low"].append(low < bottom if five else None)
    higher = five and low > bottom and min(lows[last]) > min(lows[before])
    lower = five and high < top and max(highs[last]) < max(highs[before])
    found["higher_low"].append(higher if five else None)
    found["lower_high"].append(lower if five else None)
    spans = [b.high - b.low for b in bars[-5:]]
    found["average_range"].append(sum(spans) / 5 if five else None)
    margin = (highs[-10] - lows[-10]) / 10 if ten else 0.0
    bound = [
        b.high <= highs[-10] + margin and b.low >= lows[-10] - margin for b in bars[-10:] if ten
    ]
    found["range_bound"].append(sum(bound) if ten else None)
    found["delta_slope"].append(_slope([b.delta for b in bars[-10:]]) if ten else None)
    mean = sum(b.volume for b in bars) / len(bars)
    found["volume_ratio"].append(bars[-1].volume / mean if twenty else None)


def _slope(values: Sequence[float]) -> float:
    n = len(values)
    middle = (n - 1) / 2
    steps = sum((i - middle) * value for i, value in enumerate(values))
    return steps / sum((i - middle) ** 2 for i in range(n))
