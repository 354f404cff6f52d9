"""Volume profiles, their point of control and value area (domain 1.5 to 1.8).

A profile is dense: entry `i` is the volume `i` ticks above the lowest price. Its first and last
entry are the low and the high of the range; between them entries may be 0.

Volumes stay whole numbers throughout, so that a profile is the same however its parts were put
together. A profile of bars without trades can only spread their volume; it says how long those
bars were, because the longer, the more it blurs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from actors.core.columns import Trades
from actors.core.orderflow.ladder import Ladder
from actors.core.orderflow.pieces import sum_piece
from protocol.market import Aggressor, BarClosed
from protocol.signals import PPM
from protocol.units import Ticks

UNKNOWN, BUY, SELL = int(Aggressor.UNKNOWN), int(Aggressor.BUY), int(Aggressor.SELL)
ROWS = 2  # Dalton's method.


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Volume by price of any stretch of time; entry `i` of a column is of the price `low + i`."""

    low: int  # Ticks.
    buys: tuple[int, ...]  # A(p), contracts.
    sells: tuple[int, ...]  # B(p).
    unknowns: tuple[int, ...]  # U(p).
    resolution_s: int = 0  # Of the longest bar that was spread; 0 if all is from trades.

    def __post_init__(self) -> None:
        columns = (self.buys, self.sells, self.unknowns)
        counts = [len(column) for column in columns]
        if len(set(counts)) != 1:
            raise ValueError(
                f"{counts[0]} buy, {counts[1]} sell and {counts[2]} unknown levels,"
                " wanted as many of each"
            )
        least = min((min(column, default=0) for column in columns), default=0)
        if least < 0:
            raise ValueError(f"a level of {least} contracts, wanted at least 0")

    @property
    def high(self) -> int:
        """The price of the last level, ticks."""
        return self.low + len(self.buys) - 1

    @property
    def volume(self) -> int:
        """All contracts."""
        return sum(self.buys) + sum(self.sells) + sum(self.unknowns)

    def volumes(self) -> list[int]:
        """Return V(p), contracts by level."""
        columns = zip(self.buys, self.sells, self.unknowns, strict=True)
        return [sum(level) for level in columns]


EMPTY = Profile(low=0, buys=(), sells=(), unknowns=())  # Merged with anything it changes nothing.


class ValueArea(NamedTuple):
    """Where most was traded, in ticks."""

    poc: Ticks
    low: Ticks
    high: Ticks


def profile_of_trades(trades: Trades) -> Profile:
    """Return the profile of consecutive trades (domain 1.7)."""
    if len(trades) == 0:
        return EMPTY
    piece = sum_piece(trades)
    ladder = Ladder(piece.low)
    ladder.add(piece.low, piece.levels)
    return profile_of_ladder(ladder)


def profile_of_bars(bars: Iterable[BarClosed]) -> Profile:
    """Return the profile of bars of one contract and one series (domain 1.7)."""
    ladder: Ladder | None = None
    made_of: set[tuple[str, str]] = set()
    for bar in bars:
        made_of.add((bar.contract, bar.series))
        if len(made_of) > 1:
            raise ValueError(f"bars of {sorted(made_of)}, wanted one contract and one series")
        ladder = Ladder(bar.low) if ladder is None else ladder
        add_bar(ladder, bar)
    return EMPTY if ladder is None else profile_of_ladder(ladder)


def profile_of_ladder(ladder: Ladder, resolution_s: int = 0) -> Profile:
    """Return what `ladder` holds now."""
    return Profile(
        low=ladder.low,
        buys=tuple(ladder.levels[BUY].tolist()),
        sells=tuple(ladder.levels[SELL].tolist()),
        unknowns=tuple(ladder.levels[UNKNOWN].tolist()),
        resolution_s=resolution_s,
    )


def add_bar(ladder: Ladder, bar: BarClosed) -> None:
    """Add the levels of `bar` to `ladder`."""
    ladder.add(bar.low, np.array([bar.unknowns, bar.buys, bar.sells], np.int64))


def merge(one: Profile, other: Profile) -> Profile:
    """Return the profile of both; in which order and which first makes no difference."""
    if not one.buys or not other.buys:
        return one if one.buys else other
    ladder = Ladder(one.low)
    for part in (one, other):
        ladder.add(part.low, np.array([part.unknowns, part.buys, part.sells], np.int64))
    return profile_of_ladder(ladder, max(one.resolution_s, other.resolution_s))


def value_of(low: int, volumes: Sequence[int], share_ppm: int, rows: int = ROWS) -> ValueArea:
    """Return the value area of volumes from the price `low` on; at least a contract is wanted."""
    poc = point_of_control(volumes)
    if poc is None:
        raise ValueError(f"{sum(volumes)} contracts traded, wanted at least 1 for a value area")
    lowest, highest = value_area(volumes, poc, share_ppm, rows)
    return ValueArea(Ticks(low + poc), Ticks(low + lowest), Ticks(low + highest))


def point_of_control(volumes: Sequence[int]) -> int | None:
    """Return the level with the most volume; None if nothing was traded (domain 1.5).

    Of equal levels the one nearest to the middle of the range wins, then the one on the side of
    the middle that holds more volume, then the lower.
    """
    most = max(volumes, default=0)
    if most <= 0:
        return None
    low = volumes.index(most)
    if volumes.count(most) == 1:
        return low
    span = len(volumes) - 1  # Twice the distance to the middle, to stay in whole numbers.
    ties = [level for level, volume in enumerate(volumes) if volume == most]
    nearest = min(abs(2 * level - span) for level in ties)
    ties = [level for level in ties if abs(2 * level - span) == nearest]
    if len(ties) == 1:
        return ties[0]
    below = sum(volumes[: (span + 1) // 2])
    above = sum(volumes[span // 2 + 1 :])
    return ties[1] if above > below else ties[0]


def value_area(
    volumes: Sequence[int], poc: int, share_ppm: int, rows: int = ROWS
) -> tuple[int, int]:
    """Return the lowest and highest level of the value area (domain 1.6).

    From the point of control outwards the larger of the next `rows` rows above and as many below
    is added whole, the upper ones on a tie, until `share_ppm` of the volume is reached.
    """
    if rows not in (1, 2):
        raise ValueError(f"{rows} rows compared at a time, wanted 1 or 2")
    top = len(volumes) - 1
    padded = (0, 0, *volumes, 0, 0)  # Level i stands at i + 2: no edge needs a slice.
    second = rows - 1  # Whether the second row counts.
    wanted = -(-sum(volumes) * share_ppm // PPM)
    inside = volumes[poc]
    lowest = highest = poc
    while inside < wanted and (lowest > 0 or highest < top):
        above = padded[highest + 3] + second * padded[highest + 4] if highest < top else -1
        below = padded[lowest + 1] + second * padded[lowest] if lowest > 0 else -1
        if above >= below:
            inside += above
            highest = min(highest + rows, top)
        else:
            inside += below
            lowest = max(lowest - rows, 0)
    return lowest, highest
