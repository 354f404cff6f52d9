"""What bars without trades can stand in for: a profile, and made-up trades (domain 1.8, 1.9).

Neither knows how the volume was spread or who was the aggressor. The profile spreads it evenly and
leaves the side unknown, or estimates it from the move of the bar. The trades follow one fixed path
through the bar's four prices, so the same bar always gives the same trades; their delta is an
artefact of that path. Whoever makes batches of them marks these as simulated, and the sources say
that every side is inferred.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import PRICE, SIZE, TS, Trades
from actors.core.orderflow.ladder import LEVELS_MAX, Ladder
from actors.core.orderflow.profile import EMPTY, Profile, profile_of_ladder
from protocol.market import Aggressor, SideSource
from protocol.signals import PPM
from protocol.units import NANOS_PER_S

CHANGES_MAX = 20  # Bars behind the deviation of the estimate.
VOLUME_MAX = 2**31 - 1
Longs = NDArray[np.int64]
TURN_WEIGHT, STEP_WEIGHT = 3, 1  # Of the made-up path's turning points, and of the rest.


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteBar:
    """A bar without its trades; prices in ticks."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int  # Contracts.
    period_s: int = 60

    def __post_init__(self) -> None:
        if not self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            raise ValueError(
                f"open {self.open} high {self.high} low {self.low} close {self.close} ticks,"
                " wanted open and close within low and high"
            )
        if self.high - self.low >= LEVELS_MAX:
            raise ValueError(
                f"a bar from {self.low} to {self.high} ticks, wanted at most {LEVELS_MAX} levels"
            )
        if not 0 <= self.volume <= VOLUME_MAX:
            raise ValueError(f"a bar of {self.volume} contracts, wanted 0 to {VOLUME_MAX}")
        if self.period_s < 1:
            raise ValueError(f"a bar of {self.period_s} seconds, wanted at least 1")


def uniform_profile(
    bars: Sequence[MinuteBar], buy_shares_ppm: Sequence[int | None] = ()
) -> Profile:
    """Return the profile of `bars`, the volume of each spread evenly from low to high (domain 1.8).

    What does not divide goes to the levels nearest to the typical price, one contract each, the
    lower first. The side is unknown, but where a share of buying is given for the bar. The
    resolution of the profile is the longest period.
    """
    shares = buy_shares_ppm or (None,) * len(bars)
    if len(shares) != len(bars):
        raise ValueError(f"{len(shares)} shares of buying for {len(bars)} bars, wanted one each")
    traded = [(bar, share) for bar, share in zip(bars, shares, strict=True) if bar.volume]
    if not traded:
        return EMPTY
    ladder = Ladder(traded[0][0].low)
    for bar, share in traded:
        volumes = _spread(bar, bar.volume)
        if share is None:
            nobody = np.zeros_like(volumes)
            ladder.add(bar.low, np.stack([volumes, nobody, nobody]))
            continue
        if not 0 <= share <= PPM:
            raise ValueError(f"a share of buying of {share} ppm, wanted 0 to {PPM}")
        # Of a level, the evenly spread part never exceeds the evenly spread whole.
        buys = _spread(bar, (bar.volume * share + PPM // 2) // PPM)
        ladder.add(bar.low, np.stack([np.zeros_like(buys), buys, volumes - buys]))
    return profile_of_ladder(ladder, max(bar.period_s for bar, _ in traded))


def _spread(bar: MinuteBar, volume: int) -> Longs:
    """Return `volume` by level from the low of `bar` to its high."""
    count = bar.high - bar.low + 1
    each, rest = divmod(volume, count)
    levels = np.full(count, each, np.int64)
    # Three times the distance from the typical price, to stay in whole numbers.
    distance = np.abs(3 * np.arange(bar.low, bar.high + 1) - (bar.high + bar.low + bar.close))
    levels[np.argsort(distance, kind="stable")[:rest]] += 1
    return levels


def bulk_buy_shares(bars: Iterable[MinuteBar]) -> list[int | None]:
    """Return per bar the share of buying estimated from its move, ppm (BVC, domain 1.8).

    The deviation is that of the moves from open to close of the last twenty bars, the bar itself
    included; a bar has no estimate, None, while there is no deviation: of a single bar, or where
    all moved alike.
    """
    moves: list[int] = []
    found: list[int | None] = []
    for bar in bars:
        moves = [*moves, bar.close - bar.open][-CHANGES_MAX:]
        deviation = _deviation(moves)
        found.append(bulk_buy_share(moves[-1], deviation) if deviation > 0 else None)
    return found


def bulk_buy_share(move: float, deviation: float) -> int:
    """Return the share of buying, ppm: the normal distribution at `move` in deviations."""
    if not math.isfinite(move):
        raise ValueError(f"a move of {move}, wanted a finite number")
    if not (math.isfinite(deviation) and deviation > 0):
        raise ValueError(f"a deviation of {deviation}, wanted a finite number above 0")
    return round(PPM * 0.5 * (1.0 + math.erf(move / deviation / math.sqrt(2.0))))


def _deviation(moves: Sequence[int]) -> float:
    """Return the standard deviation of the sample; 0 for fewer than two."""
    count = len(moves)
    if count < 2:
        return 0.0
    # Whole numbers up to the division, so that equal moves have exactly none.
    squares = count * sum(move * move for move in moves) - sum(moves) ** 2
    return math.sqrt(squares / (count * (count - 1)))


def simulated_trades(bar: MinuteBar) -> Trades:
    """Return made-up trades of `bar`, the same ones every time (domain 1.9).

    They walk tick by tick from the open over the nearer extreme and the other one to the close:
    the low comes first if the bar rose. The first price is the open, the last the close, the
    sizes sum up to the volume. A volume below the number of turning points reaches only the first
    of them.
    """
    path, turns = _path(bar)
    sizes = _sizes(len(path), turns, bar.volume)
    # Where nothing is left for a point of the path, it makes no trade.
    prices, sizes = path[sizes > 0], sizes[sizes > 0]
    count = len(prices)
    middles = 2 * np.arange(count, dtype=object) + 1  # Python's integers: no product overflows.
    offsets = middles * (bar.period_s * NANOS_PER_S) // max(2 * count, 1)
    buys = np.diff(prices, prepend=prices[:1]) > 0
    buys[:1] = bar.close >= bar.open
    return Trades(
        bar.start_ns + offsets.astype(TS),
        prices.astype(PRICE),
        sizes.astype(SIZE),
        np.where(buys, np.uint8(Aggressor.BUY), np.uint8(Aggressor.SELL)),
        np.full(count, SideSource.TICKRULE, np.uint8),
        np.zeros(count, np.uint8),
    )


def _path(bar: MinuteBar) -> tuple[Longs, list[int]]:
    """Return the prices of the walk, tick by tick, and the indices of its turning points."""
    rose = bar.close >= bar.open
    stops = (bar.low, bar.high, bar.close) if rose else (bar.high, bar.low, bar.close)
    legs, turns, last = [np.array([bar.open])], [0], bar.open
    for stop in stops:
        if stop != last:
            step = 1 if stop > last else -1
            legs.append(np.arange(last + step, stop + step, step))
            turns.append(turns[-1] + len(legs[-1]))
            last = stop
    return np.concatenate(legs), turns


def _sizes(count: int, turns: list[int], volume: int) -> Longs:
    """Return the size at each of `count` points: by weight, the largest remainders rounded up.

    Where not every point can have a contract, the turning points come first, in the order of the
    walk, and what is left goes to others, evenly spaced, one contract each.
    """
    sizes = np.zeros(count, np.int64)
    if volume < count:
        first = turns[:volume]
        others = np.delete(np.arange(count), turns)
        left = volume - len(first)
        sizes[first] = 1
        sizes[others[(2 * np.arange(left) + 1) * len(others) // max(2 * left, 1)]] = 1
        return sizes
    weights = np.full(count, STEP_WEIGHT)
    weights[turns] = TURN_WEIGHT
    sizes, remainders = np.divmod(weights * volume, weights.sum())
    sizes[np.argsort(-remainders, kind="stable")[: volume - sizes.sum()]] += 1
    return sizes
