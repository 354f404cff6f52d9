"""Stops and targets of the metric engine, and the money they put at risk (domain 3).

Stops are price distances per symbol. What one is worth follows from the instrument: earlier
systems printed the distance itself as dollars, a hundredth to a 25,000th of the money at risk. A
symbol that is not in the table is refused: a default distance was worth 250,000 dollars in copper.
"""

from dataclasses import dataclass
from fractions import Fraction

from actors.core.orders.money import SIGN, TickValue, risk_cents
from protocol.instruments import Instrument, UnknownSymbol
from protocol.pattern_settings import FlowSettings
from protocol.patterns import Direction
from protocol.signals import PPM
from protocol.units import Cents, Ticks

STOP_POINTS = {"GC": "5.0", "SI": "0.10", "PL": "10.0", "HG": "0.02", "NQ": "20.0", "ES": "10.0"}
RISK_TICKS_MAX = {"GC": 25, "SI": 25, "PL": 25, "HG": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule:
    """How far stop and target lie from the entry of one symbol."""

    stop_ticks: int
    risk_ticks_max: int | None  # None: the symbol has no cap.
    reward_ppm: int  # Target per stop: 2_000_000 is twice as far.
    tick: TickValue

    @classmethod
    def of(cls, settings: FlowSettings, own: Instrument) -> "StopRule":
        """Return the rule of a symbol of the table; any other is refused (domain 3)."""
        points = STOP_POINTS.get(own.symbol)
        if points is None:
            raise UnknownSymbol(
                f"no stop is known for {own.symbol!r}; wanted one of {', '.join(STOP_POINTS)}"
            )
        ticks = Fraction(points) / Fraction(own.tick)
        if ticks.denominator != 1:
            raise ValueError(f"a stop of {points} points in {own.symbol}, wanted whole ticks")
        return cls(
            stop_ticks=int(ticks),
            risk_ticks_max=RISK_TICKS_MAX.get(own.symbol),
            reward_ppm=round(settings.reward_ratio * PPM),
            tick=TickValue(own.tick_cents_num, own.tick_cents_den),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBracket:
    """Where an entry is wrong and where it pays, with the risk of one contract."""

    stop: Ticks
    target: Ticks
    stop_ticks: int
    target_ticks: int
    risk_cents: Cents


def bracket(entry: int, direction: Direction, stop_ticks: int, rule: StopRule) -> FlowBracket:
    """Return stop and target `stop_ticks` from the entry, or as far as the cap on risk allows.

    The target keeps the ratio to the stop as capped, halves of a tick rounded up (domain 3).
    """
    sign = SIGN.get(direction)
    if sign is None:
        raise ValueError(f"a bracket of direction {direction}, wanted long or short")
    if stop_ticks < 1:
        raise ValueError(f"a stop {stop_ticks} ticks away, wanted at least 1")
    cap = rule.risk_ticks_max
    capped = stop_ticks if cap is None else min(stop_ticks, cap)
    reward = (2 * capped * rule.reward_ppm + PPM) // (2 * PPM)
    return FlowBracket(
        stop=Ticks(entry - sign * capped),
        target=Ticks(entry + sign * reward),
        stop_ticks=capped,
        target_ticks=reward,
        risk_cents=risk_cents(capped, 1, rule.tick),
    )
