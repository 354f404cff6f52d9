"""What the market did after a signal, traded or not (domain 9): how a pattern earns its place.

The move is counted from the price at the confirmation and never from the level of the pattern:
at that level the market often was before anybody could know. A bar counts once it has closed
after the signal; where the tape ends before, the move is not known and not zero.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.orders.money import SIGN
from protocol.patterns import Direction, Pattern
from protocol.signals import SignalRaised

HORIZONS = (1, 3, 6, 12)  # Bars.


@dataclass(frozen=True, slots=True)
class Closes:
    """The closes of one contract's bars in order: instants in ns, prices in ticks."""

    end_ns: Sequence[int]
    close: Sequence[int]

    def __post_init__(self) -> None:
        if len(self.end_ns) != len(self.close):
            raise ValueError(f"{len(self.end_ns)} ends of {len(self.close)} closes, wanted as many")
        for before, after in zip(self.end_ns, self.end_ns[1:], strict=False):
            if after < before:
                raise ValueError(f"a bar that ends at {after} behind one at {before}, wanted order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The mean move in ticks behind the signals of one pattern in one regime, in its direction."""

    pattern: Pattern
    regime: str
    n: int
    moves: tuple[float | None, ...]  # After each of `HORIZONS`; None where none is known.
    known: tuple[int, ...]  # How many signals each of them is the mean of.
    at_end: float | None  # At the last close of the session.


def forward_moves(signal: SignalRaised, closes: Closes) -> list[int | None]:
    """Return the moves in ticks in the direction of a signal: after each horizon, and at the end.

    None for all where the signal has no direction.
    """
    if signal.direction is Direction.NONE:
        return [None] * (len(HORIZONS) + 1)
    sign = SIGN[signal.direction]
    first = bisect_right(closes.end_ns, signal.ts_ns)  # The first bar that closes after it.
    places = [first + bars - 1 for bars in HORIZONS]
    places.append(len(closes.close) - 1 if first < len(closes.close) else len(closes.close))
    return [
        sign * (closes.close[place] - signal.last_price) if place < len(closes.close) else None
        for place in places
    ]


def study_of(
    signals: Sequence[tuple[SignalRaised, str]], closes: Sequence[Closes]
) -> list[Study]:
    """Return the study of signals with their regimes; `closes` go with them, one by one."""
    found: dict[tuple[Pattern, str], list[list[int | None]]] = {}
    for (signal, regime), after in zip(signals, closes, strict=True):
        if signal.direction is not Direction.NONE:
            moves = forward_moves(signal, after)
            found.setdefault((signal.pattern, regime), []).append(moves)
    return [
        _study(pattern, regime, found[pattern, regime])
        for pattern, regime in sorted(found)
    ]


def _study(pattern: Pattern, regime: str, moves: Sequence[Sequence[int | None]]) -> Study:
    columns = [[move for move in column if move is not None] for column in zip(*moves, strict=True)]
    means = [sum(column) / len(column) if column else None for column in columns]
    return Study(
        pattern=pattern,
        regime=regime,
        n=len(moves),
        moves=tuple(means[:-1]),
        known=tuple(len(column) for column in columns[:-1]),
        at_end=means[-1],
    )
