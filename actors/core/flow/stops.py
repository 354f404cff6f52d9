"""Stops and targets of the metric engine, and the money they put at risk (domain 3).

Stops are price distances per symbol. What one is worth follows from the instrument: earlier
systems printed the distance itself as dollars, a hundredth to a 25,000th of the money at risk. A
symbol that is not in the table is refused: a default distance was worth 250,000 dollars in copper.

Where zones of liquidity are followed they come first: the stop behind the nearest that rejects
price, the target before the next. The cap holds for them too.
"""

from dataclasses import dataclass
from fractions import Fraction

from actors.core.flow.liquidity import LiquidityZones
from actors.core.orders.money import SIGN, TickValue, risk_cents
from protocol.instruments import Instrument, UnknownSymbol
from protocol.pattern_settings import FlowSettings
from protocol.patterns import Direction
from protocol.signals import PPM
from protocol.units import Cents

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
    """How far from the entry a trade is wrong and where it pays, with the risk of one contract."""

    stop_ticks: int
    target_ticks: int
    risk_cents: Cents  # The distance alone; slippage and commissions are for risk to add.


def bracket(
    entry: int, direction: Direction, rule: StopRule, zones: LiquidityZones | None
) -> FlowBracket:
    """Return stop and target of an entry, by the zones where there are any that reject.

    The stop is no further than the cap on risk allows. The target of the table keeps the ratio to
    the stop as capped, halves of a tick rounded up (domain 3).
    """
    sign = SIGN.get(direction)
    if sign is None:
        raise ValueError(f"a bracket of direction {direction}, wanted long or short")
    behind = None if zones is None else zones.stop(entry, direction)
    wanted = rule.stop_ticks if behind is None else sign * (entry - behind)
    cap = rule.risk_ticks_max
    stop_ticks = wanted if cap is None else min(wanted, cap)
    ahead = None if zones is None else zones.target(entry, direction, stop_ticks)
    if ahead is None:
        target_ticks = (2 * stop_ticks * rule.reward_ppm + PPM) // (2 * PPM)
    else:
        target_ticks = sign * (ahead - entry)
    return FlowBracket(
        stop_ticks=stop_ticks,
        target_ticks=max(target_ticks, 1),
        risk_cents=risk_cents(stop_ticks, 1, rule.tick),
    )
