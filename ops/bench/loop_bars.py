"""The detectors that compare bars with each other as plain Python loops over rows (domain 2).

Each looks back into the list of all bars: that is allowed to a script that has the whole day.
"""

import math
from collections import defaultdict
from collections.abc import Sequence

from actors.core.session.calendar import Phase
from ops.bench.tables import MINUTE_NS, PHASES, Answer, Bar, Ready
from protocol.patterns import Pattern

RTH = PHASES.index(Phase.RTH)


def trend_exhaustion(given: Ready) -> Answer:
    """Return exhaustion of a trend of ten bars (domain 2.3b)."""
    found: Answer = defaultdict(list)
    for number in range(9, len(given.bars)):
        bars = given.bars[number - 9 : number + 1]
        moved = bars[-1].close - bars[0].close
        before, volume = sum(b.volume for b in bars[:5]), sum(b.volume for b in bars[5:])
        first, delta = sum(b.delta for b in bars[:5]), sum(b.delta for b in bars[5:])
        falls = volume * 10 < 8 * before
        if moved > 0 and (falls or delta * 2 < first * 2 - abs(first)):
            found[Pattern.UPTREND_EXHAUSTION].append((number, max(b.high for b in bars)))
        if moved < 0 and (falls or delta * 2 > first * 2 + abs(first)):
            found[Pattern.DOWNTREND_EXHAUSTION].append((number, min(b.low for b in bars)))
    return found


def counts(bars: Sequence[Bar]) -> list[int]:
    """Return for each bar how often the cumulative delta was reset before it."""
    numbers = [0] * min(len(bars), 1)
    for before, bar in zip(bars, bars[1:], strict=False):
        numbers.append(numbers[-1] + (bar.cvd - bar.delta != before.cvd))
    return numbers


def effort(given: Ready) -> Answer:
    """Return effort without result (domain 2.4 E)."""
    found: Answer = defaultdict(list)
    count = counts(given.bars)
    changes: dict[bool, list[int]] = {True: [], False: []}
    for number in range(9, len(given.bars)):
        if count[number] != count[number - 9]:
            continue
        bars = given.bars[number - 9 : number + 1]
        by_day = bars[-1].phase == RTH
        if any((bar.phase == RTH) is not by_day for bar in bars[1:]):
            continue
        change = bars[-1].cvd - bars[0].cvd
        past = changes[by_day]
        known, n = past[-200:], min(len(past), 200)
        past.append(change)
        if n < 20 or abs(bars[-1].close - bars[0].close) > 2:
            continue
        mean = sum(known) / n
        deviation = math.sqrt(sum((old - mean) ** 2 for old in known) / n)
        if deviation > 0 and abs(change) >= 2 * deviation:
            if change > 0:
                top = max(b.high for b in bars)
                found[Pattern.EFFORT_SELLING_ABSORPTION].append((number, top))
            else:
                bottom = min(b.low for b in bars)
                found[Pattern.EFFORT_BUYING_ABSORPTION].append((number, bottom))
    return found


def divergence(given: Ready) -> Answer:
    """Return divergences between pivots, open and hidden, and by bars (domain 2.5)."""
    found: Answer = defaultdict(list)
    count = counts(given.bars)
    pivots: dict[int, int] = {}  # The number of the last pivot's bar by side.
    for number in range(4, len(given.bars)):
        bars = given.bars[number - 4 : number + 1]
        for side in (1, -1):
            price, *others = (
                side * (bars[i].high if side > 0 else bars[i].low) for i in (2, 0, 1, 3, 4)
            )
            if price <= max(others):
                continue
            at, before = number - 2, pivots.get(side)
            pivots[side] = at
            if before is None or number < 19 or at - before > 30 or count[at] != count[before]:
                continue
            _pivots(given.bars, side, before, at, found)
        _by_bars(bars, number, found)
    return found


def _pivots(bars: Sequence[Bar], side: int, before: int, at: int, found: Answer) -> None:
    one, two = bars[before], bars[at]
    price = two.high - one.high if side > 0 else one.low - two.low
    cvd = (two.cvd - one.cvd) * side
    volume = sum(b.volume for b in bars[at - 17 : at + 3])
    if volume == 0 or abs(cvd) * 200 < volume or price * cvd >= 0:
        return
    names = {
        (1, True): Pattern.BEARISH_DELTA_DIVERGENCE,
        (-1, True): Pattern.BULLISH_DELTA_DIVERGENCE,
        (1, False): Pattern.HIDDEN_BEARISH_DIVERGENCE,
        (-1, False): Pattern.HIDDEN_BULLISH_DIVERGENCE,
    }
    found[names[side, price > 0]].append((at + 2, two.high if side > 0 else two.low))


def _by_bars(bars: Sequence[Bar], number: int, found: Answer) -> None:
    *before, bar = bars
    if bar.high > max(b.high for b in before) and bar.delta < 0 < max(b.delta for b in before):
        found[Pattern.BEARISH_BAR_DIVERGENCE].append((number, bar.high))
    elif bar.low < min(b.low for b in before) and bar.delta > 0 > min(b.delta for b in before):
        found[Pattern.BULLISH_BAR_DIVERGENCE].append((number, bar.low))


def participation(given: Ready) -> Answer:
    """Return new extremes that too few took part in, and points of control (domain 2.6)."""
    found: Answer = defaultdict(list)
    bars, count = given.bars, counts(given.bars)
    for number, bar in enumerate(bars):
        if number >= 10:
            before = bars[number - 10 : number]
            one = count[number] == count[number - 10]
            volume = sum(b.volume for b in before)
            thin = volume > 0 and volume * 8 >= bar.volume * 100
            cvds = [b.cvd for b in before]
            buyers = thin or (one and min(cvds) < max(cvds) > bar.cvd)
            sellers = thin or (one and max(cvds) > min(cvds) < bar.cvd)
            if buyers and bar.high > max(b.high for b in before):
                found[Pattern.LACK_OF_BUYERS].append((number, bar.high))
            if sellers and bar.low < min(b.low for b in before):
                found[Pattern.LACK_OF_SELLERS].append((number, bar.low))
        if number >= 2 and count[number] == count[number - 2]:
            first = bars[number - 2]
            if bar.poc > first.poc and bar.cvd < first.cvd:
                found[Pattern.POC_WITHOUT_BUYERS].append((number, bar.poc))
            if bar.poc < first.poc and bar.cvd > first.cvd:
                found[Pattern.POC_WITHOUT_SELLERS].append((number, bar.poc))
    return found


def trapped(given: Ready) -> Answer:
    """Return trapped traders, once for each extreme (domain 2.8)."""
    found: Answer = defaultdict(list)
    done: dict[Pattern, int] = {}
    bars, ranges, atr = given.bars, list[int](), 0.0
    for number, bar in enumerate(bars):
        close = bars[number - 1].close if number else bar.close
        ranges.append(max(bar.high, close) - min(bar.low, close))
        if number < 13:
            continue
        atr = sum(ranges) / 14 if number == 13 else (13 * atr + ranges[-1]) / 14
        window = range(number - 9, number + 1)
        heavy = sum(bars[i].volume for i in window) * 3
        top = max(window, key=lambda i: (bars[i].high, i))
        bottom = max(window, key=lambda i: (-bars[i].low, i))
        for pattern, at, price, fallen in (
            (Pattern.TRAPPED_BUYERS, top, bars[top].high, bars[top].high - bar.close),
            (Pattern.TRAPPED_SELLERS, bottom, bars[bottom].low, bar.close - bars[bottom].low),
        ):
            if at > number - 3 or bars[at].volume * 20 <= heavy or done.get(pattern) == at:
                continue
            if price > 0 and fallen > 0 and fallen * 500 >= price and fallen >= atr:
                done[pattern] = at
                found[pattern].append((number, price))
    return found


def initiative(given: Ready) -> Answer:
    """Return initiative and responsive bars, each once in an excursion (domain 2.9)."""
    found: Answer = defaultdict(list)
    key, begun, seen = (0, 0, 0), 0, set[Pattern]()
    for number, bar in enumerate(given.bars):
        earlier = [value for value in given.values if value.date < bar.date]
        if not earlier or not earlier[-1].whole:
            key = (0, 0, 0)
            continue
        _, low, high, _ = earlier[-1]
        side = (bar.close > high) - (bar.close < low)
        now = (side, bar.date, bar.phase)
        if now != key:
            key, begun, seen = now, bar.end, set()
        if side == 0 or number < 19:
            continue
        volume = sum(b.volume for b in given.bars[number - 19 : number + 1])
        if bar.volume * 100 <= 6 * volume:
            pattern = Pattern.RESPONSIVE_SELLING if side > 0 else Pattern.RESPONSIVE_BUYING
        elif bar.end - begun > 15 * MINUTE_NS:
            pattern = Pattern.INITIATIVE_BUYING if side > 0 else Pattern.INITIATIVE_SELLING
        else:
            continue
        if pattern not in seen:
            seen.add(pattern)
            found[pattern].append((number, high if side > 0 else low))
    return found
