"""When the order flow has turned against an open position (domain 3).

The question is asked on the metrics of each closed slice and changes none of them. Where asking
fed the delta a second time, as it once did, a position that was looked at often saw another market
than one that was not.
"""

from actors.core.flow.rules import FlowRule
from actors.core.flow.score import Metrics
from actors.core.orders.money import SIGN
from protocol.patterns import Direction
from protocol.signals import PPM

IMBALANCE_AGAINST_PPM = 500_000
AGGRESSION_NUM, AGGRESSION_DEN = 3, 2  # Opposite volume, one and a half times our own.
CONDITIONS_MIN = 2


def flow_exit(found: Metrics, direction: Direction, rule: FlowRule) -> str | None:
    """Return the reasons to close a position of `direction`; None while fewer than two oppose."""
    against = opposing(found, direction, rule)
    return ", ".join(against) if len(against) >= CONDITIONS_MIN else None


def opposing(found: Metrics, direction: Direction, rule: FlowRule) -> list[str]:
    """Return the conditions that oppose a position, in words with their values (domain 3).

    Beyond a threshold is more than it; the volume of the other side is enough when it reaches it.
    """
    sign = SIGN.get(direction)
    if sign is None:
        raise ValueError(f"a position of direction {direction}, wanted long or short")
    own, other = found.buy_volume, found.sell_volume
    if sign < 0:
        own, other = other, own
    against = []
    if sign * found.imbalance_ppm < -IMBALANCE_AGAINST_PPM:
        against.append(f"imbalance ratio {found.imbalance_ppm / PPM:+.2f}")
    if sign * found.delta < -rule.delta_min:
        against.append(f"cumulative delta {found.delta:+,}")
    if other > 0 and other * AGGRESSION_DEN >= own * AGGRESSION_NUM:
        against.append(f"aggressive volume {other:,} against {own:,}")
    return against
