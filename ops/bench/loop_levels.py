"""The detectors that read one bar's levels, and the tape, as plain Python loops (domain 2).

Written as from the specification by somebody who needs the answer once: no typed refusals, no
message per find. What a detector does beyond raising patterns is left out: zones that are tested
and broken, unfinished levels that are revisited and repaired.
"""

from collections import defaultdict, deque
from collections.abc import Sequence

from actors.core.columns import Trades
from ops.bench.tables import ABSORPTION_MIN, VOLUME_MIN, Answer, Ready, trade_columns
from protocol.patterns import Pattern
from protocol.units import NANOS_PER_S

Found = list[tuple[int, int]]  # (bar, price).


def columns(trades: Trades) -> tuple[list[int], ...]:
    """Return time, price, size and side of trades as lists."""
    return tuple(column.tolist() for column in trade_columns(trades).values())


def imbalance(given: Ready) -> Answer:
    """Return single and stacked diagonal imbalances (domain 2.1, 2.2); no life of a zone."""
    found: Answer = defaultdict(list)
    for number, bar in enumerate(given.bars):
        sells, buys, low = bar.sells, bar.buys, bar.low
        longs, shorts = [], []
        for level in range(1, len(sells)):
            bought, sold = buys[level], sells[level - 1]
            if bought >= VOLUME_MIN and bought >= 3 * max(sold, 1):
                longs.append(low + level)
            if sold >= VOLUME_MIN and sold >= 3 * max(bought, 1):
                shorts.append(low + level - 1)
        found[Pattern.BUY_IMBALANCE] += [(number, price) for price in longs]
        found[Pattern.SELL_IMBALANCE] += [(number, price) for price in shorts]
        found[Pattern.STACKED_BUY] += [(number, top) for _, top in _stacks(longs)]
        found[Pattern.STACKED_SELL] += [(number, bottom) for bottom, _ in _stacks(shorts)]
    return found


def _stacks(prices: list[int]) -> Found:
    runs: list[list[int]] = []
    for price in prices:
        if runs and runs[-1][1] == price - 1:
            runs[-1][1] = price
        else:
            runs.append([price, price])
    return [(bottom, top) for bottom, top in runs if top - bottom >= 2]


def horizontal(given: Ready) -> Answer:
    """Return imbalances at one price (domain 2.1b)."""
    longs: Found = []
    shorts: Found = []
    for number, bar in enumerate(given.bars):
        for price, (sold, bought) in enumerate(zip(bar.sells, bar.buys, strict=True), bar.low):
            if bought >= VOLUME_MIN and bought >= 2 * max(sold, 1):
                longs.append((number, price))
            if sold >= VOLUME_MIN and sold >= 2 * max(bought, 1):
                shorts.append((number, price))
    return {Pattern.HORIZONTAL_BUY: longs, Pattern.HORIZONTAL_SELL: shorts}


def exhaustion(given: Ready) -> Answer:
    """Return exhaustion at the extremes (domain 2.3)."""
    highs: Found = []
    lows: Found = []
    for number, bar in enumerate(given.bars):
        if _fades(bar.buys[-1:-6:-1]):
            highs.append((number, bar.high))
        if _fades(bar.sells[:5]):
            lows.append((number, bar.low))
    return {Pattern.BUYING_EXHAUSTION: highs, Pattern.SELLING_EXHAUSTION: lows}


def _fades(inwards: Sequence[int]) -> bool:
    levels = 1
    while levels < len(inwards) and inwards[levels - 1] < inwards[levels]:
        levels += 1
    inner = inwards[levels - 1]
    return levels >= 3 and inner >= VOLUME_MIN and (inner - inwards[0]) * 10 >= 3 * inner


def absorption(given: Ready) -> Answer:
    """Return absorption in the three ticks at an extreme (domain 2.4 A)."""
    highs: Found = []
    lows: Found = []
    for number, bar in enumerate(given.bars):
        span = bar.high - bar.low
        if span < 3:
            continue
        sold, bought = sum(bar.sells[:3]), sum(bar.buys[:3])
        if (bar.close - bar.low) * 2 >= span and _one_way(sold, bought):
            lows.append((number, bar.low))
        sold, bought = sum(bar.sells[-3:]), sum(bar.buys[-3:])
        if (bar.high - bar.close) * 2 >= span and _one_way(bought, sold):
            highs.append((number, bar.high))
    return {Pattern.BUYING_ABSORPTION: lows, Pattern.SELLING_ABSORPTION: highs}


def _one_way(strong: int, weak: int) -> bool:
    return strong + weak >= ABSORPTION_MIN and strong * 10 >= 6 * (strong + weak)


def level_absorption(given: Ready) -> Answer:
    """Return absorption at the outermost level (domain 2.4 C)."""
    highs: Found = []
    lows: Found = []
    for number, bar in enumerate(given.bars):
        sold, bought = bar.sells[0], bar.buys[0]
        if sold >= VOLUME_MIN and sold >= 3 * max(bought, 1) and bar.close - bar.low >= 2:
            lows.append((number, bar.low))
        sold, bought = bar.sells[-1], bar.buys[-1]
        if bought >= VOLUME_MIN and bought >= 3 * max(sold, 1) and bar.high - bar.close >= 2:
            highs.append((number, bar.high))
    return {Pattern.LEVEL_BUYING_ABSORPTION: lows, Pattern.LEVEL_SELLING_ABSORPTION: highs}


def unfinished(given: Ready) -> Answer:
    """Return unfinished extremes (domain 2.7); not what becomes of them in later bars."""
    highs: Found = []
    lows: Found = []
    for number, bar in enumerate(given.bars):
        if bar.buys[-1] > 0 and bar.sells[-1] > 0:
            highs.append((number, bar.high))
        if bar.buys[0] > 0 and bar.sells[0] > 0:
            lows.append((number, bar.low))
    return {Pattern.UNFINISHED_HIGH: highs, Pattern.UNFINISHED_LOW: lows}


def tape_absorption(
    ts: Sequence[int], prices: Sequence[int], sizes: Sequence[int], sides: Sequence[int]
) -> Answer:
    """Return absorption on the tape (domain 2.4 B); `bar` is the time of the last trade."""
    sums = deque([0], maxlen=101)  # Volume before each of the last trades.
    answer = Recent()
    for row in range(len(ts)):
        sums.append(sums[-1] + sizes[row])
        windows = min((row + 1) // 5 - 1, 19)
        if windows < 2:
            continue
        volume, baseline = sums[-1] - sums[-6], sums[-6] - sums[-6 - 5 * windows]
        if volume * windows < 2 * baseline:
            continue
        within = range(row - 4, row + 1)
        low, high = min(prices[row - 4 : row + 1]), max(prices[row - 4 : row + 1])
        if high - low > 2:
            continue
        bought = sum(sizes[i] for i in within if sides[i] == 1)
        sold = sum(sizes[i] for i in within if sides[i] == 2)
        moved = prices[row] - prices[row - 4]
        if bought > sold and bought >= 2 * max(sold, 1) and moved <= 1:
            answer.add(Pattern.TAPE_SELLING_ABSORPTION, ts[row], high)
        if sold > bought and sold >= 2 * max(bought, 1) and -moved <= 1:
            answer.add(Pattern.TAPE_BUYING_ABSORPTION, ts[row], low)
    return answer.found


class Recent:
    """Tells an event from its repetition: one per price within a tick and five seconds."""

    def __init__(self) -> None:
        self.found: Answer = defaultdict(list)
        self.last: dict[tuple[Pattern, int], int] = {}

    def add(self, pattern: Pattern, ts: int, price: int) -> None:
        """Note the event unless it is a repetition."""
        over = ts - 5 * NANOS_PER_S
        if all(self.last.get((pattern, price + near), over) <= over for near in (-1, 0, 1)):
            self.last[pattern, price] = ts
            self.found[pattern].append((ts, price))
