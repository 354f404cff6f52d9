"""Round-number levels, what price did at them, and stops and targets laid by it (domain 3).

A visit begins when price comes within a buffer of a level and ends beyond two. What counts is the
side: a visit that leaves on the side it came from was rejected, one that leaves on the other broke
through. Measured as a distance without its sign, with less than a buffer for a breakthrough,
nearly every visit was one.

Prices come in half ticks, so that a mid, the sum of bid and ask, is a whole number; a trade counts
twice its price. One sample a second is meant: eight samples near a level are a stay of eight
seconds.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from actors.core.orders.money import SIGN
from protocol.instruments import Instrument, UnknownSymbol
from protocol.patterns import Direction
from protocol.signals import PPM
from protocol.units import Ticks

# Spacings of the levels and the buffer, points.
ROUND_NUMBERS: dict[str, tuple[tuple[str, ...], str]] = {
    "NQ": (("25", "50", "100"), "3"),
    "GC": (("5", "10"), "1"),
    "SI": (("0.25", "0.50"), "0.05"),
    "PL": (("10", "25"), "2"),
    "HG": (("0.05", "0.10"), "0.01"),
}
LINGER_SAMPLES_MIN = 8
HITS_OF_FULL_WEIGHT = 10
CONFIDENCE_ABOVE_PPM = 600_000
REACH_PERCENT = 5  # Of the entry price: a level further away is no level for this trade.
ZONES_MAX = 1_000  # The one whose visit ended longest ago is forgotten.


class Outcome(StrEnum):
    """What a visit came to."""

    BREAKTHROUGH = "breakthrough"
    REJECTION = "rejection"
    CONSOLIDATION = "consolidation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRule:
    """Where the levels of a symbol lie."""

    spacings: tuple[int, ...]  # Ticks.
    buffer_ticks: int

    @classmethod
    def of(cls, own: Instrument) -> "ZoneRule":
        """Return the levels of a symbol of the table; any other is refused (domain 3)."""
        known = ROUND_NUMBERS.get(own.symbol)
        if known is None:
            raise UnknownSymbol(
                f"no round numbers are known for {own.symbol!r};"
                f" wanted one of {', '.join(ROUND_NUMBERS)}"
            )
        spacings, buffer = known
        return cls(
            spacings=tuple(_ticks(points, own) for points in spacings),
            buffer_ticks=_ticks(buffer, own),
        )


@dataclass(slots=True)
class Visit:
    """A stay at a level that has not ended."""

    side: int  # From which it came: 1 above, -1 below, 0 where the first sample lay on it.
    near: int = 0  # Samples within half a buffer.


@dataclass(slots=True)
class Zone:
    """The outcomes of all visits to one level."""

    breakthroughs: int = 0
    rejections: int = 0
    consolidations: int = 0

    @property
    def hits(self) -> int:
        """The visits that came to an end."""
        return self.breakthroughs + self.rejections + self.consolidations

    @property
    def rejects(self) -> bool:
        """Whether the level has rejected more often than it did anything else."""
        return self.rejections > max(self.breakthroughs, self.consolidations)

    @property
    def confidence_ppm(self) -> int:
        """0.5 + 0.5 x share of the most frequent outcome x min(1, hits / 10) (domain 3)."""
        hits = self.hits
        if hits == 0:
            return PPM // 2
        most = max(self.breakthroughs, self.rejections, self.consolidations)
        weight = min(hits, HITS_OF_FULL_WEIGHT)
        return PPM // 2 + PPM * most * weight // (2 * hits * HITS_OF_FULL_WEIGHT)


class LiquidityZones:
    """Follows the price of one contract through its levels; a new contract needs a new state."""

    def __init__(self, rule: ZoneRule) -> None:
        self.rule = rule
        self.zones: dict[int, Zone] = {}  # By level in ticks, the latest outcome last.
        self.visits: dict[int, Visit] = {}
        self.last: int | None = None  # Half ticks.

    def add(self, half_ticks: int) -> list[tuple[int, Outcome]]:
        """Take in the next price and return the visits it ended: level in ticks and outcome."""
        ended = []
        buffer = 2 * self.rule.buffer_ticks
        for level in list(self.visits):
            distance = half_ticks - 2 * level
            if abs(distance) > 2 * buffer:
                outcome = _outcome(self.visits.pop(level), distance)
                if outcome is not None:
                    self._count(level, outcome)
                    ended.append((level, outcome))
        for level in self._levels_near(half_ticks):
            if level not in self.visits:
                came_from = half_ticks if self.last is None else self.last
                self.visits[level] = Visit(_sign(came_from - 2 * level))
        for level, visit in self.visits.items():
            visit.near += 2 * abs(half_ticks - 2 * level) <= buffer
        self.last = half_ticks
        return ended

    def stop(self, entry: int, direction: Direction) -> Ticks | None:
        """Return half a buffer behind the nearest rejecting zone, ticks; None without one."""
        sign = _signed(direction)
        behind = [level for level in self._rejecting(entry) if sign * (entry - level) >= 0]
        if not behind:
            return None
        level = min(behind, key=lambda level: abs(entry - level))
        return Ticks(level - sign * _part(self.rule.buffer_ticks, Fraction(1, 2)))

    def target(self, entry: int, direction: Direction, risk_ticks: int) -> Ticks | None:
        """Return three tenths of a buffer before the next rejecting zone, ticks; None without one.

        A zone whose target would lie less than half the risk from the entry is passed over.
        """
        if risk_ticks < 1:
            raise ValueError(f"a risk of {risk_ticks} ticks, wanted at least 1")
        sign = _signed(direction)
        short_of = sign * _part(self.rule.buffer_ticks, Fraction(3, 10))
        ahead = [sign * (level - short_of - entry) for level in self._rejecting(entry)]
        worth = [distance for distance in ahead if 2 * distance >= risk_ticks]
        return Ticks(entry + sign * min(worth)) if worth else None

    def _rejecting(self, entry: int) -> list[int]:
        """Return the levels within reach that are sure enough to reject."""
        return [
            level
            for level, zone in self.zones.items()
            if zone.rejects and zone.confidence_ppm > CONFIDENCE_ABOVE_PPM
            if abs(level - entry) * 100 <= REACH_PERCENT * abs(entry)
        ]

    def _levels_near(self, half_ticks: int) -> list[int]:
        found = set()
        for spacing in self.rule.spacings:
            level = (half_ticks + spacing) // (2 * spacing) * spacing
            if abs(half_ticks - 2 * level) <= 2 * self.rule.buffer_ticks:
                found.add(level)
        return sorted(found)

    def _count(self, level: int, outcome: Outcome) -> None:
        zone = self.zones.pop(level, None) or Zone()
        match outcome:
            case Outcome.BREAKTHROUGH:
                zone.breakthroughs += 1
            case Outcome.REJECTION:
                zone.rejections += 1
            case Outcome.CONSOLIDATION:
                zone.consolidations += 1
        self.zones[level] = zone
        if len(self.zones) > ZONES_MAX:
            del self.zones[next(iter(self.zones))]


def _outcome(visit: Visit, distance: int) -> Outcome | None:
    """Return what a visit came to that left at `distance`; None if nobody knows its side."""
    if visit.near >= LINGER_SAMPLES_MIN:
        return Outcome.CONSOLIDATION
    if visit.side == 0:
        return None
    return Outcome.REJECTION if visit.side == _sign(distance) else Outcome.BREAKTHROUGH


def _part(ticks: int, part: Fraction) -> int:
    """Return a part of a distance in whole ticks, halves away from zero."""
    exact = ticks * part
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def _ticks(points: str, own: Instrument) -> int:
    ticks = Fraction(points) / Fraction(own.tick)
    if ticks.denominator != 1:
        raise ValueError(f"{points} points in {own.symbol}, wanted whole ticks")
    return int(ticks)


def _signed(direction: Direction) -> int:
    sign = SIGN.get(direction)
    if sign is None:
        raise ValueError(f"a position of direction {direction}, wanted long or short")
    return sign


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
